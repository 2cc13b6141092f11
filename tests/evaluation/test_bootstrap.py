"""Intervals against their textbook width, the paired test against cases whose answer is known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import binomtest

from pipeline.core import params
from pipeline.core.arrays import Doubles
from pipeline.evaluation import bootstrap, scorer

SETTINGS = params.Evaluate(resamples=1000, confidence=0.95, seed=7)


def accuracy(counts: Doubles) -> Doubles:
    correct, _, gold = np.moveaxis(counts, -2, 0).sum(-1)
    return correct / gold


def right_or_wrong(right: np.ndarray) -> Doubles:
    """Counts (..., 3, 1) of one class, every row a gold and a predicted instance."""
    ones = np.ones_like(right, dtype=float)
    return np.stack([right.astype(float), ones, ones], axis=-1)[..., None]


def random_rows(share: float, *shape: int, seed: int = 0) -> Doubles:
    return right_or_wrong(np.random.default_rng(seed).random(shape) < share)


def test_the_interval_of_an_accuracy_is_as_wide_as_the_binomial_one() -> None:
    rows = right_or_wrong(np.arange(1000) < 800)
    estimate = bootstrap.estimate(rows, accuracy, SETTINGS)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.8, 0.8 - half, 0.8 + half), abs=0.004)


def test_a_higher_confidence_widens_the_interval() -> None:
    rows = random_rows(0.7, 200)
    narrow, wide = (bootstrap.estimate(rows, accuracy, params.Evaluate(1000, confidence, 7)) for confidence in (0.9, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_each_resample_draws_as_many_rows_as_there_are() -> None:
    assert np.unique(bootstrap.resampled_sums(np.ones((50, 1)), 200, seed=1)).tolist() == [50]


def test_every_row_is_drawn_once_a_resample_on_average() -> None:
    drawn = bootstrap.resampled_sums(np.eye(20), 5000, seed=1).mean(0)
    assert drawn == pytest.approx(np.ones(20), abs=0.06)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another_one() -> None:
    rows = random_rows(0.7, 200)
    first, again, other = (bootstrap.estimate(rows, accuracy, params.Evaluate(100, 0.95, seed)) for seed in (1, 1, 2))
    assert first == again != other


def test_the_size_of_a_block_changes_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap.resampled_sums(np.eye(7), 30, seed=3)
    monkeypatch.setattr(bootstrap, "BLOCK_ENTRIES", 28)
    assert np.array_equal(bootstrap.resampled_sums(np.eye(7), 30, seed=3), whole)


def test_a_score_of_perfect_rows_has_no_width() -> None:
    estimate = bootstrap.estimate(right_or_wrong(np.ones(10, bool)), accuracy, SETTINGS)
    assert estimate == bootstrap.Estimate(1, 1, 1)


def test_a_system_does_not_differ_from_itself() -> None:
    rows = random_rows(0.8, 3, 100)
    assert bootstrap.compare(rows, rows, accuracy, SETTINGS) == bootstrap.Comparison(bootstrap.Estimate(0, 0, 0), 1)


def test_swapping_the_systems_turns_the_difference_round() -> None:
    ours, theirs = random_rows(0.8, 3, 100, seed=1), random_rows(0.7, 3, 100, seed=2)
    forth, back = (bootstrap.compare(*pair, accuracy, SETTINGS) for pair in ((ours, theirs), (theirs, ours)))
    assert forth.difference.value == -back.difference.value
    assert forth.difference.low == pytest.approx(-back.difference.high)
    assert forth.p_value == back.p_value


def test_a_clearly_better_system_has_an_interval_above_0_and_a_small_p_value() -> None:
    comparison = bootstrap.compare(random_rows(0.9, 5, 500), random_rows(0.7, 5, 500, seed=1), accuracy, SETTINGS)
    assert comparison.difference.low > 0
    assert comparison.p_value < 0.01


def false_alarms(*, seeds_agree: bool, n_trials: int = 200) -> float:
    """How often two systems of the same true accuracy get a p-value below 5%."""
    settings, n_seeds, n_rows = params.Evaluate(200, 0.95, 7), 5, 200
    drawn = (1 if seeds_agree else n_seeds, n_rows)
    alarms = 0
    for trial in range(n_trials):
        ours, theirs = (
            np.broadcast_to(random_rows(0.8, *drawn, seed=2 * trial + system), (n_seeds, n_rows, 3, 1)) for system in (0, 1)
        )
        alarms += bootstrap.compare(ours, theirs, accuracy, settings).p_value < 0.05
    return alarms / n_trials


def test_no_difference_is_rejected_as_often_as_the_p_value_says_where_seeds_agree() -> None:
    assert 0.02 < false_alarms(seeds_agree=True) < 0.10


def test_no_difference_is_rejected_less_often_than_the_p_value_says_where_seeds_disagree_at_random() -> None:
    assert false_alarms(seeds_agree=False) < 0.05


def test_pairing_cancels_what_is_hard_for_both_systems() -> None:
    right = np.random.default_rng(0).random((1, 1000)) < 0.6
    better = right.copy()
    better[0, np.flatnonzero(~right[0])[:20]] = True
    difference = bootstrap.compare(right_or_wrong(better), right_or_wrong(right), accuracy, SETTINGS).difference
    assert difference.value == pytest.approx(0.02)
    assert difference.high - difference.low < 0.02  # unpaired it would be 0.08


def test_seeds_that_disagree_widen_the_interval() -> None:
    theirs = right_or_wrong(np.tile(np.arange(400) < 200, (2, 1)))
    agreeing = right_or_wrong(np.tile(np.arange(400) < 240, (2, 1)))
    disagreeing = right_or_wrong(np.stack([np.arange(400) < 200, np.arange(400) < 280]))
    narrow, wide = (bootstrap.compare(ours, theirs, accuracy, SETTINGS).difference for ours in (agreeing, disagreeing))
    assert narrow.value == wide.value == pytest.approx(0.1)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_the_p_value_is_below_5_percent_where_the_95_percent_interval_leaves_0_out() -> None:
    samples = np.random.default_rng(0).normal([0.5, 3.0], 1, (10_000, 2)).T
    assert [(bootstrap.interval(s, 0.95)[0] > 0, bootstrap.p_value(s) < 0.05) for s in samples] == [(False, False), (True, True)]


def test_more_resamples_than_fit_in_a_block_of_seeds_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = random_rows(0.9, 5, 40), random_rows(0.7, 5, 40, seed=1)
    whole = bootstrap.compare(ours, theirs, accuracy, SETTINGS)
    monkeypatch.setattr(bootstrap, "BLOCK_ENTRIES", 400)
    assert bootstrap.compare(ours, theirs, accuracy, SETTINGS).difference == whole.difference


def test_a_proportion_of_one_row_is_not_certain() -> None:
    """Wilson's interval of 81 of 263 is the textbook's 0.2553 to 0.3662 (Newcombe 1998, table I)."""
    wilson = bootstrap.proportion(np.arange(263) < 81, 0.95)
    assert (wilson.low, wilson.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert bootstrap.proportion(np.array([True]), 0.95).low < 0.25


def test_intervals_of_shares_are_those_of_scipy() -> None:
    right, n = np.array([0, 1, 5, 12, 40]), np.array([1, 1, 9, 12, 300])
    low, high = bootstrap.wilson(right, n, 0.9)
    for place, (k, of) in enumerate(zip(right.tolist(), n.tolist(), strict=True)):
        assert (low[place], high[place]) == pytest.approx(binomtest(k, of).proportion_ci(0.9, method="wilson"), abs=1e-12)


def test_intervals_of_a_class_hold_its_true_scores_as_often_as_they_say() -> None:
    """A class of 20 rows of 400, nine of ten found; the resamples that were here held its recall in 84 of 100 draws."""
    draw, n_draws = np.random.default_rng(0), 2000
    kinds = np.array([[1, 1, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]], float)  # of a row: found, missed, invented, another class
    shares = np.array([0.045, 0.005, 0.003, 0.947])
    true = scorer.precision_recall_f1((shares @ kinds)[:, None])
    counts = draw.multinomial(400, shares, size=n_draws) @ kinds
    low, high = bootstrap.class_intervals(counts.T, 0.95)
    held = ((low <= true) & (true <= high)).mean(axis=1)
    assert (held > 0.93).all()
    assert (held < 0.98).all()


def test_resamples_of_rows_kept_by_kind_are_those_of_the_rows_to_the_bit() -> None:
    draw = np.random.default_rng(5)
    gold, predicted = draw.integers(6, size=(2, 700))
    counts = scorer.relation_counts(gold, predicted, [*"abcdef"], "directed")
    by_kind = bootstrap.resampled_sums(counts, 40, seed=3)
    assert np.array_equal(by_kind, bootstrap.resampled_sums(counts.dense(), 40, seed=3))
    names = [*"abcdef"]
    score = partial(scorer.macro_f1, names=names, negative_label="a")
    [found] = bootstrap.estimates(counts, [score], SETTINGS)
    assert found == bootstrap.estimate(counts.dense(), score, SETTINGS)


def test_systems_are_compared_by_kind_as_by_the_rows_that_each_resample_draws() -> None:
    labels = ["A(e1,e2)", "A(e2,e1)", "B", "Other"]
    draw = np.random.default_rng(0)
    gold, *predicted = draw.integers(len(labels), size=(5, 60))
    counts = [scorer.relation_counts(gold, ids, labels, "official") for ids in predicted]
    score = partial(scorer.macro_f1, names=scorer.classes(labels, "official"), negative_label="Other")
    found = bootstrap.compare(counts[:2], counts[2:], score, SETTINGS)
    drawn = np.random.default_rng(SETTINGS.seed).integers(60, size=(SETTINGS.resamples, 60))
    by_system = np.array([score(of_seed.dense()[drawn].sum(1)) for of_seed in counts])  # (4, resamples)
    seeds = np.random.default_rng([SETTINGS.seed, 2]).integers(2, size=(SETTINGS.resamples, 2))
    by_seed = (by_system[:2] - by_system[2:]).T
    differences = np.take_along_axis(by_seed, seeds, axis=1).mean(1)
    expected = bootstrap.interval(differences, SETTINGS.confidence)
    assert (found.difference.low, found.difference.high) == pytest.approx(expected)
    assert found.p_value == bootstrap.p_value(differences)


def test_systems_tested_on_other_rows_are_no_pair() -> None:
    with pytest.raises(ValueError, match="not tested on the same rows"):
        bootstrap.compare([right_or_wrong(np.ones(3, bool))], [right_or_wrong(np.ones(4, bool))], accuracy, SETTINGS)
