"""The rows of a corpus while they wait in a scratch folder, an Arrow file a split of the input, until all is read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipeline.core.arrays import Bools
from pipeline.core.schema import PARSED


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


def write_rows(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables of PARSED to an Arrow file."""
    with pa.ipc.new_file(str(path), PARSED) as file:
        for table in tables:
            file.write_table(table)
