"""A linear model of a pair's mean word vectors, in NumPy: seconds to train, and wrong in other places than the network.

Its probabilities, averaged with the network's, put far more wrong labels first than either alone (experiments/annotation).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.core.arrays import Floats, Ints
from pipeline.core.schema import Span
from pipeline.model.batches import VectorStore

BATCH, LEAST_STEPS, LEAST_EPOCHS = 128, 250, 2  # of fewer steps little is learnt
LEARNING_RATE, DROPOUT, DECAY = 3e-4, 0.3, 1e-4
EDGES = ("e1_start", "e1_end", "e2_start", "e2_end")


def features(rows: pa.Table, store: VectorStore) -> Floats:
    """(N, 5H) of each row the mean vectors of e1, e2, the words between, and all words, and the maximum between; standardised.

    Args: rows: with words and the spans of e1 and e2.
    """
    spans = zip(*(rows[name].to_pylist() for name in EDGES), strict=True)
    described = np.array(
        [_describe(store, store_id, edges) for store_id, edges in zip(store.find(rows["words"]).tolist(), spans, strict=True)],
        np.float32,
    )
    return np.asarray((described - described.mean(axis=0)) / (described.std(axis=0) + 1e-6), np.float32)


def _describe(store: VectorStore, store_id: int, edges: tuple[int, int, int, int]) -> Floats:
    words = store.vectors(store_id).astype(np.float32)
    e1, e2 = Span(*edges[:2]), Span(*edges[2:])
    inner = words[min(e1.end, e2.end) : max(e1.start, e2.start)]
    between = inner if len(inner) else np.zeros((1, words.shape[1]), np.float32)
    parts = [words[slice(*e1)].mean(axis=0), words[slice(*e2)].mean(axis=0), between.mean(axis=0), between.max(axis=0)]
    return np.concatenate([*parts, words.mean(axis=0)])


def predict(training: Floats, labels: Ints, testing: Floats, n_labels: int, seed: int) -> Floats:
    """(M, R) probabilities of rows that a softmax regression was not trained on.

    Trained by Adam (Kingma and Ba 2015) with dropout of the features and a learning rate that falls to 0.

    Args: training: (N, F) features; labels: (N,) ids; testing: (M, F).
    """
    weights, bias = np.zeros((training.shape[1], n_labels), np.float32), np.zeros(n_labels, np.float32)
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in (weights, bias)]
    rng = np.random.default_rng(seed)
    batches = list(_batches(len(training), rng))
    for step, rows in enumerate(batches, 1):
        kept = rng.random((len(rows), training.shape[1]), np.float32) >= DROPOUT
        inputs = training[rows] * kept / np.float32(1 - DROPOUT)
        errors = _softmax(inputs @ weights + bias)
        errors[np.arange(len(rows)), labels[rows]] -= 1
        gradients = (inputs.T @ errors / len(rows) + DECAY * weights, errors.mean(axis=0))
        rate = LEARNING_RATE * (1 - (step - 1) / len(batches))
        for values, (mean, square), gradient in zip((weights, bias), moments, gradients, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            values -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return _softmax(testing @ weights + bias)


def _batches(n_rows: int, rng: np.random.Generator) -> Iterator[Ints]:
    n_batches = math.ceil(n_rows / BATCH)
    for _ in range(max(LEAST_EPOCHS, math.ceil(LEAST_STEPS / n_batches))):
        order = rng.permutation(n_rows)
        yield from (order[start : start + BATCH] for start in range(0, n_rows, BATCH))


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
