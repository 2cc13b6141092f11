"""Sentences to predict, read line by line from text, JSON lines or SemEval blocks; a faulty one does not end the reading.

    text      a sentence a line, with the marks <e1>, </e1>, <e2>, </e2> or without any
    jsonl     {"text": ...} as a line of text, or with "e1" and "e2" as the annotation format has them; optional: "id"
    semeval   blocks as the annotation format has them; the relation and the comment may be missing and are not looked at

The annotation formats say more of each: pipeline/formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError, Problem
from pipeline.formats import jsonl, semeval
from pipeline.formats.annotation import Fault, Line
from pipeline.prediction import SOURCE, Sentence
from pipeline.schema import OTHER, Span


@dataclass(frozen=True)
class Request:
    """A sentence to predict, or all that is wrong with it."""

    line: int
    id: str | None
    content: Sentence | tuple[Problem, ...]


def read_text(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of plain text, blank lines left out."""
    for line in _solid(lines):
        yield _refused(line, None, [line.fault]) if line.fault else request(line.number, None, line.text)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of JSON lines, blank lines left out."""
    for line in _solid(lines):
        value = line.fault or jsonl.read_object(line.text)
        if isinstance(value, Fault):
            yield _refused(line, None, [value])
            continue
        name = jsonl.read_id(value, "") or None
        if value.keys() & {"e1", "e2"}:
            faults = list(jsonl.find_faults({"relation": OTHER, **value}))
            sentence = None if faults else Sentence(value["text"], (Span(*value["e1"]), Span(*value["e2"])))
            yield Request(line.number, name, sentence) if sentence else _refused(line, name, faults)
        elif isinstance(value.get("text"), str):
            yield request(line.number, name, value["text"])
        else:
            yield _refused(line, name, [Fault("there is no text", 'write {"text": "..."}')])


def read_semeval(lines: Iterable[Line]) -> Iterator[Request]:
    """The sentences of SemEval blocks."""
    for first, *_ in semeval.blocks(lines):
        name = semeval.read_id(first.text)
        marked = semeval.read_sentence(first.text) if name else [semeval.NO_ID]
        if first.fault:
            marked = [first.fault]
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
    return (line for line in lines if line.text.strip() or line.fault)


def _refused(line: Line, name: str | None, faults: Sequence[Fault]) -> Request:
    return Request(line.number, name, tuple(Problem(SOURCE, *fault) for fault in faults))
