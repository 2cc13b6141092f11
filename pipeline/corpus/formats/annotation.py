"""What every reader yields of a good row, and the lines that it reads."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.labels import LONGEST, is_label, is_name, parse_label
from pipeline.core.schema import OTHER, Span

NOT_UTF8 = "save the file as UTF-8"
MOST_CHARACTERS = 100_000  # of a text: a row is one sentence, and what is made of it takes memory by its words


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


class Line(NamedTuple):
    """A line without its end, and its problem where it is not UTF-8: the bytes that are not stand in its text as surrogates."""

    number: int
    text: str
    problem: Problem | None


def relation_problem(relation: str) -> Problem | None:
    """What is wrong with the form of a relation, if anything.

    >>> relation_problem("Cause-Effect(e1,e3)").found
    "'Cause-Effect(e1,e3)' is no relation"
    """
    if not is_label(relation):
        hint = (
            f"write a name of at most {LONGEST} characters, without markers, quotes or control characters, "
            "then nothing, (e1,e2) or (e2,e1), with no blank between"
        )
        return Problem(f"{relation!r} is no relation", hint, "relation-malformed")
    label = parse_label(relation)
    if label.relation == OTHER and label.direction:
        hint = f"write {OTHER} alone: it stands for no relation"
        return Problem(f"{relation!r} has a direction", hint, "direction-unexpected")
    return None


def type_problem(entity: str, name: str) -> Problem | None:
    """What is wrong with the type of an entity, if anything.

    >>> type_problem("e1", "<e1>Person").found
    "e1_type '<e1>Person' is no name"
    """
    if is_name(name):
        return None
    hint = f"write a name of at most {LONGEST} characters, without markers, quotes or control characters"
    return Problem(f"{entity}_type {name!r} is no name", hint, "type-malformed")


def text_problem(text: str) -> Problem | None:
    """What is wrong with the length of a text, if anything."""
    if len(text) <= MOST_CHARACTERS:
        return None
    hint = f"give the sentence that holds the entities, of at most {MOST_CHARACTERS:,} characters"
    return Problem(f"the text has {len(text):,} characters", hint, "text-too-long")


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file, as decode has them."""
    with path.open("rb") as file:
        yield from decode(file)


def decode(raw_lines: Iterable[bytes]) -> Iterator[Line]:
    """Lines of UTF-8, with or without a byte order mark, ended by LF or CRLF."""
    for number, raw in enumerate(raw_lines, 1):
        if number == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                yield Line(1, "", Problem("the file is UTF-16", NOT_UTF8, "file-not-utf8"))
                return
            raw = raw.removeprefix(codecs.BOM_UTF8)
        yield _decode(number, raw.rstrip(b"\r\n"))


def _decode(number: int, raw: bytes) -> Line:
    try:
        return Line(number, raw.decode(), None)
    except UnicodeDecodeError as error:
        character = len(raw[: error.start].decode()) + 1
        found = f"byte 0x{raw[error.start]:02x} at character {character} is not UTF-8"
        return Line(number, raw.decode(errors="surrogateescape"), Problem(found, NOT_UTF8, "not-utf8"))
