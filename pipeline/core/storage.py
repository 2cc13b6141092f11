"""The only module that opens Arrow folders: a `datasets.DatasetDict` on disk beside a contract.json.

Any stage's output opens with `datasets.load_from_disk`. contract.json records the stage, the contract's version, the labels of
id columns and a checksum a file, so that another version's or a truncated output is an error, never a wrong result.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from pipeline.core import schema
from pipeline.core.errors import InputError
from pipeline.core.schema import Contract

BATCH_ROWS = 5_000
FULL_BYTES = 1_000_000  # a disk with less than this free is full
# A file of each stage's output: a folder without one is not ours to replace.
MARKS = ("contract.json", "encoder.json", "config.json", "metrics.json", "comparisons.csv", "differences.csv")


@dataclass(frozen=True)
class Folder:
    """A stage's output, and the names behind its id columns.

    Two ways to its rows: `batches` reads them in order with one batch in memory, whatever the size of the corpus; `tables` maps
    them for random access, and every page that is touched stays mapped.
    """

    files: dict[str, list[Path]]  # Arrow streams by split, rows in their order
    labels: dict[str, list[str]]
    notes: dict[str, Any]

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """The rows by split, memory-mapped."""
        return {split: pa.concat_tables(map(_mapped, paths)) for split, paths in self.files.items()}

    def batches(self, *splits: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows in order, at most BATCH_ROWS a table; of all splits one after the other where none is named."""
        for split in splits or self.files:
            yield from _gathered(batch for path in self.files[split] for batch in _streamed(path, columns))


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


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of `folder` once the block ends well, and leaves no trace otherwise.

    Raises: InputError where `folder` holds files that no stage wrote, which replacing it would lose; OSError, ENOSPC, where the
        block fails on a full disk, whatever OpenVINO, safetensors and tokenizers call that.
    """
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / mark).is_file() for mark in MARKS):
        raise InputError.of(folder, "the folder holds something that no stage wrote", "name another folder, or empty this one")
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if folder.is_dir():
            shutil.rmtree(folder)
        temporary.rename(folder)
    except Exception as error:
        if shutil.disk_usage(folder.parent).free < FULL_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write(
    folder: Path,
    contract: Contract,
    splits: Mapping[str, Iterable[pa.Table]],
    labels: Mapping[str, list[str]] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Write a stage's output, checking every row.

    Args: splits: tables by split, each drawn from lazily; labels: the names of an id column's ids; notes: counts the report shows.
    Returns: rows by split.
    """
    import datasets
    from datasets.arrow_writer import ArrowWriter
    from datasets.table import InMemoryTable

    features = datasets.Features.from_arrow_schema(contract.schema)
    with atomic_folder(folder) as temporary:
        rows: dict[str, int] = {}
        shells = {}
        for split, tables in splits.items():
            path = temporary / f"{split}.arrow"
            with ArrowWriter(path=str(path), features=features) as writer:
                for table in tables:
                    schema.check(table, contract)
                    writer.write_table(table)
                rows[split], _ = writer.finalize(close_stream=True) if writer.pa_writer else (0, 0)
            if not rows[split]:
                raise InputError.of(folder, f"split {split} has no rows", "every split needs annotations: add some to data/raw")
            empty, info = InMemoryTable(contract.schema.empty_table()), datasets.DatasetInfo(features=features)
            shells[split] = datasets.Dataset(empty, info=info, split=split, fingerprint=checksum(path))
        # datasets writes all but the rows: it would map them into memory and copy every one.
        datasets.disable_progress_bars()
        datasets.DatasetDict(shells).save_to_disk(str(temporary), num_shards=dict.fromkeys(shells, 1))
        for split in shells:
            state = read_json(temporary / split / "state.json", "report this as a bug")
            (temporary / f"{split}.arrow").rename(temporary / split / state["_data_files"][0]["filename"])
        files = sorted(path for path in temporary.rglob("*") if path.is_file())
        promise = {
            "stage": contract.stage,
            "version": contract.version,
            "rows": rows,
            "labels": dict(labels or {}),
            "notes": dict(notes or {}),
            "files": {path.relative_to(temporary).as_posix(): checksum(path) for path in files},
        }
        write_json(temporary / "contract.json", promise)
    return rows


def read(folder: Path, contract: Contract) -> Folder:
    """Open a stage's output.

    Raises: InputError where the folder is missing, another stage's or version's, or damaged.
    """
    hint = f"run dvc repro {contract.stage}"
    promise = read_json(folder / "contract.json", hint)
    stage, version = promise.get("stage"), promise.get("version")
    if (stage, version) != (contract.stage, contract.version):
        wanted = f"version {contract.version} of the {contract.stage} stage is wanted"
        raise InputError.of(folder, f"written by version {version} of the {stage} stage; {wanted}", hint)
    for name, written in promise["files"].items():
        path = folder / name
        if not path.is_file() or checksum(path) != written:
            raise InputError.of(path, "missing, truncated or changed since it was written", hint)
    streams = [folder / name for name in sorted(promise["files"]) if name.endswith(".arrow")]  # others may lie beside them
    for path in streams:
        with pa.OSFile(str(path)) as file:
            columns = pa.ipc.open_stream(file).schema.remove_metadata()
        if columns != contract.schema:
            raise InputError.of(path, f"columns {columns.names}, not {contract.schema.names}", hint)
    files = {split: [path for path in streams if path.parent.name == split] for split in promise["rows"]}
    return Folder(files, promise["labels"], promise["notes"])


def read_json(path: Path, hint: str) -> dict[str, Any]:
    """A JSON object from a file of ours.

    Raises: InputError where the file is missing or no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", hint) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError.of(path, f"damaged or not JSON ({error})", hint) from None
    if not isinstance(value, dict):
        raise InputError.of(path, "not a JSON object", hint)
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object, the same bytes for the same value."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def checksum(path: Path) -> str:
    """The xxh3 of a file's bytes: against accidents, not against forgery."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()
