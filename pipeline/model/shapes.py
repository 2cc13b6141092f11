"""The shapes of words: what an encoder that makes all letters small does not see of them (Collobert et al. 2011)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHAPES = (  # a word has the first that holds of it; ids begin at 1, 0 is padding
    ("digits", str.isdigit),
    ("with a digit", lambda word: any(map(str.isdigit, word))),
    ("without a letter", lambda word: not any(map(str.isalpha, word))),
    ("one capital", lambda word: len(word) == 1 and word.isupper()),
    ("capitals", str.isupper),
    ("begins with a capital", lambda word: word[0].isupper()),
    ("a capital within", lambda word: any(map(str.isupper, word))),
    ("small letters", lambda word: True),
)


@lru_cache(maxsize=100_000)
def shape_id(word: str) -> int:
    """The id of a word's shape.

    >>> [shape_id(word) for word in ("1848", "B-52", "...", "I", "USA", "Rome", "iPhone", "rome")]
    [1, 2, 3, 4, 5, 6, 7, 8]
    """
    return next(number for number, (_, holds) in enumerate(SHAPES, 1) if holds(word))


def shape_ids(words: pa.Array) -> NDArray[np.int32]:
    """The ids (T,) of words."""
    return np.array([shape_id(word) for word in words.to_pylist()], np.int32)
