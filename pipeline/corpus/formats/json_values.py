"""The JSON objects of a file, one after the other, whatever they stand in, in flat memory.

    {"id": 1}                       a line each, or pretty-printed one after another
    {"id": 2}

    [{"id": 1}, {"id": 2}]          the items of one list

    {"founder": [{"id": 1}],        the items of the lists of one object (read_keyed)
     "author": [{"id": 2}]}

What is no JSON is a problem, and reading goes on where the next object seems to begin. Byte order marks between objects are no
text.
What is wrong with many objects of a file for one reason, its encoding above all, is said once, with their number. So is an end
that is not found, behind which nothing is read. Other objects with problems can be left out by their id, or by one made of their
text.
"""

from __future__ import annotations

import codecs
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from pipeline.core.errors import FILE_KINDS, Problem
from pipeline.core.files import Row
from pipeline.corpus.formats.json_fields import read_id
from pipeline.corpus.formats.json_text import NOT_UTF8, PYTHON, JsonText
from pipeline.corpus.formats.text_lines import UTF16, content_id

SAMPLE_BYTES = 1 << 20  # of a file, to tell its format: an object that holds a long document takes more than 64 KB
BRACKETS = (b"{", b"[")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
NO_OBJECT = Problem("a JSON value that is no object", "write objects, {...}, one after the other or in one list", "file-not-json")
NO_LISTS = Problem("no JSON object of lists", 'write {"name": [{...}, ...], ...}', "file-not-json")
CUT_SHORT = "close it: the file may be cut short"
SAID_ONCE = (NOT_UTF8, PYTHON, NO_OBJECT)


class Value(NamedTuple):
    """An object of a file: the line where it begins, and the key of the list that holds it, where lists have one."""

    line: int
    value: Row
    key: str = ""


class PlacedValue(NamedTuple):
    """An object of a file and its characters [start, end), as `_decoded` gives them: an end of a line is one."""

    line: int
    value: Row
    key: str
    start: int
    end: int


class _Reading(NamedTuple):
    """A value of any kind, or None, with all that is wrong at its place."""

    line: int
    value: Any
    problems: list[Problem]
    key: str = ""
    faulty: str = ""  # its text where it has problems
    start: int = 0
    end: int = 0


def read_values(path: Path) -> Iterator[Value | Problem]:
    """The objects of a file, and its problems, each at file:line."""
    return _read(path, _values)


def read_keyed(path: Path) -> Iterator[Value | Problem]:
    """The objects of the lists of one object, each with the key of its list, and the problems of the file."""
    return _read(path, _keyed)


def read_placed(path: Path, *, keyed: bool) -> Iterator[PlacedValue]:
    """The objects of a file without problems, each with its place in the text."""
    with path.open("rb") as file:
        for one in (_keyed if keyed else _values)(JsonText(_decoded(file))):
            if not one.problems and isinstance(one.value, dict):
                yield PlacedValue(one.line, one.value, one.key, one.start, one.end)


def first_value(path: Path, *, keyed: bool = False, saying: Sequence[str] = ()) -> Value | None:
    """The first object at the beginning of a file, to tell its format by; None where there is none, as in a folder.

    Args: saying: keys of what tells the format: the first object that has something under one of them is meant, if there is one.
    """
    if not path.is_file():
        return None
    readings = _keyed if keyed else _values
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        if _is_utf16(io.BytesIO(sample)):
            return None
        values = _objects(path, readings(JsonText(_decoded(io.BytesIO(sample)))))
        first = next(values, None)
        if first is None and sample.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in BRACKETS:  # it may be longer than the sample
            file.seek(0)
            return next(_objects(path, islice(readings(JsonText(_decoded(file))), 1)), None)
    told = (value for value in chain([first] if first else [], values) if any(value.value.get(key) for key in saying))
    return next(told, first) if saying else first


def _objects(path: Path, readings: Iterable[_Reading]) -> Iterator[Value]:
    """The objects among readings, without the problems."""
    return (value for value in _sift(path, readings) if isinstance(value, Value))


