"""Which rows are held out of train for validation or test, where no file gives these.

Rows are compared by the hash of their text. It decides the hold-out too, so that another platform draws the same rows, and an
edited annotation moves no other row from one side to the other. All rows of a document stay on one side.
"""

from __future__ import annotations

import numpy as np
import xxhash
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Ints

Keys = NDArray[np.uint64]  # hashes


def text_key(text: str, seed: int) -> int:
    """A 64-bit number that rows with the same text share; the seed shuffles the order of these numbers."""
    return xxhash.xxh3_64_intdigest(f"{seed}:{text}".encode())


def group_keys(keys: Keys, documents: Keys) -> Keys:
    """(N,) a key that rows share which must stay on one side: those of one text, of one document, or linked by a chain of these.

    It is the smallest key of the rows, so that a row that is linked with no other keeps its own.

    Args: keys: (N,) the rows' text_key; documents: (N,) a key that rows of one document share.

    >>> group_keys(np.array([7, 3, 7, 5], np.uint64), np.array([1, 1, 2, 3], np.uint64)).tolist()
    [3, 3, 3, 5]
    """
    if len(np.unique(documents)) == len(documents):
        return keys
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    distinct, text = np.unique(keys, return_inverse=True)
    n_documents, document = np.unique(documents, return_inverse=True)
    n_nodes = len(distinct) + len(n_documents)
    links = coo_array((np.ones(len(keys), np.int8), (text, len(distinct) + document)), shape=(n_nodes, n_nodes))
    _, group = connected_components(links, directed=False)
    smallest = np.full(n_nodes, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, group[text], keys)
    grouped: Keys = smallest[group[text]]
    return grouped


def hold_out(keys: Keys, relations: Ints, fraction: float) -> Bools:
    """Choose the rows of one side: stratified by relation, rows with the same key on one side, every relation left on the other.

    Args: keys: (N,) the rows' text_key or group_keys; relations: (N,) relation ids. A key is of the relation of its first row.
    Returns: (N,) whether a row is held out.

    >>> hold_out(np.array([7, 3, 7, 5], np.uint64), np.array([0, 0, 0, 0]), 0.5).tolist()
    [False, True, False, True]
    """
    _, first, key = np.unique(keys, return_index=True, return_inverse=True)  # keys in their order, which is random
    by_relation = np.argsort(relations[first], kind="stable")  # relation by relation
    n_keys = np.unique(relations[first], return_counts=True)[1]
    n_rows = np.bincount(key)[by_relation]
    before = ragged.offsets(n_rows)
    starts, ends = before[ragged.offsets(n_keys)[:-1]], before[ragged.offsets(n_keys)[1:]]  # of each relation, in rows
    middle = before[1:] - np.repeat(starts, n_keys) - n_rows / 2
    held = np.zeros(len(first), bool)
    held[by_relation] = middle < fraction * np.repeat(ends - starts, n_keys)
    held[by_relation[np.cumsum(n_keys) - 1]] = False
    lost = np.setdiff1d(relations, relations[~held[key]])  # relations that are that of no key
    held[key[[np.flatnonzero(relations == relation)[0] for relation in lost]]] = False
    return held[key]
