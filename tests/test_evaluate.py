"""The evaluate stage: the files it writes, and the models it refuses."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import evaluate
from pipeline.core import storage
from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError
from pipeline.core.schema import POSITION, Finding, VectorsDescription
from pipeline.core.storage import StageOutput
from pipeline.encoding import known_words
from pipeline.encoding.known_words import KnownWords
from pipeline.evaluation.end_to_end import Entity, Triple
from pipeline.model.batches import Batch
from pipeline.model.config import Config
from pipeline.model.manifest import ModelDescription, SavedModel, TypePairs
from tests.support import joint, rows, scored, tiny
from tests.support.scored import GOLD_TAG_IDS, LABELS, TAGS

STAGE = [Path(name) for name in ("model", "positioned", "embedded", "reports")]
OTHER_VECTORS = dataclasses.replace(tiny.VECTORS, fingerprint="xyz")


def trained(
    relations: tuple[str, ...] = LABELS,
    tags: tuple[str, ...] = TAGS,
    max_distance: int = rows.MAX_DISTANCE,
    vectors: VectorsDescription = tiny.VECTORS,
    negative_label: str = "Other",
) -> SavedModel:
    """A pretended model, whose tagger sees positions."""
    notes = dataclasses.replace(rows.POSITION_NOTES, tags=tags, max_distance=max_distance, negative_label=negative_label)
    config = Config.of(tiny.options(positions="shared"), relations, notes, vectors)
    return SavedModel(Path("model"), ModelDescription.of(config, rows.POSITION_NOTES, vectors))


def write_reports(folder: Path, patch: pytest.MonkeyPatch, gold: Sequence[str | None]) -> str:
    """Run main on a real position folder, whose test rows have these labels, and a pretended model; the closing line."""
    splits = {
        "train": scored.table("R(e1,e2)", "Other"),
        "validation": scored.table("Other", "R(e2,e1)"),
        "test": scored.table(*gold),
    }
    finding = Finding("label-rare", "warning", 2, "2 labels with few rows", "annotate more", ("a.txt:1",))
    notes = dataclasses.replace(rows.POSITION_NOTES, excluded_by={"id": 3}, findings=(finding,))
    storage.write(folder / "positioned", POSITION, {split: [table] for split, table in splits.items()}, notes)
    predicted = {
        "validation": scored.split(["Other", "R(e2,e1)"], ["Other", "R(e2,e1)"], [GOLD_TAG_IDS] * 2),
        "test": scored.split(gold, ["R(e1,e2)", "R(e2,e1)", "Other"], [GOLD_TAG_IDS] * 3),
    }
    (folder / "params.yaml").write_text("evaluate: {resamples: 20, confidence: 0.95, seed: 7}")
    patch.chdir(folder)
    (folder / "embedded").mkdir(exist_ok=True)
    known_words.write(folder / "embedded", KnownWords(10, 1, ("snook",)))
    patch.setattr(evaluate.Store, "open", lambda _: tiny.FakeStore())
    patch.setattr(evaluate.SavedModel, "open", lambda _: trained())
    patch.setattr(evaluate, "Frozen", lambda *_: None)
    patch.setattr(evaluate, "score_splits", lambda *_: predicted)
    return evaluate.main(*STAGE)


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that main writes of test rows with labels."""
    write_reports(tmp_path, monkeypatch, ["R(e1,e2)", "R(e1,e2)", "Other"])
    return tmp_path / "reports"


def test_the_report_has_the_findings_of_parse_and_of_embed(reports: Path) -> None:
    told = (reports / "report.html").read_text()
    assert "2 labels with few rows" in told
    assert "10.0% of the words, which the encoder does not know, such as snook" in told
    assert '"unknown":10.0' in told


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in numbers(value)]
    return [tree] if isinstance(tree, float) else []


def test_scores_hold_those_of_both_splits_and_the_counts_of_earlier_stages(reports: Path) -> None:
    metrics = json.loads((reports / "scores.json").read_text())
    assert metrics["test"]["relation"]["official_macro_f1"] == 50
    assert metrics["validation"]["relation"]["official_macro_f1"] == 100
    assert metrics["test"]["tags"]["f1"] == 100
    assert metrics["test"]["tags"]["positions_visible"] is True
    assert metrics["data"] == {"excluded": 3, "overlap": 0, "untagged": 0, "windowed": 0}
    assert [metrics[split]["rows"] for split in ("train", "validation", "test")] == [2, 2, 3]


def test_no_score_has_more_than_two_decimals(reports: Path) -> None:
    assert all(number == round(number, 2) for number in numbers(json.loads((reports / "scores.json").read_text())))


def test_metrics_are_the_few_scores_that_a_line_of_dvc_metrics_show_holds(reports: Path) -> None:
    metrics, scores = (json.loads((reports / name).read_text()) for name in ("metrics.json", "scores.json"))
    assert metrics == {
        "validation": {"relation": {"official_macro_f1": 100}},
        "test": {
            "relation": {"official_macro_f1": 50, "undirected_macro_f1": 100, "accuracy": scores["test"]["relation"]["accuracy"]},
            "tags": {"f1": 100, "positions_visible": True},
        },
    }


