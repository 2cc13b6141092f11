"""The lines of annotation that a document is in brat: its entities and relations, and what brat said of it before, of its meta.

Meta may have been through another format, whose entities have other ids, or through other hands. So the ids of brat come from
meta["entity_ids"], by the characters of the entities; and what is not shaped as brat's, or names what is not there, is no line, but
counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, count
from typing import NamedTuple

from pipeline.corpus.document import Document, Relation
from pipeline.corpus.formats.brat_lines import ARGUMENTS, joined
from pipeline.corpus.formats.brat_meta import BRAT_ID, META, Meta, sift, standing


class Said(NamedTuple):
    """What a document is in brat."""

    entities: list[str]  # lines
    relations: list[str]
    kept: list[str]  # events, attributes, normalisations and notes
    equal: frozenset[str]  # the relations of its `*` lines
    roles: Mapping[str, Sequence[str]]  # of relations whose arguments have other names than Arg1 and Arg2
    n_lost: int  # values of META that are no line


def n_lost(document: Document) -> int:
    """Values of meta that are brat's by their key, and no lines that can be written."""
    return 0 if META.isdisjoint(document.meta) else say(document).n_lost


def say(document: Document) -> Said:
    """The lines of a document.

    Raises: ValueError where a type or label is no word.
    """
    meta, n_lost = sift(document.meta)
    known, ids = _ids(document, meta.entity_ids)
    roles = _roles(meta.roles)
    written = _Relations(document, meta, known, {label: pairs[0] for label, pairs in roles.items() if len(pairs) == 1})
    relations = list(written.lines(ids))
    kept = standing(meta.lines, {*known, *written.named})
    labels = {relation.label for relation in document.relations}
    n_lost += len(meta.lines) - len(kept)
    several = [pair for label, pairs in roles.items() if label in labels and len(pairs) > 1 for pair in pairs]
    n_lost += sum(tuple(pair) != ARGUMENTS for pair in several)
    return Said(list(_entities(document, ids)), relations, kept, frozenset(written.equal), written.roles, n_lost)


def _ids(document: Document, given: Sequence[Sequence[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The entities whose id in brat is known, by that id, and the ids of all, by the entity's.

    An entity without has the one that brat gave to the same characters, where as many have these as had them.
    """
    known = {entity.id: entity.id for entity in document.entities if BRAT_ID.fullmatch(entity.id)}
    free, nameless = defaultdict(list), defaultdict(list)
    for brat_id, quoted in given:
        if brat_id not in known:
            free[joined(quoted)].append(brat_id)
    for entity in document.entities:
        if entity.id not in known:
            nameless[joined(document.text[slice(*entity.cover)])].append(entity.id)
    for quoted, entity_ids in nameless.items():
        if len(free[quoted]) == len(entity_ids):
            known.update(zip(free[quoted], entity_ids, strict=True))
    taken = {*known, *(brat_id for brat_id, _ in given)}
    ids = {entity_id: brat_id for brat_id, entity_id in known.items()}
    fresh = (f"T{number}" for number in count(1) if f"T{number}" not in taken)
    return known, ids | {entity.id: next(fresh) for entity in document.entities if entity.id not in ids}


def _roles(given: Sequence[Sequence[str]]) -> dict[str, list[Sequence[str]]]:
    """The names of arguments by the label of their relation."""
    roles: dict[str, list[Sequence[str]]] = defaultdict(list)
    for label, *pair in given:
        if pair not in roles[label]:
            roles[label].append(pair)
    return roles


def _entities(document: Document, ids: Mapping[str, str]) -> Iterator[str]:
    for entity in document.entities:
        offsets = ";".join(f"{start} {end}" for start, end in entity.spans)
        quoted = " ".join(" ".join(document.text[start:end].split()) for start, end in entity.spans)
        yield f"{ids[entity.id]}\t{_word(document, entity.type)} {offsets}\t{quoted}"


class _Relations:
    """The relations of a document, as R lines and `*` lines.

    Args: known: entities by the ids that brat gave them; roles: the names of arguments by label.
    """

    def __init__(self, document: Document, meta: Meta, known: Mapping[str, str], roles: Mapping[str, Sequence[str]]) -> None:
        self.document, self.roles = document, roles
        n_relations = len(document.relations)
        self.given = meta.relation_ids if len(meta.relation_ids) == n_relations else []
        self.named = [relation_id for relation_id in self.given if relation_id != "*"]  # what other lines may name
        self.groups = dict(_groups(document, meta.equivalences, known))
        equal = {document.relations[place].label for place in self.groups}
        self.split = {label for label, *_ in meta.equivalences if label in document.symmetric} - equal  # into pairs
        self.equal: set[str] = set()

    def lines(self, ids: Mapping[str, str]) -> Iterator[str]:
        """The lines, in the order of the relations."""
        fresh = (f"R{number}" for number in count(1) if f"R{number}" not in self.named)
        place = 0
        while place < len(self.document.relations):
            relation = self.document.relations[place]
            label = _word(self.document, relation.label)
            members = self.groups.get(place, [relation.head, relation.tail] if self._is_equal(place) else [])
            if members:
                self.equal.add(label)
                yield f"*\t{label} {' '.join(ids[member] for member in members)}"
                place += n_pairs(members)
                continue
            given = self.given[place] if self.given else "*"
            first, second = self.roles.get(label, ARGUMENTS)
            relation_id = next(fresh) if given == "*" else given
            yield f"{relation_id}\t{label} {first}:{ids[relation.head]} {second}:{ids[relation.tail]}"
            place += 1

    def _is_equal(self, place: int) -> bool:
        """Whether a relation is one of a `*` line that is there no more as it was."""
        relation = self.document.relations[place]
        was_equal = not self.given or self.given[place] == "*"
        return relation.label in self.split and was_equal and relation.head != relation.tail


def _groups(document: Document, equivalences: Sequence[Sequence[str]], known: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """The place of the first relation of each `*` line all of whose pairs are there, in its order, and the entities."""
    starts = defaultdict(list)
    for label, *brat_ids in equivalences:
        members = [known[brat_id] for brat_id in brat_ids if brat_id in known]
        if len(members) == len(brat_ids) and label in document.symmetric and n_pairs(members) <= len(document.relations):
            starts[Relation(members[0], members[1], label)].append(members)
    place = 0
    while place < len(document.relations):
        first = document.relations[place]
        for members in starts[first]:
            pairs = tuple(Relation(one, other, first.label) for one, other in combinations(members, 2))
            if document.relations[place : place + len(pairs)] == pairs:
                starts[first].remove(members)
                yield place, members
                place += len(pairs)
                break
        else:
            place += 1


def n_pairs(members: Sequence[str]) -> int:
    """How many relations a `*` line of these entities is."""
    return len(members) * (len(members) - 1) // 2


def _word(document: Document, name: str | None) -> str:
    """A type or label, which a blank would cut."""
    if not name or any(map(str.isspace, name)):
        raise ValueError(f"{document.source}: brat has no name {name!r}, of document {document.id}")
    return name
