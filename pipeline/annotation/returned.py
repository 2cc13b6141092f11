"""What comes home from an annotation tool: what each person made of each item.

Of Label Studio's exports and Prodigy's it is known whether a person has confirmed an item: an annotation that was submitted, the
answer "accept". Predictions and tasks without an answer are nobody's, and who skips an item has said nothing of it. In other
formats an item that is as it was sent may have been looked at or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.annotation.review_file import told_id
from pipeline.core.errors import InputError, Problem, sift
from pipeline.core.files import Row
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import FORMATS, label_studio, prodigy
from pipeline.corpus.formats.json_fields import first_id
from pipeline.corpus.formats.json_values import Value, read_values
from pipeline.corpus.formats.label_studio_task import annotator_of
from pipeline.corpus.formats.sources import Source, find_sources
from pipeline.corpus.formats.text_lines import DistinctIds

MOST_SECONDS = 10**16  # also where they are thousandths
State = Literal["annotated", "rejected", "skipped", "untouched"]


@dataclass(frozen=True)
class Returned:
    """An item as one person has left it.

    Args: id: that the tool got it under; source: file:line of the export; document: None where the tool says no text;
        is_confirmed: a person has said that it is so; when: a text that sorts by time, empty where it is not told; number: of
        the item among those of its file, which may all stand on one line.
    """

    id: str
    source: str
    state: State
    document: Document | None = None
    annotator: str = ""
    when: str = ""
    is_confirmed: bool = False
    number: int = 0


def read_export(path: Path, asked: str | None = None) -> tuple[list[Returned], str]:
    """All that a file or folder says, in its order, and its format. Several files without annotators are one annotator's each.

    Args: asked: the format; told by the content where it is None.
    Raises: InputError with all that is wrong with it.
    """
    sources = find_sources(path, asked)
    read: list[Returned] = []
    problems: list[Problem] = []
    for source in sources:
        returned, wrong = sift(READERS.get(source.format, _read_any)(source))
        problems += wrong
        for one in returned:
            by_file = len(sources) > 1 and not one.annotator
            read.append(replace(one, annotator=source.path.stem) if by_file else one)
    if problems:
        raise InputError(problems)
    return read, sources[0].format


def _read_any(source: Source) -> Iterator[Returned | Problem]:
    for number, reading in enumerate(FORMATS[source.format].read(source.path)):
        yield reading if isinstance(reading, Problem) else replace(_returned(reading), number=number)


def _returned(reading: Document | Skipped, annotator: str = "", when: str = "", *, is_confirmed: bool = False) -> Returned:
    if isinstance(reading, Document):
        item_id = told_id(reading) or reading.id
        return Returned(item_id, reading.source, "annotated", reading, annotator, when, is_confirmed)
    item_id = (told_id(reading.document) if reading.document else None) or reading.row_id
    return Returned(item_id, reading.source, "untouched", reading.document, annotator, when)


def _read_label_studio(source: Source) -> Iterator[Returned | Problem]:
    """A task of several annotations is one of one annotation for each."""
    ids = DistinctIds()
    for number, value in enumerate(read_values(source.path)):
        if isinstance(value, Problem):
            yield value
            continue
        for task, annotation in _single(value):
            for reading in label_studio.read_task(task, f"{source.path}:{value.line}", ids):
                if isinstance(reading, Problem):
                    yield reading
                    continue
                when = annotation.get("updated_at") or annotation.get("created_at")
                who = annotator_of(annotation) or ""
                one = replace(_returned(reading, who, when if isinstance(when, str) else "", is_confirmed=True), number=number)
                yield replace(one, state="skipped") if isinstance(reading, Skipped) and annotation else one


def _single(value: Value) -> Iterator[tuple[Row, Row]]:
    """A task with each of its annotations alone, and that annotation; the task as it is where it has none or is malformed."""
    for key in label_studio.ANNOTATIONS:
        annotations = value.value.get(key)
        if isinstance(annotations, list) and annotations and all(isinstance(each, dict) for each in annotations):
            yield from (({**value.value, key: [each]}, each) for each in annotations)
            return
    yield value.value, {}


def _read_prodigy(source: Source) -> Iterator[Returned | Problem]:
    ids = DistinctIds()
    for number, value in enumerate(read_values(source.path)):
        if isinstance(value, Problem):
            yield value
            continue
        row = value.value
        who = first_id(row, prodigy.ANNOTATORS) or ""
        when = row.get("_timestamp")  # in seconds
        for reading in prodigy.read_object(row, f"{source.path}:{value.line}", ids):
            if isinstance(reading, Problem):
                yield reading
                continue
            one = _returned(reading, who, _sortable(when), is_confirmed=True)
            yield replace(one, number=number, state=ANSWERS.get(str(row.get("answer")), one.state))


def _sortable(seconds: object) -> str:
    """A number of seconds as a text that sorts by it, whole or not; empty where it is none.

    >>> _sortable(7), _sortable(7.5)
    ('0000000000000007.000000', '0000000000000007.500000')
    """
    return f"{seconds:023.6f}" if isinstance(seconds, int | float) and 0 <= seconds < MOST_SECONDS else ""


ANSWERS: dict[str, State] = {"reject": "rejected", "ignore": "skipped"}  # of Prodigy, which say nothing of the annotation
READERS = {"label_studio": _read_label_studio, "prodigy": _read_prodigy}
