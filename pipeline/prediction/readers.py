"""What is to be predicted: sentences with marks, plain text and documents; a faulty one does not end the reading.

    text      a line is a sentence with the marks <e1>, </e1>, <e2>, </e2>, or plain text of any number of sentences
    jsonl     {"text": ...} as a line of text, or with "e1" and "e2" as the annotation format has them; optional: "id"; "words" may
              make the text. Other keys are not looked at, null is as good as nothing. In a file also in a list or pretty-printed
    semeval   blocks as the annotation format has them; the relation and the comment may be missing and are not looked at

In all of them e2 may stand before e1; they are read from files and streams, the last two from folders too. Every other format of
pipeline/corpus/formats is read from a file or folder, as documents whose annotation is not looked at, be it right or wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError, Problem, placed
from pipeline.core.files import Row
from pipeline.core.schema import ENTITIES, Span
from pipeline.corpus.document import Document, Misannotated, Skipped, join_words
from pipeline.corpus.formats import reader, semeval
from pipeline.corpus.formats.json_fields import id_problems, quote, read_id
from pipeline.corpus.formats.json_text import TOO_DEEP, TOO_MANY_DIGITS
from pipeline.corpus.formats.json_values import read_values
from pipeline.corpus.formats.jsonl_pairs import PAIR_LINE, span_problems
from pipeline.corpus.formats.sources import Source, prefixes
from pipeline.corpus.formats.text_lines import MARK, DistinctIds, StreamLine, content_id, decode, head_lines
from pipeline.prediction.types import MARKER_IN_ANY_CASE, SOURCE, Sentence, half_of_a_pair


@dataclass(frozen=True)
class Request:
    """A marked sentence or an unmarked document to predict, or all that is wrong with it; its file:line where there are several."""

    line: int
    id: str | None
    content: Sentence | Document | tuple[Problem, ...]
    source: str = ""

    @classmethod
    def of(cls, line: int, text_id: str | None, text: str) -> Request:
        """The request of a text with or without marks; a byte order mark before it is no text."""
        try:
            sentence = Sentence.of(text.removeprefix(MARK))
        except InputError as error:
            return cls(line, text_id, error.problems)
        asked = cls(line, text_id, sentence)
        return asked if sentence.entities else replace(asked, content=asked.document)

    @classmethod
    def of_document(cls, line: int, document: Document) -> Request:
        """The request of a document, whose text is taken as it is: no mark is read, nothing is removed."""
        problem = half_of_a_pair(document.text)
        return cls(line, document.id, (replace(problem, source=document.source),) if problem else document)

    @property
    def n_characters(self) -> int:
        """How long its text is, 0 where there is none."""
        return 0 if isinstance(self.content, tuple) else len(self.content.text)

    @property
    def document(self) -> Document:
        """What is asked as a document without annotation."""
        if isinstance(self.content, Document):
            return self.content
        text = self.content.text if isinstance(self.content, Sentence) else ""
        return Document(self.id or str(self.line), self.source or f"line {self.line}", text, (), ())


def read_text(lines: Iterable[StreamLine]) -> Iterator[Request]:
    """The sentences of plain text, blank lines left out."""
    for line in _not_blank(lines):
        yield _refuse(line, None, [line.problem]) if line.problem else Request.of(line.number, None, line.text)


def read_jsonl(lines: Iterable[StreamLine]) -> Iterator[Request]:
    """The sentences of JSON lines, blank lines left out."""
    for line in _not_blank(lines):
        value = line.problem or read_object(line.text)
        yield _refuse(line, None, [value]) if isinstance(value, Problem) else _read_object(line, value)


def read_object(text: str) -> Row | Problem:
    """A line as a JSON object, or what is wrong with it."""
    repeated: list[Problem] = []

    def unique(pairs: list[tuple[str, Any]]) -> Row:
        """An object's pairs as a dict, which would silently keep the last value of a key given twice."""
        counts = Counter(key for key, _ in pairs)
        if keys := [f"{key!r} {count} times" for key, count in counts.items() if count > 1]:
            repeated.append(Problem(f"one object has the key {', '.join(keys)}", "give every key once", "key-repeated"))
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        return Problem(f"not JSON: {error.msg} at character {error.colno}", PAIR_LINE, "json-malformed")
    except (RecursionError, ValueError) as error:  # the latter of int()
        return TOO_DEEP if isinstance(error, RecursionError) else TOO_MANY_DIGITS
    if repeated:
        return repeated[-1]
    return value if isinstance(value, dict) else Problem(f"{quote(value)} is no object", PAIR_LINE, "json-malformed")


def _read_object(line: StreamLine, given: Row) -> Request:
    value = {key: item for key, item in given.items() if item is not None}
    words = value.get("words")
    if "text" not in value and isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        value["text"], _ = join_words(words)
    sentence_id = None if _id_problems(value) else read_id(value.get("id"))
    if problems := list(_object_problems(value)):
        return _refuse(line, sentence_id, problems)
    asked = Request.of(line.number, sentence_id, value["text"])
    if "e1" in value and isinstance(asked.content, Document):
        return replace(asked, content=Sentence(value["text"], (Span(*value["e1"]), Span(*value["e2"]))))
    return asked


