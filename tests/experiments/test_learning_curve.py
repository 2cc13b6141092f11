"""Annotating again a few rows at a time, at tiny size; what of curves made by hand the report says."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from experiments.annotation import curve_report, learning_curve, mended
from experiments.annotation.learning_curve import Annotating, Curve, next_rows
from pipeline.core import files, params, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import POSITION, SPLITS
from tests.support import tiny
from tests.support.project import ROOT
from tests.support.rows import with_column
from tests.support.runs import GOLD, LABELS, SETTINGS

FEW = {"seeds": [1, 2], "first": 4, "step": 3, "last": 10, "steps": 4}


def ordered(training: list[int], strategy: learning_curve.Strategy, count: int) -> list[int]:
    """What is picked of four rows, of which the last is a test row's: the second is unsure, the third far from the first."""
    told = np.array([[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.9, 0.05, 0.05], [0.5, 0.5, 0.0]], np.float32)
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float32)
    chosen = np.isin(np.arange(4), training)
    return next_rows(strategy, told, vectors, np.array([2, 1, 0]), chosen, count).tolist()


@pytest.mark.parametrize(("strategy", "picked"), [("uncertain", [1, 2]), ("diverse", [2, 1]), ("random", [2, 1])])
def test_a_strategy_picks_rows_of_the_pool_that_are_not_yet_annotated(strategy: learning_curve.Strategy, picked: list[int]) -> None:
    assert ordered([0], strategy, 5) == picked
    assert ordered([0], strategy, 1) == picked[:1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with twelve training rows and their params."""
    train = dataclasses.asdict(tiny.options(epochs=1))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"train": {**train, "tasks": list(train["tasks"])}}))
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump({"annotating": FEW}))
    rows = with_column(tiny.table(3), "id", [f"{number}" for number in range(12)])
    storage.write(tmp_path / "positioned", POSITION, {split: [rows] for split in SPLITS}, tiny.NOTES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(learning_curve, "PARAMS", Path("experiment.yaml"))
    monkeypatch.setattr(learning_curve.Store, "open", lambda folder: tiny.FakeStore())
    return tmp_path


def curve_of(learner: Any, strategy: Any) -> Curve:
    learning_curve.main(learner, strategy, 1, Path("positioned"), Path("embedded"), Path("curves/one.json"))
    return Curve.read(Path("curves/one.json"))


@pytest.mark.usefixtures("here", "eager")
@pytest.mark.parametrize("learner", ["kernel", "network"])
def test_a_model_is_asked_about_test_at_every_size(learner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    curve = curve_of(learner, "uncertain")
    assert curve.sizes == (4, 7, 10)
    assert [len(ids) for ids in curve.predicted_ids] == [12, 12, 12]
    assert len(curve.gold_ids) == 12


@pytest.mark.usefixtures("eager")
def test_a_relation_of_validation_alone_is_one_of_the_curves_relations(here: Path) -> None:
    """The network knows it: without it, what the network says would be read as other relations."""
    rows = with_column(tiny.table(3), "id", [f"{number}" for number in range(12)])
    other = with_column(rows, "relation", ["AA"] * 12)
    storage.write(here / "positioned", POSITION, {"train": [rows], "validation": [other], "test": [rows]}, tiny.NOTES)
    curve = curve_of("network", "random")
    assert curve.relations == ("A(e1,e2)", "A(e2,e1)", "AA", "Other")
    assert {curve.relations[number] for number in curve.gold_ids} == set(tiny.RELATIONS)


@pytest.mark.usefixtures("here")
def test_the_first_rows_are_the_same_for_all_strategies_and_curves_those_of_their_seed() -> None:
    one, other = curve_of("kernel", "uncertain"), curve_of("kernel", "random")
    assert one.predicted_ids[0] == other.predicted_ids[0]
    assert curve_of("kernel", "random") == other


def test_fewer_rows_than_are_drawn_first_are_an_error(here: Path) -> None:
    (here / "experiment.yaml").write_text(yaml.safe_dump({"annotating": {**FEW, "first": 13}}))
    with pytest.raises(InputError, match=r"annotating\.first is 13, and train has 12 rows"):
        curve_of("kernel", "random")


def test_test_rows_without_labels_are_an_error(here: Path) -> None:
    unlabelled = with_column(tiny.table(), "relation", [None] * len(tiny.table()))
    splits = {split: [unlabelled if split == "test" else tiny.table(3)] for split in SPLITS}
    storage.write(here / "positioned", POSITION, splits, tiny.NOTES)
    with pytest.raises(InputError, match="test rows have no labels"):
        curve_of("kernel", "random")


def test_the_shipped_section_is_read() -> None:
    params.read(Annotating, ROOT / "experiments/params.yaml")


def made(strategy: str, seed: int, right: float) -> Curve:
    """A curve of two sizes: with the first a share of the test rows is right, with the second all are."""
    missed = tuple(label if row < right * len(GOLD) else (label + 1) % len(LABELS) for row, label in enumerate(GOLD))
    return Curve("kernel", strategy, seed, LABELS, "Other", tuple(GOLD), (500, 750), (missed, tuple(GOLD)))


def report(folder: Path, curves: list[Curve]) -> str:
    """The closing line of a report of curves."""
    (folder / "curves").mkdir()
    for number, curve in enumerate(curves):
        files.write_json(folder / f"curves/{number}.json", dataclasses.asdict(curve))
    (folder / "params.yaml").write_text(yaml.safe_dump({"evaluate": dataclasses.asdict(SETTINGS)}))
    return curve_report.main(Path("curves"), Path("report"))


def test_a_strategy_is_compared_with_rows_drawn_at_random(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = report(tmp_path, [made(name, seed, right) for name, right in (("random", 0.5), ("diverse", 0.9)) for seed in (1, 2)])
    assert line.startswith("annotation: kernel, diverse beats random: supported: +")
    with (tmp_path / "report/scores.csv").open() as file:
        rows = {(row["strategy"], row["rows"]): row for row in csv.DictReader(file)}
    assert float(rows["diverse", "500"]["difference_low"]) > 0
    assert float(rows["diverse", "750"]["difference"]) == 0
    assert rows["random", "500"]["difference"] == ""
    assert float(rows["random", "750"]["f1"]) == 100
    assert "| kernel | diverse | 500 |" in (tmp_path / "report/README.md").read_text()


def test_strategies_are_not_judged_on_few_test_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = {"gold_ids": GOLD[:9], "predicted_ids": (GOLD[:9],) * 2}
    line = report(tmp_path, [dataclasses.replace(made(name, 1, 1), **few) for name in ("random", "diverse")])
    assert line.endswith("not supported: 0.0, on too few test rows for an interval")
    page = (tmp_path / "report/README.md").read_text()
    assert "| kernel | diverse | 500 | 100.0 |  | 0.0 |  |" in page
    assert "| kernel | random | 500 | 100.0 |  |  |  |" in page


@pytest.mark.parametrize("curves", [[], [made("diverse", 1, 1)], [made("random", 1, 1), made("diverse", 2, 1)]])
def test_curves_that_do_not_compare_are_an_error(curves: list[Curve], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no curves, or some are missing"):
        report(tmp_path, curves)


def test_labels_are_mended_by_id() -> None:
    rows = pa.table({"id": ["1", "2", "3"], "relation": ["a", "b", "c"]})
    assert mended.with_labels(rows, {"2": "x"})["relation"].to_pylist() == ["a", "x", "c"]
