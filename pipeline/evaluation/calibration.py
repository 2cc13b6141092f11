"""Whether a probability of 80% is right 80% of the time (Guo et al. 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

N_BINS = 10


def reliability(confidence: NDArray[np.float32], correct: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """The reliability curve: mean confidence and accuracy by bin of confidence, bins without rows left out.

    Args: confidence: (N,) probability of the predicted label; correct: (N,) whether it was right.

    >>> reliability(np.array([0.9, 1.0], np.float32), np.array([True, False]))[1]
    {'above': 0.9, 'up_to': 1.0, 'n': 1, 'confidence': 1.0, 'accuracy': 0.0}
    """
    bins = np.clip(np.ceil(confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
    return [
        {
            "above": b / N_BINS,
            "up_to": (b + 1) / N_BINS,
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean(dtype=np.float64)),
            "accuracy": float(correct[inside].mean()),
        }
        for b in range(N_BINS)
        if (inside := bins == b).any()
    ]


def expected_calibration_error(curve: list[dict[str, Any]]) -> float:
    """Mean distance of accuracy from confidence over the rows of a reliability curve (Guo et al. 2017, equation 3)."""
    total = sum(point["n"] for point in curve)
    return float(sum(point["n"] / total * abs(point["accuracy"] - point["confidence"]) for point in curve))
