"""What is made of runs: differences, verdicts and scores."""

import dataclasses

import pytest

from experiments import comparison
from tests.support.runs import GOLD, SETTINGS, made, wrong_every


def test_a_planted_difference_is_supported() -> None:
    runs = {("hard", 100): made("hard", (wrong_every(20),) * 2), ("single", 100): made("single", (wrong_every(4),) * 2)}
    [row] = comparison.comparisons(runs, {("hard", "single"): "hard is better"}, SETTINGS)
    assert (row["claim"], row["ours"], row["theirs"]) == ("hard is better", "hard", "single")
    assert row["verdict"].startswith("supported: +")
    assert row["difference_low"] > 0


def test_no_difference_is_not_supported() -> None:
    runs = {(variant, 100): made(variant, (wrong_every(4),) * 2) for variant in ("soft", "single")}
    [row] = comparison.comparisons(runs, {("soft", "single"): "soft is better"}, SETTINGS)
    assert (row["difference"], row["p_value"]) == (0, 1)
    assert row["verdict"] == "not supported: 0.0, 95% interval 0.0 to 0.0, p = 1"


def test_variants_are_compared_on_each_share_that_both_have_the_largest_first() -> None:
    shares = (("hard", 10), ("single", 10), ("hard", 25), ("hard", 100), ("single", 100))
    runs = {(variant, percent): made(variant, (GOLD,) * 2, percent) for variant, percent in shares}
    rows = comparison.comparisons(runs, {("hard", "single"): "", ("soft", "single"): ""}, SETTINGS)
    assert [(row["ours"], row["percent"]) for row in rows] == [("hard", 100), ("hard", 10)]


def test_scores_are_means_over_seeds_and_entities_say_whether_positions_were_seen() -> None:
    perfect, half = GOLD, tuple(label if label != 1 else 2 for label in GOLD)
    runs = {("hard", 100): made("hard", (perfect, half), entities=((8, 10, 8), (4, 4, 8)), positions_visible=False)}
    [row] = comparison.scores(runs)
    assert row["mean"] == pytest.approx(50 * (1 + 2 / 3), abs=0.01)  # the second seed finds half of A's rows: F1 2/3
    assert row["entity_f1"] == pytest.approx(50 * (16 / 18 + 8 / 12), abs=0.01)
    assert row["positions_visible"] is False


def test_resamples_too_few_for_the_confidence_support_nothing() -> None:
    runs = {("hard", 100): made("hard", (wrong_every(20),) * 2), ("single", 100): made("single", (wrong_every(2),) * 2)}
    settings = dataclasses.replace(SETTINGS, resamples=1)
    [row] = comparison.comparisons(runs, {("hard", "single"): ""}, settings)
    assert row["verdict"].startswith("not supported: +")
    assert row["p_value"] == 1


def test_on_few_test_rows_a_difference_has_no_interval_no_p_value_and_no_support() -> None:
    few = GOLD[:9]
    runs = {(v, 100): made(v, (ids,) * 2, gold_ids=few) for v, ids in (("hard", few), ("single", (2,) * 9))}
    [row] = comparison.comparisons(runs, {("hard", "single"): ""}, SETTINGS)
    assert (row["difference_low"], row["difference_high"], row["p_value"]) == (None, None, None)
    assert row["verdict"] == "not supported: +100.0, on too few test rows for an interval"
