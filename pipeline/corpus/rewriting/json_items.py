"""Which item of a JSON list is which item of another one: as a file has them in other words, or as they were before a change."""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import chain
from typing import Any

MOST_ALIKE = 50  # items that say the same of a key, which then says nothing of which is which, and takes quadratic time


def became_of(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    """The index of the item of an old list that each item of a new one was, by its own index, where one is known.

    >>> became_of([{"a": 1}, {"a": 2, "b": 3}], [{"a": 7, "b": 3}])
    {0: 1}
    """
    was, becomes = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    became: dict[int, int] = {}
    for op, i1, i2, j1, j2 in SequenceMatcher(None, was, becomes, autojunk=False).get_opcodes():
        these, those = range(i1, i2), range(j1, j2)
        became |= dict(zip(those, these, strict=True)) if op == "equal" else _became(old, new, these, those)
    return became


def _became(old: Sequence[Any], new: Sequence[Any], these: range, those: range) -> dict[int, int]:
    """The item of an old list that each item of a new one was, where one is known.

    Where they are as many, each was the one in its place. Else an item was the one that says the same of most keys, the most alike
    first and in the lists' order; what says the same of no key has gone, or is new.
    """
    if len(these) == len(those):
        return dict(zip(those, these, strict=True))
    holders: dict[str, list[int]] = {}
    for j in those:
        for field in _fields(new[j]):
            holders.setdefault(field, []).append(j)
    told = [(i, holders.get(field, [])) for i in these for field in _fields(old[i])]
    alike = Counter((i, j) for i, ours in told if len(ours) <= MOST_ALIKE for j in ours)
    same: list[tuple[int, int]] = []
    for i, j in sorted(alike, key=lambda pair: (-alike[pair], pair)):
        place = bisect(same, (i, j))
        if all((i - was) * (j - now) > 0 for was, now in same[max(place - 1, 0) : place + 1]):
            same.insert(place, (i, j))
    return {j: i for i, j in same}


def _fields(item: Any) -> list[str]:
    """What an item says: its keys with their values, or itself."""
    return [json.dumps(pair, sort_keys=True) for pair in item.items()] if isinstance(item, dict) else [json.dumps(item)]


def places_of(old: Sequence[Any], value: Sequence[Any]) -> list[int] | None:
    """The place of each old item in a list that has it in other words; None where one has none.

    What says something else than any item is the item in its place, where there are as many: tools spell ids and indices of tokens
    in several ways.
    """
    left = dict.fromkeys(range(len(value)))
    places: list[int | None] = []
    for number, item in enumerate(old):
        own = [number] if number in left else []  # most often its own
        place = next((place for place in chain(own, left) if _covers(value[place], item)), None)
        places.append(place)
        if place is not None:
            del left[place]
    if len(old) == len(value):
        places = [number if place is None and number in left else place for number, place in enumerate(places)]
    return None if None in places else [place for place in places if place is not None]


def _covers(value: Any, part: Any) -> bool:
    """Whether a value says all that another says."""
    if isinstance(value, dict) and isinstance(part, dict):
        return all(_covers(value.get(key), item) for key, item in part.items())
    if isinstance(value, list) and isinstance(part, list):
        return len(value) == len(part) and all(map(_covers, value, part))
    return type(value) is type(part) and bool(value == part)
