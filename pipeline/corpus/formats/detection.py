"""Which format a file or a folder is in, by its content.

A format is known by a function that looks at no more than the beginning of a file, so that a file of any size is told at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem
from pipeline.core.untrusted import shown
from pipeline.corpus.formats.text_lines import HEAD_BYTES, UTF_16, begins_utf16, head_lines, head_problem

SHOWN_CHARACTERS = 80
SHOWN_FILES = 5
ALIKE = ["jsonl", "doccano"]  # a file without any entity may be of both, and says the same in the first
ZLIB = "compressed by zlib, as a DocBin of spaCy is"
BINARY = {  # what a file is that begins so
    **dict.fromkeys((b"x\x01", b"x\x9c", b"x\xda"), ZLIB),  # by its levels
    b"\x1f\x8b": "compressed by gzip",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a table in Parquet",
    b"%PDF-": "a PDF",
    b"SQLite format 3\0": "a database of SQLite, as Prodigy keeps",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a pickle of Python"),  # by its protocols
}
CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})  # that no text has, in any encoding of single bytes


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
    """The problem that a file or folder is in other formats than asked for, or no text, once for the whole of it; else None.

    What else no format knows is no such problem: the reader that was asked for tells what is wrong with each line.
    """
    names = _names(path, formats)
    if not names and path.is_file():
        return _binary_problem(path)
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
        head = file.read(HEAD_BYTES)
    names = [name for begin, name in BINARY.items() if head.startswith(begin)] or (["a binary file"] if _is_binary(head) else [])
    hint = "annotations are read as text: unpack or export it into one of the formats of docs/formats.md"
    return Problem(f"this is no text, but {names[0]}", hint, "file-not-utf8").at(str(path)) if names else None


def _is_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are no text: neither UTF-8 nor UTF-16, and a hundredth of them control characters."""
    n_controls = len(head) - len(head.translate(None, CONTROLS))
    if 100 * n_controls < len(head) or head.startswith(UTF_16):
        return False
    if begins_utf16(head):
        texts = (head[: len(head) // 2 * 2].decode(order, "replace")[:-1] for order in ("utf-16-le", "utf-16-be"))
        return all("\ufffd" in text or not set(map(chr, CONTROLS)).isdisjoint(text) for text in texts)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return True
    return False


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
