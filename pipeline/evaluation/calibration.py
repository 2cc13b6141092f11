"""Whether a probability of 80% is right 80% of the time (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.core.arrays import Bools, Floats, Ints

N_BINS = 10


class Bin(NamedTuple):
    """The rows whose confidence is in (above, up_to]; all but their number are shares from 0 to 1."""

    above: float
    up_to: float
    n: int
    confidence: float  # mean
    accuracy: float


def reliability(confidence: Floats, correct: Bools) -> list[Bin]:
    """The reliability curve: mean confidence and accuracy by bin of confidence, bins without rows left out.

    Args: confidence: (N,) probability of the predicted label; correct: (N,) whether it was right.

    >>> reliability(np.array([0.9, 1.0], np.float32), np.array([True, False]))[1]
    Bin(above=0.9, up_to=1.0, n=1, confidence=1.0, accuracy=0.0)
    """
    ids = bin_ids(confidence)
    curve = []
    for bin_id in np.unique(ids).tolist():
        inside = ids == bin_id
        mean_confidence = float(confidence[inside].mean(dtype=np.float64))
        accuracy = float(correct[inside].mean())
        curve.append(Bin(bin_id / N_BINS, (bin_id + 1) / N_BINS, int(inside.sum()), mean_confidence, accuracy))
    return curve


def bin_ids(confidence: Floats) -> Ints:
    """(N,) the bin of each confidence, from 0."""
    ids: Ints = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    return ids


def expected_calibration_error(curve: Sequence[Bin]) -> float:
    """Mean distance of accuracy from confidence over the rows of a reliability curve (Guo et al. 2017, equation 3)."""
    total = sum(part.n for part in curve)
    return float(sum(part.n / total * abs(part.accuracy - part.confidence) for part in curve))
