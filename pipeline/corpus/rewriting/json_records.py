"""Files of JSON objects, in lines, in a list or in the lists of one object, with some changed, added or taken out."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pipeline.core.files import Row
from pipeline.corpus.document import Document
from pipeline.corpus.formats.json_values import read_placed
from pipeline.corpus.formats.text_lines import MARK
from pipeline.corpus.rewriting.edits import Edit, Probe, by_line, first_right
from pipeline.corpus.rewriting.json_rows import list_key, rows_of
from pipeline.corpus.rewriting.json_splice import Style, spliced, style_of
from pipeline.corpus.rewriting.losses import Loss, lost, others

CLEAN = re.compile(rf"[\s,{MARK}]*")
NEWLINE = re.compile(r"(?<!\r)\n")


class Record(NamedTuple):
    """An object of a file, its characters [start, end), and the key of its list."""

    line: int
    start: int
    end: int
    key: str
    value: Row


def rewrite(path: Path, name: str, edits: Sequence[Edit], probe: Probe) -> Mapping[Path, bytes]:
    """The bytes of a file with edits made.

    Raises: ValueError where the format cannot hold what a document has become.
    """
    text = path.read_bytes().decode(errors="surrogateescape")
    records = list(_records(path, name, text))
    style = Style(ascii=text.isascii() and "\\u" in text)
    places = by_line(record.line for record in records)
    texts: dict[int, list[str]] = {}
    moved: dict[str, list[str]] = {}
    for edit in edits:
        with probe.editing(edit):
            index = edit.find(places)
            record = records[index]
            texts[index] = []
            said, says = list[str](), list[str]()
            for document in edit.new:
                key = list_key(name, document)
                place = texts[index] if key == record.key else moved.setdefault(key, [])
                rows = rows_of(name, edit.old, document, record.value)
                place.append(_revised(text, record, name, rows, document, style, probe))
                said = said or others(name, record.value, rows)
                says += others(name, json.loads(place[-1]), rows)
            probe.losses += [Loss(edit.old.source, each) for each in lost(said, says)]
    whole = _joined(text, records, texts, moved, style)
    return {path: whole.encode(errors="surrogateescape")}


def _records(path: Path, name: str, text: str) -> Iterator[Record]:
    begin = len(MARK) if text.startswith(MARK) else 0
    ends = [match.start() - begin - number for number, match in enumerate(re.finditer("\r\n", text))]

    def place(offset: int) -> int:
        return begin + offset + bisect_left(ends, offset)

    for one in read_placed(path, keyed=name == "fewrel"):
        yield Record(one.line, place(one.start), place(one.end), one.key, one.value)


def _revised(text: str, record: Record, name: str, rows: tuple[Row, Row], new: Document, file_style: Style, probe: Probe) -> str:
    """The text of an object that says what a document has become."""
    raw = text[record.start : record.end]
    style = style_of(raw, is_ascii=file_style.ascii)
    was, becomes = rows
    before = text[: record.start].rpartition("\n")[2]
    indent = "\n" + (before if before.isspace() else "")
    candidates = (spliced(raw, was, becomes, style), style.like(becomes, raw, indent))
    above, below = (f"{{{style.compact(list_key(name, new))}: [", "]}") if name == "fewrel" else ("", "")
    texts = (NEWLINE.sub(_line_end(text), each) for each in candidates)
    return first_right(((each, probe(above + each + below)) for each in texts), new)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _joined(
    text: str, records: Sequence[Record], texts: Mapping[int, list[str]], moved: Mapping[str, list[str]], style: Style
) -> str:
    """The whole text with other texts in the place of some records, and texts that go to the end of a list."""
    parts: list[str] = []
    left = dict(moved)
    at = 0
    for key, group in groupby(range(len(records)), lambda index: records[index].key):
        indices = list(group)
        first, last = records[indices[0]], records[indices[-1]]
        new = [(index, texts.get(index, [text[slice(*records[index][1:3])]])) for index in indices]
        parts += [text[at : first.start], _list(text, records, new, left.pop(key, []))]
        at = last.end
    if left:
        end = text.index("]", at) + 1
        parts.append(text[at:end])
        new_line = _line_end(text)
        parts += [
            f",{new_line}{style.compact(key)}: [{new_line}{f',{new_line}'.join(of_key)}{new_line}]" for key, of_key in left.items()
        ]
        at = end
    return "".join([*parts, text[at:]])


def _list(text: str, records: Sequence[Record], new: Sequence[tuple[int, list[str]]], more: Sequence[str]) -> str:
    """The text of records that follow each other in one list, with what stood between them.

    Args: new: the texts in the place of each record; more: those that come behind the last.
    """
    gaps = {index: text[records[index - 1].end : records[index].start] for index, _ in new[1:]}
    before = text[: records[new[0][0]].start]
    blanks = before[len(before.rstrip()) :]
    alone = f",{blanks or ' '}" if before.rstrip()[-1:] == "[" else _line_end(text)
    usual = next((gap for gap in gaps.values() if CLEAN.fullmatch(gap)), alone)
    joined = ""
    for index, of_record in new:
        gap = gaps.get(index, "")
        if not CLEAN.fullmatch(gap) and not (of_record and joined):
            raise ValueError("what stands between it and its neighbour cannot be read")
        for number, each in enumerate(of_record):
            joined += (gap if index in gaps and not number else usual) * bool(joined) + each
    return usual.join([*([joined] if joined else []), *more])
