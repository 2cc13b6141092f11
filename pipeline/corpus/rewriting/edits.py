"""What is to become of documents of a file, and the check that a text says it."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.core.errors import Problem
from pipeline.core.labels import names_no_relation
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import Reader
from pipeline.corpus.mend_entities import turned
from pipeline.corpus.rewriting.losses import Loss

Reading = Document | Skipped | Problem


@dataclass(frozen=True)
class Edit:
    """A document of a file, and the documents that take its place: none where it is taken out.

    Args: number: how many documents that begin at the same line stand before it in the file.
    """

    old: Document
    new: tuple[Document, ...]
    number: int = 0

    @property
    def line(self) -> int:
        """The line where the document begins."""
        return int(self.old.source.rpartition(":")[2])

    def find(self, records: Mapping[int, Sequence[int]]) -> int:
        """The index of the document's record; records: `by_line` of those of the file."""
        found = records.get(self.line, ())
        if self.number >= len(found):
            raise ValueError("it is no longer where it was read")
        return found[self.number]


def by_line(lines: Iterable[int]) -> dict[int, list[int]]:
    """The indices of records by the line where they begin.

    >>> by_line([1, 4, 4])
    {1: [0], 4: [1, 2]}
    """
    found: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        found.setdefault(line, []).append(index)
    return found


class Probe:
    """Reads texts with the reader of a format, in a folder of its own, and keeps what is wrong with documents, and what is lost."""

    def __init__(self, read: Reader, scratch: Path, suffix: str) -> None:
        self.read, self.problems, self.losses = read, list[Problem](), list[Loss]()
        self._file, self._pair = scratch / f"one{suffix}", scratch / "two"

    def __call__(self, text: str) -> Iterator[Reading]:
        """What a file with this text says."""
        return self.read_again(text.encode(errors="surrogateescape"))

    def read_again(self, content: bytes) -> Iterator[Reading]:
        """What a file with these bytes says."""
        self._file.write_bytes(content)
        return self.read(self._file)

    def beside(self, txt: Path, ann: str) -> Iterator[Reading]:
        """What lines of annotation say of the text of a file."""
        self._pair.mkdir(exist_ok=True)
        shutil.copyfile(txt, self._pair / "one.txt")
        (self._pair / "one.ann").write_bytes(ann.encode(errors="surrogateescape"))
        return self.read(self._pair)

    @contextlib.contextmanager
    def editing(self, edit: Edit) -> Iterator[None]:
        """Keep the problem that an edit cannot be made, for the next ones to be tried."""
        try:
            yield
        except ValueError as error:
            found = f"it cannot be written as it has become: {error}"
            problem = Problem(found, "correct it in the tool, or change it by hand", "format-narrow")
            self.problems.append(problem.at(edit.old.source, row_id=edit.old.id))


def numbered(readings: Iterable[Reading]) -> Iterator[tuple[Reading, int]]:
    """What is read of a file, each with the number of records before it that begin at the same line."""
    line, number, last = "", -1, None
    for reading in readings:
        place = reading.row if isinstance(reading, Problem) else reading.source
        row = reading.row_id if isinstance(reading, Problem) else None
        if place != line:
            line, number = place, 0
        elif row is None or row != last:
            number += 1
        last = row
        yield reading, number


def first_right(readings: Iterable[tuple[str, Iterable[Reading]]], meant: Document) -> str:
    """The first text that says what a document says.

    Args: readings: texts and what is read of each.
    Raises: ValueError where none does.
    """
    for candidate, readings_of_it in readings:
        read = list(readings_of_it)
        if len(read) == 1 and isinstance(read[0], Document) and _is_as_meant(read[0], meant):
            return candidate
    raise ValueError("the format has no words for what it has become")


def _is_as_meant(read: Document, meant: Document) -> bool:
    """Whether a text says what a document says; a relation of nobody may be that of whose annotation it stands in."""
    relations, of_read = (content(each)[2] for each in (meant, read))
    signed = Counter(relation for relation in relations if relation[-1])
    return content(unsigned(read)) == content(unsigned(meant)) and signed <= Counter(of_read)


def unsigned(document: Document) -> Document:
    """A document whose relations are nobody's."""
    return replace(document, relations=tuple(replace(each, annotator=None) for each in document.relations))


def content(document: Document) -> tuple[Any, ...]:
    """What a document says, whatever its ids and the order of its entities and relations, to compare and to count.

    A label's direction stands in the order of head and tail; one that stands for no relation has none.
    """
    entities = {entity.id: (entity.spans, entity.type or "") for entity in document.entities}
    relations = []
    for relation in turned(document).relations:
        ends = [entities[relation.head], entities[relation.tail]]
        alone = names_no_relation(relation.label or "")
        relations.append((*(sorted(ends) if alone else ends), relation.label or "", relation.annotator or ""))
    return (document.text, tuple(sorted(entities.values())), tuple(sorted(relations)), document.words, document.sentences)


def annotation(document: Document) -> tuple[Any, ...]:
    """What a document says of its text, whatever its words are."""
    return content(replace(document, words=None, sentences=None))


def says(readings: Iterable[Reading], edits: Sequence[Edit], again: Iterable[Reading]) -> bool:
    """Whether a file read again says what it said, but for documents that were edited, which say what they have become.

    Args: readings: of the file as it was.
    """
    left = Counter(map(_exactly, readings))
    left.subtract(_exactly(edit.old) for edit in edits)
    others = Counter[Any]()
    for reading in again:
        key = _exactly(reading)
        if left[key] > 0:
            left[key] -= 1
        else:
            others[content(unsigned(reading)) if isinstance(reading, Document) else key] += 1
    return not +left and others == Counter(content(unsigned(new)) for edit in edits for new in edit.new)


def _exactly(reading: Reading) -> Any:
    """What a document says, with its ids; of what was skipped and of problems only what they are."""
    if not isinstance(reading, Document):
        return type(reading).__name__
    return reading.text, reading.entities, reading.relations, reading.words, reading.sentences
