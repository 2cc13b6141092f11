"""JSON of doccano (github.com/doccano/doccano, sequence labelling with relations), as it imports and as it exports.

    {"id": 1, "text": "Ann founded Acme.", "Comments": [],
     "entities": [{"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3},
                  {"id": 8, "label": "ORG", "start_offset": 12, "end_offset": 16}],
     "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "founded"}]}

An object a document, on one line or on several. Offsets are half-open and count code points; entities are named by their ids.
Without relations it writes `"label": [[0, 3, "PER"]]`, and in older releases "data" for "text". What else an object holds, comments
and the columns of an import, is kept in meta.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, write_lines
from pipeline.corpus.document import Document, Entity, Relation, problems_of, require_held
from pipeline.corpus.formats.json_fields import (
    NAME,
    id_problems,
    is_name,
    quote,
    read_id,
    read_rows,
    read_span,
    repeated_ids,
    require_free,
    unknown_ids,
    whole_number,
)
from pipeline.corpus.formats.json_values import first_value, read_values
from pipeline.corpus.formats.text_lines import DistinctIds, content_id

HOLDS = frozenset({"text", "types", "many", "free", "empty", "meta", "ids"})
TEXTS = ("text", "data")
LABELS = ("label", "labels")
ENTITIES = ("entities", *LABELS)
OF_OTHERS = {"tokens", "words", "sentences"}  # keys by which SpERT and our own JSON lines are told where an object has no entity
ENTITY = 'an entity is {"id": 1, "label": "...", "start_offset": 0, "end_offset": 3}'
TRIPLE = 'an entity is [start, end, "label"]'
RELATION = 'a relation is {"from_id": 1, "to_id": 2, "type": "..."}'


def recognises(path: Path) -> bool:
    """Whether the first object that has entities has them by offsets as doccano calls them, or by labels as triples.

    A file without any has comments, or may be one of our own JSON lines, which say the same then.
    """
    value = first_value(path, saying=ENTITIES)
    if value is None or not any(isinstance(value.value.get(key), str) for key in TEXTS):
        return False
    entities, comments = value.value.get("entities"), value.value.get("Comments")
    if isinstance(entities, list):
        offsets = all(isinstance(entity, dict) and "start_offset" in entity for entity in entities)
        return offsets and (bool(entities) or isinstance(comments, list) or value.value.keys().isdisjoint(OF_OTHERS))
    triples = next((value.value[key] for key in LABELS if isinstance(value.value.get(key), list)), None)
    if triples:
        return all(isinstance(triple, list) and len(triple) == 3 for triple in triples)
    return triples is not None and isinstance(comments, list)


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    ids = DistinctIds()
    for value in read_values(path):
        if isinstance(value, Problem):
            yield value
        else:
            yield from _read_object(value.value, f"{path}:{value.line}", ids)


def _read_object(value: Row, source: str, ids: DistinctIds) -> Iterator[Document | Problem]:
    """The document of an object, or its problems."""
    text_key = "data" if "data" in value and "text" not in value else "text"
    text = value.get(text_key)
    row_id = read_id(value.get("id")) or ids.distinct(content_id([text, *(json.dumps(value.get(key)) for key in ENTITIES)]))
    problems = id_problems(value)
    if not isinstance(text, str) or not text.strip():
        problems.append(Problem(f"{text_key} is {quote(text)}", NAME, "value-malformed"))
        yield from problems_of(source, row_id, problems, None)
        return
    entities, wrong_entities = sift(_entities(value, text))
    relations, wrong_relations = sift(_relations(value))
    wrong_entities += repeated_ids(entities)
    unknown = [] if wrong_entities else unknown_ids(relations, entities)
    problems += [*wrong_entities, *wrong_relations, *unknown]
    if problems:
        yield from problems_of(source, row_id, problems, Document(row_id, source, text, (), ()))
    else:
        meta = {key: item for key, item in value.items() if key not in ("id", text_key, "relations", *ENTITIES)}
        yield Document(row_id, source, text, tuple(entities), tuple(relations), meta=meta)


def _entities(value: Row, text: str) -> Iterator[Entity | Problem]:
    """The entities of an object; those of triples have their number for an id."""
    rows = read_rows(value, "entities")
    if isinstance(rows, Problem):
        yield rows
        rows = []
    for number, row in enumerate(rows, 1):
        entity_id = read_id(row.get("id"))
        if entity_id is None:
            yield Problem(f"entity {number} has the id {quote(row.get('id'))}", ENTITY, "id-malformed")
        else:
            yield _entity(text, entity_id, row.get("start_offset"), row.get("end_offset"), row.get("label"))
    for key in LABELS:
        triples = [] if value.get(key) is None else value[key]
        if not isinstance(triples, list):
            yield Problem(f"{key} is {quote(triples)}", TRIPLE, "value-malformed")
            continue
        for number, triple in enumerate(triples, 1):
            if isinstance(triple, list) and len(triple) == 3:
                yield _entity(text, str(number), *triple)
            else:
                yield Problem(f"entity {number} is {quote(triple)}", TRIPLE, "value-malformed")


def _entity(text: str, entity_id: str, start: object, end: object, label: object) -> Entity | Problem:
    span = read_span(text, start, end, f"entity {entity_id}")
    if isinstance(span, Problem):
        return span
    if label is not None and not is_name(label):
        return Problem(f"the label of entity {entity_id} is {quote(label)}", NAME, "value-malformed")
    return Entity(entity_id, (span,), None if label is None else str(label))


def _relations(value: Row) -> Iterator[Relation | Problem]:
    rows = read_rows(value, "relations")
    if isinstance(rows, Problem):
        yield rows
        return
    for row in rows:
        head, tail, label = read_id(row.get("from_id")), read_id(row.get("to_id")), row.get("type")
        if head is None or tail is None or not is_name(label):
            yield Problem(f"no relation: {quote(row)}", RELATION, "relation-malformed")
        else:
            yield Relation(head, tail, str(label))


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object a line; ids of entities that are not all whole numbers become 0, 1, ... in order.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_lines(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The object that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    require_held(document, HOLDS)
    require_free(document, ("id", "text", "relations", *ENTITIES))
    entity_ids = [entity.id for entity in document.entities]
    numbers = [whole_number(entity_id) for entity_id in entity_ids]
    ids = dict(zip(entity_ids, numbers if all(isinstance(number, int) for number in numbers) else range(len(numbers)), strict=True))
    entities = [
        {"id": ids[entity.id], "label": entity.type, "start_offset": span.start, "end_offset": span.end}
        for entity in document.entities
        for span in entity.spans
    ]
    relations = [
        {"id": number, "from_id": ids[relation.head], "to_id": ids[relation.tail], "type": relation.label}
        for number, relation in enumerate(document.relations)
    ]
    shared = {"id": whole_number(document.id), "text": document.text, **document.meta}
    return {**shared, "entities": entities, "relations": relations}
