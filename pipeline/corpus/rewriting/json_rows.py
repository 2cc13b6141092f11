"""The objects that the formats of JSON would write of a document, in the words that one of them has in a file."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pipeline.core.files import Row
from pipeline.core.schema import ENTITIES
from pipeline.corpus.document import Document, require_held, require_pair
from pipeline.corpus.formats import doccano, dygie, fewrel, jsonl, label_studio, opennre, prodigy, spert, tacred
from pipeline.corpus.formats.json_fields import first_id
from pipeline.corpus.formats.jsonl_pairs import TYPES
from pipeline.corpus.formats.label_studio_task import not_cancelled
from pipeline.corpus.formats.tag_schemes import entity_runs, like
from pipeline.corpus.rewriting.json_items import became_of
from pipeline.corpus.rewriting.label_studio_annotations import revised

IDS = {"spert": spert.ID, "dygie": dygie.ID}  # the key of an id, where it is another one than "id"
Build = Callable[[Document, Row], Row]


def rows_of(name: str, old: Document, new: Document, value: Row) -> tuple[Row, Row]:
    """What a format writes of two documents, of which the file has the first as this object.

    Raises: ValueError where it cannot hold one of them.
    """
    build = BUILDERS[name]
    named = _named(old, new) if name in ("opennre", "fewrel") else new
    one, other = (json.loads(json.dumps(build(document, value))) for document in (old, named))
    id_key = IDS.get(name, "id")
    if value.get(id_key) is None:  # it is made of what the object says
        one.pop(id_key, None)
        other.pop(id_key, None)
    if name == "opennre":
        _count_alike(one, other, value)
    if name == "doccano":
        _number_alike(one, other, value)
    if name == "prodigy":
        _mark_alike(one, other, (old, new), value)
    return one, other


def _named(old: Document, new: Document) -> Document:
    """The new document, without the names that OpenNRE and FewRel have for an entity where it stands elsewhere now.

    What else they say of an entity stays with it when head and tail change places.
    """
    if len(old.relations) != 1 or len(new.relations) != 1:
        return new
    (was,), (now,) = old.relations, new.relations
    ends = {"h": (was.head, now.head), "t": (was.tail, now.tail)}
    is_turned = (was.head, was.tail) == (now.tail, now.head)
    meta = dict(new.meta)
    for key, other in (("h", "t"), ("t", "h")):
        source = other if is_turned else key
        meta.pop(key, None)
        if (said := new.meta.get(source)) is not None:
            is_moved = old.entity(ends[source][0]).spans != new.entity(ends[key][1]).spans
            meta[key] = {name: item for name, item in said.items() if name != "name"} if is_moved else said
    return replace(new, meta=meta)


def _count_alike(one: Row, other: Row, value: Row) -> None:
    """Let OpenNRE's positions end as those of the object do, which may be inclusive."""
    for key in opennre.ENTITIES.values():
        said = value[key]["pos"]
        if said == [one[key]["pos"][0], one[key]["pos"][1] - 1]:
            for row in (one, other):
                row[key]["pos"][1] -= 1


def _number_alike(one: Row, other: Row, value: Row) -> None:
    """Let doccano's relations keep the ids that they have in the object; a new one gets the next."""
    given = [row.get("id") for row in value.get("relations") or ()]
    if not given:
        return
    was, now = ([{key: row[key] for key in row if key != "id"} for row in of_one.get("relations", ())] for of_one in (one, other))
    became = became_of(was, now)
    free = itertools.count(max((number for number in given if isinstance(number, int)), default=-1) + 1)
    ids = [given[became[place]] if place in became else next(free) for place in range(len(now))]
    for of_one, rows, own in ((one, was, given), (other, now, ids)):
        of_one["relations"] = [row if its_id is None else {"id": its_id, **row} for row, its_id in zip(rows, own, strict=True)]


