"""Single files: JSON, JSON lines and CSV, the same bytes for the same values, each there whole or not at all; and checksums."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash

from pipeline.core.errors import InputError
from pipeline.core.untrusted import cell, json_text

Row = dict[str, Any]  # of a CSV or JSON-lines file, by column
BLOCK_BYTES = 1 << 22
MOST_JSON_BYTES = 10**8  # of what is read whole, and takes ten times as much memory


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A scratch file that takes the place of `path` once the block ends well, and is removed otherwise.

    Raises: InputError where a folder stands there.
    """
    if path.is_dir():
        raise InputError.of(path, "a folder stands where a file belongs", "name a file, or move the folder")
    scratch = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    with written_whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def read_json(path: Path, hint: str) -> dict[str, Any]:
    """A JSON object from a file of ours.

    Raises: InputError where the file is missing or no JSON object.
    """
    try:
        if (path.exists() and not path.is_file()) or path.stat().st_size > MOST_JSON_BYTES:
            raise InputError.of(path, f"no file, or one of more than {MOST_JSON_BYTES:,} bytes", hint)
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", hint) from None
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number of thousands of digits, thousands of brackets
        raise InputError.of(path, f"damaged or not JSON ({error})", hint) from None
    if not isinstance(value, dict):
        raise InputError.of(path, "not a JSON object", hint)
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object."""
    write_text(path, as_json(value))


def as_json(value: Mapping[str, Any]) -> str:
    """A JSON object as a file holds it."""
    return json_text(value, indent=2) + "\n"


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """Write a JSON object a line."""
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8") as file:
        file.writelines(json_text(row) + "\n" for row in rows)


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    """Write rows under the names of their columns, or of the first row's."""
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)


def checksum(path: Path) -> str:
    """The xxh3 of a file's bytes: against accidents, not against forgery."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def with_checksum(values: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the checksum of its values, whatever it had, under `checksum`."""
    others = {name: value for name, value in values.items() if name != "checksum"}
    return {**others, "checksum": xxhash.xxh3_128_hexdigest(json.dumps(others, sort_keys=True).encode())}
