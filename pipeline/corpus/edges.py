"""Entities that begin or end inside a word, and which way of counting characters would put them at its edges.

Letters, digits and the marks on them make words, but not in scripts that leave no blank between words, or that join particles to
them. Between a digit and a letter a word may end: "20km".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core.arrays import Bools, Ints

INSIDE, EARLY, UTF_16, BYTES = 1, 2, 4, 8  # the bits of a fault; EARLY: by one character, and INSIDE for no other reason
UNITS = {UTF_16: ("utf-16-le", 2), BYTES: ("utf-8", 1)}  # encoding and bytes a unit
LETTER, DIGIT = 1, 2
# Scripts of which an entity may be part of a word by right, by how Unicode names their characters.
JOINED = ("CJK ", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "THAI", "LAO ", "KHMER", "MYANMAR", "TIBETAN", "IDEOGRAPHIC", "YI ")


def edge_faults(texts: Sequence[str], spans: Ints) -> Ints:
    """(N, 2) bits of what is wrong with the edges of both entities of a text, 0 for nothing.

    Args: spans: (N, 2, 2) start and end of e1 and of e2 in characters.
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))[:, None]
    begins = np.concatenate([np.zeros((1, 1), np.int64), ends[:-1]])
    starts, stops = (spans[:, :, edge] + begins for edge in (0, 1))
    places = np.stack([starts - 1, starts, stops - 1, stops, stops + 1], axis=2)
    is_inside = (places >= begins[:, :, None]) & (places < ends[:, :, None])
    kinds = np.where(is_inside, _kinds(points, np.where(is_inside, places, 0)), 0)
    cut_start, cut_end, cut_after = (_is_cut(kinds[:, :, left], kinds[:, :, left + 1]) for left in (0, 2, 3))
    faults: Ints = np.where(cut_start | cut_end, INSIDE, 0) | np.where(cut_end & ~cut_start & ~cut_after, EARLY, 0)
    for row, entity in np.argwhere(faults):
        if not texts[row].isascii():
            start, end = spans[row, entity].tolist()
            cut = [edge for edge, is_cut in ((start, cut_start), (end, cut_end)) if is_cut[row, entity]]
            faults[row, entity] |= _other_units(texts[row], cut)
    return faults


def _kinds(points: NDArray[np.uint32], places: Ints) -> Ints:
    """What the characters at some places are: LETTER, DIGIT, or 0 where no word is cut."""
    distinct, of_place = np.unique(points[places], return_inverse=True)
    kinds = np.array([character_kind(chr(point)) for point in distinct.tolist()], np.int64)
    of_places: Ints = kinds[of_place].reshape(places.shape)
    return of_places


def character_kind(character: str) -> int:
    """LETTER, DIGIT, or 0 for what is neither, or of a script that joins words.

    >>> character_kind("a"), character_kind("7"), character_kind("-"), character_kind("中")
    (1, 2, 0, 0)
    """
    category = unicodedata.category(character)[0]
    if category == "N":
        return DIGIT
    return LETTER if category in "LM" and not unicodedata.name(character, "").startswith(JOINED) else 0


def _is_cut(left: Ints, right: Ints) -> Bools:
    is_cut: Bools = (left > 0) & (left == right)
    return is_cut


def _other_units(text: str, cut: Sequence[int]) -> int:
    """The bits of the units which, as the offsets were counted in them, put the edges that cut a word where none is cut."""
    return sum(bit for bit, (encoding, size) in UNITS.items() if _explains(text, cut, _counted_in(text, encoding, size)))


def _counted_in(text: str, encoding: str, size: int) -> Callable[[int], int]:
    encoded = text.encode(encoding)
    return lambda offset: len(encoded[: offset * size].decode(encoding, "ignore"))


def _explains(text: str, cut: Sequence[int], real: Callable[[int], int]) -> bool:
    return not any(_cuts_word(text, real(edge)) for edge in cut)


def _cuts_word(text: str, edge: int) -> bool:
    left, right = (character_kind(character) for character in (text[edge - 1 : edge] or " ", text[edge : edge + 1] or " "))
    return left > 0 and left == right