def _mark_alike(one: Row, other: Row, documents: tuple[Document, Document], value: Row) -> None:
    """Leave out Prodigy's spans that the object has in its relations alone, while these are there; quote texts where it does."""
    old, new = documents
    given = value.get("spans") or []
    of_relations = {entity.id for entity in old.entities[len(given) :]} & new.related
    one["spans"] = one["spans"][: len(given)]
    other["spans"] = [span for span, entity in zip(other["spans"], new.entities, strict=True) if entity.id not in of_relations]
    if any("text" in span for span in _marks(value)):
        for span in (*_marks(one), *_marks(other)):
            span["text"] = new.text[span["start"] : span["end"]]


def _marks(value: Row) -> Iterator[Row]:
    """The spans of a task of Prodigy, those of its relations too."""
    yield from value.get("spans") or ()
    yield from (row[end] for row in value.get("relations") or () for end in ("head_span", "child_span") if row.get(end))


def _jsonl(document: Document, value: Row) -> Row:
    if value.keys().isdisjoint(ENTITIES):
        return jsonl.to_row(document)
    head, tail, relation = require_pair(document)
    if relation.annotator is not None or len(head.spans + tail.spans) != len(ENTITIES):
        raise ValueError("a pair has no annotator and no fragments")
    row: Row = {"id": document.id, "text": document.text}
    for name, entity in zip(ENTITIES, (head, tail), strict=True):
        row |= {name: entity.spans[0]} | ({} if entity.type is None else {TYPES[name]: entity.type})
    return row if relation.label is None else {**row, "relation": relation.label}


def _spert(document: Document, value: Row) -> Row:
    if "entities" in value or spert.TAGS not in value:
        return spert.to_row(document)
    ordered = replace(document, entities=tuple(sorted(document.entities, key=lambda entity: entity.spans)))
    row = spert.to_row(ordered)
    del row["entities"]
    return {**row, spert.TAGS: like(value[spert.TAGS], len(row["tokens"]), list(entity_runs(ordered).values()))}


def _doccano(document: Document, value: Row) -> Row:
    row = doccano.to_row(document)
    if "data" in value and "text" not in value:
        row["data"] = row.pop("text")
    key = next((key for key in doccano.LABELS if value.get(key)), None)
    if "entities" in value or key is None:
        return row
    entities = row.pop("entities")
    row[key] = [[entity["start_offset"], entity["end_offset"], entity["label"]] for entity in entities]
    numbers = {entity["id"]: number for number, entity in enumerate(entities, 1)}
    relations = [{**each, **{end: numbers[each[end]] for end in ("from_id", "to_id")}} for each in row.pop("relations")]
    return {**row, "relations": relations} if relations else row


def _label_studio(document: Document, value: Row) -> Row:
    """The task: as it is but for the results of its annotations that count."""
    require_held(document, label_studio.HOLDS)
    keys = [key for key in label_studio.ANNOTATIONS if value.get(key)]
    kept = not_cancelled([one for key in keys for one in value[key]])
    becomes = {id(one): new for one, new in zip(kept, revised(kept, document), strict=True)}
    return {**value, **{key: [becomes.get(id(one), one) for one in value[key]] for key in keys}}


def _prodigy(document: Document, value: Row) -> Row:
    """The task, where relations that nobody is named for are its annotator's."""
    who = first_id(value, prodigy.ANNOTATORS)
    relations = tuple(replace(each, annotator=each.annotator or who) for each in document.relations)
    return {**prodigy.to_row(replace(document, relations=relations)), "answer": "accept"}


def _fewrel(document: Document, value: Row) -> Row:
    return fewrel.to_row(document)[1]


def _plain(build: Callable[[Document], Row]) -> Build:
    return lambda document, value: build(document)


BUILDERS: dict[str, Build] = {
    "jsonl": _jsonl,
    "opennre": _plain(opennre.to_row),
    "tacred": _plain(tacred.to_row),
    "spert": _spert,
    "dygie": _plain(dygie.to_row),
    "fewrel": _fewrel,
    "label_studio": _label_studio,
    "prodigy": _prodigy,
    "doccano": _doccano,
}


def list_key(name: str, document: Document) -> Any:
    """The key of the list that holds a document's object, where lists have one."""
    return document.relations[0].label if name == "fewrel" else ""
