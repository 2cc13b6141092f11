"""Scores of two versions on the rows that both have, by hand and beside evaluate's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.annotation.score_changes import (
    NO_ROW,
    PairedScore,
    Predicted,
    ScoreChanges,
    compare_predictions,
    compare_scores,
)
from pipeline.annotation.versions import Version
from pipeline.core import manifests, params
from pipeline.core.schema import REPORTS, ReportsDescription, Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from pipeline.evaluation import scorer
from tests.support.versions import make, write_split

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
    assert compared({}, drawn(1, 0.5)) == ScoreChanges(unpaired=NO_ROW)


def test_few_common_rows_have_a_difference_without_interval_and_p() -> None:
    """Resamples of few rows, all right in the newer version alone, are alike: of a single row p was 0.002."""
    old, new = ({str(row): Predicted("Other", label) for row in range(9)} for label in ("B(e1,e2)", "Other"))
    [accuracy] = compared(old, new).paired
    assert accuracy == PairedScore("accuracy", 0, 100, 100, None, None, None)


def test_rows_without_a_relation_to_find_are_compared_by_accuracy_alone() -> None:
    rows = {str(row): Predicted("Other", "Other") for row in range(20)}
    assert [score.name for score in compared(rows, rows).paired] == ["accuracy"]


def sentences(predictions: Mapping[str, Predicted]) -> dict[str, tuple[str, str]]:
    """Test rows that have been predicted, each with a sentence of its own."""
    return {
        row: (f"The <e1>storm</e1> caused <e2>damage</e2> {row}.", predicted.gold or "") for row, predicted in predictions.items()
    }


def reported(
    folder: Path, metrics: dict[str, Any], predictions: dict[str, Predicted], test: Mapping[str, tuple[str, str]] | None = None
) -> Version:
    """A project with reports.

    Args: test: its test sentences, where they are others than those of the predictions.
    """
    make(folder, test=sentences(predictions) if test is None else test)
    (folder / "reports").mkdir()
    (folder / "reports/metrics.json").write_text(json.dumps(metrics))
    rows = [{"id": row_id, "gold": row.gold, "predicted": row.label} for row_id, row in predictions.items()]
    (folder / "reports/predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifests.seal(folder / "reports", REPORTS, ReportsDescription(len(predictions)))
    return Version(folder.name, folder)


def test_metrics_that_differ_are_told_by_their_names(tmp_path: Path) -> None:
    metrics = {"test": {"rows": 40, "relation": {"accuracy": 50.0, "accuracy_low": 40.0, "micro_f1": None}}, "train": {"rows": 9}}
    old = reported(tmp_path / "old", metrics, drawn(1, 0.5))
    other = {**metrics, "test": {"rows": 40, "relation": {"accuracy": 60.0, "accuracy_low": 45.0, "micro_f1": float("nan")}}}
    changes = compare_scores(old, reported(tmp_path / "new", other, drawn(2, 0.5)))
    assert isinstance(changes, ScoreChanges)
    assert (changes.metrics, changes.n_rows) == ([("test.relation.accuracy", 50.0, 60.0)], 40)


def test_a_metric_that_one_version_lacks_is_told(tmp_path: Path) -> None:
    metrics = {"validation": {"f1": 70.0}, "test": {"f1": 50.0}}
    old, new = reported(tmp_path / "old", metrics, drawn(1, 0.5)), reported(tmp_path / "new", {"test": {"f1": 50.0}}, drawn(2, 0.5))
    for versions, both in (((old, new), (70.0, None)), ((new, old), (None, 70.0))):
        changes = compare_scores(*versions)
        assert isinstance(changes, ScoreChanges)
        assert changes.metrics == [("validation.f1", *both)]


def accuracies(changes: ScoreChanges | str) -> list[tuple[float, float]]:
    assert isinstance(changes, ScoreChanges)
    return [(score.old, score.new) for score in changes.paired if score.name == "accuracy"]


def test_rows_that_were_numbered_anew_are_the_same_rows(tmp_path: Path) -> None:
    right = {row_id: Predicted(row.gold, str(row.gold)) for row_id, row in drawn(1, 0.5).items()}
    old = reported(tmp_path / "old", {}, right)
    shifted = {"0": Predicted("Other", "Other"), **{str(int(row_id) + 1): row for row_id, row in right.items()}}
    texts = {str(int(row_id) + 1): sentence for row_id, sentence in sentences(right).items()}
    first = {"0": ("A <e1>wheel</e1> came off the old <e2>cart</e2>.", "Other")}
    changes = compare_scores(old, reported(tmp_path / "new", {}, shifted, {**first, **texts}))
    assert isinstance(changes, ScoreChanges)
    assert (changes.n_rows, changes.n_relabelled) == (40, 0)
    assert accuracies(changes) == [(100.0, 100.0)]


@pytest.mark.parametrize(
    "edited", ["The <e1>storm</e1> caused <e2>damage</e2> here.", "The <e1>storm</e1> <e2>caused</e2> damage 3."]
)
def test_a_row_of_another_text_or_pair_is_not_compared_whatever_its_id(tmp_path: Path, edited: str) -> None:
    rows = drawn(1, 0.5)
    new = reported(tmp_path / "new", {}, rows, {**sentences(rows), "3": (edited, str(rows["3"].gold))})
    changes = compare_scores(reported(tmp_path / "old", {}, rows), new)
    assert isinstance(changes, ScoreChanges)
    assert changes.n_rows == 39


@pytest.mark.parametrize("test", ["other label", "row less"])
def test_predictions_of_other_annotations_than_the_version_has_are_not_compared(tmp_path: Path, test: str) -> None:
    rows = drawn(1, 0.5)
    there = sentences(rows)
    text, label = there.pop("3")
    if test == "other label":
        there["3"] = (text, "B(e1,e2)" if label != "B(e1,e2)" else "Other")
    changes = compare_scores(reported(tmp_path / "old", {"f1": 1}, rows), reported(tmp_path / "new", {"f1": 2}, rows, there))
    why = "1 of 40 test rows of predictions.jsonl are not as new has them: run dvc repro evaluate"
    assert changes == ScoreChanges([("f1", 1, 2)], unpaired=why)


def test_pairs_of_documents_are_the_same_whatever_ids_their_entities_have(tmp_path: Path) -> None:
    versions = []
    for side, names in (("old", "ab"), ("new", "xy")):
        entities = tuple(Entity(name, (Span(start, start + 3),), "PER") for name, start in zip(names, (0, 9), strict=True))
        relations = (Relation(*names, "knows"), Relation(*names[::-1], "likes"))
        ids = (f"{side}:{'-'.join(names)}", f"{side}:{'-'.join(names[::-1])}")
        predicted = {row_id: Predicted(label, label) for row_id, label in zip(ids, ("knows", "likes"), strict=True)}
        versions.append(reported(tmp_path / side, {}, predicted, {}))
        (tmp_path / side / "data/raw/test.txt").unlink()
        document = Document(side, "", "Ann knew Bob.", entities, relations)
        FORMATS["jsonl"].write([document], tmp_path / side / "data/raw/test.jsonl")
    assert accuracies(compare_scores(*versions)) == [(100.0, 100.0)]


def test_rows_that_two_files_number_alike_are_told_apart_by_their_files(tmp_path: Path) -> None:
    versions = []
    for side in ("old", "new"):
        rows = {f"{file}/1": Predicted(label, label) for file, label in (("test_a", "A(e1,e2)"), ("test_b", "Other"))}
        versions.append(reported(tmp_path / side, {}, rows, {}))
        (tmp_path / side / "data/raw/test.txt").unlink()
        for row_id, (text, label) in sentences(rows).items():
            write_split(tmp_path / side, row_id[:-2], {"1": (text, label)})
    assert accuracies(compare_scores(*versions)) == [(100.0, 100.0)]


def test_test_rows_that_were_held_out_of_train_are_found_there(tmp_path: Path) -> None:
    predicted = {"2": Predicted("Component-Whole(e1,e2)", "Other")}
    versions = [reported(tmp_path / side, {}, predicted) for side in ("old", "new")]
    for version in versions:
        (version.folder / "data/raw/test.txt").unlink()
    assert accuracies(compare_scores(*versions)) == [(0.0, 0.0)]


def test_a_version_without_reports_is_named(tmp_path: Path) -> None:
    old = reported(tmp_path / "old", {}, {})
    assert compare_scores(old, Version("new", make(tmp_path / "new"))) == "new has no metrics.json and no predictions.jsonl"


Damage = Callable[[str], str]
DAMAGES: dict[str, tuple[str, Damage]] = {
    "cut": ("predictions.jsonl", lambda text: "".join(text.splitlines(keepends=True)[:30])),
    "another label": ("predictions.jsonl", lambda text: text.replace('"predicted": "Other"', '"predicted": "A(e1,e2)"', 1)),
    "another score": ("metrics.json", lambda text: text.replace("50.0", "99.9")),
    "no JSON": ("metrics.json", lambda _: "{"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("damaged", ["old", "new"])
def test_reports_that_are_damaged_are_named_and_not_compared(tmp_path: Path, damaged: str, damage: str) -> None:
    old, new = (reported(tmp_path / side, {"accuracy": 50.0}, drawn(1, 0.5)) for side in ("old", "new"))
    name, change = DAMAGES[damage]
    file = tmp_path / damaged / "reports" / name
    before = file.read_text()
    file.write_text(change(before))
    assert file.read_text() != before
    why = f"{file}: missing, damaged or changed since manifest.json was written: run dvc repro evaluate"
    assert compare_scores(old, new) == why


def test_reports_of_an_older_release_which_have_no_manifest_are_compared(tmp_path: Path) -> None:
    old, new = (reported(tmp_path / side, {}, drawn(1, 0.5)) for side in ("old", "new"))
    (tmp_path / "old/reports/manifest.json").unlink()
    changes = compare_scores(old, new)
    assert isinstance(changes, ScoreChanges)
    assert changes.n_rows == 40
