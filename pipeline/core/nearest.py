"""Hints that name the known name most like an unknown one, in time that grows with the number of names and no faster."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Iterable

N_COMPARED = 100  # more known names than that are looked at only where they share a beginning or an end with the unknown one
N_HINTS = 200  # so many typos are a guess each; beyond them, names are another list
N_LISTED = 20


class KnownNames:
    """Names that unknown ones, many perhaps, are compared with."""

    def __init__(self, names: Iterable[str]) -> None:
        """Sort the names, where they are too many to compare each."""
        self._names = list(dict.fromkeys(names))
        self._forward = sorted(self._names) if len(self._names) > N_COMPARED else []
        self._backward = sorted(name[::-1] for name in self._forward)
        more = len(self._names) - N_LISTED
        self._listing = f"use one of: {', '.join(self._names[:N_LISTED])}{f' and {more:,} more' if more > 0 else ''}"
        self._n_hints = 0

    def closest(self, name: str) -> str | None:
        """The known name most like an unknown one, if one is like it and it is among the first N_HINTS that are asked for."""
        self._n_hints += 1
        if self._n_hints > N_HINTS:
            return None
        close = difflib.get_close_matches(name, self._candidates(name), n=1)
        return close[0] if close else None

    def hint(self, name: str) -> str:
        """What to do with an unknown name: the closest known one, or some of them."""
        close = self.closest(name)
        return f"did you mean {close}?" if close else self._listing

    def _candidates(self, name: str) -> list[str]:
        if not self._forward:
            return self._names
        return [*_beside(name, self._forward), *(other[::-1] for other in _beside(name[::-1], self._backward))]


def _beside(name: str, names: list[str]) -> list[str]:
    """The sorted names on both sides of the place that a name would have."""
    place = bisect_left(names, name)
    return names[max(place - N_COMPARED // 2, 0) : place + N_COMPARED // 2]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known name most like the unknown one.

    >>> nearest("learning_rat", ["epochs", "learning_rate"])
    'did you mean learning_rate?'
    >>> nearest("zzz", ["a", "b"])
    'use one of: a, b'
    """
    return KnownNames(known).hint(name)
