"""Labels made wrong on purpose, and what the rankings find of them, from predictions made by hand."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from experiments.annotation import mended, noise, report
from pipeline.annotation.held_out import ENTITIES, ROWS, HeldOut, HeldOutDescription, place_columns
from pipeline.core import storage
from pipeline.core.schema import POSITION, SPLITS
from tests.support import tiny
from tests.support.project import ROOT
from tests.support.rows import with_column
from tests.support.runs import SETTINGS


def told(rows: pa.Table, probabilities: list[list[float]]) -> HeldOut:
    columns = {"relation": rows["relation"], "fold": np.zeros(len(rows), np.int32), "probabilities": probabilities}
    table = pa.table({**place_columns(rows, "train"), **columns}, ROWS)
    return HeldOut(HeldOutDescription(tiny.RELATIONS, "Other", 2, (1,)), table, ENTITIES.empty_table())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty rows and held-out predictions that are sure of every label."""
    rows = with_column(tiny.table(5), "id", [f"{number}" for number in range(20)])
    storage.write(tmp_path / "positioned", POSITION, {split: [rows] for split in SPLITS}, tiny.NOTES)
    told(rows, [[float(name == label) for name in tiny.RELATIONS] for label in rows["relation"].to_pylist()]).write(
        tmp_path / "held_out"
    )
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"evaluate": dataclasses.asdict(SETTINGS)}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_share_is_made_wrong_and_nothing_else_changes(here: Path) -> None:
    noise.main("random", 10, Path("positioned"), Path("held_out"), Path("noisy/random-10"))
    before, after = (storage.read(here / name, POSITION).tables for name in ("positioned", "noisy/random-10"))
    changed = [row for row in range(20) if before["train"]["relation"][row] != after["train"]["relation"][row]]
    assert len(changed) == 2
    assert [f'"id": "{row}"' in (here / "noisy/random-10/wrong.jsonl").read_text() for row in changed] == [True, True]
    assert before["test"].equals(after["test"])
    assert before["train"].drop(["relation"]).equals(after["train"].drop(["relation"]))


def test_confusions_are_those_of_the_held_out_predictions() -> None:
    rows = with_column(tiny.table(1), "relation", ["Other", "Other", "Other", "A(e1,e2)"])
    shares = noise.confusions(told(rows, [[0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]]))
    np.testing.assert_allclose(shares, [[0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3, 2 / 3, 0]])


def test_a_ranking_is_worth_the_share_of_wrong_labels_that_it_puts_first(here: Path) -> None:
    noise.main("random", 10, Path("positioned"), Path("held_out"), Path("noisy/random-10"))
    true, noisy = (storage.read(here / name, POSITION).tables["train"] for name in ("positioned", "noisy/random-10"))
    of_truth = [[float(name == label) for name in tiny.RELATIONS] for label in true["relation"].to_pylist()]
    of_noise = [[float(name == label) for name in tiny.RELATIONS] for label in noisy["relation"].to_pylist()]
    told(noisy, of_truth).write(here / "held_outs/random-10")
    told(noisy, of_noise).write(here / "in_sample/random-10")
    line = report.main(Path("noisy"), Path("held_outs"), Path("in_sample"), Path("report"))
    assert line == "annotation: doubtful finds 100.0% of random errors"
    with (here / "report/found.csv").open() as file:
        by_ranking = {row["ranking"]: row for row in csv.DictReader(file)}
    assert float(by_ranking["random"]["found"]) == 10
    assert float(by_ranking["held-out margin"]["found"]) == 100
    assert float(by_ranking["plain loss"]["found"]) < 100


def test_wrong_labels_among_the_most_doubtful_are_mended_and_the_others_stay(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise.main("random", 20, Path("positioned"), Path("held_out"), Path("noisy/random-20"))
    true, noisy = (storage.read(here / name, POSITION).tables["train"] for name in ("positioned", "noisy/random-20"))
    wrong = [row for row in range(20) if true["relation"][row] != noisy["relation"][row]]
    sure = [[float(name == label) for name in tiny.RELATIONS] for label in noisy["relation"].to_pylist()]
    unsure = [float(name == true["relation"][wrong[0]].as_py()) for name in tiny.RELATIONS]
    told(noisy, [unsure if row == wrong[0] else values for row, values in enumerate(sure)]).write(here / "told")
    (here / "experiment.yaml").write_text(
        yaml.safe_dump({"annotating": {"seeds": [1, 2], "first": 4, "step": 4, "last": 4, "steps": 1}})
    )
    monkeypatch.setattr(mended, "PARAMS", Path("experiment.yaml"))
    monkeypatch.setattr(mended.Store, "open", lambda folder: tiny.FakeStore())
    labels: dict[str, list[str]] = {}
    monkeypatch.setitem(mended.LEARNERS, "kernel", lambda corpus, section, seed: lambda training: spied(corpus, labels))
    line = mended.main(
        "kernel", Path("positioned"), Path("embedded"), Path("noisy/random-20"), Path("told"), Path("mended/random-20")
    )
    assert line.startswith("annotation: 1 of 4 wrong labels mended, kernel: ")
    mended_rows = [row for row in range(20) if labels["mended"][row] != labels["noisy"][row]]
    assert mended_rows == wrong[:1]
    assert labels["clean"] == true["relation"].to_pylist()
    assert (here / "mended/random-20/comparisons.csv").read_text().count("\n") == 3


def spied(corpus: mended.Corpus, labels: dict[str, list[str]]) -> np.ndarray:
    """Right on every row; the training labels of each variant, in their order, are kept."""
    given = corpus.train["relation"].to_pylist()
    if given not in labels.values():
        labels[("noisy", "mended", "clean")[len(labels)]] = given
    return np.eye(len(corpus.relations), dtype=np.float32)[corpus.labels]


def test_the_report_waits_for_every_noise() -> None:
    stages = yaml.safe_load((ROOT / "experiments/annotation/dvc.yaml").read_text())["stages"]
    for name, stage in (("noisy", "noise"), ("held_out", "held-out"), ("in_sample", "in-sample")):
        matrix = stages[stage]["matrix"]
        wanted = {f"experiments/annotation/{name}/{kind}-{percent}" for kind in matrix["kind"] for percent in matrix["percent"]}
        assert {dep for dep in stages["found"]["deps"] if dep.startswith(f"experiments/annotation/{name}/")} == wanted
