"""Which documents of two versions are the same.

The two are read side by side, split by split, and a document is let go as soon as it has met its other version, so that memory
does not grow with corpora in the same order. A document keeps its identity by its id and its text; where either has changed, by the
other. RULES says how, in their order. What a document of one pair is about is that pair too: a sentence may stand in several.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from pipeline.core.errors import placed
from pipeline.core.schema import SPLITS
from pipeline.corpus.document import Document

ALIKE = 0.5  # share of common trigrams from which on a text is an edited form of another
MOST_COMPARED = 100_000  # pairs of texts that are compared where neither id nor text is left of a document


class Placed(NamedTuple):
    """A document, its split, and its file below the folder of annotations."""

    split: str
    file: str
    document: Document


Pair = tuple[Placed | None, Placed | None]  # the older and the newer; None where there is none


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
    lambda one: (one.document.id, one.document.text),
)


def match(old: Mapping[str, Iterable[Placed]], new: Mapping[str, Iterable[Placed]]) -> Iterator[Pair]:
    """Pairs of documents by split; no pair of what is unchanged in the same file. The order is that of the files, but for a few."""
    left: tuple[list[Placed], list[Placed]] = ([], [])
    for split in SPLITS:
        yield from _side_by_side(old.get(split, ()), new.get(split, ()), left)
    yield from _by_rules(*(sorted(of_side, key=_place) for of_side in left))


def _side_by_side(old: Iterable[Placed], new: Iterable[Placed], left: tuple[list[Placed], list[Placed]]) -> Iterator[Pair]:
    """Pairs of one split, of one id and one subject; what has met no other version is left."""
    waiting: tuple[dict[str, list[Placed]], dict[str, list[Placed]]] = ({}, {})
    for both in zip_longest(old, new):
        if both[0] and both[1] and _is_same(*both):
            continue
        for side, arrived in enumerate(both):
            if arrived is None:
                continue
            if (met := _meeting(arrived, waiting[1 - side])) is None:
                waiting[side].setdefault(arrived.document.id, []).append(arrived)
            elif not _is_same(met, arrived):
                yield (arrived, met) if side == 0 else (met, arrived)
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


def _by_rules(old: list[Placed], new: list[Placed]) -> Iterator[Pair]:
    """Pairs of what is left, then what has gone, then what has come."""
    keys = [key for rule in RULES for key in (_within_split(rule), rule)]
    for key in keys:
        pairs, old, new = _joined(old, new, key)
        yield from pairs
    pairs, old, new = _joined(old, new, lambda one: one.document.id, alike)
    yield from pairs
    if len(old) * len(new) <= MOST_COMPARED:
        pairs, old, new = _joined(old, new, lambda one: "", alike)
        yield from pairs
    yield from ((one, None) for one in old)
    yield from ((None, other) for other in new)


def _within_split(key: Callable[[Placed], Hashable]) -> Callable[[Placed], Hashable]:
    return lambda one: (one.split, key(one))


def _joined(
    old: list[Placed], new: list[Placed], key: Callable[[Placed], Hashable], score: Callable[[str, str], float] | None = None
) -> tuple[list[Pair], list[Placed], list[Placed]]:
    """Pairs that share a key, each the first that is free or the one with the most alike text, and what is left of both."""
    free: dict[Hashable, list[Placed]] = {}
    for other in new:
        free.setdefault(key(other), []).append(other)
    pairs: list[Pair] = []
    left = []
    for one in old:
        others = free.get(key(one), [])
        scores = [score(one.document.text, other.document.text) for other in others] if score else [1.0] * len(others[:1])
        best = max(scores, default=0.0)
        if best >= ALIKE:
            pairs.append((one, others.pop(scores.index(best))))
        else:
            left.append(one)
    return pairs, left, sorted((other for of_key in free.values() for other in of_key), key=_place)


def alike(one: str, other: str) -> float:
    """The share of common trigrams of characters, from 0 to 1 (Dice 1945).

    >>> round(alike("Ann left the house.", "Ann left her house."), 2), alike("Ann left.", "It rained.")
    (0.71, 0.0)
    """
    mine, theirs = _trigrams(one), _trigrams(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


@lru_cache(1_000)
def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[start : start + 3] for start in range(max(1, len(text) - 2)))


def _place(one: Placed) -> tuple[int, str, int]:
    line = placed(one.document.source)["line"]
    return SPLITS.index(one.split), one.file, line or 0
