"""Predictions beside the rows they are of."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation import scored_split
from tests.support import rows, scored
from tests.support.scored import LABELS, TAGS


def test_words_outside_the_window_are_predicted_o_and_counted() -> None:
    long = rows.positioned("a b c [e1 old cat] saw [e2 mats] d e f", max_length=5)
    start, end = long["window_start"][0].as_py(), long["window_end"][0].as_py()
    split = scored_split.join_predictions(long, np.eye(3, dtype=np.float32)[:1], [np.array([1] * 5)], LABELS, TAGS, "Other")
    assert split.predicted_tags == [["O"] * start + ["B"] * 5 + ["O"] * (10 - end)]
    assert len(split.gold_tags[0]) == 10
    assert split.words_outside_window == 5


def test_the_predicted_relation_is_the_most_probable_one() -> None:
    split = scored.split(["Other", "R(e1,e2)"], ["R(e2,e1)", "R(e1,e2)"])
    assert [LABELS[relation_id] for relation_id in split.predicted_ids] == ["R(e2,e1)", "R(e1,e2)"]
    assert split.confidence == pytest.approx(np.array([0.8, 0.8]))
    assert split.correct.tolist() == [False, True]


def test_a_row_is_flipped_where_only_the_direction_is_wrong() -> None:
    split = scored.split(["R(e1,e2)", "R(e1,e2)", "R(e1,e2)"], ["R(e2,e1)", "R(e1,e2)", "Other"])
    assert split.flipped.tolist() == [True, False, False]


def test_the_rows_that_have_a_label_are_those_to_score() -> None:
    part = scored.split([None, "R(e1,e2)", None], ["Other", "R(e1,e2)", "Other"]).labelled
    assert (part.row_ids, part.correct.tolist()) == (["2"], [True])
    assert scored.split([None], ["R(e2,e1)"]).correct.tolist() == [False]


def test_some_rows_are_taken_in_the_order_asked_for() -> None:
    part = scored.split(["Other", "R(e1,e2)", "R(e2,e1)"], ["Other", "R(e1,e2)", "Other"]).take([2, 0])
    assert part.row_ids == ["3", "1"]
    assert part.correct.tolist() == [False, True]
