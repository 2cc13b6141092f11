"""JSON lines of our own, which hold all that a document has: an object a document.

    {"id": "7", "text": "Ann Lee of Acme left it.", "entities": [{"id": "a", "spans": [[0, 7]], "type": "PER"},
     {"id": "b", "spans": [[11, 15]], "type": "ORG"}], "relations": [{"head": "a", "tail": "b", "label": "works-for"}]}

Spans are [start, end) in Unicode characters of the text, several where an entity has fragments. Optional: "words" and "sentences",
lists of spans; "type" of an entity, "label" and "annotator" of a relation; "complete", false where not all entities are annotated;
"meta", an object; "id", else one is made of the text and the spans. "words" may be strings too, which are found in the text in
their order; without a text they make it, with a blank between.

    {"words": ["Ann", "left", "."], "entities": [], "relations": []}

An object with e1 and e2 is a pair (jsonl_pairs.py). Keys that no form has are kept in meta. Objects may also stand in a list, or
take several lines each.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, written_whole
from pipeline.core.schema import ENTITIES, Span
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document, Entity, Relation, join_words, require_held
from pipeline.corpus.formats.json_fields import (
    id_problems,
    is_name,
    missing_keys,
    quote,
    read_id,
    read_rows,
    read_span,
    repeated_ids,
    unknown_ids,
)
from pipeline.corpus.formats.json_text import JsonText
from pipeline.corpus.formats.json_values import Value, first_value, read_values
from pipeline.corpus.formats.jsonl_pairs import read_pair
from pipeline.corpus.formats.token_rows import find_tokens, other_keys, read_documents, read_name

HOLDS = frozenset(
    {"text", "words", "sentences", "types", "untyped", "fragments", "free", "many", "empty", "unlabelled", "annotators"}
    | {"meta", "ids"}
)
REQUIRED = ("text", "entities", "relations")
KEYS = ("id", "text", "words", "sentences", "entities", "relations", "complete", "meta")
ENTITY_KEYS = ("id", "spans", "type")
RELATION_KEYS = ("head", "tail", "label", "annotator")
OF_OTHERS = {"tokens", "Comments"}  # keys by which SpERT and doccano are told where an object has no entity
ENTITY = 'an entity is {"id": "a", "spans": [[0, 3]], "type": "..."}'
RELATION = 'a relation is {"head": "a", "tail": "b", "label": "..."}, ids of entities and a name'
SPANS = "give a list of [start, end], in the order of the text, that share no character"
LINE = 'write {"text": "...", "entities": [...], "relations": [...]}, or one pair {"text": "...", "e1": [0, 3], "e2": [4, 7]}'
Text = tuple[str, tuple[Span, ...] | None]  # and its words


def recognises(path: Path) -> bool:
    """Whether the first object that has entities has a text with e1 and e2, or entities by spans and relations."""
    value = first_value(path, saying=("entities", *ENTITIES))
    return value is not None and (_is_pair_form(value.value) or _is_document_form(value.value))


def _is_pair_form(row: Row) -> bool:
    return isinstance(row.get("text"), str) and all(isinstance(row.get(entity), list) for entity in ENTITIES)


def _is_document_form(row: Row) -> bool:
    entities = row.get("entities")
    if not isinstance(entities, list) or not isinstance(row.get("relations"), list) or not row.keys() & {"text", "words"}:
        return False
    return all(isinstance(entity, dict) and "spans" in entity for entity in entities) and bool(
        entities or not row.keys() & OF_OTHERS
    )


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_values(path), _read_object, "id")


def _read_object(value: Value) -> Document | list[Problem]:
    row = value.value
    is_pair = not row.keys().isdisjoint(ENTITIES) or row.keys().isdisjoint(KEYS[2:6])
    if is_pair and (lists := [key for key in ("entities", "relations") if _is_list_of_objects(row.get(key))]):
        return [Problem(f"e1 and e2 beside {' and '.join(lists)}", "move e1 and e2 into entities and relations", "key-unknown")]
    return read_pair(row) if is_pair else _read_document(row)


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _read_document(row: Row) -> Document | list[Problem]:
    """The document of an object, its id and source still open, or all its problems."""
    missing = missing_keys(row, REQUIRED[1:] if "words" in row else REQUIRED, KEYS, LINE)
    given = _read_text(row)
    if isinstance(given, Problem):
        return missing or [given]
    text, words = given
    entities, wrong_entities = sift(_entities(row, text))
    relations, wrong_relations = sift(_relations(row))
    sentences = _read_spans(text, row.get("sentences"), "sentences")
    meta = _read_meta(row)
    problems = [*missing, *(part for part in (sentences, meta) if isinstance(part, Problem)), *wrong_entities, *wrong_relations]
    if not isinstance(row.get("complete"), bool | None):
        problems.append(Problem(f"complete is {quote(row['complete'])}", "it must be true or false", "value-malformed"))
    problems += repeated_ids(entities) or ([] if missing or wrong_entities else unknown_ids(relations, entities))
    if problems or isinstance(sentences, Problem) or isinstance(meta, Problem):
        return problems
    complete = row.get("complete") is not False
    return Document("", "", text, tuple(entities), tuple(relations), words, sentences, complete, meta)


def _read_text(row: Row) -> Text | Problem:
    text, words = row.get("text"), row.get("words")
    if not isinstance(text, str | None):
        return Problem(f"text is {quote(text)}", "it must be a string", "value-malformed")
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        found = join_words(words) if text is None else find_tokens(text, words)
        return found if isinstance(found, Problem) or text is None else (text, found)  # type: ignore[return-value]
    if text is None:
        return Problem("there is no text", "give a text, or words that are strings", "key-missing")
    spans = _read_spans(text, words, "words")
    return spans if isinstance(spans, Problem) else (text, spans)


def _read_spans(text: str, given: object, name: str) -> tuple[Span, ...] | Problem | None:
    """Stretches of a text in its order, which may be blank or empty as words may; None where none are given."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(map(_is_span, given)):
        return Problem(f"{name} is {quote(given)}", SPANS, "span-malformed")
    edges = [0, *(edge for span in given for edge in span), len(text)]
    if wrong := [place for place, (edge, after) in enumerate(pairwise(edges)) if edge > after]:
        span = given[min(wrong[0] // 2, len(given) - 1)]
        return Problem(f"{name} has {span} out of order, the text has {len(text)} characters", SPANS, "span-impossible")
    return tuple(Span(*span) for span in given)


def _is_span(item: object) -> bool:
    return isinstance(item, list) and [type(edge) for edge in item] == [int, int]


def _entities(row: Row, text: str) -> Iterator[Entity | Problem]:
    rows = read_rows(row, "entities")
    if isinstance(rows, Problem):
        yield rows
        return
    for number, entity in enumerate(rows, 1):
        entity_id = read_id(entity.get("id"))
        if entity_id is None:
            yield Problem(f"entity {number} has the id {quote(entity.get('id'))}", ENTITY, "id-malformed")
            continue
        spans = _fragments(text, entity_id, entity.get("spans"))
        type_problem = read_name(entity, "type")
        if isinstance(spans, Problem):
            yield spans
        elif type_problem:
            yield replace(type_problem, found=f"entity {entity_id}: {type_problem.found}")
        else:
            yield Entity(entity_id, spans, entity.get("type"))


def _fragments(text: str, entity_id: str, given: object) -> tuple[Span, ...] | Problem:
    """The fragments of an entity, in reading order."""
    if not isinstance(given, list) or not given or any(not isinstance(span, list) or len(span) != 2 for span in given):
        return Problem(f"the spans of entity {entity_id} are {quote(given)}", ENTITY, "span-malformed")
    spans, problems = sift(read_span(text, span[0], span[1], f"entity {entity_id}") for span in given)
    if problems:
        return problems[0]
    spans.sort()
    if any(span.end > after.start for span, after in pairwise(spans)):
        return Problem(f"fragments of entity {entity_id} overlap: {quote(given)}", SPANS, "fragments-overlap")
    return tuple(spans)


def _relations(row: Row) -> Iterator[Relation | Problem]:
    rows = read_rows(row, "relations")
    if isinstance(rows, Problem):
        yield rows
        return
    for number, relation in enumerate(rows, 1):
        head, tail = read_id(relation.get("head")), read_id(relation.get("tail"))
        names = [relation.get("label"), relation.get("annotator")]
        if head is None or tail is None or not all(name is None or is_name(name) for name in names):
            yield Problem(f"relation {number} is {quote(relation)}", RELATION, "relation-malformed")
        else:
            yield Relation(head, tail, *names)


def _read_meta(row: Row) -> dict[str, Any] | Problem:
    """What an object, its entities and its relations have beside the keys of the form."""
    meta = {} if row.get("meta") is None else row["meta"]
    if not isinstance(meta, dict):
        return Problem(f"meta is {quote(meta)}", "it must be an object", "value-malformed")
    others = other_keys(row, KEYS)
    entities, relations = row.get("entities"), row.get("relations")
    others |= _extras("entities", entities, ENTITY_KEYS) | _extras("relations", relations, RELATION_KEYS)
    if taken := sorted(meta.keys() & others.keys()):
        return Problem(f"{', '.join(taken)} is in meta and outside of it", "give every key once", "key-repeated")
    return {**meta, **others}


def _extras(name: str, rows: object, keys: Sequence[str]) -> dict[str, Any]:
    """Other keys of the entities or of the relations, by their numbers from 1."""
    items = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    extras = {str(number): other for number, row in enumerate(items, 1) if (other := other_keys(row, keys))}
    return {name: extras} if extras else {}


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object a line, without what is not known or as it is by default.

    Raises: ValueError for a document that would not be read again: with a blank id or name, a span out of the text.
    """
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8") as file:
        file.writelines(f"{_line(document)}\n" for document in documents)


def _line(document: Document) -> str:
    require_held(document, HOLDS)
    line = json_text(to_row(document))
    value, problems = JsonText(io.StringIO(line)).value()
    reading = [*problems, *id_problems(value)] or _read_document(value)
    if isinstance(reading, list):
        raise ValueError(f"{document.source}: document {document.id}: {reading[0].found}")
    return line


def to_row(document: Document) -> Row:
    """The object that a document is, in the form of whole documents."""
    entities = [_known(id=entity.id, spans=entity.spans, type=entity.type) for entity in document.entities]
    relations = [
        _known(head=relation.head, tail=relation.tail, label=relation.label, annotator=relation.annotator)
        for relation in document.relations
    ]
    row = _known(id=document.id or None, text=document.text, words=document.words, sentences=document.sentences)
    row |= {"entities": entities, "relations": relations}
    return row | _known(complete=None if document.complete else False, meta=dict(document.meta) or None)


def _known(**values: object) -> Row:
    return {key: value for key, value in values.items() if value is not None}
