"""What every reader yields: an annotation a good row, the problems of a broken one; and the lines both are read from."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem, or_exclude
from pipeline.core.schema import OTHER, Span

RELATION = re.compile(r"([^()\s](?:[^()]*[^()\s])?)(\((?:e1,e2|e2,e1)\))?")
NOT_UTF8 = "save the file as UTF-8"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A sentence, its two entities in characters of the text, and the relation between them."""

    id: str
    source: str  # file:line of the row
    text: str  # without markers
    e1: Span
    e2: Span
    relation: str
    e1_type: str | None = None
    e2_type: str | None = None


@dataclass(frozen=True)
class Broken(Problem):
    """A problem of a row; the row can be left out by its id, where that could be read."""

    row: str  # file:line of the row, which may begin above the problem
    id: str | None


class Fault(NamedTuple):
    """What is wrong in a row, and what to do about it."""

    found: str
    hint: str


class Line(NamedTuple):
    """A line without its end; bytes that are not UTF-8 stand in its text as surrogates."""

    number: int
    text: str
    fault: Fault | None


def broken(fault: Fault, source: str, row: str, name: str | None) -> Broken:
    """The problem that a fault makes of the row with this id."""
    return Broken(source, fault.found, fault.hint + (or_exclude(name) if name else ""), row, name)


def relation_fault(relation: str) -> Fault | None:
    """What is wrong with the form of a relation, if anything.

    >>> relation_fault("Cause-Effect(e1,e3)").found
    "'Cause-Effect(e1,e3)' is no relation"
    """
    match = RELATION.fullmatch(relation)
    if not match:
        return Fault(f"{relation!r} is no relation", "write a name, then nothing, (e1,e2) or (e2,e1), with no blank between")
    if match[1] == OTHER and match[2]:
        return Fault(f"{relation!r} has a direction", f"write {OTHER} alone: it stands for no relation")
    return None


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file, as decode has them."""
    with path.open("rb") as file:
        yield from decode(file)


def decode(raw_lines: Iterable[bytes]) -> Iterator[Line]:
    """Lines of UTF-8, with or without a byte order mark, ended by LF or CRLF."""
    for number, raw in enumerate(raw_lines, 1):
        if number == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                yield Line(1, "", Fault("the file is UTF-16", NOT_UTF8))
                return
            raw = raw.removeprefix(codecs.BOM_UTF8)
        yield _decode(number, raw.rstrip(b"\r\n"))


def _decode(number: int, raw: bytes) -> Line:
    try:
        return Line(number, raw.decode(), None)
    except UnicodeDecodeError as error:
        character = len(raw[: error.start].decode()) + 1
        fault = Fault(f"byte 0x{raw[error.start]:02x} at character {character} is not UTF-8", NOT_UTF8)
        return Line(number, raw.decode(errors="surrogateescape"), fault)
