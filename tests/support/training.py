"""Training on the tiny corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.evaluation import validation
from pipeline.model.trainer import Score, Trained, Trainer
from tests.support import tiny


def fit(on_epoch: Callable[[dict[str, float]], None] | None = None, score: Score = validation.score, **changes: Any) -> Trained:
    """A model trained and validated on the same rows, under the tiny options with changes."""
    examples = tiny.examples(copies=3)
    trainer = Trainer(tiny.config(**changes), score)
    return trainer.train(examples, examples, on_epoch)
