"""What differs between two versions of a document: its text, its entities and its relations.

Entities are the same where they stand at the same place, else where they have the same id, else where they overlap: so one that
was moved is told as moved, and ids that count (the third entity of a list) may shift. Where the text was edited, places are carried
over to the new text word by word. Relations are the same where they join the same entities; who annotated them is not compared,
nor is what a format tells beside annotations (comments, meta).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Literal, NamedTuple, TypeVar

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity

Kind = Literal[
    "added",
    "removed",
    "moved",  # to another split or file
    "edited",
    "relabelled",
    "entity_added",
    "entity_removed",
    "entity_moved",
    "retyped",
    "relation_added",
    "relation_removed",
]
Place = tuple[Span, ...]
Told = tuple[Kind, str, str, str]  # the kind of a change, its old, its new, what it is about
T = TypeVar("T")
End = tuple[bool, str]  # whether the newer version has an entity, and its id there, or else in the older one
SWAPPED = " (head and tail swapped)"
PIECE = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Change:
    """One difference between two versions.

    Args: id: the document's; source: its file:line in the newer version, in the older where it is removed; old, new: what a person
        reads (the text, a split, the text of an entity with its place, a type, a label), empty where there is none; about: the
        entity or the pair that a type or a label belongs to.
    """

    kind: Kind
    id: str
    source: str
    old: str
    new: str
    about: str = ""


class _Pair(NamedTuple):
    """A relation, its ends comparable with those of the other version."""

    ends: tuple[End, End]
    label: str
    about: str


def document_changes(old: Document, new: Document) -> list[Change]:
    """What became of a document: its text, then its entities, then its relations, in the older version's order, what is new last.

    >>> old = Document("1", "a:1", "Ann left.", (Entity("a", (Span(0, 3),), "ORG"),), ())
    >>> new = Document("1", "a:1", "Ann left.", (Entity("a", (Span(0, 3),), "PER"),), ())
    >>> document_changes(old, new)
    [Change(kind='retyped', id='1', source='a:1', old='ORG', new='PER', about='Ann')]
    """
    places = carried_places(old, new.text)
    pairs = match_entities(old, new, places)
    edited: list[Told] = [("edited", old.text, new.text, "")] if old.text != new.text else []
    told = [*edited, *_entity_changes(old, new, pairs, places), *_relation_changes(old, new, pairs)]
    return [Change(kind, new.id, new.source, was, now, about) for kind, was, now, about in told]


def match_entities(old: Document, new: Document, places: Mapping[str, Place]) -> list[tuple[Entity | None, Entity | None]]:
    """Each entity with the one that it is in the other version, or with None where it has gone or come.

    Args: places: of the older version's entities in the newer text, by id.
    """
    return _match(
        old.entities,
        new.entities,
        (
            lambda one, other: (one.id, one.type, places[one.id]) == (other.id, other.type, other.spans),
            lambda one, other: (one.type, places[one.id]) == (other.type, other.spans),
            lambda one, other: places[one.id] == other.spans,
            lambda one, other: one.id == other.id,
            lambda one, other: one.type == other.type and _overlap(places[one.id], other.spans),
            lambda one, other: _overlap(places[one.id], other.spans),
        ),
    )


def is_same_pair(old: Document, new: Document) -> bool:
    """Whether every entity of either of two annotated pairs overlaps one of the other, or may be one whose words are gone.

    >>> one, other = (Document("1", "a:1", "Ann left Bob.", (Entity("a", (Span(0, end),)),), ()) for end in (3, 8))
    >>> is_same_pair(one, other)
    True
    """
    old_places, new_places = carried_places(old, new.text).values(), [entity.spans for entity in new.entities]
    n_strange = sum(not any(_overlap(one, other) for one in old_places) for other in new_places)
    known = list(filter(None, old_places))
    return n_strange <= len(old_places) - len(known) and all(any(_overlap(one, other) for other in new_places) for one in known)


def carried_places(old: Document, text: str) -> dict[str, Place]:
    """The places of a document's entities in another version of its text, by id: () where their words are gone.

    >>> carried_places(Document("1", "a:1", "Ann left.", (Entity("a", (Span(0, 3),)),), ()), "So Ann left!")
    {'a': (Span(start=3, end=6),)}
    """
    if old.text == text:
        return {entity.id: entity.spans for entity in old.entities}
    starts, ends = _edges(PIECE.findall(old.text), PIECE.findall(text))
    places = {}
    for entity in old.entities:
        edges = [(starts.get(start), ends.get(end)) for start, end in entity.spans]
        spans = tuple(Span(start, end) for start, end in edges if start is not None and end is not None)
        places[entity.id] = spans if len(spans) == len(entity.spans) else ()
    return places


def _edges(old: Sequence[str], new: Sequence[str]) -> tuple[dict[int, int], dict[int, int]]:
    """Where a stretch that starts, or ends, at a character of the old text does so in the new one.

    What took the place of other words starts and ends where they did.
    """
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    was, now = (list(accumulate(map(len, pieces), initial=0)) for pieces in (old, new))
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            shift = now[j1] - was[i1]
            starts |= {at: at + shift for at in range(was[i1], was[i2])}
            ends |= {at + 1: at + 1 + shift for at in range(was[i1], was[i2])}
        elif tag == "replace":
            starts[was[i1]], ends[was[i2]] = now[j1], now[j2]
    return starts, ends


def _entity_changes(
    old: Document, new: Document, pairs: Sequence[tuple[Entity | None, Entity | None]], places: Mapping[str, Place]
) -> Iterator[Told]:
    for one, other in pairs:
        if one and not other:
            yield "entity_removed", _placed(old, one), "", one.type or ""
        elif other and not one:
            yield "entity_added", "", _placed(new, other), other.type or ""
        elif one and other:
            if places[one.id] != other.spans:
                yield "entity_moved", _placed(old, one), _placed(new, other), other.type or ""
            if one.type != other.type:
                yield "retyped", one.type or "", other.type or "", words_of(new, other)


def _relation_changes(old: Document, new: Document, pairs: Sequence[tuple[Entity | None, Entity | None]]) -> Iterator[Told]:
    """Relations of the same entities are the same, first those of the same label, last those whose head and tail were swapped."""
    names = {one.id: (True, other.id) if other else (False, one.id) for one, other in pairs if one}
    matched = _match(
        _pairs(old, names),
        _pairs(new, {entity.id: (True, entity.id) for entity in new.entities}),
        (
            lambda one, other: (one.ends, one.label) == (other.ends, other.label),
            lambda one, other: one.ends == other.ends,
            lambda one, other: one.ends == other.ends[::-1],
        ),
    )
    for one, other in matched:
        if one and not other:
            yield "relation_removed", one.label, "", one.about
        elif other and not one:
            yield "relation_added", "", other.label, other.about
        elif one and other and (one.ends, one.label) != (other.ends, other.label):
            yield "relabelled", one.label, other.label + (SWAPPED if one.ends != other.ends else ""), other.about


def _pairs(document: Document, names: Mapping[str, End]) -> list[_Pair]:
    words = {entity.id: words_of(document, entity) for entity in document.entities}
    return [
        _Pair((names[one.head], names[one.tail]), one.label or "", f"{words[one.head]} - {words[one.tail]}")
        for one in document.relations
    ]


def words_of(document: Document, entity: Entity) -> str:
    """The text of an entity, of several fragments with an ellipsis between.

    >>> words_of(Document("1", "a:1", "Ann or Eve Lee", (), ()), Entity("a", (Span(0, 3), Span(11, 14))))
    'Ann ... Lee'
    """
    return " ... ".join(document.text[start:end] for start, end in entity.spans)


def _placed(document: Document, entity: Entity) -> str:
    """The text of an entity and where it stands."""
    return f"{words_of(document, entity)} [{', '.join(f'{start}:{end}' for start, end in entity.spans)}]"


def _overlap(one: Place, other: Place) -> bool:
    return any(a.start < b.end and b.start < a.end for a in one for b in other)


def _match(old: Sequence[T], new: Sequence[T], rules: Sequence[Callable[[T, T], bool]]) -> list[tuple[T | None, T | None]]:
    """Each of the old with one of the new or None, in their order, then the new that are left.

    Args: rules: which two are the same; a rule is asked of what the rules before it left.
    """
    found: dict[int, T] = {}
    left, free = list(enumerate(old)), list(new)
    for same in rules:
        for index, one in left:
            place = next((place for place, other in enumerate(free) if same(one, other)), None)
            if place is not None:
                found[index] = free.pop(place)
        left = [(index, one) for index, one in left if index not in found]
    return [*((one, found.get(index)) for index, one in enumerate(old)), *((None, other) for other in free)]
