"""What the annotations of a Label Studio task say of its text; see pipeline/corpus/formats/label_studio.py for the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row
from pipeline.corpus.document import Entity, Relation
from pipeline.corpus.formats.json_fields import NAME, UNITS, is_name, quote, read_id, read_span, repeated_ids, unknown_ids

REGION, RELATION = "labels", "relation"  # the types of results that are read
DIRECTIONS: dict[str, Callable[[str, str], list[tuple[str, str]]]] = {
    "right": lambda one, other: [(one, other)],
    "left": lambda one, other: [(other, one)],
    "bi": lambda one, other: [(one, other), (other, one)],
}


class Said(NamedTuple):
    """What annotations say: entities, relations, and what is wrong with them."""

    entities: list[Entity]
    relations: list[Relation]
    problems: list[Problem]


def text_key(data: Mapping[str, object], regions: Sequence[Row]) -> str | None:
    """The key of the data in which regions stand: the one that their to_name names, "text", or the first where they fit.

    >>> text_key({"title": "News", "body": "Ann left."}, [{"id": "x", "value": {"start": 0, "end": 3, "text": "Ann"}}])
    'body'
    """
    named = [str(region.get("to_name")) for region in regions]
    keys = [key for key in dict.fromkeys([*named, "text", *data]) if is_name(data.get(key))]
    if len(keys) == 1:
        return keys[0]
    fitting = (key for key in keys if not any(isinstance(one, Problem) for one in read_regions(regions, str(data[key]))))
    return next(fitting, keys[0] if keys else None)


def read_annotations(annotations: Sequence[Row], text: str) -> Said:
    """What all annotations of a task say; a region that all of them have alike is one entity."""
    if len(annotations) == 1:
        return read_annotation(annotations[0], text)
    said = [read_annotation(annotation, text) for annotation in annotations]
    told = named_apart(annotations, said)
    entities = list(dict.fromkeys(entity for one in told for entity in one.entities))
    problems = [problem for one in said for problem in one.problems]
    return Said(entities, [relation for one in told for relation in one.relations], problems or repeated_ids(entities))


def named_apart(annotations: Sequence[Row], said: Sequence[Said]) -> list[Said]:
    """What each annotation of a task says, with the ids that its entities have among those of all."""
    if len(said) == 1:
        return list(said)
    shared = {entity.id for entity in set(said[0].entities).intersection(*(one.entities for one in said[1:]))}
    names = [read_id(annotation.get("id")) or str(number) for number, annotation in enumerate(annotations, 1)]
    return [_renamed(one, name, shared) for one, name in zip(said, names, strict=True)]


def _renamed(said: Said, name: str, shared: set[str]) -> Said:
    """The same, each id of an entity that is not shared behind the name of its annotation."""
    ids = {entity.id: entity.id if entity.id in shared else f"{name}:{entity.id}" for entity in said.entities}
    entities = [replace(entity, id=ids[entity.id]) for entity in said.entities]
    relations = [
        replace(relation, head=ids.get(relation.head, relation.head), tail=ids.get(relation.tail, relation.tail))
        for relation in said.relations
    ]
    return said._replace(entities=entities, relations=relations)


def not_cancelled(annotations: Iterable[Row]) -> list[Row]:
    """The annotations that their annotators submitted, not those that they skipped."""
    return [one for one in annotations if not one.get("was_cancelled") and not one.get("skipped")]


def results(annotation: Row, kind: str | None) -> list[Row]:
    """The results of an annotation that are of a type; for None those of the types that are not read."""
    rows = annotation.get("result")
    known = (REGION, RELATION)
    objects = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [row for row in objects if (row.get("type") not in known if kind is None else row.get("type") == kind)]


def read_annotation(annotation: Row, text: str) -> Said:
    """What one annotation says."""
    rows = annotation.get("result")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return Said([], [], [Problem(f"result is {quote(rows)}", "it must be a list of objects", "value-malformed")])
    entities, wrong_entities = sift(read_regions(results(annotation, REGION), text))
    wrong_entities += repeated_ids(entities)
    relations, wrong_relations = sift(read_relations(results(annotation, RELATION), annotator_of(annotation)))
    unknown = [] if wrong_entities else _unread_ends(annotation, relations, entities) or unknown_ids(relations, entities)
    return Said(entities, relations, [*wrong_entities, *wrong_relations, *unknown])


def _unread_ends(annotation: Row, relations: Iterable[Relation], entities: Iterable[Entity]) -> list[Problem]:
    """A problem for each region of a kind that is not read and that a relation names; what is said of an entity has its id."""
    read = {entity.id for entity in entities}
    kinds = {row_id: row.get("type") for row in results(annotation, None) if (row_id := read_id(row.get("id"))) not in read}
    named = dict.fromkeys(end for relation in relations for end in (relation.head, relation.tail) if end in kinds)
    hint = f"regions of Labels on a Text are read, whose type is {REGION}: annotate with them, or take the relation out"
    return [Problem(f"a relation names region {end}, of type {quote(kinds[end])}", hint, "entity-unknown") for end in named]


def annotator_of(annotation: Row) -> str | None:
    """Who completed an annotation: an id, or an object that has an address and an id."""
    who = annotation.get("completed_by")
    return read_id(who.get("email")) or read_id(who.get("id")) if isinstance(who, dict) else read_id(who)


def read_regions(rows: Sequence[Row], text: str) -> list[Entity | Problem]:
    """The entities of regions, in code points where all quoted texts stand there, else in UTF-16 units where they stand there."""
    by_character = [_region(row, text, None) for row in rows]
    if text.isascii() or not any(isinstance(one, Problem) for one in by_character):
        return by_character
    units = utf16_units(text)
    by_unit = [_region(row, text, units) for row in rows]
    if not any(isinstance(one, Problem) for one in by_unit):
        return by_unit
    both = zip(by_character, by_unit, strict=True)  # an annotation begun by one release and completed by another has both
    return [other if isinstance(one, Problem) and isinstance(other, Entity) else one for one, other in both]


def utf16_units(text: str) -> list[int]:
    r"""The character that each UTF-16 unit of a text belongs to, and the text's end.

    >>> utf16_units("a\U0001f600b")
    [0, 1, 1, 2, 3]
    """
    units = [index for index, character in enumerate(text) for _ in range(1 + (character > "\uffff"))]
    return [*units, len(text)]


def _region(row: Row, text: str, units: Sequence[int] | None) -> Entity | Problem:
    """The entity of a region, or what is wrong with it.

    Args: units: the character of each unit that offsets count; None where they count characters.
    """
    region_id, value = read_id(row.get("id")), row.get("value")
    if region_id is None or not isinstance(value, dict):
        return Problem(f"no region: {quote(row)}", "a region has an id and a value", "value-malformed")
    start, end = (
        units[offset] if units and isinstance(offset, int) and 0 <= offset < len(units) else offset
        for offset in (value.get("start"), value.get("end"))
    )
    span = read_span(text, start, end, f"region {region_id}")
    if isinstance(span, Problem):
        return span
    words, quoted = text[span.start : span.end], value.get("text")
    if isinstance(quoted, str) and _joined(quoted) != _joined(words):
        found = f"region {region_id} quotes {quoted!r}, and its offsets {start}, {end} hold {words!r}"
        return Problem(found, UNITS, "entity-text-differs")
    labels = value.get(REGION)
    names = [] if labels is None else labels
    if not isinstance(names, list) or not all(map(is_name, names)):
        return Problem(f"the labels of region {region_id} are {quote(labels)}", f"a list, and in it: {NAME}", "value-malformed")
    if len(names) > 1:
        return Problem(f"region {region_id} has the labels {', '.join(names)}", "keep one: an entity has one type", "types-several")
    return Entity(region_id, (span,), names[0] if names else None)


def _joined(text: str) -> str:
    r"""A text without blanks and line breaks, which some releases write as \n in two characters."""
    return "".join(text.replace("\\n", "").split())


def read_relations(rows: Iterable[Row], annotator: str | None) -> Iterator[Relation | Problem]:
    """The relations of rows, one a label and a way."""
    for row in rows:
        one, other, direction = read_id(row.get("from_id")), read_id(row.get("to_id")), row.get("direction") or "right"
        labels = row.get("labels") or [None]
        if one is None or other is None:
            yield Problem(f"no relation: {quote(row)}", "a relation has from_id and to_id", "relation-malformed")
        elif not isinstance(direction, str) or direction not in DIRECTIONS:
            yield Problem(f"a direction is {quote(direction)}", f"it must be one of {', '.join(DIRECTIONS)}", "direction-unknown")
        elif not isinstance(labels, list) or not all(label is None or is_name(label) for label in labels):
            yield Problem(f"the labels of a relation are {quote(labels)}", f"a list, and in it: {NAME}", "relation-malformed")
        else:
            pairs = DIRECTIONS[direction](one, other)
            yield from (Relation(head, tail, label, annotator) for label in labels for head, tail in pairs)
