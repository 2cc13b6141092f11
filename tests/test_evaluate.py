"""The evaluate stage: the files it writes, and the models it refuses."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import evaluate
from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.schema import CONTRACTS
<<<<<<< ours
from tests.support import scored
from tests.support.scored import GOLD_TAG_IDS, LABELS, TAGS
=======
from pipeline.evaluation import report, scored_split, tables
from pipeline.evaluation.scored_split import Outcome
from tests.support import rows
from tests.support.tiny import TAGS

LABELS = ("Other", "R(e1,e2)", "R(e2,e1)")
SETTINGS = params.Evaluate(resamples=50, confidence=0.95, seed=7)


def table(*relations: str) -> pa.Table:
    """Rows of "the [e1 old cat] <mats>", a relation each."""
    made = [
        rows.positioned("the [e1 old cat] saw [e2 <mats>]", relation=relation, first_id=n)
        for n, relation in enumerate(relations, start=1)
    ]
    return pa.concat_tables(made).combine_chunks()


def made(gold: list[str], predicted: list[str], tag_ids: list[list[int]] | None = None) -> Outcome:
    """An outcome whose predictions have a probability of 0.8."""
    certain = np.eye(3)[[LABELS.index(label) for label in predicted]]
    tag_arrays = None if tag_ids is None else [np.array(ids) for ids in tag_ids]
    return scored_split.join(table(*gold), (0.7 * certain + 0.1).astype(np.float32), tag_arrays, LABELS, TAGS)


RIGHT = [0, 1, 2, 0, 1]


def test_scores_are_in_percent_beside_their_interval() -> None:
    found = tables.relation_scores(made(["R(e1,e2)", "R(e1,e2)"], ["R(e1,e2)", "R(e2,e1)"]), SETTINGS)
    assert [found[name] for name in ("official_macro_f1", "undirected_macro_f1", "accuracy")] == [50, 100, 50]
    assert 0 < found["accuracy_low"] < 50 < found["accuracy_high"] < 100


def test_a_right_relation_in_the_wrong_direction_is_counted_as_a_flip() -> None:
    found = made(["R(e1,e2)", "R(e1,e2)", "Other", "R(e2,e1)"], ["R(e2,e1)", "R(e1,e2)", "R(e1,e2)", "Other"])
    assert tables.relation_scores(found, SETTINGS)["direction_flips"] == 1


def test_the_official_score_is_null_where_labels_have_no_direction() -> None:
    undirected = scored_split.join(table("R", "Other"), np.array([[0.2, 0.8], [0.9, 0.1]], np.float32), None, ("Other", "R"), TAGS)
    found = tables.relation_scores(undirected, SETTINGS)
    assert {found[f"official_macro_f1{end}"] for end in ("", "_low", "_high")} == {None}
    assert found["undirected_macro_f1"] == 100


def test_tags_are_scored_strictly_and_say_whether_positions_were_visible() -> None:
    wrong_start = [0, 0, 2, 0, 1]
    found = tables.tag_scores(made(["Other"] * 2, ["Other"] * 2, [RIGHT, wrong_start]), positions_visible=True, settings=SETTINGS)
    # 3 of 3 predicted entities are right, 3 of 4 gold ones found.
    assert found["f1"] == pytest.approx(100 * 2 * 3 / (3 + 4), abs=0.01)
    assert found["positions_visible"] is True


def test_tag_scores_are_null_without_a_tagger() -> None:
    found = tables.tag_scores(made(["Other"], ["Other"]), positions_visible=True, settings=SETTINGS)
    assert set(found.values()) == {None}


def test_words_outside_the_window_are_predicted_o_and_counted() -> None:
    long = rows.positioned("a b c [e1 old cat] saw [e2 mats] d e f", max_length=5)
    start, end = long["window_start"][0].as_py(), long["window_end"][0].as_py()
    found = scored_split.join(long, np.eye(3, dtype=np.float32)[:1], [np.array([1] * 5)], LABELS, TAGS)
    assert found.predicted_tags == [["O"] * start + ["B"] * 5 + ["O"] * (10 - end)]
    assert len(found.gold_tags[0]) == 10
    assert found.words_outside_window == 5


def test_a_predictions_row_tells_of_one_sentence() -> None:
    [row] = tables.predictions(made(["R(e1,e2)"], ["Other"], [RIGHT]))
    assert row == {
        "id": "1",
        "gold": "R(e1,e2)",
        "predicted": "Other",
        "probabilities": {"Other": 0.8, "R(e1,e2)": 0.1, "R(e2,e1)": 0.1},
        "gold_tags": ["O", "B", "I", "O", "B"],
        "predicted_tags": ["O", "B", "I", "O", "B"],
    }


def test_the_per_class_table_counts_gold_predicted_and_flips() -> None:
    found = made(["R(e1,e2)", "R(e1,e2)", "Other"], ["R(e2,e1)", "R(e1,e2)", "R(e1,e2)"])
    other, relation = tables.per_class(found, "official", SETTINGS)
    assert (relation["precision"], relation["recall"]) == (33.33, 50)
    assert [relation[key] for key in ("support", "predicted", "direction_flips")] == [2, 3, 1]
    assert [other[key] for key in ("f1", "support", "predicted", "direction_flips")] == [0, 1, 0, 0]


def test_a_flip_counts_at_the_label_that_was_missed_where_each_direction_is_a_class() -> None:
    found = tables.per_class(made(["R(e1,e2)"], ["R(e2,e1)"]), "directed", SETTINGS)
    assert [(row["class"], row["direction_flips"]) for row in found] == [("Other", 0), ("R(e1,e2)", 1), ("R(e2,e1)", 0)]


def test_a_slice_is_scored_on_its_own_rows() -> None:
    found = made(["R(e1,e2)", "Other"], ["R(e1,e2)", "R(e1,e2)"])
    first, second = tables.slice_scores(found, {"cut": {"yes": [0], "no": [1]}}, SETTINGS)
    assert (first["slice"], first["n"], first["accuracy"], first["official_macro_f1"]) == ("yes", 1, 100, 100)
    assert (second["slice"], second["n"], second["accuracy"]) == ("no", 1, 0)


def test_a_slice_without_a_relation_to_find_has_no_macro_f1() -> None:
    [found] = tables.slice_scores(made(["Other"] * 20, ["Other"] * 20), {"cut": {"none": list(range(20))}}, SETTINGS)
    assert (found["official_macro_f1"], found["official_macro_f1_low"]) == (None, None)


def test_a_slice_of_few_rows_claims_no_certainty() -> None:
    few = made(["R(e1,e2)"] * 7, ["R(e1,e2)"] * 7)
    [found] = tables.slice_scores(few, {"cut": {"few": list(range(7))}}, SETTINGS)
    assert found["accuracy_low"] < 70
    assert (found["official_macro_f1"], found["official_macro_f1_low"], found["official_macro_f1_high"]) == (100, None, None)


def test_the_confusion_rows_lose_the_direction_where_it_is_ignored() -> None:
    found = made(["R(e1,e2)"], ["R(e2,e1)"])
    assert tables.confusion(found, "directed") == [{"gold": "R(e1,e2)", "predicted": "R(e2,e1)"}]
    assert tables.confusion(found, "undirected") == [{"gold": "R", "predicted": "R"}]


def test_the_surest_mistake_comes_first_and_right_rows_are_left_out() -> None:
    gold = table("Other", "R(e1,e2)", "Other")
    probabilities = np.array([[0.3, 0.6, 0.1], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0]], np.float32)
    found = report.mistakes(scored_split.join(gold, probabilities, None, LABELS, TAGS), gold)
    assert [row["id"] for row in found] == ["2", "1"]


def test_the_pieces_of_a_sentence_are_its_text_with_the_entities_apart() -> None:
    [row] = table("Other").to_pylist()
    assert report.pieces(row) == [("the ", ""), ("old cat", "e1"), (" saw ", ""), ("<mats>", "e2")]
>>>>>>> theirs


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that main writes from a real position folder and a pretended model."""
    splits = {
        "train": scored.table("R(e1,e2)", "Other"),
        "validation": scored.table("Other", "R(e2,e1)"),
        "test": scored.table("R(e1,e2)", "R(e1,e2)", "Other"),
    }
    storage.write(
        tmp_path / "positioned",
        CONTRACTS["position"],
        {split: [rows_] for split, rows_ in splits.items()},
        {"tags": list(TAGS)},
        {"max_distance": 10, "excluded": 3},
    )
    predicted = {
        "validation": scored.split(["Other", "R(e2,e1)"], ["Other", "R(e2,e1)"], [GOLD_TAG_IDS] * 2),
        "test": scored.split(["R(e1,e2)", "R(e1,e2)", "Other"], ["R(e1,e2)", "R(e2,e1)", "Other"], [GOLD_TAG_IDS] * 3),
    }
    (tmp_path / "params.yaml").write_text("evaluate: {resamples: 20, confidence: 0.95, seed: 7}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate.Store, "open", lambda folder: SimpleNamespace())
    monkeypatch.setattr(evaluate, "predict", lambda *_: (SimpleNamespace(positions="shared"), predicted))
    evaluate.main(["model", "positioned", "embedded", "reports"])
    return tmp_path / "reports"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def numbers(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in numbers(value)]
    return [tree] if isinstance(tree, float) else []


def test_metrics_hold_the_scores_of_both_splits_and_the_counts_of_earlier_stages(reports: Path) -> None:
    metrics = json.loads((reports / "metrics.json").read_text())
    assert metrics["test"]["relation"]["official_macro_f1"] == 50
    assert metrics["validation"]["relation"]["official_macro_f1"] == 100
    assert metrics["test"]["tags"]["f1"] == 100
    assert metrics["test"]["tags"]["positions_visible"] is True
    assert metrics["data"] == {"excluded": 3}
    assert [metrics[split]["rows"] for split in ("train", "validation", "test")] == [2, 2, 3]


def test_no_number_of_the_metrics_has_more_than_two_decimals(reports: Path) -> None:
    assert all(number == round(number, 2) for number in numbers(json.loads((reports / "metrics.json").read_text())))


def test_predictions_hold_a_line_a_test_sentence_in_order(reports: Path) -> None:
    lines = (reports / "predictions.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "2", "3"]


def test_the_csv_files_have_the_columns_that_dvc_plots(reports: Path) -> None:
    assert read_csv(reports / "confusion.csv")[1] == {"gold": "R(e1,e2)", "predicted": "R(e2,e1)"}
    assert read_csv(reports / "confusion_undirected.csv")[1] == {"gold": "R", "predicted": "R"}
    assert read_csv(reports / "per_class_f1.csv") == [{"relation": "Other", "f1": "100.0"}, {"relation": "R", "f1": "50.0"}]
    assert {"confidence", "accuracy"} <= read_csv(reports / "reliability.csv")[0].keys()
    assert {row["cut"] for row in read_csv(reports / "slices.csv")} >= {"direction", "entity strings"}


def test_a_second_run_writes_the_same_bytes(reports: Path) -> None:
    before = {path.name: path.read_bytes() for path in reports.iterdir()}
    evaluate.main(["model", "positioned", "embedded", "reports"])
    assert {path.name: path.read_bytes() for path in reports.iterdir()} == before


@dataclasses.dataclass(frozen=True)
class Trained:
    """The part of a model's config that has to fit the data."""

    relations: tuple[str, ...] = LABELS
    tags: tuple[str, ...] = TAGS
    max_distance: int = 10
    encoder: str = "abc"


def require_same_data(**other: object) -> None:
    """Check a model, the same or of other data, against data of two relations, BIO tags and positions up to 10 words."""
    tables = {"test": scored.table("Other", "R(e1,e2)")}
    folder = SimpleNamespace(tables=tables, labels={"tags": list(TAGS)}, notes={"max_distance": 10})
    store = SimpleNamespace(fingerprint="abc")
    evaluate.require_same_data(Trained(**other), folder, store, Path("model"))  # type: ignore[arg-type]


def test_a_model_of_this_data_is_taken() -> None:
    require_same_data()


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"relations": ("Other",)}, "relations that the model lacks: R\\(e1,e2\\)"),
        ({"tags": ("O", "B-E1")}, "the model's tags are O B-E1, the data's O B I"),
        ({"max_distance": 5}, "reach 5 words, the data's 10"),
        ({"encoder": "xyz"}, "vectors of another encoder"),
    ],
)
def test_a_model_of_other_data_is_refused(other: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError, match=found):
        require_same_data(**other)


def test_every_difference_of_model_and_data_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        require_same_data(max_distance=5, encoder="xyz")
    assert [problem.source for problem in caught.value.problems] == ["model", "model"]
