"""What a document of data/raw becomes when a person has corrected it in a tool.

Three versions are told apart: the document as it lies in data/raw, as it was sent, which a tool may have narrowed (fragments,
types, directions), and as it came back. What differs between the last two is changed in the first, and nothing else.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.annotation.corpus_labels import Labels
from pipeline.annotation.difference import match_entities
from pipeline.core.labels import names_no_relation
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.mend_entities import turned

RENUMBERED = frozenset({"prodigy", "doccano"})  # formats in which an entity does not keep its id
Alike = Callable[[Relation, Relation], bool]
COUNTED = re.compile(r"(\D*)([0-9]{1,9})")


def corrected(
    raw: Document, sent: Document, back: Document, tool: str, labels: Labels, taken: Collection[str] = ()
) -> list[Document]:
    """The documents that one becomes: one; of an annotated pair one for each relation it has now, perhaps none.

    Args: tool: the format in which it came back; taken: ids that added rows must not have.
    Raises: ValueError where an entity stands in no relation, and the format holds pairs alone, or a relation has lost its label.
    """
    sent, back = turned(sent), turned(_renamed(back, tool, sent))
    pairs = match_entities(sent, back, {entity.id: entity.spans for entity in sent.entities})
    entities, ids = _entities(raw, pairs, labels)
    kept = {entity.id for entity in entities}
    returned = [replace(each, head=ids[each.head], tail=ids[each.tail], annotator=None) for each in back.relations]
    relations = [each for each in _relations(raw, sent, returned, labels) if {each.head, each.tail} <= kept]
    new = replace(raw, entities=tuple(entities), relations=tuple(relations))
    return _rows(raw, new, labels, taken) if is_pair(raw) else [new]


def is_pair(document: Document) -> bool:
    """Whether a document is one annotated pair, as formats that hold no other have them."""
    return not document.complete and len(document.relations) == 1


def _renamed(back: Document, tool: str, sent: Document) -> Document:
    """The document with other ids of entities, where these need not be those that were sent."""
    if tool not in RENUMBERED and not (tool == "brat" and any(COUNTED.fullmatch(each.id) is None for each in sent.entities)):
        return back
    ids = {entity.id: f"{tool}:{entity.id}" for entity in back.entities}
    entities = tuple(replace(entity, id=ids[entity.id]) for entity in back.entities)
    relations = tuple(replace(each, head=ids[each.head], tail=ids[each.tail]) for each in back.relations)
    return replace(back, entities=entities, relations=relations)


def _entities(
    raw: Document, pairs: Sequence[tuple[Entity | None, Entity | None]], labels: Labels
) -> tuple[list[Entity], dict[str, str]]:
    """The entities of the corrected document, and the id there of each that came back."""
    became = {one.id: (one, other) for one, other in pairs if one}
    entities = []
    ids: dict[str, str] = {}
    for entity in raw.entities:
        was, now = became.get(entity.id, (entity, entity))  # a second one of the same characters may not have been sent
        if now is None:
            continue
        ids[now.id] = entity.id
        spans = entity.spans if now.spans == was.spans else now.spans
        entities.append(labels.typed(replace(entity, spans=spans, type=entity.type if now.type == was.type else now.type)))
    new_ids = _new_ids(entity.id for entity in raw.entities)
    there = {(entity.spans, entity.type): entity.id for entity in raw.entities if entity.id not in became}
    for new in (labels.typed(other) for one, other in pairs if one is None and other):
        ids[new.id] = there.get((new.spans, new.type)) or next(new_ids)
        if ids[new.id] not in there.values():
            entities.append(replace(new, id=ids[new.id]))
    return entities, ids


def _new_ids(known: Iterable[str]) -> Iterator[str]:
    """New ids of entities that go on counting as the ids of a document do: its most frequent prefix, then the next number.

    >>> ids = _new_ids(["T1", "T7"])
    >>> next(ids), next(ids)
    ('T8', 'T9')
    """
    matches = [COUNTED.fullmatch(each) for each in known]
    counted = [(match[1], int(match[2])) for match in matches if match]
    prefix = Counter(prefix for prefix, _ in counted).most_common(1)[0][0] if counted else "T"
    number = max((number for of, number in counted if of == prefix), default=0)
    while True:
        number += 1
        yield f"{prefix}{number}"


def _relations(raw: Document, sent: Document, returned: Sequence[Relation], labels: Labels) -> Iterator[Relation]:
    """The relations of the corrected document: those of the raw one as they became, then those that are new."""
    left = list(returned)
    was = _sent_as(raw, sent)
    unsent = {index: relation for index, relation in enumerate(turned(raw).relations) if index not in was}
    became = {index: raw.relations[index] for index in unsent}
    became |= _matched(raw, was, left, (_is_same, _joins_same, _joins_turned), labels)
    # What was not sent and came back is there already, or is the label of one that had none.
    became |= _matched(raw, unsent, left, (_is_same, _labels_same, _labels_turned), labels)
    yield from (became[index] for index in sorted(became))
    for new in left:
        name = require_label(new)
        yield replace(new, label=f"{name}(e1,e2)") if labels.is_directed(name) else new


def _matched(
    raw: Document, shown: Mapping[int, Relation], left: list[Relation], alike: Iterable[Alike], labels: Labels
) -> dict[int, Relation]:
    """What relations of a document became, by their numbers: what came back and is like them, in one way after the other.

    Args: shown: each as it is compared, by its number; left: what came back, of which what is found is taken.
    """
    became: dict[int, Relation] = {}
    for is_alike in alike:
        for index in sorted(shown.keys() - became.keys()):
            now = next((each for each in left if is_alike(shown[index], each)), None)
            if now is not None:
                left.remove(now)
                was_there = raw.relations[index]
                became[index] = was_there if is_alike is _is_same else _relabelled(was_there, now, require_label(now), labels)
    return became


def _sent_as(raw: Document, sent: Document) -> dict[int, Relation]:
    """What was sent of each relation of a document, by its number; what a tool cannot hold was not, and has none."""
    left = list(sent.relations)
    was = {}
    for same in (_is_same, _joins_same):
        for index, relation in enumerate(turned(raw).relations):
            here = next((each for each in left if index not in was and same(relation, each)), None)
            if here is not None:
                left.remove(here)
                was[index] = here
    return was


def _is_same(one: Relation, other: Relation) -> bool:
    return _joins_same(one, other) and one.label == other.label


def _joins_same(one: Relation, other: Relation) -> bool:
    return (one.head, one.tail) == (other.head, other.tail)


def _joins_turned(one: Relation, other: Relation) -> bool:
    return (one.head, one.tail) == (other.tail, other.head)


def _labels_same(one: Relation, other: Relation) -> bool:
    return one.label is None and _joins_same(one, other)


def _labels_turned(one: Relation, other: Relation) -> bool:
    return one.label is None and _joins_turned(one, other)


def require_label(relation: Relation) -> str:
    """The label that a person gave a relation.

    Raises: ValueError where there is none: an arrow is drawn before it is named, and may be forgotten.
    """
    if relation.label is None:
        raise ValueError("an arrow has no label")
    return relation.label


def _relabelled(raw: Relation, now: Relation, name: str, labels: Labels) -> Relation:
    """A relation of data/raw with the name and the direction of another, in the words of the corpus."""
    is_turned = (now.head, now.tail) != (raw.head, raw.tail)
    if labels.is_directed(name):
        return replace(raw, label=f"{name}({'e2,e1' if is_turned else 'e1,e2'})")
    is_alone = names_no_relation(name) or labels.is_negative(name)
    return replace(raw, label=name) if is_alone else replace(raw, label=name, head=now.head, tail=now.tail)


def _rows(raw: Document, new: Document, labels: Labels, taken: Collection[str]) -> list[Document]:
    """A document of one pair for each relation; of none the negative label, where the corpus has it."""
    entities: Mapping[str, Entity] = {entity.id: entity for entity in new.entities}
    (pair,) = raw.relations
    relations = list(new.relations)
    if not relations and {pair.head, pair.tail} <= entities.keys():
        relations = [replace(pair, label=labels.own_negative)] if labels.own_negative is not None else []
    related = {end for relation in relations for end in (relation.head, relation.tail)}
    given = {entity.id for entity in raw.entities}
    if lone := [entity for entity in new.entities if entity.id not in related | given]:
        words = " and ".join(repr(new.text[slice(*entity.cover)]) for entity in lone)
        raise ValueError(f"{words} is in no relation, and the format holds pairs alone")
    rows, free = [], free_ids(raw.id, taken)
    for number, relation in enumerate(relations, 1):
        ends = {relation.head, relation.tail}
        kept = tuple(
            each for each in new.entities if each.id in ends or (number == 1 and each.id in given - {pair.head, pair.tail})
        )
        rows.append(replace(new, id=raw.id if number == 1 else next(free), entities=kept, relations=(relation,)))
    return rows


def free_ids(own: str, taken: Collection[str]) -> Iterator[str]:
    """Ids that no other document has, for some that cannot have their own.

    >>> ids = free_ids("7", {"7", "7~2"})
    >>> next(ids), next(ids)
    ('7~3', '7~4')
    """
    return (each for number in itertools.count(2) if (each := f"{own}~{number}") not in taken)
