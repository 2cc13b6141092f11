"""What became of files in a folder of predictions: .predicted.jsonl, which names the model in its first line, then every file.

A row tells where the file lay, as a path from the folder, and the checksums of what was read and written: what is still so is not
predicted again. A row of a file that was not asked for stays.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.core.errors import InputError, Problem
from pipeline.core.files import Row, checksum, write_lines
from pipeline.prediction.found_files import ENDING, File

RECORD = ".predicted.jsonl"  # no output is hidden, as no file that is found
SCRATCH = re.compile(rf"\.?[0-9a-f]{{32}}\.partial|\.{re.escape(RECORD)}\.\d+\.partial")  # half-written files and a run's mark


@dataclass(frozen=True)
class Standing:
    """How far the files of a run are.

    Args: waiting: those to predict; unusable: a line for people for each that is done and has texts that could not be used;
        left: names of predictions whose file is gone.
    """

    waiting: list[File]
    unusable: list[str]
    left: list[str]


def standing(head: Row, output: Path, found: Sequence[File]) -> Standing:
    """What is done of files; what a killed run left half-written goes, and so do predictions that are no longer those of a file.

    Args: head: the first line of the record.
    Raises: InputError where the output folder has other files, or predictions of another model or of other files.
    """
    rows = _rows(output, head)
    done = {str(row.get("file")): row for row in rows}
    read = {file.name: _checksum(Path(file.path)) for file in found if file.name in done}
    if problems := list(_problems(output, found, done, read)):
        raise InputError(problems)
    output.mkdir(parents=True, exist_ok=True)
    for scratch in [path for path in output.rglob("*.partial") if SCRATCH.fullmatch(path.name) and not path.is_dir()]:
        scratch.unlink(missing_ok=True)
    still = {
        file.name: {**done[file.name], "source": source(file, output)}
        for file in found
        if file.name in done and _is_current(output / file.output, done[file.name], read[file.name])
    }
    waiting = [file for file in found if file.name not in still]
    for file in waiting:
        (output / file.output).unlink(missing_ok=True)
    asked = {file.name for file in found}
    others = {name: row for name, row in done.items() if name not in asked}
    write_lines(output / RECORD, [head, *still.values(), *others.values()])
    unusable = [line for file in found if file.name in still and (line := unusable_line(file, still[file.name]))]
    return Standing(waiting, unusable, [f"{name}{ENDING}" for name, row in others.items() if _is_gone(output, row)])


def source(file: File, output: Path) -> str:
    """Where a file lay, so that both may be moved together."""
    return Path(os.path.relpath(file.source, output)).as_posix()


def unusable_line(file: File, row: Mapping[str, object]) -> str | None:
    """What to tell of a file some texts of which could not be used."""
    return f"{file.path}: {row['unusable']:,} of {row['texts']:,} texts could not be used" if row.get("unusable") else None


def _rows(output: Path, head: Row) -> list[Row]:
    """The rows of an output's record.

    Raises: InputError where it is not of this model, or there is none and something else.
    """
    record = output / RECORD
    if not record.is_file():
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise InputError.of(output, f"there is something already, and no {RECORD}", "name a place where nothing is, or move it")
        return []
    rows = list(_whole(record.read_text(encoding="utf-8", errors="replace")))
    if rows and rows[0] != head:
        found_other = "its predictions are of another model, format or version"
        raise InputError.of(output, found_other, "name another folder, or remove this one to predict all again")
    return rows[1:]


def _whole(lines: str) -> Iterator[Row]:
    """The lines of a record that are whole: its last one may be torn, and that file is predicted again."""
    for line in lines.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _checksum(path: Path) -> str | None:
    """None of a file that cannot be read, which is told when it is predicted."""
    try:
        return checksum(path)
    except OSError:
        return None


def _problems(output: Path, found: Sequence[File], done: Mapping[str, Row], read: Mapping[str, str | None]) -> Iterator[Problem]:
    """Predictions of other files that these would replace or stand beside."""
    by_source = {str(row.get("source")): name for name, row in done.items()}
    for file in found:
        place, row = source(file, output), done.get(file.name)
        if row and row.get("source") != place and row.get("read") != read[file.name]:
            what = f"{file.output} in {output} has the predictions of another file, {row.get('source')} from there"
            yield Problem(what, "name another output", source=file.path)
        elif (other := by_source.get(place, file.name)) != file.name:
            what = f"its predictions are in {output} under the name {other}{ENDING}"
            yield Problem(what, "name it by the folder or pattern as before, or name another output", source=file.path)
        folders = (output / folder for folder in PurePosixPath(file.name).parents[:-1])
        if (output / file.output).is_dir() or any(folder.is_file() for folder in folders):
            what = f"{file.output} in {output} cannot be written beside the predictions of other files"
            yield Problem(what, "name another output", source=file.path)


def _is_current(written: Path, row: Row, read: str | None) -> bool:
    return read is not None and row.get("read") == read and row.get("written") == _checksum(written)


def _is_gone(output: Path, row: Row) -> bool:
    return "source" in row and not os.path.lexists(output / str(row["source"]))
