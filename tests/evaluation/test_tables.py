"""What the tables say of rows small enough to score in one's head."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipeline.core import params
from pipeline.evaluation import scored_split, tables
from tests.support import scored
from tests.support.scored import GOLD_TAG_IDS, LABELS, TAGS

SETTINGS = params.Evaluate(resamples=50, confidence=0.95, seed=7)


def test_scores_are_in_percent_beside_their_interval() -> None:
    scores = tables.relation_scores(scored.split(["R(e1,e2)", "R(e1,e2)"], ["R(e1,e2)", "R(e2,e1)"]), SETTINGS)
    assert [scores[name] for name in ("official_macro_f1", "undirected_macro_f1", "accuracy")] == [50, 100, 50]
    assert 0 < scores["accuracy_low"] < 50 < scores["accuracy_high"] < 100


def test_a_right_relation_in_the_wrong_direction_is_counted_as_a_flip() -> None:
    split = scored.split(["R(e1,e2)", "R(e1,e2)", "Other", "R(e2,e1)"], ["R(e2,e1)", "R(e1,e2)", "R(e1,e2)", "Other"])
    assert tables.relation_scores(split, SETTINGS)["direction_flips"] == 1


def test_the_official_score_is_null_where_labels_have_no_direction() -> None:
    probabilities = np.array([[0.2, 0.8], [0.9, 0.1]], np.float32)
    undirected = scored_split.join_predictions(scored.table("R", "Other"), probabilities, None, ("Other", "R"), TAGS, "Other")
    scores = tables.relation_scores(undirected, SETTINGS)
    assert {scores[f"official_macro_f1{end}"] for end in ("", "_low", "_high")} == {None}
    assert scores["undirected_macro_f1"] == 100


def test_micro_f1_stands_beside_macro_f1_with_its_interval() -> None:
    gold, predicted = ["R(e1,e2)", "R(e1,e2)", "Other", "R(e2,e1)"], ["R(e1,e2)", "R(e2,e1)", "R(e1,e2)", "Other"]
    scores = tables.relation_scores(scored.split(gold * 3, predicted * 3), SETTINGS)
    assert [scores[f"{mode}_micro_f1"] for mode in ("official", "undirected")] == [33.33, 66.67]  # 1 and 2 of 3 and 3
    assert scores["undirected_micro_f1_low"] < 66.67 < scores["undirected_micro_f1_high"]


def test_few_rows_have_scores_of_f1_without_an_interval() -> None:
    split = scored.split(["R(e1,e2)"] * 9, ["R(e1,e2)"] * 9)
    scores = tables.relation_scores(split, SETTINGS)
    assert [scores[f"official_macro_f1{end}"] for end in ("", "_low", "_high")] == [100, None, None]
    assert scores["accuracy_low"] < 100


def test_a_split_without_rows_has_no_scores() -> None:
    none = scored_split.join_predictions(scored.table("Other").slice(0, 0), np.empty((0, 3), np.float32), [], LABELS, TAGS, "Other")
    scores = tables.split_scores(none, positions_visible=False, settings=SETTINGS)
    assert (scores["rows"], scores["relation"]["official_macro_f1"], scores["tags"]["f1"]) == (0, None, None)


def test_without_a_relation_to_find_there_is_no_f1() -> None:
    scores = tables.relation_scores(scored.split(["Other"] * 20, ["Other"] * 20), SETTINGS)
    assert {scores[f"{mode}_{name}_f1"] for mode in ("official", "undirected") for name in ("macro", "micro")} == {None}
    assert scores["accuracy"] == 100


def test_the_negative_label_leaves_the_scores_whatever_its_name() -> None:
    gold, predicted = ["R(e1,e2)", "Other", "Other"], ["R(e1,e2)", "R(e1,e2)", "Other"]
    split = scored.split(gold, predicted)
    labels = ("NA", *LABELS[1:])
    renamed = dataclasses.replace(split, labels=labels, negative_label="NA")
    assert tables.relation_scores(renamed, SETTINGS) == tables.relation_scores(split, SETTINGS)
    [row] = tables.slice_scores(renamed, {"cut": {"none": [1, 2]}}, SETTINGS)
    assert row["official_macro_f1"] is None


def test_rows_without_labels_have_no_scores() -> None:
    split = scored.split([None, None], ["R(e1,e2)", "Other"], [GOLD_TAG_IDS] * 2)
    scores = tables.split_scores(split, positions_visible=True, settings=SETTINGS)
    assert (scores["rows"], set(scores["relation"].values())) == (2, {None})
    assert scores["tags"]["f1"] == 100
    assert scores["relation"].keys() == tables.relation_scores(scored.split(["Other"], ["Other"]), SETTINGS).keys()


def test_rows_without_labels_are_in_no_table() -> None:
    split = scored.split([None], ["R(e1,e2)"]).labelled
    found = [tables.confusion(split, "directed"), tables.per_class(split, "official", SETTINGS), tables.reliability(split)]
    assert found == [[], [], []]


def test_tags_are_scored_strictly_and_say_whether_positions_were_visible() -> None:
    wrong_start = [0, 0, 2, 0, 1]
    split = scored.split(["Other"] * 2, ["Other"] * 2, [GOLD_TAG_IDS, wrong_start])
    scores = tables.tag_scores(split, positions_visible=True, settings=SETTINGS)
    # 3 of 3 predicted entities are right, 3 of 4 gold ones found.
    assert scores["f1"] == pytest.approx(100 * 2 * 3 / (3 + 4), abs=0.01)
    assert scores["positions_visible"] is True


def test_tag_scores_are_null_without_a_tagger() -> None:
    scores = tables.tag_scores(scored.split(["Other"], ["Other"]), positions_visible=True, settings=SETTINGS)
    assert set(scores.values()) == {None}


def test_the_per_class_table_counts_gold_predicted_and_flips() -> None:
    split = scored.split(["R(e1,e2)", "R(e1,e2)", "Other"], ["R(e2,e1)", "R(e1,e2)", "R(e1,e2)"])
    other, relation = tables.per_class(split, "official", SETTINGS)
    assert (relation["precision"], relation["recall"]) == (33.33, 50)
    assert [relation[key] for key in ("support", "predicted", "direction_flips")] == [2, 3, 1]
    assert [other[key] for key in ("f1", "support", "predicted", "direction_flips")] == [0, 1, 0, 0]


def test_a_flip_counts_at_the_label_that_was_missed_where_each_direction_is_a_class() -> None:
    by_class = tables.per_class(scored.split(["R(e1,e2)"], ["R(e2,e1)"]), "directed", SETTINGS)
    assert [(row["class"], row["direction_flips"]) for row in by_class] == [("Other", 0), ("R(e1,e2)", 1), ("R(e2,e1)", 0)]


def test_a_class_of_few_rows_that_are_all_right_claims_no_certainty() -> None:
    split = scored.split(["R(e1,e2)"] * 6 + ["Other"] * 60, ["R(e1,e2)"] * 6 + ["Other"] * 60)
    _, relation = tables.per_class(split, "official", SETTINGS)
    assert [relation[f"{score}_high"] for score in ("precision", "recall", "f1")] == [100, 100, 100]
    assert relation["precision_low"] == relation["recall_low"] == 60.97  # 6 / (6 + 1.96 ** 2)
    assert relation["f1_low"] == pytest.approx(100 * 2 * 0.6097 / 1.6097, abs=0.01)


def test_a_class_that_nothing_tells_of_may_have_any_score() -> None:
    [*_, missing] = tables.per_class(scored.split(["Other"] * 20, ["Other"] * 20), "directed", SETTINGS)
    assert [missing[f"recall{end}"] for end in ("", "_low", "_high")] == [0, 0, 100]


def test_a_slice_is_scored_on_its_own_rows() -> None:
    split = scored.split(["R(e1,e2)", "Other"], ["R(e1,e2)", "R(e1,e2)"])
    first, second = tables.slice_scores(split, {"cut": {"yes": [0], "no": [1]}}, SETTINGS)
    assert (first["slice"], first["n"], first["accuracy"], first["official_macro_f1"]) == ("yes", 1, 100, 100)
    assert (second["slice"], second["n"], second["accuracy"]) == ("no", 1, 0)


def test_a_slice_without_a_relation_to_find_has_no_macro_f1() -> None:
    split = scored.split(["Other"] * 20, ["Other"] * 20)
    [row] = tables.slice_scores(split, {"cut": {"none": list(range(20))}}, SETTINGS)
    assert (row["official_macro_f1"], row["official_macro_f1_low"]) == (None, None)


def test_a_slice_of_few_rows_claims_no_certainty() -> None:
    few = scored.split(["R(e1,e2)"] * 7, ["R(e1,e2)"] * 7)
    [row] = tables.slice_scores(few, {"cut": {"few": list(range(7))}}, SETTINGS)
    assert row["accuracy_low"] < 70
    assert (row["official_macro_f1"], row["official_macro_f1_low"], row["official_macro_f1_high"]) == (100, None, None)


def test_the_confusion_rows_lose_the_direction_where_it_is_ignored() -> None:
    split = scored.split(["R(e1,e2)"], ["R(e2,e1)"])
    assert tables.confusion(split, "directed") == [{"gold": "R(e1,e2)", "predicted": "R(e2,e1)"}]
    assert tables.confusion(split, "undirected") == [{"gold": "R", "predicted": "R"}]
