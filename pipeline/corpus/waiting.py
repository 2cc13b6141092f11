"""The rows of a corpus while they wait in a scratch folder, an Arrow file a split of the input, until all is read and checked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.core.arrays import Bools
from pipeline.core.schema import PARSED, SENTENCES
from pipeline.core.storage import OF_SENTENCES


@dataclass(frozen=True)
class WaitingRows:
    """Some rows of an Arrow file.

    Args: mask: (N,) which of its N rows; ids: those of its N rows where they are others than in the file.
    """

    path: Path
    mask: Bools
    ids: pa.ChunkedArray | None = None

    def tables(self) -> Iterator[pa.Table]:
        """The rows, a batch at a time."""
        with pa.OSFile(str(self.path)) as source:
            file, start = pa.ipc.open_file(source), 0
            for n in range(file.num_record_batches):
                table = pa.Table.from_batches([file.get_batch(n)])
                end = start + len(table)
                if self.ids is not None:
                    table = table.set_column(PARSED.get_field_index("id"), PARSED.field("id"), self.ids[start:end])
                is_chosen = self.mask[start:end]
                yield table if is_chosen.all() else table.filter(pa.array(is_chosen))
                start = end


@contextlib.contextmanager
def writers(path: Path) -> Iterator[tuple[pa.ipc.RecordBatchFileWriter, pa.ipc.RecordBatchFileWriter]]:
    """What writes rows to an Arrow file, and the sentences with all entities to the one beside it."""
    with pa.ipc.new_file(str(path), PARSED) as rows, pa.ipc.new_file(str(of_sentences(path)), SENTENCES) as sentences:
        yield rows, sentences


def of_sentences(path: Path) -> Path:
    """Where the sentences with all entities wait that belong to an Arrow file of rows."""
    return path.with_name(f"{path.name}{OF_SENTENCES}")