def test_predictions_hold_a_line_a_test_sentence_in_order(reports: Path) -> None:
    lines = (reports / "predictions.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "2", "3"]


def test_the_csv_files_have_the_columns_that_dvc_plots(reports: Path) -> None:
    assert read_csv(reports / "confusion.csv")[1] == {"gold": "R(e1,e2)", "predicted": "R(e2,e1)"}
    assert read_csv(reports / "confusion_undirected.csv")[1] == {"gold": "R", "predicted": "R"}
    assert list(read_csv(reports / "per_class_f1.csv")[1]) == ["relation", "f1", "f1_low", "f1_high"]
    assert {"confidence", "accuracy"} <= read_csv(reports / "reliability.csv")[0].keys()
    assert {row["cut"] for row in read_csv(reports / "slices.csv")} >= {"direction", "entity strings"}


def test_rows_without_labels_are_predicted_and_not_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = write_reports(tmp_path, monkeypatch, [None, None, None])
    assert line.startswith("evaluate: 3 test pairs, which have no labels, and so no scores, ")
    reports = tmp_path / "reports"
    lines = [json.loads(line) for line in (reports / "predictions.jsonl").read_text().splitlines()]
    assert [(line["gold"], line["predicted"]) for line in lines] == [(None, "R(e1,e2)"), (None, "R(e2,e1)"), (None, "Other")]
    test = json.loads((reports / "scores.json").read_text())["test"]
    assert set(test["relation"].values()) == {None}
    assert test["tags"]["f1"] == 100


def test_every_table_has_its_columns_without_rows_too(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {path.name: path.read_text().splitlines()[0] for path in reports.glob("*.csv")}
    assert len(columns) == 6
    write_reports(reports.parent, monkeypatch, [None, None, None])
    assert {path.name: path.read_text().splitlines() for path in reports.glob("*.csv")} == {
        name: [header] for name, header in columns.items()
    }


def test_a_second_run_writes_the_same_bytes(reports: Path) -> None:
    before = {path.name: path.read_bytes() for path in reports.iterdir()}
    evaluate.main(*STAGE)
    assert {path.name: path.read_bytes() for path in reports.iterdir()} == before


def require_same_data(**other: Any) -> None:
    """Check a model, the same or of other data, against data of two relations, BIO tags and positions up to 10 words."""
    tables = {"test": scored.table("Other", "R(e1,e2)")}
    data = SimpleNamespace(tables=tables, notes=rows.POSITION_NOTES)
    evaluate.require_same_data(trained(**other), data, tiny.VECTORS)  # type: ignore[arg-type]


def test_a_model_of_this_data_is_taken() -> None:
    require_same_data()


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"relations": ("Other",)}, "relations that the model lacks: R\\(e1,e2\\)"),
        ({"tags": ("O", "B-E1")}, "the model's tags are O B-E1, the data's O B I"),
        ({"max_distance": 5}, "reach 5 words, the data's 10"),
        ({"negative_label": "NA"}, "the model's negative label is NA, the data's Other"),
        ({"vectors": OTHER_VECTORS}, "vectors of another encoder"),
    ],
)
def test_a_model_of_other_data_is_refused(other: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError, match=found):
        require_same_data(**other)


def test_every_difference_of_model_and_data_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        require_same_data(max_distance=5, vectors=OTHER_VECTORS)
    assert [problem.source for problem in caught.value.problems] == ["model", "model"]


class Says:
    """A model that tags the first two words B-Loc and B-Org, and names A(e1,e2) wherever e1 is the first word."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.transitions = np.zeros((5, 5), np.float32)
        self.workers = 1

    def forward(self, inputs: Batch) -> dict[str, Floats]:
        n_rows, n_words = inputs["e1_position_ids"].shape
        tags = np.zeros((n_rows, n_words, 5), np.float32)
        tags[:, :, 0] = 1
        tags[:, 0, 1] = tags[:, 1:2, 3] = 2
        first = inputs["e1_position_ids"][:, 0] == self.config.max_distance + 1
        return {"relation": np.where(first[:, None], [[0.8, 0.1, 0.1]], [[0.1, 0.1, 0.8]]).astype(np.float32), "tags": tags}


@pytest.mark.parametrize(("type_pairs", "n_relations"), [(None, 1), ((("Org", "Loc"),), 0), ((("Loc", "Org"),), 1)])
def test_entities_and_relations_are_found_in_plain_sentences(
    type_pairs: TypePairs | None, n_relations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = dataclasses.replace(tiny.NOTES, tags=joint.TAGS, entities="all")
    config = Config.of(tiny.options(positions="relation"), tiny.RELATIONS, notes, tiny.VECTORS)
    description = ModelDescription.of(config, notes, tiny.VECTORS, type_pairs)
    monkeypatch.setattr(evaluate, "SENTENCES_AT_ONCE", 1)
    found = evaluate.extract(Says(config), description, joint.sentences(("Bern Acme is", []), ("Rome", [])), tiny.FakeStore())
    bern, acme, rome = Entity(0, 1, "Loc"), Entity(1, 2, "Org"), Entity(0, 1, "Loc")
    assert found.entities == [{bern, acme}, {rome}]
    assert found.relations == [{Triple(bern, acme, "A")} if n_relations else set(), set()]


def test_a_model_whose_tagger_learnt_the_entities_of_pairs_is_refused_where_all_are_tagged() -> None:
    notes = dataclasses.replace(rows.POSITION_NOTES, tags=TAGS, entities="all")
    data = StageOutput({}, notes, {})
    with pytest.raises(InputError, match=r"learnt tag\.entities: pair, the data has all"):
        evaluate.require_same_data(trained(), data, tiny.VECTORS)
