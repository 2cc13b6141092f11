"""How probable each entity of a tag sequence is (Sutton and McCallum 2012, section 4.1), in NumPy; needs no TensorFlow.

In: a linear-chain CRF's emissions and transitions, and a sequence of BIO tags. Out: of each entity of it the share that all
sequences with just this entity, its first word, its last and its class, have among all that BIO permits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.arrays import Bools, Doubles, Floats, Ints
from pipeline.model.viterbi import permitted


def entity_probabilities(emissions: Floats, lengths: Ints, transitions: Floats, tags: Sequence[str], tag_ids: Ints) -> Doubles:
    """The probability of the entity that begins at each word.

    Args: emissions: (B, T, K) float32; lengths: (B,) real words a row, at least 1; transitions: (K, K) float32 scores [from, to];
        tags: K names; tag_ids: (B, T), a sequence a row that BIO permits, as viterbi.decode gives it.
    Returns: (B, T) float64, 0 where no entity begins.
    """
    starts, steps = permitted(tags)
    scores = np.where(steps, transitions.astype(np.float64), -np.inf)
    before = _forward(emissions, starts, scores)
    after = _backward(emissions, lengths, scores)
    total = np.logaddexp.reduce(np.where(starts, emissions[:, 0], -np.inf) + after[:, 0], axis=-1)
    prefixes = np.array([tag[0] for tag in tags])
    # What follows each tag where its entity ends with it: any tag but an I.
    leaving = np.where(prefixes == "I", -np.inf, scores)
    probabilities = np.zeros(tag_ids.shape)
    for row, start in np.argwhere(_is(tag_ids, prefixes == "B")).tolist():
        ids, length = tag_ids[row], int(lengths[row])
        end = start + 1
        score = before[row, start, ids[start]]
        while end < length and prefixes[ids[end]] == "I":
            score += scores[ids[end - 1], ids[end]] + emissions[row, end, ids[end]]
            end += 1
        if end < length:
            score += np.logaddexp.reduce(leaving[ids[end - 1]] + emissions[row, end] + after[row, end])
        probabilities[row, start] = np.exp(min(score - total[row], 0.0))
    return probabilities


def _is(tag_ids: Ints, wanted: Bools) -> Bools:
    """(B, T) where a tag is one of those wanted (K,); padding, which is negative, is none."""
    found: Bools = (tag_ids >= 0) & wanted[np.maximum(tag_ids, 0)]
    return found


def _forward(emissions: Floats, starts: Bools, scores: Doubles) -> Doubles:
    """(B, T, K) log sums over all sequences up to a word that end in each tag, its emission in."""
    sums = np.empty(emissions.shape)
    sums[:, 0] = np.where(starts, emissions[:, 0], -np.inf)
    for word in range(1, emissions.shape[1]):
        sums[:, word] = np.logaddexp.reduce(sums[:, word - 1, :, None] + scores, axis=1) + emissions[:, word]
    return sums


def _backward(emissions: Floats, lengths: Ints, scores: Doubles) -> Doubles:
    """(B, T, K) log sums over all that may follow each tag of a word up to the row's end; 0 at its last word and behind."""
    sums = np.zeros(emissions.shape)
    for word in range(emissions.shape[1] - 2, -1, -1):
        following = (emissions[:, word + 1] + sums[:, word + 1])[:, None] + scores
        real = (word + 1 < lengths)[:, None]
        sums[:, word] = np.where(real, np.logaddexp.reduce(following, axis=2), 0.0)
    return sums