def _read(path: Path, readings: Callable[[JsonText], Iterator[_Reading]]) -> Iterator[Value | Problem]:
    with path.open("rb") as file:
        if _is_utf16(file):
            yield UTF16.at(f"{path}:1")
            return
        yield from _sift(path, readings(JsonText(_decoded(file))))


def _is_utf16(file: IO[bytes]) -> bool:
    """Whether a file begins with UTF-16's mark, or with an ASCII character in two bytes."""
    start = file.read(2)
    file.seek(0)
    return start in UTF16_MARKS or b"\0" in start


def _decoded(file: IO[bytes]) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape")


def _sift(path: Path, readings: Iterable[_Reading]) -> Iterator[Value | Problem]:
    """The objects and the problems of readings, what is said once at the end."""
    first_lines: dict[Problem, int] = {}
    counts = Counter[Problem]()
    for line, value, problems, key, faulty, *_ in readings:
        wrong = problems or ([] if isinstance(value, dict) else [NO_OBJECT])
        for problem in wrong:
            if problem in SAID_ONCE:
                first_lines.setdefault(problem, line)
                counts[problem] += 1
            elif problem.kind in FILE_KINDS:
                yield problem.at(f"{path}:{line}")
            else:
                yield problem.at(f"{path}:{line}", row_id=_row_id(value, faulty))
        if not wrong:
            yield Value(line, value, key)
    for problem, line in first_lines.items():
        count = f" ({counts[problem]:,} values of the file, the first here)" if counts[problem] > 1 else ""
        yield replace(problem, found=problem.found + count).at(f"{path}:{line}")


def _row_id(value: object, faulty: str) -> str | None:
    """The id of an object with problems, or one made of its text."""
    given = read_id(value.get("id")) if isinstance(value, dict) else None
    return given or (content_id([faulty]) if faulty else None)


def _values(text: JsonText) -> Iterator[_Reading]:
    while character := text.peek():
        if character == "[":
            yield from _items(text)
        else:
            yield _value(text)


def _value(text: JsonText, key: str = "") -> _Reading:
    line, start = text.line, text.offset
    value, problems = text.value()
    return _Reading(line, value, problems, key, text.faulty, start, text.offset)


def _items(text: JsonText, key: str = "") -> Iterator[_Reading]:
    """The items of the list that begins here."""
    begun = text.line
    text.take()
    while (character := text.peek()) != "]":
        if not character:
            yield from _unclosed(text, begun, "list")
            return
        yield _value(text, key)
    text.take()


def _keyed(text: JsonText) -> Iterator[_Reading]:
    """The items of the lists of the object that begins here."""
    if text.peek() != "{":
        yield _Reading(text.line, None, [NO_LISTS])
        return
    begun, keys = text.line, set[str]()
    text.take()
    while (character := text.peek()) != "}":
        if not character:
            yield from _unclosed(text, begun, "object")
            return
        key, reading = _key(text)
        if key is None:
            yield reading
            return
        if key in keys:
            yield reading._replace(
                problems=[Problem(f"the object has the key {key!r} twice", "give every key once", "key-repeated")]
            )
        keys.add(key)
        yield from _items(text, key)
    text.take()
    if text.peek():
        yield _Reading(text.line, None, [NO_LISTS])


def _key(text: JsonText) -> tuple[str | None, _Reading]:
    """The key that stands before a list, up to the list's bracket; None where something else stands here, and what is wrong."""
    line = text.line
    key, problems = text.value()
    if text.peek() == ":":
        text.take()
    if problems or not isinstance(key, str) or text.peek() != "[":
        return None, _Reading(line, None, [replace(problem, kind=NO_LISTS.kind) for problem in problems] or [NO_LISTS])
    return key, _Reading(line, None, [])


def _unclosed(text: JsonText, begun: int, what: str) -> Iterator[_Reading]:
    """What is said of a list or an object that never ends, but where its end was skipped with a broken value."""
    if not text.gave_up:
        yield _Reading(begun, None, [Problem(f"the {what} that begins here never ends", CUT_SHORT, "file-cut-short")])
