"""How many relations, names and entities of a document a format may not hold, and the document without them.

What finds gives a number; what mends gives a new document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.core.labels import names_no_relation, parse_label
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats.label_studio import OWN
from pipeline.corpus.formats.text_lines import DistinctIds
from pipeline.corpus.unread import is_unread, regions

TYPE = "Entity"  # of an entity without type, where one is needed

IsLeftOut = Callable[[Document], Callable[[Relation], bool]]


def n_directed(document: Document) -> int:
    """Labels with a direction."""
    return sum(relation.label is not None and parse_label(relation.label).direction is not None for relation in document.relations)


def turned(document: Document) -> Document:
    """Head and tail as the directions of the labels have them, and the labels without these."""
    return replace(document, relations=tuple(map(_headed, document.relations)))


def _headed(relation: Relation) -> Relation:
    """The relation with the direction of its label.

    >>> _headed(Relation("e1", "e2", "Cause-Effect(e2,e1)"))
    Relation(head='e2', tail='e1', label='Cause-Effect', annotator=None)
    """
    if relation.label is None:
        return relation
    name, direction = parse_label(relation.label)
    head, tail = (relation.tail, relation.head) if direction == "e2,e1" else (relation.head, relation.tail)
    return replace(relation, head=head, tail=tail, label=name)


def n_symmetric(document: Document) -> int:
    """Relations that have no direction."""
    symmetric = document.symmetric
    return sum(each.label is not None and parse_label(each.label).relation in symmetric for each in document.relations)


def without_symmetric(document: Document) -> Document:
    """The document whose relations all have the direction from head to tail."""
    return replace(document, meta={key: value for key, value in document.meta.items() if key != "symmetric"})


def is_unlabelled(_: Document) -> Callable[[Relation], bool]:
    """Whether a relation has no label."""
    return lambda relation: relation.label is None


def is_loop(document: Document) -> Callable[[Relation], bool]:
    """Whether a relation is one of an entity with itself, or with the same characters."""
    spans = {entity.id: entity.spans for entity in document.entities}
    return lambda relation: spans[relation.head] == spans[relation.tail]


def is_crossing(document: Document) -> Callable[[Relation], bool]:
    """Whether the entities of a relation share characters."""
    covers = {entity.id: entity.cover for entity in document.entities}
    return lambda relation: _share(covers[relation.head], covers[relation.tail])


def _share(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def n_relations(is_left_out: IsLeftOut) -> Callable[[Document], int]:
    """How many relations are of a sort."""
    return lambda document: sum(map(is_left_out(document), document.relations))


def without_relations(is_left_out: IsLeftOut) -> Callable[[Document], Document]:
    """The document without the relations of a sort."""

    def mend(document: Document) -> Document:
        leaves_out = is_left_out(document)
        return replace(document, relations=tuple(relation for relation in document.relations if not leaves_out(relation)))

    return mend


def n_backward(document: Document) -> int:
    """Relations without direction whose tail stands before their head."""
    return sum(given != turned for given, turned in zip(document.relations, forward(document).relations, strict=True))


def forward(document: Document) -> Document:
    """The document whose relations without direction have the entity that stands first as their head."""
    covers = {entity.id: entity.cover for entity in document.entities}

    def ordered(relation: Relation) -> Relation:
        label = relation.label
        has_direction = label is not None and not names_no_relation(label) and label not in document.symmetric
        is_kept = has_direction or covers[relation.head] <= covers[relation.tail]
        return relation if is_kept else replace(relation, head=relation.tail, tail=relation.head)

    return replace(document, relations=tuple(map(ordered, document.relations)))


def n_annotated(document: Document) -> int:
    """Relations whose annotator is known."""
    return sum(relation.annotator is not None for relation in document.relations)


def without_annotators(document: Document) -> Document:
    """The document whose relations name no annotator."""
    return replace(document, relations=tuple(replace(relation, annotator=None) for relation in document.relations))


def n_entities(is_so: Callable[[Entity], bool]) -> Callable[[Document], int]:
    """How many entities are of a sort."""
    return lambda document: sum(map(is_so, document.entities))


def with_entities(change: Callable[[Entity], Entity]) -> Callable[[Document], Document]:
    """The document with every entity changed."""
    return lambda document: replace(document, entities=tuple(map(change, document.entities)))


def n_spaced(document: Document) -> int:
    """Types and labels with a blank inside."""
    names = [*(entity.type for entity in document.entities), *(relation.label for relation in document.relations)]
    return sum(name is not None and any(map(str.isspace, name)) for name in names)


def with_closed_names(document: Document) -> Document:
    """The document with _ for each blank of a type or label, and of those that are symmetric."""
    entities = tuple(replace(entity, type=_closed(entity.type)) for entity in document.entities)
    relations = tuple(replace(relation, label=_closed(relation.label)) for relation in document.relations)
    symmetric = {"symmetric": sorted(filter(None, map(_closed, document.symmetric)))} if document.symmetric else {}
    return replace(document, entities=entities, relations=relations, meta={**document.meta, **symmetric})


def _closed(name: str | None) -> str | None:
    return None if name is None else re.sub(r"\s", "_", name)


def n_same(key: Callable[[Entity], object]) -> Callable[[Document], int]:
    """Entities that have the key of an earlier one."""
    return lambda document: len(document.entities) - len(set(map(key, document.entities)))


def merged(key: Callable[[Entity], object]) -> Callable[[Document], Document]:
    """The document with the first entity of each key alone, which has the relations of all of them."""

    def mend(document: Document) -> Document:
        first: dict[object, Entity] = {}
        for entity in document.entities:
            first.setdefault(key(entity), entity)
        ids = {entity.id: first[key(entity)].id for entity in document.entities}
        relations = tuple(replace(each, head=ids[each.head], tail=ids[each.tail]) for each in document.relations)
        return replace(document, entities=tuple(first.values()), relations=relations)

    return mend


def overlapping(document: Document) -> set[str]:
    """The entities that share characters with one that is kept: those of relations are kept first, then those that come first."""
    related = document.related
    kept: list[Span] = []  # in reading order
    dropped = set()
    for entity in sorted(document.entities, key=lambda entity: entity.id not in related):
        place = bisect_left(kept, entity.cover)
        if any(_share(entity.cover, other) for other in kept[max(place - 1, 0) : place + 1]):
            dropped.add(entity.id)
        else:
            kept.insert(place, entity.cover)
    return dropped


def without_overlaps(document: Document) -> Document:
    """The document without the entities that `overlapping` finds, and without their relations."""
    dropped = overlapping(document)
    relations = tuple(each for each in document.relations if dropped.isdisjoint((each.head, each.tail)))
    return replace(document, entities=tuple(each for each in document.entities if each.id not in dropped), relations=relations)


def n_free(document: Document) -> int:
    """Entities in no relation."""
    related = document.related
    return sum(entity.id not in related for entity in document.entities)


def without_free(document: Document) -> Document:
    """The document with the entities of relations alone."""
    related = document.related
    return replace(document, entities=tuple(entity for entity in document.entities if entity.id in related))


def without_unread(document: Document) -> Document:
    """The document without regions of Label Studio that are no entities.

    What is said of regions and texts stays, with the rest that is Label Studio's alone.
    """
    own = {**document.meta[OWN], "regions": [row for row in regions(document.meta) if not is_unread(row)]}
    kept = {key: item for key, item in own.items() if item}
    others = {key: item for key, item in document.meta.items() if key != OWN}
    return replace(document, meta=others | ({OWN: kept} if kept else {}))


def pairs(document: Document) -> Sequence[Document]:
    """A document a relation, its id DOCUMENT:HEAD-TAIL."""
    ids = DistinctIds()
    entities = {entity.id: entity for entity in document.entities}
    return [
        replace(
            document,
            id=ids.distinct(f"{document.id}:{relation.head}-{relation.tail}"),
            entities=(entities[relation.head], entities[relation.tail]),
            relations=(relation,),
        )
        for relation in document.relations
    ]
