"""Viterbi decoding of BIO tags in NumPy (Forney 1973), a whole batch at once; needs no TensorFlow.

In: a linear-chain CRF's emissions and transitions. Out: the tag sequence with the highest score of all that BIO permits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.arrays import Bools, Floats, Ints

PADDING = -1
FORBIDDEN = np.float32(-np.inf)
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
    """What BIO permits: the tags a sentence may start with (K,), and the transitions [from, to] (K, K).

    >>> starts, transitions = permitted(["O", "B", "I"])
    >>> starts.tolist(), transitions[0].tolist()
    ([True, True, False], [True, True, False])
    """
    starts = [may_follow("start", tag) for tag in tags]
    transitions = [[may_follow(previous, tag) for tag in tags] for previous in tags]
    return np.array(starts), np.array(transitions)


def decode(emissions: Floats, lengths: Ints, transitions: Floats, tags: Sequence[str]) -> Ints:
    """The tag sequence with the highest score of all that BIO permits, a row.

    A sequence's score is the sum of its emissions and of the transitions between them.

    Args: emissions: (B, T, K) float32; lengths: (B,) real words a row, at least 1; transitions: (K, K) float32 scores [from, to];
        tags: K names.
    Returns: (B, T) int64 tag ids, PADDING past each row's length.
    """
    start_permitted, transition_permitted = permitted(tags)
    transitions = np.where(transition_permitted, transitions, FORBIDDEN)
    n_rows, n_words, n_tags = emissions.shape
    # Of the best sequence up to a word that ends in each tag: its score (B, K), and the tag before.
    scores = np.where(start_permitted, emissions[:, 0], FORBIDDEN)
    previous_tags = np.empty((n_rows, n_words, n_tags), np.int64)
    for word in range(1, n_words):
        candidates = scores[:, :, None] + transitions  # (B, from, to)
        real = (word < lengths)[:, None]
        # Past a row's end its scores stand still, so that every row can be traced back from the last column.
        previous_tags[:, word] = np.where(real, candidates.argmax(axis=1), np.arange(n_tags))
        scores = np.where(real, candidates.max(axis=1) + emissions[:, word], scores)
    tag_ids = _traced_back(previous_tags, scores.argmax(axis=1))
    return np.where(np.arange(n_words) < lengths[:, None], tag_ids, PADDING)


def _traced_back(previous_tags: Ints, last_tags: Ints) -> Ints:
    """Whole sequences (B, T) from their last tags (B,), given each word's best previous tag by its own tag (B, T, K)."""
    n_rows, n_words, _ = previous_tags.shape
    tag_ids = np.empty((n_rows, n_words), np.int64)
    tag_ids[:, -1] = last_tags
    for word in range(n_words - 1, 0, -1):
        tag_ids[:, word - 1] = previous_tags[np.arange(n_rows), word, tag_ids[:, word]]
    return tag_ids
