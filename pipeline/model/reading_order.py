"""The order in which vectors are read where they are more than memory may hold: parts, each of blocks drawn from all rows.

Random reads of a store that memory does not hold wait for the disk, a sentence at a time. So rows are dealt into parts, one of
which is being learnt while the next is read, and each part is of blocks of rows that follow one another, as their vectors mostly
do on disk. Blocks are drawn at random: mixed almost as well as rows drawn one by one (Xu et al. 2022, "In-database machine
learning with CorgiPile", SIGMOD).
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.core.arrays import Ints

# Vectors in memory at once: all, or a part and the next one. Results depend on it, so it does not depend on the machine.
HELD_BYTES = 2**31
BLOCK_BYTES = 2**22


def parts(vector_ids: Ints, n_bytes: Ints, rng: np.random.Generator | None = None) -> list[Ints]:
    """Row ids in parts of about HELD_BYTES / 2 of vectors each; in one, ascending, where all fit into HELD_BYTES.

    Args: vector_ids: (N,) of each row's vectors, the same for rows that share them; n_bytes: (N,) of these; rng: draws the blocks
        of a part, which are otherwise neighbours.
    Returns: every row id once; rows that share their vectors are in one part, behind the first of them, and a part is otherwise
        ascending. The ids themselves decide nothing.
    """
    rows = np.arange(len(vector_ids))
    if n_bytes.sum() <= HELD_BYTES:
        return [rows]
    _, first_rows, shared = np.unique(vector_ids, return_index=True, return_inverse=True)
    place = first_rows[shared]
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.where(place == rows, n_bytes, 0)[order])
    if ends[-1] <= HELD_BYTES:
        return [rows]
    blocks = np.split(order, np.flatnonzero(np.diff((ends - 1) // BLOCK_BYTES)) + 1)
    n_parts = min(math.ceil(ends[-1] / (HELD_BYTES // 2)), len(blocks))
    drawn = np.arange(len(blocks)) if rng is None else rng.permutation(len(blocks))
    return [np.concatenate([blocks[block] for block in np.sort(some)]) for some in np.array_split(drawn, n_parts)]
