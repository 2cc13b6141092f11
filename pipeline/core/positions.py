"""Words' relative positions to an entity, their ids, and the window kept of a long sentence, for many sentences at once.

Relative positions after Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network", section 3.3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints

PADDING_ID = 0


def relative_positions(n_words: Ints, starts: Ints, ends: Ints, max_distance: int) -> NDArray[np.int32]:
    """Distance of every word to its sentence's entity [start, end), 0 inside it, for N sentences end to end.

    Args: n_words, starts, ends: (N,) in words.
    Returns: (sum of n_words,) int32, clipped to [-max_distance, max_distance]: negative left of the entity, positive right of it.

    >>> relative_positions(np.array([6]), np.array([2]), np.array([4]), 2).tolist()
    [-2, -1, 0, 0, 1, 2]
    """
    word = ragged.indices(n_words)
    start, last = np.repeat(starts, n_words), np.repeat(ends - 1, n_words)
    distance = np.minimum(word - start, 0) + np.maximum(word - last, 0)
    clipped: NDArray[np.int32] = np.clip(distance, -max_distance, max_distance).astype(np.int32)
    return clipped


def position_ids(distances: NDArray[np.int32], max_distance: int) -> NDArray[np.int32]:
    """Distances as ids, those from -max_distance to max_distance as 1 .. 2 max_distance + 1; 0 is left to padding.

    >>> position_ids(np.array([-2, 0, 2], np.int32), 2).tolist()
    [1, 3, 5]
    """
    ids: NDArray[np.int32] = distances + np.int32(inside_id(max_distance))
    return ids


def inside_id(max_distance: int) -> int:
    """The id of distance 0: of a word inside the entity."""
    return max_distance + 1


def n_ids(max_distance: int) -> int:
    """How many ids there are, that of padding among them."""
    return 2 * max_distance + 2


def windows(n_words: Ints, first: Ints, last: Ints, max_length: int) -> tuple[Ints, Ints]:
    """The window [start, end) kept of N sentences: the whole sentence, or max_length words with [first, last) in the middle.

    Args: n_words: (N,) words a sentence; first, last: (N,) the start of the earlier entity and the end of the later one.

    >>> start, end = windows(np.array([5, 9, 9]), np.array([0, 4, 0]), np.array([5, 6, 2]), 5)
    >>> start.tolist(), end.tolist()
    ([0, 3, 0], [5, 8, 5])
    """
    width = np.minimum(n_words, max_length)
    start = np.clip(first - (width - (last - first)) // 2, 0, n_words - width)
    return start, start + width
