"""Runs of the experiments made by hand: right wherever a test does not say otherwise."""

from __future__ import annotations

from typing import Any

from experiments.runs import Run
from pipeline.core import params

SETTINGS = params.Evaluate(resamples=200, confidence=0.95, seed=1)
LABELS = ("A(e1,e2)", "A(e2,e1)", "Other")
GOLD = (0, 1, 2) * 40


def made(variant: str, predicted_ids: tuple[tuple[int, ...], ...], percent: int = 100, **changes: Any) -> Run:
    """A run of two seeds on the rows of GOLD, with changes of its fields."""
    values: dict[str, Any] = {
        "n_rows": 9,
        "relations": LABELS,
        "negative_label": "Other",
        "gold_ids": GOLD,
        "seeds": (1, 2),
        "entities": None,
        "positions_visible": True,
        "best_epochs": (1, 1),
        "validation": (50.0, 50.0),
    }
    return Run(variant=variant, percent=percent, predicted_ids=predicted_ids, **{**values, **changes})


def wrong_every(n: int) -> tuple[int, ...]:
    """GOLD, but Other in every nth row."""
    return tuple(2 if row % n == 0 else label for row, label in enumerate(GOLD))
