"""Sentences to predict, read line by line from text, JSON lines or SemEval blocks; a faulty one does not end the reading.

    text      a sentence a line, with the marks <e1>, </e1>, <e2>, </e2> or without any
    jsonl     {"text": ...} as a line of text, or with "e1" and "e2" as the annotation format has them; optional: "id". Other keys
              are not looked at, null is as good as nothing
    semeval   blocks as the annotation format has them; the relation and the comment may be missing and are not looked at

In all of them e2 may stand before e1. The annotation formats say more of each: pipeline/corpus/formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats import jsonl, semeval
from pipeline.corpus.formats.annotation import Fault, Line
from pipeline.prediction.types import MARKER_IN_ANY_CASE, SOURCE, Sentence


@dataclass(frozen=True)
class Request:
    """A sentence to predict, or all that is wrong with it."""

    line: int
    id: str | None
    content: Sentence | tuple[Problem, ...]

    @classmethod
    def of(cls, line: int, sentence_id: str | None, text: str) -> Request:
        """The request of a text with or without marks."""
        try:
            return cls(line, sentence_id, Sentence.of(text))
        except InputError as error:
            return cls(line, sentence_id, error.problems)


def read_text(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of plain text, blank lines left out."""
    for line in _not_blank(lines):
        yield _refuse(line, None, [line.fault]) if line.fault else Request.of(line.number, None, line.text)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of JSON lines, blank lines left out."""
    for line in _not_blank(lines):
        value = line.fault or jsonl.read_object(line.text)
        yield _refuse(line, None, [value]) if isinstance(value, Fault) else _read_object(line, value)


def _read_object(line: Line, given: dict[str, Any]) -> Request:
    value = {key: item for key, item in given.items() if item is not None}
    sentence_id = jsonl.read_id(value, "") or None
    if faults := list(_object_faults(value)):
        return _refuse(line, sentence_id, faults)
    asked = Request.of(line.number, sentence_id, value["text"])
    if "e1" in value and isinstance(asked.content, Sentence):
        return replace(asked, content=Sentence(value["text"], (Span(*value["e1"]), Span(*value["e2"]))))
    return asked


def _object_faults(value: dict[str, Any]) -> Iterator[Fault]:
    """All that is wrong with an object, but for what Sentence.of finds in its text."""
    for key in value:
        meant = key.lower().replace("_", "")
        if meant in jsonl.ENTITIES and meant not in value:
            yield Fault(f"there is no {meant}, but {key!r}", f"did you mean {meant}?")
    if fault := jsonl.id_fault(value):
        yield fault
    given = [entity for entity in jsonl.ENTITIES if entity in value]
    if len(given) == 1:
        yield Fault(f"{given[0]} is given alone", "give both e1 and e2, or neither")
    if not isinstance(value.get("text"), str):
        yield Fault("there is no text", 'write {"text": "..."}')
        return
    yield from jsonl.span_faults(value)
    if given and (mark := MARKER_IN_ANY_CASE.search(value["text"])):
        yield Fault(
            f"the text has the mark {mark[0]}, and {given[0]} is given", "give the entities by marks or by offsets, not both"
        )


def read_semeval(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of SemEval blocks."""
    for first, *_ in semeval.blocks(lines):
        sentence_id = semeval.read_id(first.text)
        marked = semeval.read_sentence(first.text, in_order=False) if sentence_id else [semeval.NO_ID]
        if first.fault:
            marked = [first.fault]
        if isinstance(marked, list):
            yield _refuse(first, sentence_id, marked)
        else:
            yield Request(first.number, sentence_id, Sentence(marked.text, (marked.e1, marked.e2)))


READERS: dict[str, Callable[[Iterable[Line]], Iterator[Request]]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "semeval": read_semeval,
}


def _not_blank(lines: Iterable[Line]) -> Iterator[Line]:
    return (line for line in lines if line.text.strip() or line.fault)


def _refuse(line: Line, sentence_id: str | None, faults: Sequence[Fault]) -> Request:
    return Request(line.number, sentence_id, tuple(Problem(SOURCE, *fault) for fault in faults))
