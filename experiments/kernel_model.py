"""Kernel ridge regression of a pair's mean word vectors: seconds to train, no seed, and of use with few rows.

What it says of rows that it was not trained on puts more wrong labels first than a network of few epochs does, and is wrong in
other places than the network (experiments/annotation, docs/findings.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.linalg import cho_factor, cho_solve

from pipeline.annotation.selection import drawn
from pipeline.core.arrays import Bools, Floats, Ints
from pipeline.core.schema import Span
from pipeline.model.batches import VectorStore

LANDMARKS = 12_000  # rows that all are compared with, at most
MOST_VALUES = 400_000_000  # of similarities, 1.6 GB: more rows have fewer landmarks
SEED = 0  # of the draw of landmarks
BLOCK_ROWS = 1_000  # that are described at once
RIDGE, SHARPNESS = 0.3, 6.0  # chosen on SemEval-2010 Task 8 with labels made wrong on purpose
EDGES = ("e1_start", "e1_end", "e2_start", "e2_end")


def features(rows: pa.Table, store: VectorStore) -> Floats:
    """(N, 5H) of each row the mean vectors of e1, e2, the words between, and all words, and the maximum between.

    Args: rows: with words and the spans of e1 and e2.
    """
    edges = zip(*(rows[name].to_pylist() for name in EDGES), strict=True)
    store_ids = store.find(rows["words"]).tolist()
    return np.array([_describe(store, *each) for each in zip(store_ids, edges, strict=True)], np.float32)


def _describe(store: VectorStore, store_id: int, edges: tuple[int, int, int, int]) -> Floats:
    words = store.vectors(store_id).astype(np.float32)
    e1, e2 = Span(*edges[:2]), Span(*edges[2:])
    inner = words[min(e1.end, e2.end) : max(e1.start, e2.start)]
    between = inner if len(inner) else np.zeros((1, words.shape[1]), np.float32)
    parts = [words[slice(*e1)].mean(axis=0), words[slice(*e2)].mean(axis=0), between.mean(axis=0), between.max(axis=0)]
    return np.concatenate([*parts, words.mean(axis=0)])


@dataclass(frozen=True)
class Similarities:
    """How alike N rows are to L of them, the landmarks: all rows where these are few enough.

    Args: values: (N, L); landmarks: (L,) row numbers.
    """

    values: Floats
    landmarks: Ints

    @classmethod
    def of(cls, rows: pa.Table, store: VectorStore) -> Similarities:
        """Of rows with words and spans: exp(-d / sqrt(F)) of their distance d in F standardised features."""
        n_landmarks = min(len(rows), LANDMARKS, max(1, MOST_VALUES // max(1, len(rows))))
        landmarks = np.sort(drawn(len(rows), n_landmarks, SEED))
        described = features(rows.take(pa.array(landmarks)), store)
        mean, deviation = described.mean(axis=0), described.std(axis=0) + np.float32(1e-6)
        described = (described - mean) / deviation
        values = np.empty((len(rows), n_landmarks), np.float32)
        for start in range(0, len(rows), BLOCK_ROWS):
            own = slice(start, start + BLOCK_ROWS)
            is_described = n_landmarks == len(rows)  # every row is a landmark
            block = described[own] if is_described else (features(rows.slice(start, BLOCK_ROWS), store) - mean) / deviation
            values[own] = _alike(block, described)
        return cls(values, landmarks)

    def tell(self, training: Bools, labels: Ints, n_labels: int) -> Floats:
        """(M, R) probabilities of the M other rows, by the training rows.

        Scores by ridge regression on the labels, of all training rows (Saunders et al. 1998) or, where some are no landmarks, on
        those that are (the subset of regressors, Poggio and Girosi 1990); probabilities by a softmax.

        Args: training: (N,); labels: (N,) ids, of which those of training rows are read; n_labels: R.
        """
        known = training[self.landmarks]
        among = self.values[training][:, known]
        targets = np.eye(n_labels, dtype=np.float32)[labels[training]]
        mean = targets.mean(axis=0)
        if known.sum() == training.sum():
            weights = _solve(among, targets - mean)
        else:
            corners = self.values[self.landmarks[known]][:, known]
            weights = _solve(among.T @ among / RIDGE + corners, among.T @ (targets - mean) / RIDGE, ridge=1e-3)
        return _softmax(SHARPNESS * (self.values[~training][:, known] @ weights + mean))


def _alike(ones: Floats, others: Floats) -> Floats:
    """(N, M) of standardised features (N, F) and (M, F), whose mean squared distance is 2F."""
    squares = np.square(ones).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * ones @ others.T
    return np.asarray(np.exp(-np.sqrt(np.maximum(squares, 0) / ones.shape[1])), np.float32)


def _solve(matrix: Floats, targets: Floats, ridge: float = RIDGE) -> Floats:
    matrix[np.diag_indices(len(matrix))] += ridge
    weights: Floats = cho_solve(cho_factor(matrix, overwrite_a=True, check_finite=False), targets, check_finite=False)
    return weights


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
