"""Which format a file or a folder is in, by its content.

A format is known by a function that looks at no more than the beginning of a file, so that a file of any size is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem
from pipeline.core.untrusted import shown
from pipeline.corpus.formats.text_lines import head_lines, head_problem

SHOWN_CHARACTERS = 80
SHOWN_FILES = 5
ALIKE = ["jsonl", "doccano"]  # a file without any entity may be of both, and says the same in the first
BINARY = {  # what a file is that begins so
    b"x\x9c": "compressed by zlib, as a DocBin of spaCy is",
    b"\x1f\x8b": "compressed by gzip",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a table in Parquet",
    b"%PDF-": "a PDF",
}


class Recogniser(NamedTuple):
    """A format and the function that tells whether a file or folder is in it."""

    name: str
    recognises: Callable[[Path], bool]


def detect(path: Path, formats: Sequence[Recogniser]) -> str:
    """The name of the one format that a file or folder is in.

    Raises: InputError where it is in none of the formats, or in several, or no format is seen for its encoding.
    """
    names = _names(path, formats)
    if len(names) == 1 or names == ALIKE:
        return names[0]
    if names:
        found = f"this may be {' or '.join(names)}: {_seen(path)}"
        raise InputError.of(path, found, "say which one in parse.format", "format-ambiguous")
    if problem := _encoding_problem(path):
        raise InputError([problem])
    hint = f"it can be {', '.join(name for name, _ in formats)}; jsonl is the one to write yourself: see docs/formats.md"
    raise InputError.of(path, f"this is no format that we know: {_seen(path)}", hint, "format-unknown")


def another_format(path: Path, asked: str, formats: Sequence[Recogniser]) -> Problem | None:
    """The problem that a file or folder is in other formats than the one asked for, once for the whole of it; None where it is not.

    What no format knows is no such problem: the reader that was asked for tells what is wrong with each line.
    """
    names = _names(path, formats)
    if not names or asked in names:
        return None
    found = f"this is {' or '.join(names)}, not {asked}"
    return Problem(found, f"set parse.format to {names[0]} or to auto", "format-unexpected").at(str(path))


def _names(path: Path, formats: Sequence[Recogniser]) -> list[str]:
    """The formats that a file or folder is in."""
    return [name for name, recognises in formats if recognises(path)]


def _encoding_problem(path: Path) -> Problem | None:
    """What is wrong with the encoding of a file, or of the first file of annotation in a folder."""
    file = min((each for each in path.rglob("*.ann") if each.is_file()), default=None) if path.is_dir() else path
    return (_binary_problem(file) or head_problem(file)) if file else None


def _binary_problem(path: Path) -> Problem | None:
    """What a file is that is no text, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(max(map(len, BINARY)))
    names = [name for begin, name in BINARY.items() if head.startswith(begin)]
    hint = "annotations are read as text: unpack or export it into one of the formats of docs/formats.md"
    return Problem(f"this is no text, but {names[0]}", hint, "file-not-utf8").at(str(path)) if names else None


def _seen(path: Path) -> str:
    """What a file or folder begins with, for a message."""
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir())
        return f"a folder with {_cut(', '.join(names[:SHOWN_FILES]))}" if names else "an empty folder"
    lines = head_lines(path)
    return f"its first line is {_cut(lines[0])}" if lines else "it is empty"


def _cut(text: str) -> str:
    """The beginning of a text, for a terminal."""
    return shown(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")
