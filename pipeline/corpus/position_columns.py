"""The columns that the position stage adds to rows: the ids of relative positions, and the window kept of a long sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import Problem
from pipeline.core.positions import position_ids, relative_positions, windows
from pipeline.core.schema import at_row
from pipeline.core.word_spans import entity_edges


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
    starts, ends = np.moveaxis(entity_edges(table), 2, 0)
    return starts.min(axis=1), ends.max(axis=1)


def find_problems(table: pa.Table, max_length: int) -> Iterator[Problem]:
    """The rows of a parsed table whose entities are further apart than the window is wide."""
    first, last = extent(table)
    for row in np.flatnonzero(last - first > max_length).tolist():
        n_words = int(last[row] - first[row])
        found = f"the entities span {n_words} words, more than position.max_length {max_length}"
        problem = Problem(found, f"raise position.max_length to {n_words}", "entities-far-apart")
        yield at_row(problem, table, row).or_exclude()
