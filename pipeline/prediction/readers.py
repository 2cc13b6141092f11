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
from pipeline.core.schema import ENTITIES, Span
from pipeline.corpus.formats import jsonl, semeval
from pipeline.corpus.formats.annotation import Line
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
        yield _refuse(line, None, [line.problem]) if line.problem else Request.of(line.number, None, line.text)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of JSON lines, blank lines left out."""
    for line in _not_blank(lines):
        value = line.problem or jsonl.read_object(line.text)
        yield _refuse(line, None, [value]) if isinstance(value, Problem) else _read_object(line, value)


def _read_object(line: Line, given: dict[str, Any]) -> Request:
    value = {key: item for key, item in given.items() if item is not None}
    sentence_id = jsonl.read_id(value, "") or None
    if problems := list(_object_problems(value)):
        return _refuse(line, sentence_id, problems)
    asked = Request.of(line.number, sentence_id, value["text"])
    if "e1" in value and isinstance(asked.content, Sentence):
        return replace(asked, content=Sentence(value["text"], (Span(*value["e1"]), Span(*value["e2"]))))
    return asked


def _object_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """All that is wrong with an object, but for what Sentence.of finds in its text."""
    for key in value:
        meant = key.lower().replace("_", "")
        if meant in ENTITIES and meant not in value:
            yield Problem(f"there is no {meant}, but {key!r}", f"did you mean {meant}?", "key-unknown")
    if problem := jsonl.id_problem(value):
        yield problem
    given = [entity for entity in ENTITIES if entity in value]
    if len(given) == 1:
        yield Problem(f"{given[0]} is given alone", "give both e1 and e2, or neither", "key-missing")
    if not isinstance(value.get("text"), str):
        yield Problem("there is no text", 'write {"text": "..."}', "key-missing")
        return
    yield from jsonl.span_problems(value)
    if given and (mark := MARKER_IN_ANY_CASE.search(value["text"])):
        found = f"the text has the mark {mark[0]}, and {given[0]} is given"
        yield Problem(found, "give the entities by marks or by offsets, not both", "entities-given-twice")


def read_semeval(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of SemEval blocks."""
    for first, *_ in semeval.blocks(lines):
        sentence_id = semeval.read_id(first.text)
        marked = semeval.read_sentence(first.text, in_order=False) if sentence_id else [semeval.NO_ID]
        if first.problem:
            marked = [first.problem]
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
    return (line for line in lines if line.text.strip() or line.problem)


def _refuse(line: Line, sentence_id: str | None, problems: Sequence[Problem]) -> Request:
    return Request(line.number, sentence_id, tuple(problem.at(SOURCE) for problem in problems))
