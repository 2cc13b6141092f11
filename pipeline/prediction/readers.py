"""Sentences to predict, read line by line from text, JSON lines or SemEval blocks; a faulty one does not end the reading.

    text      a sentence a line, with the marks <e1>, </e1>, <e2>, </e2> or without any
    jsonl     {"text": ...} as a line of text, or with "e1" and "e2" as the annotation format has them; optional: "id". Other keys
              are not looked at, null is as good as nothing
    semeval   blocks as the annotation format has them; the relation and the comment may be missing and are not looked at

In all of them e2 may stand before e1. The annotation formats say more of each: pipeline/formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats import jsonl, semeval
from pipeline.corpus.formats.annotation import Line
from pipeline.prediction.types import MARK_LIKE, SOURCE, Sentence


@dataclass(frozen=True)
class Request:
    """A sentence to predict, or all that is wrong with it."""

    line: int
    id: str | None
    content: Sentence | tuple[Problem, ...]


def read_text(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of plain text, blank lines left out."""
    for line in _solid(lines):
        yield _refused(line, None, [line.problem]) if line.problem else request(line.number, None, line.text)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of JSON lines, blank lines left out."""
    for line in _solid(lines):
        value = line.problem or jsonl.read_object(line.text)
        yield _refused(line, None, [value]) if isinstance(value, Problem) else _read_object(line, value)


def _read_object(line: Line, given: dict[str, Any]) -> Request:
    value = {key: item for key, item in given.items() if item is not None}
    name = jsonl.read_id(value, "") or None
    if problems := list(_object_problems(value)):
        return _refused(line, name, problems)
    asked = request(line.number, name, value["text"])
    if "e1" in value and isinstance(asked.content, Sentence):
        return replace(asked, content=Sentence(value["text"], (Span(*value["e1"]), Span(*value["e2"]))))
    return asked


def _object_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """All that is wrong with an object, but for what Sentence.of finds in its text."""
    for key in value:
        meant = key.lower().replace("_", "")
        if meant in jsonl.ENTITIES and meant not in value:
            yield Problem(f"there is no {meant}, but {key!r}", f"did you mean {meant}?", "key-unknown")
    if problem := jsonl.id_problem(value):
        yield problem
    given = [entity for entity in jsonl.ENTITIES if entity in value]
    if len(given) == 1:
        yield Problem(f"{given[0]} is given alone", "give both e1 and e2, or neither", "key-missing")
    if not isinstance(value.get("text"), str):
        yield Problem("there is no text", 'write {"text": "..."}', "key-missing")
        return
    yield from jsonl.span_problems(value)
    if given and (mark := MARK_LIKE.search(value["text"])):
        found = f"the text has the mark {mark[0]}, and {given[0]} is given"
        yield Problem(found, "give the entities by marks or by offsets, not both", "entities-given-twice")


def read_semeval(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of SemEval blocks."""
    for first, *_ in semeval.blocks(lines):
        name = semeval.read_id(first.text)
        marked = semeval.read_sentence(first.text, in_order=False) if name else [semeval.NO_ID]
        if first.problem:
            marked = [first.problem]
        if isinstance(marked, list):
            yield _refused(first, name, marked)
        else:
            yield Request(first.number, name, Sentence(marked.text, (marked.e1, marked.e2)))


READERS: dict[str, Callable[[Iterable[Line]], Iterator[Request]]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "semeval": read_semeval,
}


def request(line: int, name: str | None, text: str) -> Request:
    """The request of a text with or without marks."""
    try:
        return Request(line, name, Sentence.of(text))
    except InputError as error:
        return Request(line, name, error.problems)


def _solid(lines: Iterable[Line]) -> Iterator[Line]:
    return (line for line in lines if line.text.strip() or line.problem)


def _refused(line: Line, name: str | None, problems: Sequence[Problem]) -> Request:
    return Request(line.number, name, tuple(problem.at(SOURCE) for problem in problems))
