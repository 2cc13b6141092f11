"""Viterbi decoding of BIO tags in NumPy (Forney 1973), a whole batch at once; needs no TensorFlow.

In: a linear-chain CRF's emissions and transitions. Out: the best tag sequence of every row among those BIO permits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PADDING = -1
# Which prefix may follow which, and whether both tags must then be of one class. "start" stands before the first word.
FOLLOWS = {
    ("start", "O"): "always",
    ("start", "B"): "always",
    ("start", "I"): "never",
    ("O", "O"): "always",
    ("O", "B"): "always",
    ("O", "I"): "never",
    ("B", "O"): "always",
    ("B", "B"): "always",
    ("B", "I"): "same class",
    ("I", "O"): "always",
    ("I", "B"): "always",
    ("I", "I"): "same class",
}


def may_follow(previous: str, tag: str) -> bool:
    """Whether BIO permits a tag after another.

    >>> may_follow("B-E1", "I-E1"), may_follow("B-E1", "I-E2"), may_follow("start", "I"), may_follow("I", "I")
    (True, False, False, True)
    """
    (before, _, before_class), (prefix, _, tag_class) = previous.partition("-"), tag.partition("-")
    rule = FOLLOWS[before, prefix]
    return rule == "always" or (rule == "same class" and before_class == tag_class)


def permitted(tags: Sequence[str]) -> tuple[Bools, Bools]:
    """What BIO permits: the tags a sentence may start with (K,), and the transitions [from, to] (K, K)."""
    starts = [may_follow("start", tag) for tag in tags]
    transitions = [[may_follow(previous, tag) for tag in tags] for previous in tags]
    return np.array(starts), np.array(transitions)


def decode(emissions: Floats, lengths: Ints, transitions: Floats, tags: Sequence[str]) -> Ints:
    """The best tag sequence that BIO permits.

    Args: emissions: (B, T, K) float32; lengths: (B,) real words a row, at least 1; transitions: (K, K) float32 scores [from, to].
    Returns: (B, T) int64 tag ids, PADDING past each row's length.
    """
    start_permitted, permitted_transitions = permitted(tags)
    transitions = np.where(permitted_transitions, transitions, np.float32(-np.inf))
    n_rows, n_words, n_tags = emissions.shape
    scores = np.where(start_permitted, emissions[:, 0], np.float32(-np.inf))
    stay = np.arange(n_tags)
    origins = np.empty((n_rows, n_words, n_tags), np.int64)
    for word in range(1, n_words):
        candidates = scores[:, :, None] + transitions
        real = (word < lengths)[:, None]
        # Past a row's end its scores stand still, so that every row can be traced back from the last column.
        origins[:, word] = np.where(real, candidates.argmax(axis=1), stay)
        scores = np.where(real, candidates.max(axis=1) + emissions[:, word], scores)
    paths = np.empty((n_rows, n_words), np.int64)
    paths[:, -1] = scores.argmax(axis=1)
    rows = np.arange(n_rows)
    for word in range(n_words - 1, 0, -1):
        paths[:, word - 1] = origins[rows, word, paths[:, word]]
    return np.where(np.arange(n_words) < lengths[:, None], paths, PADDING)
