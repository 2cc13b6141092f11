"""What is picked first, from probabilities and vectors made by hand."""

import numpy as np

from pipeline.annotation.selection import diverse, doubtful, drawn, uncertain


def test_labels_that_something_else_beats_are_doubted_the_least_probable_first() -> None:
    probabilities = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1], [0.1, 0.2, 0.7], [0.0, 1.0, 0.0]], np.float32)
    assert doubtful(probabilities, np.array([0, 0, 0, 0])).tolist() == [3, 2, 1]


def test_of_labels_as_good_as_equally_probable_the_one_with_the_surer_rival_comes_first() -> None:
    probabilities = np.array([[0.1001, 0.45, 0.4499], [0.1002, 0.8, 0.0998]], np.float32)
    assert doubtful(probabilities, np.array([0, 0])).tolist() == [1, 0]


def test_a_single_relation_leaves_nothing_to_doubt() -> None:
    assert doubtful(np.ones((3, 1), np.float32), np.zeros(3, np.int64)).tolist() == []


def test_the_least_margins_are_uncertain_and_no_more_are_picked_than_wanted() -> None:
    assert uncertain(np.array([0.0, 0.85, 0.05]), 2).tolist() == [0, 2]


def test_a_spread_keeps_away_from_what_is_known_and_from_itself() -> None:
    corners = np.array([[1, 0, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 1]], np.float32)
    assert diverse(corners, corners[:1], 2).tolist() == [1, 3]


def test_a_spread_of_more_than_there_is_has_every_row_once() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert sorted(diverse(vectors, np.empty((0, 2), np.float32), 9).tolist()) == [0, 1, 2]


def test_a_draw_is_that_of_its_seed() -> None:
    assert drawn(100, 5, seed=1).tolist() == drawn(100, 5, seed=1).tolist() != drawn(100, 5, seed=2).tolist()
