"""Pairs of entities found in sentences, as rows that a model can be asked about."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.corpus.position_columns import with_positions


def ordered_pairs(rows: Ints, starts: Ints, ends: Ints, max_length: int) -> tuple[Ints, Ints]:
    """The ordered pairs of entities of one sentence that a window holds, in the order of itertools.permutations.

    Only these are built: the pairs of a long text grow with its square, those within a window with its length.

    Args: rows: (M,) the sentence of each entity; starts, ends: (M,) half-open, in its words; entities are apart, in reading order,
        sentence by sentence; max_length: words of a window.
    Returns: the indices of e1 and of e2, (P,) each.

    >>> [side.tolist() for side in ordered_pairs(np.array([0, 0, 0, 1]), np.array([0, 2, 9, 1]), np.array([1, 3, 10, 2]), 5)]
    [[0, 1], [1, 0]]
    """
    # All sentences on one line, so far apart that no window reaches from one into the next.
    shift = rows * (int(ends.max(initial=0)) + max_length)
    starts, ends = starts + shift, ends + shift
    # A window that ends with e1 reaches back to the first partner, one that starts with e1 reaches on to the last.
    first = np.searchsorted(starts, ends - max_length)
    n_partners = np.searchsorted(ends, starts + max_length, side="right") - first
    # An entity longer than the window has not even itself within reach.
    n_partners = np.maximum(n_partners, 0)
    e1 = np.repeat(np.arange(len(rows)), n_partners)
    e2 = np.repeat(first, n_partners) + ragged.indices(n_partners)
    return e1[e1 != e2], e2[e1 != e2]


def candidate_rows(sentences: pa.Table, rows: Ints, e1: Ints, e2: Ints, max_length: int, max_distance: int) -> pa.Table:
    """Pairs as rows with what a network reads of rows of the position stage, without a relation.

    Args: sentences: tagged, whose tags the rows keep; rows: (P,) the sentence of each pair; e1, e2: (P, 2) start and end of its
        entities, in words; max_length, max_distance: as in the section position.
    """
    table = sentences.select(["words", "tag_ids"]).take(pa.array(rows))
    table = with_positions(table, e1, e2, max_length, max_distance)
    return table.append_column("relation", pa.nulls(len(table), pa.string()))
