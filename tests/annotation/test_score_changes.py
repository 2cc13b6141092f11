"""Scores of two versions on the rows that both have, by hand and beside evaluate's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.annotation.score_changes import Predicted, ScoreChanges, compare_predictions, compare_scores, read_predictions
from pipeline.annotation.versions import Version
from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.evaluation import scorer
from tests.support.versions import make

SETTINGS = params.Evaluate(resamples=200, confidence=0.95, seed=7)
LABELS = ["A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "Other"]


def drawn(seed: int, right: float) -> dict[str, Predicted]:
    """Forty predictions, this share of them right; the golds are the same for every seed."""
    golds = np.random.default_rng(0).integers(len(LABELS), size=40)
    rng = np.random.default_rng(seed)
    guesses = np.where(rng.random(40) < right, golds, rng.integers(len(LABELS), size=40))
    return {str(row): Predicted(LABELS[gold], LABELS[guess]) for row, (gold, guess) in enumerate(zip(golds, guesses, strict=True))}


def compared(old: dict[str, Predicted], new: dict[str, Predicted]) -> ScoreChanges:
    return compare_predictions(old, new, "Other", SETTINGS)


def test_each_score_is_that_of_the_scorer_and_the_difference_lies_in_its_interval() -> None:
    old, new = drawn(1, 0.3), drawn(2, 0.9)
    [official, undirected, accuracy] = compared(old, new).paired
    ids = [np.array([LABELS.index(row[part]) for row in new.values()]) for part in (0, 1)]
    counts = scorer.relation_counts(ids[0], ids[1], LABELS, "official").total()
    assert official.name == "official_macro_f1"
    assert official.new == round(100 * float(scorer.macro_f1(counts, ["A", "B", "Other"], "Other")), 2)
    assert accuracy.new == round(100 * np.mean([row.gold == row.label for row in new.values()]), 2)
    for score in (official, undirected, accuracy):
        assert score.low < score.difference < score.high
        assert score.difference == pytest.approx(score.new - score.old, abs=0.011)
        assert score.low > 0


def test_the_same_predictions_differ_by_nothing() -> None:
    old = drawn(1, 0.5)
    assert {(score.difference, score.low, score.high) for score in compared(old, old).paired} == {(0, 0, 0)}


def test_a_corrected_label_is_no_gain_of_the_newer_model() -> None:
    old = drawn(1, 0.5)
    new = {**old, "3": Predicted(old["3"].label, old["3"].label)}
    changes = compared({**old, "3": Predicted("B(e1,e2)" if old["3"].label != "B(e1,e2)" else "Other", old["3"].label)}, new)
    assert changes.n_relabelled == 1
    assert {score.difference for score in changes.paired} == {0}


def test_rows_that_one_version_has_alone_or_that_have_no_label_are_not_compared() -> None:
    old, new = drawn(1, 0.5), drawn(2, 0.5)
    del old["0"]
    new["1"] = Predicted(None, "Other")
    new["41"] = Predicted("Other", "Other")
    assert compared(old, new).n_rows == 38


def test_versions_without_a_common_row_have_no_paired_score() -> None:
    assert compared({}, drawn(1, 0.5)) == ScoreChanges()


@pytest.mark.parametrize(
    "line", ["", "[1]", '{"id": 3, "gold": null, "predicted": "A"}', '{"id": "3", "gold": 1, "predicted": "A"}', "[" * 9999]
)
def test_what_is_no_prediction_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "predictions.jsonl"
    file.write_text(f'{{"id": "1", "gold": null, "predicted": "A"}}\n{line}\n')
    with pytest.raises(InputError, match=r"predictions\.jsonl:2: no row of predictions"):
        read_predictions(file)


def reported(folder: Path, metrics: dict[str, Any], predictions: dict[str, Predicted]) -> Version:
    make(folder)
    (folder / "reports").mkdir()
    (folder / "reports/metrics.json").write_text(json.dumps(metrics))
    rows = [{"id": row_id, "gold": row.gold, "predicted": row.label} for row_id, row in predictions.items()]
    (folder / "reports/predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Version(folder.name, folder)


def test_metrics_that_differ_are_told_by_their_names(tmp_path: Path) -> None:
    metrics = {"test": {"rows": 40, "relation": {"accuracy": 50.0, "accuracy_low": 40.0, "micro_f1": None}}, "train": {"rows": 9}}
    old = reported(tmp_path / "old", metrics, drawn(1, 0.5))
    other = {**metrics, "test": {"rows": 40, "relation": {"accuracy": 60.0, "accuracy_low": 45.0, "micro_f1": float("nan")}}}
    changes = compare_scores(old, reported(tmp_path / "new", other, drawn(2, 0.5)))
    assert isinstance(changes, ScoreChanges)
    assert (changes.metrics, changes.n_rows) == ([("test.relation.accuracy", 50.0, 60.0)], 40)


def test_a_version_without_reports_is_named(tmp_path: Path) -> None:
    old = reported(tmp_path / "old", {}, {})
    assert compare_scores(old, Version("new", make(tmp_path / "new"))) == "new has no metrics.json and no predictions.jsonl"


def test_reports_that_are_damaged_are_named(tmp_path: Path) -> None:
    old, new = (reported(tmp_path / name, {}, {}) for name in ("old", "new"))
    new.report("metrics.json").write_text("{")
    assert "new/reports/metrics.json: damaged or not JSON" in str(compare_scores(old, new))
