"""Which documents of two versions are the same.

The two are read side by side, split by split, and a document is let go as soon as it has met its other version, so that memory
does not grow with corpora in the same order. A document keeps its identity by its id and its text; where either has changed, by the
other. RULES says how, in their order: they ask for the same text; then comes an edited text or pair (likeness.py), and last the
id alone, where ids have not been numbered anew. A document of one pair is about that pair too: a sentence may stand in several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

from pipeline.annotation.likeness import Named, edited_forms
from pipeline.core.errors import placed
from pipeline.core.schema import SPLITS
from pipeline.corpus.document import Document


class Placed(NamedTuple):
    """A document, its split, and its file below the folder of annotations."""

    split: str
    file: str
    document: Document


Pair = tuple[Placed | None, Placed | None]  # the older and the newer; None where there is none
Both = tuple[Placed, Placed]
Join = Callable[[Sequence[Placed], Sequence[Placed]], list[Both]]


def content(one: Placed) -> Hashable:
    """All that is annotated."""
    return one.document.text, one.document.entities, one.document.relations


def subject(one: Placed) -> Hashable:
    """What a document is of: its text, of an annotated pair the pair too."""
    places = () if one.document.complete else tuple(entity.spans for entity in one.document.entities)
    return one.document.text, places


# Documents that share a key are the same: with their split where there are such, else without.
RULES: tuple[Callable[[Placed], Hashable], ...] = (
    lambda one: (one.document.id, content(one)),
    content,
    lambda one: (one.document.id, subject(one)),
    subject,
)
# A document whose text tells nothing is that of its id, where no other has this in its file, or in its split.
ID_RULES: tuple[Callable[[Placed], Hashable], ...] = (
    lambda one: (one.file, one.document.id),
    lambda one: (one.split, one.document.id),
)


def match(old: Mapping[str, Iterable[Placed]], new: Mapping[str, Iterable[Placed]]) -> Iterator[Pair]:
    """Pairs of documents by split; no pair of what is unchanged in the same file. The order is that of the files, but for a few."""
    left: tuple[list[Placed], list[Placed]] = ([], [])
    kept_ids: Counter[Hashable] = Counter()
    for split in SPLITS:
        yield from _side_by_side(old.get(split, ()), new.get(split, ()), left, kept_ids)
    yield from _by_rules(sorted(left[0], key=_place), sorted(left[1], key=_place), kept_ids)


def _side_by_side(
    old: Iterable[Placed], new: Iterable[Placed], left: tuple[list[Placed], list[Placed]], kept_ids: Counter[Hashable]
) -> Iterator[Pair]:
    """Pairs of one split, of one id and one subject; what has met no other version is left.

    Args: kept_ids: see _count_id.
    """
    waiting: tuple[dict[str, list[Placed]], dict[str, list[Placed]]] = ({}, {})
    for both in zip_longest(old, new):
        if both[0] and both[1] and _is_same(*both):
            _count_id(both[0], both[1], kept_ids)
            continue
        for side, arrived in enumerate(both):
            if arrived is None:
                continue
            if (met := _meeting(arrived, waiting[1 - side])) is None:
                waiting[side].setdefault(arrived.document.id, []).append(arrived)
                continue
            pair = (arrived, met) if side == 0 else (met, arrived)
            _count_id(pair[0], pair[1], kept_ids)
            if not _is_same(*pair):
                yield pair
    for side, of_side in enumerate(waiting):
        left[side].extend(one for of_id in of_side.values() for one in of_id)


def _is_same(one: Placed, other: Placed) -> bool:
    return one.file == other.file and one.document.id == other.document.id and content(one) == content(other)


def _meeting(arrived: Placed, waiting: dict[str, list[Placed]]) -> Placed | None:
    """The other version of a document, taken from those that wait."""
    of_id = waiting.get(arrived.document.id, [])
    for key in (content, subject):
        for index, one in enumerate(of_id):
            if key(one) == key(arrived):
                del of_id[index]
                if not of_id:
                    del waiting[arrived.document.id]
                return one
    return None


def _count_id(one: Placed, other: Placed, kept_ids: Counter[Hashable]) -> None:
    """Count how many more documents have kept their ids than have other ones, in a split, and of a file in what it has become."""
    kept_ids.update(dict.fromkeys([one.split, (one.file, other.file)], 1 if one.document.id == other.document.id else -1))


def _by_rules(old: list[Placed], new: list[Placed], kept_ids: Counter[Hashable]) -> Iterator[Pair]:
    """Pairs of what is left, then what has gone, then what has come."""
    joins: list[Join] = [
        _of_text,
        partial(_edited, kept_ids=kept_ids),
        *(partial(_of_id, rule, kept_ids=kept_ids) for rule in ID_RULES),
    ]
    for join in joins:
        pairs = join(old, new)
        for one, other in pairs:
            _count_id(one, other, kept_ids)
        yield from pairs
        old, new = _left(old, new, pairs)
    yield from ((one, None) for one in old)
    yield from ((None, other) for other in new)


def _left(old: Sequence[Placed], new: Sequence[Placed], pairs: Sequence[Both]) -> tuple[list[Placed], list[Placed]]:
    """What is in no pair."""
    joined = {id(one) for pair in pairs for one in pair}
    old, new = ([one for one in side if id(one) not in joined] for side in (old, new))
    return old, new


def _of_text(old: Sequence[Placed], new: Sequence[Placed]) -> list[Both]:
    """The documents of one text, by RULES."""
    texts = {one.document.text for one in old} & {other.document.text for other in new}
    old, new = ([one for one in side if one.document.text in texts] for side in (old, new))
    found: list[Both] = []
    for key in (key for rule in RULES for key in (_within_split(rule), rule)):
        pairs = _same(key, old, new)
        old, new = _left(old, new, pairs)
        found += pairs
    return found


def _within_split(key: Callable[[Placed], Hashable]) -> Callable[[Placed], Hashable]:
    return lambda one: (one.split, key(one))


def _same(key: Callable[[Placed], Hashable], old: Sequence[Placed], new: Sequence[Placed]) -> list[Both]:
    """The documents that share a key, each with the first that is free."""
    free: dict[Hashable, list[Placed]] = {}
    for other in reversed(new):
        free.setdefault(key(other), []).append(other)
    return [(one, others.pop()) for one in old if (others := free.get(key(one)))]


def _edited(old: Sequence[Placed], new: Sequence[Placed], kept_ids: Counter[Hashable]) -> list[Both]:
    """The documents that are edited forms of others; ids tell nothing of it where more are new than were kept."""
    sides = ([_named(one, kept_ids) for one in side] for side in (old, new))
    return [(old[one], new[other]) for one, other in edited_forms(*sides)]


def _named(one: Placed, kept_ids: Counter[Hashable]) -> Named:
    document = one.document
    return Named(document.id if kept_ids[one.split] >= 0 else None, document.text, None if document.complete else document)


def _of_id(
    key: Callable[[Placed], Hashable], old: Sequence[Placed], new: Sequence[Placed], kept_ids: Counter[Hashable]
) -> list[Both]:
    """The documents of one id that no other has, whatever their texts, where most have kept theirs."""
    pairs = _same(key, _alone(old, key), _alone(new, key))
    return [(one, other) for one, other in pairs if kept_ids[one.split if one.file == other.file else (one.file, other.file)] > 0]


def _alone(side: Sequence[Placed], key: Callable[[Placed], Hashable]) -> list[Placed]:
    """Those whose key no other has."""
    counts = Counter(map(key, side))
    return [one for one in side if counts[key(one)] == 1]


def _place(one: Placed) -> tuple[int, str, int]:
    line = placed(one.document.source)["line"]
    return SPLITS.index(one.split), one.file, line or 0
