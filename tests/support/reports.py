"""What an evaluation found of made-up sentences and predictions, for reports of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline import evaluate
from pipeline.core import params
from pipeline.core.arrays import Floats, Ints
from pipeline.core.schema import SCORED_SPLITS, Finding, PositionNotes
from pipeline.evaluation import scored_split, slices
from pipeline.evaluation.report import Results
from pipeline.model.config import Config
from pipeline.model.manifest import ModelDescription
from tests.support import rows, tiny

SETTINGS = params.Evaluate(resamples=20, confidence=0.95, seed=7)
LOSSES = {
    "loss": [2.0, 1.0, 0.5],
    "relation_loss": [1.5, 0.7, 0.4],
    "tags_loss": [0.5, 0.3, 0.1],
    "validation_loss": [2.1, 1.4, 1.5],
}
CURVES = [{"curves": {**LOSSES, "validation_score": [10.0, 30.0, 20.0]}, "best_epoch": 2}]


def results(
    test: pa.Table,
    probabilities: Floats,
    labels: Sequence[str],
    *,
    tag_ids: Sequence[Ints] | None = None,
    train: pa.Table | None = None,
    notes: PositionNotes = rows.POSITION_NOTES,
    findings: Sequence[Finding] = (),
    curves: list[dict[str, Any]] = CURVES,
    settings: params.Evaluate = SETTINGS,
) -> Results:
    """The results of a model that tells these probabilities, (N, R), of N test rows; training rows are the test's unless given."""
    train = test if train is None else train
    splits = {"train": train, "validation": test.slice(0, 2), "test": test}
    config = Config.of(tiny.options(positions="shared"), tuple(labels), notes, tiny.VECTORS)
    scored = {
        split: scored_split.join_predictions(
            splits[split],
            probabilities[: len(splits[split])],
            tag_ids if tag_ids is None else tag_ids[: len(splits[split])],
            labels,
            notes.tags,
            notes.negative_label,
        )
        for split in SCORED_SPLITS
    }
    cuts = slices.cut(test, train)
    return Results(
        metrics=evaluate.metrics_of(scored, SimpleNamespace(tables=splits, notes=notes), True, settings),  # type: ignore[arg-type]
        files=evaluate.csv_tables(scored["test"].labelled, cuts, settings),
        test=scored["test"],
        cuts=cuts,
        splits=splits,
        notes=notes,
        model=ModelDescription.of(config, notes, tiny.VECTORS),
        findings=findings,
        unknown=0.0123,
        curves=curves,
        settings=settings,
    )


def sure(predicted: Sequence[str], labels: Sequence[str], probability: float = 0.8) -> Floats:
    """(N, R) of which the predicted labels have this probability and the others share the rest."""
    rest = (1 - probability) / max(1, len(labels) - 1)
    told = np.full((len(predicted), len(labels)), rest, np.float32)
    told[np.arange(len(predicted)), [labels.index(label) for label in predicted]] = probability
    return told


def noted(**changes: Any) -> PositionNotes:
    """The notes of a corpus with changes."""
    return dataclasses.replace(rows.POSITION_NOTES, **changes)
