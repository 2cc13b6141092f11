"""The lines of a text file with their ends, and other lines in the place of those of edited records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from pipeline.corpus.document import Document
from pipeline.corpus.formats.text_lines import MARK, TextLine
from pipeline.corpus.rewriting.edits import Edit, Probe, by_line, first_right

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
Record = TypeVar("Record")


class Extent(NamedTuple):
    """The lines of a record, [start, end), from 0."""

    start: int
    end: int


class Lines:
    """The lines of a file, as its bytes have them."""

    def __init__(self, path: Path) -> None:
        self.raw = LINE.findall(path.read_bytes().decode(errors="surrogateescape"))
        self.end = next((line[len(line.rstrip("\r\n")) :] for line in self.raw), "") or "\n"

    def numbered(self) -> list[TextLine]:
        """The lines without their ends and marks, as the readers have them."""
        return [TextLine(number, line.rstrip("\r\n").removeprefix(MARK)) for number, line in enumerate(self.raw, 1)]

    def texts(self, extent: Extent) -> list[str]:
        """The lines of a record without their ends and marks."""
        return [line.rstrip("\r\n").removeprefix(MARK) for line in self.raw[slice(*extent)]]

    def joined(
        self, changed: Mapping[Extent, Sequence[Sequence[str]]], between: Sequence[str] = (), more: Sequence[str] = ()
    ) -> bytes:
        """The bytes of the file with other records in the place of some; the blank lines behind one that goes go with it.

        Args: between: the lines that stand between two records; more: those that come behind the last.
        """
        lines: list[str] = []
        at = 0
        for extent, records in sorted(changed.items()):
            lines += [*self.raw[at : extent.start], *self._record(extent, records, between)]
            at = extent.end
            while not records and at < len(self.raw) and not self.raw[at].strip():
                at += 1
        lines += self.raw[at:]
        if more and lines and not lines[-1].endswith(("\r", "\n")):
            lines[-1] += self.end
        return "".join([*lines, *(line + self.end for line in more)]).encode(errors="surrogateescape")

    def _record(self, extent: Extent, records: Sequence[Sequence[str]], between: Sequence[str]) -> list[str]:
        """The lines in the place of a record, with their ends; lines that stay keep theirs."""
        was, texts = self.raw[slice(*extent)], self.texts(extent)
        new = [line for number, record in enumerate(records) for line in [*(between if number else ()), *record]]
        if not new:
            return []
        ends = [line[len(line.rstrip("\r\n")) :] for line in was]
        of_line = dict(zip(texts, ends, strict=True))
        kept = ends if len(new) == len(was) else [of_line.get(line) or self.end for line in new]
        lines = [line + end for line, end in zip(new, [*kept[:-1], ends[-1]], strict=True)]
        return [MARK + lines[0] if was[0].startswith(MARK) else lines[0], *lines[1:]]


def edited(
    records: Sequence[Record],
    extent: Callable[[Record], Extent],
    revise: Callable[[Record, Document, Document], Iterable[str]],
    edits: Sequence[Edit],
    probe: Probe,
    above: str = "",
) -> dict[Extent, list[list[str]]]:
    """The lines in the place of each record whose document was edited, the first that say what it has become.

    Args: extent: the lines of a record; revise: texts that may say what its document, as it was, has become; above: what stands
        above a record for the reader to know its form.
    """
    places = by_line(extent(record).start + 1 for record in records)
    changed = {}
    for edit in edits:
        with probe.editing(edit):
            record = records[edit.find(places)]
            texts = [((text, probe(above + text)) for text in revise(record, edit.old, new)) for new in edit.new]
            changed[extent(record)] = [first_right(of_new, new).split("\n") for of_new, new in zip(texts, edit.new, strict=True)]
    return changed
