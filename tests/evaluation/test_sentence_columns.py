"""Which sentences a report holds where they are too many, and their columns."""

from __future__ import annotations

import numpy as np

from pipeline.core.arrays import Ints
from pipeline.evaluation import sentence_columns
from pipeline.evaluation.scored_split import ScoredSplit
from tests.support import scored

OTHER, THERE, BACK = scored.LABELS


def split() -> ScoredSplit:
    """Six right rows, and mistakes of two kinds: four of one and one of another."""
    gold = [OTHER] * 6 + [OTHER] * 4 + [THERE]
    return scored.split(gold, [OTHER] * 6 + [THERE] * 4 + [BACK])


def chosen(most: int) -> list[int]:
    sizes: Ints = np.full(11, 10)
    return sentence_columns.chosen(split(), sizes, seed=7, most_bytes=most).tolist()


def test_all_rows_are_held_where_they_fit() -> None:
    assert chosen(110) == list(range(11))


def test_mistakes_go_before_right_rows_which_keep_a_fifth() -> None:
    held = chosen(70)
    assert [row for row in held if row >= 6] == [6, 7, 8, 9, 10]
    assert len([row for row in held if row < 6]) == 2


def test_every_kind_of_mistake_is_held_before_any_has_two() -> None:
    assert 10 in chosen(30)
    assert len([row for row in chosen(30) if row >= 6]) == 2


def test_a_sample_is_the_same_every_time() -> None:
    assert chosen(50) == chosen(50)


def test_the_most_probable_relations_are_in_order_and_of_equals_the_first_is_first() -> None:
    probabilities = np.array([[0.1, 0.4, 0.1, 0.4], [0.7, 0.1, 0.1, 0.1]], np.float32)
    ids, shares = sentence_columns.most_likely(probabilities, np.array([1, 0]))
    assert ids.tolist() == [[0, 1, 2, 3], [1, 3, 0, 2]]
    np.testing.assert_allclose(shares[1], [0.4, 0.4, 0.1, 0.1])
    assert probabilities[0, 1] == np.float32(0.4)