def _object_problems(value: Row) -> Iterator[Problem]:
    """All that is wrong with an object, but for what Sentence.of finds in its text."""
    for key in value:
        meant = key.lower().replace("_", "")
        if meant in ENTITIES and meant not in value:
            yield Problem(f"there is no {meant}, but {key!r}", f"did you mean {meant}?", "key-unknown")
    yield from _id_problems(value)
    given = [entity for entity in ENTITIES if entity in value]
    if len(given) == 1:
        yield Problem(f"{given[0]} is given alone", "give both e1 and e2, or neither", "key-missing")
    if not isinstance(value.get("text"), str):
        found = f"text is {quote(value['text'])}" if "text" in value else "there is no text"
        yield Problem(found, 'write {"text": "..."}', "key-missing")
        return
    yield from span_problems(value)
    if given and (mark := MARKER_IN_ANY_CASE.search(value["text"])):
        found = f"the text has the mark {mark[0]}, and {given[0]} is given"
        yield Problem(found, "give the entities by marks or by offsets, not both", "entities-given-twice")


def _id_problems(value: Row) -> list[Problem]:
    """What is wrong with an id, half of a character too, which JSON can escape and UTF-8 cannot hold."""
    given = value.get("id")
    if isinstance(given, str) and any("\ud800" <= character <= "\udfff" for character in given):
        return [Problem(f"id is {json.dumps(given)[:60]}", "give valid Unicode", "id-malformed")]
    return id_problems(value)


def read_semeval(lines: Iterable[StreamLine]) -> Iterator[Request]:
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


def read_sources(sources: Sequence[Source], root: Path) -> Iterator[Request]:
    """What files ask: sentences of the formats of READERS, else documents without annotation, those too that were left out.

    Args: root: what the sources lie in; where it is a folder, ids begin with the path below it.
    """
    for (path, name), prefix in zip(sources, prefixes(sources, root), strict=True):
        if name not in READERS:
            yield from _document_requests(reader(name, "nearest")(path), prefix)
        elif prefix:
            yield from _in_folder(_read_file(path, name), path, prefix)
        else:
            yield from _read_file(path, name)


def _read_file(path: Path, name: str) -> Iterator[Request]:
    """The sentences of a file: of lines, or of JSON that does not begin with an object on a line of its own."""
    lines = head_lines(path)  # none of a pipe
    if name == "jsonl" and lines and isinstance(read_object(lines[0]), Problem):
        for value in read_values(path):
            if isinstance(value, Problem):
                yield _refuse(StreamLine(placed(value.source)["line"] or 1, "", None), None, [value])
            else:
                yield _read_object(StreamLine(value.line, "", None), value.value)
        return
    with path.open("rb") as file:
        yield from READERS[name](decode(file))


def _in_folder(requests: Iterable[Request], path: Path, prefix: str) -> Iterator[Request]:
    """The requests of a file among others, which say where they are; one without an id has one of what it says."""
    ids = DistinctIds()
    for asked in requests:
        source, content = f"{path}:{asked.line}", asked.content
        if isinstance(content, tuple):
            problems = tuple(replace(problem, found=f"{source}: {problem.found}") for problem in content)
            yield replace(asked, id=asked.id and prefix + asked.id, content=problems, source=source)
            continue
        marked = content.entities if isinstance(content, Sentence) else None
        own = prefix + (asked.id or ids.distinct(content_id([content.text, marked])))
        placed_content = replace(content, id=own, source=source) if isinstance(content, Document) else content
        yield Request(asked.line, own, placed_content, source)


def _document_requests(readings: Iterable[Document | Skipped | Problem], prefix: str) -> Iterator[Request]:
    """The request of each document, also of one that has problems where its text can be read."""
    for _, group in groupby(readings, _problems_of):
        first, *others = group
        if isinstance(first, Problem) and not isinstance(first, Misannotated):
            own = [each for each in (first, *others) if isinstance(each, Problem)]
            problems = tuple(replace(each, found=f"{each.source}: {each.found}") for each in own)  # a folder has several files
            yield Request(placed(first.source)["line"] or 1, first.row_id and prefix + first.row_id, problems)
        else:
            yield _document_request(first, prefix)


def _problems_of(reading: Document | Skipped | Problem) -> tuple[object, ...]:
    """What the problems of one document have alike, and of two documents never."""
    document = reading.document if isinstance(reading, Misannotated) else None
    return (reading.row, reading.row_id, id(document)) if isinstance(reading, Problem) else (id(reading),)


def _document_request(reading: Document | Skipped | Misannotated, prefix: str) -> Request:
    document = reading if isinstance(reading, Document) else reading.document
    line = placed(reading.source)["line"] or 1
    if document is None:
        unread = Problem("its annotator left it out, and there is no text", "give it a text", source=reading.source)
        return Request(line, None, (unread,))
    return Request.of_document(line, replace(document, id=prefix + document.id, entities=(), relations=(), complete=True))


READERS: dict[str, Callable[[Iterable[StreamLine]], Iterator[Request]]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "semeval": read_semeval,
}


def _not_blank(lines: Iterable[StreamLine]) -> Iterator[StreamLine]:
    return (line for line in lines if line.text.strip() or line.problem)


def _refuse(line: StreamLine, sentence_id: str | None, problems: Sequence[Problem]) -> Request:
    return Request(line.number, sentence_id, tuple(problem.at(SOURCE) for problem in problems))
