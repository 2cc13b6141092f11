"""The scorer against tables worked out by hand from the definition, and the entity counts against seqeval itself."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from pipeline.core.arrays import Doubles
from pipeline.core.labels import is_directed
from pipeline.evaluation import scorer

LABELS = ["A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "B(e2,e1)", "Other"]
A12, A21, B12, B21, OTHER = range(5)


def counts(*rows: tuple[int, int], mode: scorer.Mode, labels: list[str] = LABELS) -> Doubles:
    """The summed counts of (gold, predicted) rows."""
    gold_ids, predicted_ids = np.array(rows).T
    return scorer.relation_counts(gold_ids, predicted_ids, labels, mode).total()


def macro_f1(*rows: tuple[int, int], mode: scorer.Mode, labels: list[str] = LABELS, negative: str = "Other") -> float:
    return float(scorer.macro_f1(counts(*rows, mode=mode, labels=labels), scorer.classes(labels, mode), negative))


def micro_f1(*rows: tuple[int, int], mode: scorer.Mode, labels: list[str] = LABELS, negative: str = "Other") -> float:
    return float(scorer.micro_f1(counts(*rows, mode=mode, labels=labels), scorer.classes(labels, mode), negative))


ROWS = [
    *[(A12, A12), (A12, A12), (A12, A21), (A21, B12)],
    *[(B12, B12), (B12, B12), (B12, OTHER)],
    *[(OTHER, A12), (OTHER, OTHER)],
]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        # A(e1,e2) is right in 2 of 3 predicted and 3 gold, A(e2,e1) never, B(e1,e2) in 2 of 3 and 3; gold lacks B(e2,e1).
        ("directed", (2 / 3 + 0 + 2 / 3) / 3),
        # A is right in 3 of 4 and 4, B in 2 of 3 and 3.
        ("undirected", (3 / 4 + 2 / 3) / 2),
        # The wrong direction is a predicted and a gold A, but no correct one: A is right in 2 of 4 and 4.
        ("official", (2 / 4 + 2 / 3) / 2),
    ],
)
def test_each_mode_gives_the_macro_f1_worked_out_by_hand(mode: scorer.Mode, expected: float) -> None:
    assert macro_f1(*ROWS, mode=mode) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        # 7 rows are predicted a relation and 7 are of one by gold; 4 of these are right with their direction, 5 without it.
        ("directed", 2 * 4 / (7 + 7)),
        ("official", 2 * 4 / (7 + 7)),
        ("undirected", 2 * 5 / (7 + 7)),
    ],
)
def test_each_mode_gives_the_micro_f1_worked_out_by_hand(mode: scorer.Mode, expected: float) -> None:
    assert micro_f1(*ROWS, mode=mode) == pytest.approx(expected, abs=1e-12)


def test_a_relation_that_gold_lacks_costs_micro_f1_precision() -> None:
    # 2 are predicted and none is of a relation, beside 1 that is right: precision 1/3, recall 1.
    assert micro_f1((A12, A12), (OTHER, B12), (OTHER, A21), mode="official") == pytest.approx(2 * (1 / 3) / (1 / 3 + 1))


def test_the_negative_label_costs_micro_f1_what_it_hides_and_gains_nothing() -> None:
    # 1 of 2 relations is found, and nothing else is predicted: precision 1, recall 1/2.
    assert micro_f1((A12, A12), (B12, OTHER), *[(OTHER, OTHER)] * 9, mode="official") == pytest.approx(2 / 3)


def test_micro_f1_of_nothing_but_the_negative_label_is_0_and_never_nan() -> None:
    assert micro_f1((OTHER, OTHER), mode="official") == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_micro_f1_is_that_of_scikit_learn_over_the_other_labels(rows: list[tuple[int, int]]) -> None:
    gold, predicted = zip(*rows, strict=True)
    expected = sklearn.metrics.f1_score(gold, predicted, labels=[A12, A21, B12, B21], average="micro", zero_division=0)
    assert micro_f1(*rows, mode="directed") == pytest.approx(expected)


@pytest.mark.parametrize("negative", ["no_relation", "N/A (none)", "{NA}"])
@pytest.mark.parametrize("mode", scorer.MODES)
def test_the_negative_label_may_have_any_name(negative: str, mode: scorer.Mode) -> None:
    labels = [*LABELS[:-1], negative]
    assert macro_f1(*ROWS, mode=mode, labels=labels, negative=negative) == macro_f1(*ROWS, mode=mode)
    assert micro_f1(*ROWS, mode=mode, labels=labels, negative=negative) == micro_f1(*ROWS, mode=mode)


def test_a_label_called_other_counts_where_another_label_is_the_negative_one() -> None:
    assert macro_f1((A12, A12), (OTHER, A12), mode="official", negative="NA") == pytest.approx((2 / 3 + 0) / 2)
    assert micro_f1((A12, A12), (OTHER, A12), mode="official", negative="NA") == pytest.approx(1 / 2)


def test_a_wrong_direction_costs_its_relation_precision_and_recall() -> None:
    right_twice_flipped_once = counts((A12, A12), (A21, A21), (A12, A21), mode="official")
    precision, recall, _ = scorer.precision_recall_f1(right_twice_flipped_once)[:, 0]
    assert (precision, recall) == pytest.approx((2 / 3, 2 / 3))


def test_a_wrong_direction_costs_nothing_when_direction_is_ignored() -> None:
    assert macro_f1((A12, A21), (B21, B12), mode="undirected") == 1


def test_a_wrong_direction_costs_no_other_relation() -> None:
    b = scorer.precision_recall_f1(counts((A12, A21), (B12, B12), mode="official"))[:, 1]
    assert b.tolist() == [1, 1, 1]


def test_a_class_that_is_never_predicted_scores_0_and_counts_in_the_mean() -> None:
    assert macro_f1((A12, A12), (B12, OTHER), mode="official") == 1 / 2


def test_a_class_that_gold_lacks_is_left_out_of_the_mean_but_costs_the_class_it_was_taken_for() -> None:
    # B is no gold class; A is right in 1 of 1 predicted and 2 gold: F1 = 2 * 1 / (1 + 2).
    assert macro_f1((A12, A12), (A12, B12), mode="official") == pytest.approx(2 / 3)


def test_a_class_that_nobody_names_does_not_change_the_mean() -> None:
    rows = [(A12, A12), (OTHER, A12)]
    without_b = [label for label in LABELS if not label.startswith("B")]
    fewer = [(gold if gold < 2 else 2, predicted) for gold, predicted in rows]
    assert macro_f1(*rows, mode="official") == macro_f1(*fewer, mode="official", labels=without_b)


def test_other_taken_for_a_relation_costs_that_relation_precision_alone() -> None:
    precision, recall, _ = scorer.precision_recall_f1(counts((A12, A12), (OTHER, A21), mode="official"))[:, 0]
    assert (precision, recall) == (1 / 2, 1)


def test_other_itself_is_left_out_of_the_mean() -> None:
    assert macro_f1((A12, A12), (OTHER, OTHER), (OTHER, OTHER), mode="official") == 1


def test_gold_of_nothing_but_other_scores_0_and_never_nan() -> None:
    assert macro_f1((OTHER, OTHER), mode="official") == 0


def test_labels_without_direction_score_the_same_in_every_mode() -> None:
    labels = ["A", "B", "Other"]
    scores = [macro_f1((0, 0), (0, 1), (1, 1), (2, 1), mode=mode, labels=labels) for mode in scorer.MODES]
    assert scores == pytest.approx([(2 / 3 + 2 / 4) / 2] * 3)


def test_a_label_with_brackets_that_are_no_direction_has_none() -> None:
    assert not is_directed(["born in (city)", "R(e1,e1)", "R(e2)"])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_the_official_score_never_exceeds_the_undirected_one(rows: list[tuple[int, int]]) -> None:
    assert macro_f1(*rows, mode="official") <= macro_f1(*rows, mode="undirected")


def test_many_tables_are_scored_at_once_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    tables = rng.integers(0, 3, (7, 3, 2)).astype(float)
    for score in (scorer.macro_f1, scorer.micro_f1):
        at_once = score(tables, ["A", "Other"], "Other")
        assert at_once.tolist() == [float(score(table, ["A", "Other"], "Other")) for table in tables]


TAGS = st.sampled_from(["O", "B-E1", "I-E1", "B-E2", "I-E2"])
SENTENCE = st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=8)


@given(st.lists(SENTENCE, min_size=1, max_size=5))
def test_entity_scores_equal_those_of_seqeval_in_strict_mode(sentences: list[list[tuple[str, str]]]) -> None:
    gold, predicted = ([[pair[side] for pair in sentence] for sentence in sentences] for side in (0, 1))
    ours = scorer.precision_recall_f1(scorer.entity_counts(gold, predicted).sum(0))[:, 0]
    options = {"mode": "strict", "scheme": IOB2, "zero_division": 0, "average": "micro"}
    theirs = [score(gold, predicted, **options) for score in (precision_score, recall_score, f1_score)]
    assert ours.tolist() == pytest.approx(theirs)


def test_an_entity_that_starts_with_i_is_none() -> None:
    assert scorer.entity_counts([["B", "I", "O"]], [["I", "I", "O"]]).ravel().tolist() == [0, 0, 1]


@pytest.mark.parametrize("mode", scorer.MODES)
def test_rows_that_are_kept_by_kind_count_as_rows_that_are_kept_each(mode: scorer.Mode) -> None:
    draw = np.random.default_rng(4)
    labels = ["Other", "A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "C"]
    gold, predicted = draw.integers(len(labels), size=(2, 300))
    one_hot = np.eye(len(scorer.classes(labels, mode)))[scorer.class_ids(labels, mode)]
    correct = one_hot[gold] * one_hot[predicted] * ((gold == predicted)[:, None] if mode == "official" else 1)
    rows = np.stack([correct, one_hot[predicted], one_hot[gold]], axis=1)
    counts = scorer.relation_counts(gold, predicted, labels, mode)
    assert np.array_equal(counts.dense(), rows)
    assert np.array_equal(counts.total(), rows.sum(0))
    assert np.array_equal(counts.take([7, 3, 7]).dense(), rows[[7, 3, 7]])
    assert len(counts.take([7, 3, 7])) == 3
