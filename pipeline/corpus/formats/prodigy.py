"""JSON lines of Prodigy's rel.manual (prodi.gy/docs/dependencies-relations), an object an answer.

    {"text": "Ann founded Acme.",
     "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}, {"text": "founded", "start": 4, "end": 11, "id": 1}, ...],
     "spans": [{"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"},
               {"start": 12, "end": 16, "token_start": 2, "token_end": 2, "label": "ORG"}],
     "relations": [{"head": 0, "child": 2, "label": "founded",
                    "head_span": {"start": 0, "end": 3, ...}, "child_span": {"start": 12, "end": 16, ...}}],
     "answer": "accept", "_annotator_id": "rel-ann"}

`head` and `child` are the last token of an entity, token_end is inclusive. Indices of tokens are wrong in real files where
characters are right: an entity is its characters, [start, end) in code points, and an index counts where there is no head_span or
child_span. A relation may join tokens that are no span: these are entities too. Without the answer "accept" a task is Skipped: what
it began with is no annotation. Entities are numbered from 0, spans first. What else an object holds is kept in meta.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, write_lines
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, Skipped, problems_of, require_held
from pipeline.corpus.formats import json_fields as fields
from pipeline.corpus.formats.json_values import first_value, read_values
from pipeline.corpus.formats.text_lines import DistinctIds, content_id

HOLDS = frozenset({"text", "words", "types", "untyped", "many", "free", "empty", "annotators", "meta", "ids"})
ANSWERS = ("accept", "reject", "ignore")
ANNOTATORS = ("_annotator_id", "_session_id")
KNOWN = ("id", "text", "tokens", "spans", "relations", "answer", *ANNOTATORS)
RELATION = 'a relation is {"head": 0, "child": 2, "label": "...", "head_span": {...}, "child_span": {...}}'


class _Mark(NamedTuple):
    """Characters of a text, and what they are."""

    span: Span
    type: str | None


class _Joined(NamedTuple):
    """A relation of two marks."""

    head: _Mark
    child: _Mark
    label: str
    annotator: str | None


class _Said(NamedTuple):
    """What an object says of its text."""

    tokens: list[Span]
    spans: list[_Mark]
    relations: list[_Joined]


def recognises(path: Path) -> bool:
    """Whether the first object has a text and relations of head and child, or spans or tokens that are objects, or an answer."""
    value = first_value(path)
    if value is None or not isinstance(value.value.get("text"), str):
        return False
    if (relations := value.value.get("relations")) and isinstance(relations, list):
        return all(isinstance(relation, dict) and {"head", "child"} <= relation.keys() for relation in relations)
    has_marks = any(key in value.value and isinstance(fields.read_rows(value.value, key), list) for key in ("spans", "tokens"))
    return has_marks or value.value.get("answer") in ANSWERS  # a hash does not tell: other formats have it as meta


def read(path: Path) -> Iterator[Document | Skipped | Problem]:
    """Documents, answers that were left out, and problems of a file, in its order."""
    ids = DistinctIds()
    for value in read_values(path):
        yield from [value] if isinstance(value, Problem) else read_object(value.value, f"{path}:{value.line}", ids)


def read_object(value: Row, source: str, ids: DistinctIds) -> Iterator[Document | Skipped | Problem]:
    """The document of an object, or its problems, or that its annotator left it out."""
    text, answer = value.get("text"), value.get("answer")
    row_id = fields.read_id(value.get("id")) or ids.distinct(content_id([text, json.dumps(value.get("spans"))]))
    meta = {key: item for key, item in value.items() if key not in KNOWN}
    plain = Document(row_id, source, text, (), (), meta=meta) if isinstance(text, str) else None
    if answer is None or answer in ANSWERS[1:]:
        yield Skipped(source, row_id, "it has no answer" if answer is None else f'the answer is "{answer}"', plain)
        return
    problems = fields.id_problems(value)
    if answer != "accept":
        problems.append(Problem(f"answer is {fields.quote(answer)}", f"it must be one of {', '.join(ANSWERS)}", "value-malformed"))
    if isinstance(text, str) and text.strip():
        said, wrong = _read_marks(value, text)
        problems += wrong
    else:
        said = _Said([], [], [])
        problems.append(Problem(f"text is {fields.quote(text)}", fields.NAME, "value-malformed"))
    yield from problems_of(source, row_id, problems, plain if str(text).strip() else None)
    if plain and not problems:
        yield _document(said, plain)


def _document(said: _Said, plain: Document) -> Document:
    """A document with what was said of its text."""
    marks = dict.fromkeys([*said.spans, *(mark for relation in said.relations for mark in (relation.head, relation.child))])
    ids = {mark: str(number) for number, mark in enumerate(marks)}
    entities = tuple(Entity(entity_id, (mark.span,), mark.type) for mark, entity_id in ids.items())
    relations = tuple(Relation(ids[one.head], ids[one.child], one.label, one.annotator) for one in said.relations)
    words = tuple(token for token in said.tokens if plain.text[token.start : token.end].strip())
    return Document(plain.id, plain.source, plain.text, entities, relations, words or None, meta=plain.meta)


def _read_marks(value: Row, text: str) -> tuple[_Said, list[Problem]]:
    """What an object says of its text, and what is wrong with it."""
    tokens, wrong_tokens = sift(_tokens(value, text))
    rows = fields.read_rows(value, "spans")
    spans, wrong_spans = sift([rows] if isinstance(rows, Problem) else (_mark(row, text, "span") for row in rows))
    wrong_spans += [
        Problem(f"two spans are [{span.start}, {span.end}] with the label {label}", "give every span once", "entity-repeated")
        for (span, label), count in Counter(spans).items()
        if count > 1
    ]
    said = _Said(tokens, spans, [])
    problems = [*wrong_tokens, *wrong_spans]
    relations, wrong_relations = sift(_relations(value, text, said)) if not problems else ([], [])
    return said._replace(relations=relations), [*problems, *wrong_relations]


def _tokens(value: Row, text: str) -> Iterator[Span | Problem]:
    """The tokens in their order; those of blanks, which spaCy has, may be anywhere in it."""
    rows = fields.read_rows(value, "tokens")
    if isinstance(rows, Problem):
        yield rows
        return
    reached = 0
    for number, row in enumerate(rows):
        start, end = row.get("start"), row.get("end")
        if type(start) is not int or type(end) is not int or not reached <= start <= end <= len(text):
            found = f"token {number} is {fields.quote([start, end])}, the one before ends at {reached} of {len(text)} characters"
            yield Problem(found, "tokens stand in their order, none in another", "span-impossible")
            return
        if problem := fields.misquoted(row, text[start:end], f"token {number}"):
            yield problem
            return
        reached = end
        yield Span(start, end)


def _mark(row: Row, text: str, name: str) -> _Mark | Problem:
    """The characters and the label of a span."""
    span = fields.read_span(text, row.get("start"), row.get("end"), f"a {name}")
    if isinstance(span, Problem):
        return span
    label = row.get("label")
    if label is not None and not fields.is_name(label):
        return Problem(f"the label of a {name} is {fields.quote(label)}", fields.NAME, "value-malformed")
    return fields.misquoted(row, text[span.start : span.end], f"a {name}") or _Mark(span, label)


def _relations(value: Row, text: str, said: _Said) -> Iterator[_Joined | Problem]:
    rows = fields.read_rows(value, "relations")
    if isinstance(rows, Problem):
        yield rows
        return
    annotator = fields.first_id(value, ANNOTATORS)
    for row in rows:
        head, child = (_argument(row, side, text, said) for side in ("head", "child"))
        if isinstance(head, Problem) or isinstance(child, Problem):
            yield from (side for side in (head, child) if isinstance(side, Problem))
        elif not fields.is_name(row.get("label")):
            yield Problem(f"the label of a relation is {fields.quote(row.get('label'))}", RELATION, "relation-malformed")
        else:
            yield _Joined(head, child, str(row["label"]), fields.read_id(row.get("annotator")) or annotator)


def _argument(row: Row, side: str, text: str, said: _Said) -> _Mark | Problem:
    """The head or the child of a relation: its own span where it is given, else the span that ends with its token."""
    given, index = row.get(f"{side}_span"), row.get(side)
    if isinstance(given, dict):
        mark = _mark(given, text, f"{side}_span")
        if isinstance(mark, Problem) or "label" in given:
            return mark
        span = mark.span
        alike = [one for one in said.spans if one.span == span]
    elif given is not None:
        return Problem(f"{side}_span is {fields.quote(given)}", RELATION, "relation-malformed")
    elif type(index) is int and 0 <= index < len(said.tokens):
        span = said.tokens[index]
        alike = [one for one in said.spans if one.span.end == span.end]
    else:
        return Problem(f"{side} is {fields.quote(index)}, of {len(said.tokens)} tokens", RELATION, "span-impossible")
    if len(alike) > 1:
        places = " and ".join(f"[{one.span.start}, {one.span.end}]" for one in alike)
        return Problem(f"{side} may be {places}", f"give {side}_span with its label", "entity-ambiguous")
    if not text[span.start : span.end].strip():
        return Problem(f"{side} is a blank token, {fields.quote(index)}", RELATION, "entity-empty")
    return alike[0] if alike else _Mark(span, None)


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object a line, with tokens where a document has words; entities are no longer told by their ids.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_lines(path, ({**to_row(document), "answer": "accept"} for document in documents))


def write_tasks(documents: Iterable[Document], path: Path) -> None:
    """Write the same without answers: tasks to annotate, which begin with the annotation of the documents."""
    write_lines(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The task that a document is; raises ValueError where the format cannot hold it."""
    require_held(document, HOLDS)
    spans = {entity.id: _span(document, entity) for entity in document.entities}
    if len({(span["start"], span["end"], span["label"]) for span in spans.values()}) < len(spans):
        raise ValueError(f"{document.source}: two entities of document {document.id} are the same characters with the same type")
    fields.require_free(document, KNOWN)
    annotators = {relation.annotator for relation in document.relations}
    shared = annotators.pop() if len(annotators) == 1 else None
    relations = []
    for relation in document.relations:
        head, child = spans[relation.head], spans[relation.tail]
        own = {"annotator": relation.annotator} if shared is None and relation.annotator else {}
        ends = {"head": head.get("token_end"), "child": child.get("token_end")}
        relations.append({**ends, "head_span": head, "child_span": child, "label": relation.label, **own})
    value: Row = {"id": fields.whole_number(document.id), "text": document.text, **document.meta}
    value |= {"tokens": _token_rows(document.text, document.words)} if document.words else {}
    value |= {"spans": list(spans.values()), "relations": relations}
    return value if shared is None else {**value, "_annotator_id": shared}


def _token_rows(text: str, words: Sequence[Span]) -> list[Row]:
    return [
        {"text": text[start:end], "start": start, "end": end, "id": number, "ws": text[end : end + 1] == " "}
        for number, (start, end) in enumerate(words)
    ]


def _span(document: Document, entity: Entity) -> Row:
    """A span, with the indices of the first and the last token that it shares characters with."""
    (place,) = entity.spans
    held = [number for number, (start, end) in enumerate(document.words or ()) if start < place.end and place.start < end]
    tokens = {"token_start": held[0], "token_end": held[-1]} if held else {}
    return {"start": place.start, "end": place.end, **tokens, "label": entity.type}
