"""Which rows and sentences are worth a person's look, best first: pure functions of probabilities and vectors.

Each returns row numbers in order; the earlier of two that are alike comes first.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.arrays import Doubles, Floats, Ints

DOUBT_DIGITS = 3  # to which probabilities of labels are alike, so that the margin decides
BLOCK_ROWS = 1_000  # of known rows that are compared at once


def doubtful(probabilities: Floats, given: Ints) -> Ints:
    """The rows whose label is not the most probable one: the least probable labels first, then the largest margin of another.

    Sorting by the probability that a network which never saw the row has for its label finds as many wrong labels as confident
    learning (Northcutt et al. 2021), and makes no promise of their number.

    Args: probabilities: (N, R); given: (N,) relation ids.

    >>> doubtful(np.array([[0.9, 0.1], [0.4, 0.6], [0.1, 0.9]], np.float32), np.array([0, 0, 0])).tolist()
    [2, 1]
    """
    own = probabilities[np.arange(len(given)), given].astype(np.float64)
    margin = probabilities.max(axis=1) - own
    order: Ints = np.lexsort((-margin, np.round(own, DOUBT_DIGITS)))
    contradicted: Ints = order[margin[order] > 0]
    return contradicted


def uncertain(margin: Doubles, count: int) -> Ints:
    """The rows of the smallest margins (Scheffer et al. 2001).

    >>> uncertain(np.array([0.5, 0.1, 0.9, 0.1]), 3).tolist()
    [1, 3, 0]
    """
    return np.argsort(margin, kind="stable")[:count]


def diverse(vectors: Floats, known: Floats, count: int) -> Ints:
    """Rows that are each as far as can be from all known ones and from those before it (Gonzalez 1985; Sener and Savarese 2018).

    Args: vectors: (N, H) of the rows; known: (K, H) of what is annotated already, none perhaps. Far is by the angle.

    >>> diverse(np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 0]], np.float32), np.array([[1, 0]], np.float32), 2).tolist()
    [3, 2]
    """
    points, centres = _of_length_one(vectors), _of_length_one(known)
    nearest = np.full(len(points), -1.0, np.float32)  # cosine to the nearest centre
    for start in range(0, len(centres), BLOCK_ROWS):
        nearest = np.maximum(nearest, (points @ centres[start : start + BLOCK_ROWS].T).max(axis=1))
    chosen: list[int] = []
    for _ in range(min(count, len(points))):
        farthest = int(nearest.argmin())
        chosen.append(farthest)
        nearest = np.maximum(nearest, points @ points[farthest])
        nearest[chosen] = np.inf
    return np.array(chosen, np.int64)


def _of_length_one(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.float32(1e-12)), np.float32)


def drawn(n: int, count: int, seed: int) -> Ints:
    """Rows drawn at random, in the order in which they are drawn: of a larger count the first are the same.

    >>> drawn(5, 2, seed=1).tolist() == drawn(5, 5, seed=1).tolist()[:2]
    True
    """
    return np.random.default_rng(seed).permutation(n)[:count]
