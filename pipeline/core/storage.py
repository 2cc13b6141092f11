"""The only module that opens Arrow folders: a `datasets.DatasetDict` on disk, sealed by a manifest (see manifests.py).

Any stage's output opens with `datasets.load_from_disk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

import pyarrow as pa

from pipeline.core import manifests, outputs, schema
from pipeline.core.errors import InputError
from pipeline.core.files import Row, checksum, read_json, write_lines
from pipeline.core.schema import SPLITS, Contract, Notes

BATCH_ROWS = 5_000
OF_SENTENCES = "_sentences"  # ends the name of the split that holds the sentences with all entities


@dataclass(frozen=True)
class StageOutput(Generic[Notes]):
    """A stage's output: its rows by split, and what it tells beside them.

    Two ways to its rows: `batches` reads them in order with one batch in memory, whatever the size of the corpus; `tables` maps
    them for random access, and every page that is touched stays mapped.
    """

    files: dict[str, list[Path]]  # Arrow streams by split, rows in their order
    notes: Notes
    sentence_files: dict[str, list[Path]]  # of the sentences with all entities, by split; none where a split has no such sentence

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """The rows by split, memory-mapped."""
        return {split: pa.concat_tables(map(_mapped, paths)) for split, paths in self.files.items()}

    @cached_property
    def sentences(self) -> dict[str, pa.Table]:
        """The sentences with all entities by split, memory-mapped."""
        return {split: pa.concat_tables(map(_mapped, paths)) for split, paths in self.sentence_files.items()}

    def batches(self, *splits: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows in order, at most BATCH_ROWS a table; of all splits one after the other where none is named."""
        for split in splits or self.files:
            yield from _batches(self.files[split], columns)

    def sentence_batches(self, *splits: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The sentences with all entities, as batches gives rows."""
        for split in splits or self.sentence_files:
            yield from _batches(self.sentence_files.get(split, []), columns)


def _batches(paths: Iterable[Path], columns: Sequence[str] | None) -> Iterator[pa.Table]:
    return _gathered(batch for path in paths for batch in _streamed(path, columns))


def _mapped(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_stream(source).read_all().replace_schema_metadata()


def _streamed(path: Path, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file:
        names = pa.ipc.open_stream(file).schema.names
        fields = [names.index(name) for name in columns] if columns else None
        file.seek(0)
        yield from pa.ipc.open_stream(file, options=pa.ipc.IpcReadOptions(included_fields=fields))


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Tables of at most BATCH_ROWS rows, one chunk a column."""
    held: list[pa.RecordBatch] = []
    for whole in batches:
        for start in range(0, len(whole), BATCH_ROWS):
            batch = whole.slice(start, BATCH_ROWS)
            if held and sum(map(len, held)) + len(batch) > BATCH_ROWS:
                yield _joined(held)
                held = []
            held.append(batch)
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(batches).combine_chunks().replace_schema_metadata()


def write(
    folder: Path,
    contract: Contract[Notes],
    splits: Mapping[str, Iterable[pa.Table]],
    notes: Notes,
    lists: Mapping[str, Iterable[Row]] | None = None,
    sentences: Mapping[str, Iterable[pa.Table]] | None = None,
) -> dict[str, int]:
    """Write a stage's output, checking every row.

    Args: splits: tables by split, each drawn from lazily, of which validation alone may have no rows; notes: what the stage tells
        beside them; lists: what it lists, a JSON-lines file each, by name; sentences: those with all entities, by split.
    Returns: rows by split.
    """
    import datasets

    with outputs.made_whole(folder) as scratch:
        rows, shells = {}, {}
        for split, tables in splits.items():
            rows[split] = _write_split(scratch / f"{split}.arrow", tables, contract.schema, contract.kind.name)
            if not rows[split] and split != "validation":
                raise InputError.of(folder, f"split {split} has no rows", "it needs annotations: add some to data/raw")
            shells[split] = _shell(scratch / f"{split}.arrow", contract.schema)
        for split, tables in (sentences or {}).items():
            path = scratch / f"{split}{OF_SENTENCES}.arrow"
            if _write_split(path, tables, contract.sentences, contract.kind.name):
                shells[path.stem] = _shell(path, contract.sentences)
            else:
                path.unlink(missing_ok=True)
        # datasets writes all but the rows: it would map them into memory and copy every one.
        datasets.disable_progress_bars()
        datasets.DatasetDict(shells).save_to_disk(str(scratch), num_shards=dict.fromkeys(shells, 1))
        for split in shells:
            state = read_json(scratch / split / "state.json", "report this as a bug")
            (scratch / f"{split}.arrow").rename(scratch / split / state["_data_files"][0]["filename"])
        for name, listed in (lists or {}).items():
            write_lines(scratch / name, listed)
        manifests.seal(scratch, contract.kind, notes)
    return rows


def _write_split(path: Path, tables: Iterable[pa.Table], columns: pa.Schema, stage: str) -> int:
    """Write a split's rows as an Arrow stream; returns their number."""
    import datasets
    from datasets.arrow_writer import ArrowWriter

    with ArrowWriter(path=str(path), features=datasets.Features.from_arrow_schema(columns)) as writer:
        for table in tables:
            schema.check(table, columns, stage)
            writer.write_table(table)
        if not writer.pa_writer:  # it has had nothing to write
            writer.write_table(columns.empty_table())
        n_rows, _ = writer.finalize(close_stream=True)
    return int(n_rows)


def _shell(path: Path, columns: pa.Schema) -> Any:
    """A dataset without rows that stands for those of a file."""
    import datasets
    from datasets.table import InMemoryTable

    info = datasets.DatasetInfo(features=datasets.Features.from_arrow_schema(columns))
    return datasets.Dataset(InMemoryTable(columns.empty_table()), info=info, split=path.stem, fingerprint=checksum(path))


def read(folder: Path, contract: Contract[Notes]) -> StageOutput[Notes]:
    """Open a stage's output.

    Raises: InputError where the folder is missing, another stage's or version's, or damaged.
    """
    notes, sealed = manifests.open_sealed(folder, contract.kind)
    streams = [path for path in sealed if path.suffix == ".arrow"]
    for path in streams:
        expected = contract.sentences if path.parent.name.endswith(OF_SENTENCES) else contract.schema
        with pa.OSFile(str(path)) as file:
            columns = pa.ipc.open_stream(file).schema.remove_metadata()
        if columns != expected:
            raise InputError.of(path, f"columns {columns.names}, not {expected.names}", contract.kind.remake)
    return StageOutput(_by_split(streams, ""), notes, _by_split(streams, OF_SENTENCES))


def _by_split(streams: Sequence[Path], ending: str) -> dict[str, list[Path]]:
    files = {split: [path for path in streams if path.parent.name == f"{split}{ending}"] for split in SPLITS}
    return {split: paths for split, paths in files.items() if paths}
