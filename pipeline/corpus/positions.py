"""Words' relative positions to an entity, their ids, and the window kept of a long sentence, for many sentences at once.

Relative positions after Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network", section 3.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import at_row

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
    """Distances as ids 1 .. 2 max_distance + 1; 0 is left to padding.

    >>> position_ids(np.array([-2, 0, 2], np.int32), 2).tolist()
    [1, 3, 5]
    """
    ids: NDArray[np.int32] = distances + np.int32(max_distance + 1)
    return ids


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


def with_positions(table: pa.Table, e1: Ints, e2: Ints, max_length: int, max_distance: int) -> pa.Table:
    """A table of N sentences with the position ids of both entities and the window kept of each.

    Args: e1, e2: (N, 2) start and end of the entities, in words.
    """
    n_words = ragged.lengths(table["words"])
    for name, (start, end) in (("e1", e1.T), ("e2", e2.T)):
        ids = position_ids(relative_positions(n_words, start, end, max_distance), max_distance)
        table = table.append_column(f"{name}_position_ids", ragged.lists(ids, n_words))
    edges = windows(n_words, np.minimum(e1[:, 0], e2[:, 0]), np.maximum(e1[:, 1], e2[:, 1]), max_length)
    for name, column in zip(("window_start", "window_end"), edges, strict=True):
        table = table.append_column(name, pa.array(column, pa.int32()))
    return table


def extent(table: pa.Table) -> tuple[Ints, Ints]:
    """(N,) the start of the earlier entity and (N,) the end of the later one, in words, of a parsed table."""
    columns = {name: table[name].to_numpy().astype(np.int64) for name in ("e1_start", "e2_start", "e1_end", "e2_end")}
    return np.minimum(columns["e1_start"], columns["e2_start"]), np.maximum(columns["e1_end"], columns["e2_end"])


def find_problems(table: pa.Table, max_length: int) -> Iterator[Problem]:
    """The rows of a parsed table whose entities are further apart than the window is wide."""
    first, last = extent(table)
    for row in np.flatnonzero(last - first > max_length).tolist():
        n_words = int(last[row] - first[row])
        found = f"the entities span {n_words} words, more than position.max_length {max_length}"
        problem = Problem(found, f"raise position.max_length to {n_words}", "entities-far-apart")
        yield at_row(problem, table, row).or_exclude()
