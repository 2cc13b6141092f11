"""Calibration against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation import calibration


def error(confidence: list[float], correct: list[bool]) -> float:
    curve = calibration.reliability(np.array(confidence, np.float32), np.array(correct))
    return calibration.expected_calibration_error(curve)


def test_a_model_that_is_as_often_right_as_it_says_has_no_error() -> None:
    assert error([0.75] * 4, [True, True, True, False]) == 0


def test_the_error_weighs_each_bin_by_its_rows() -> None:
    # 3 rows at 0.5 that are never right, 1 row at 1.0 that is.
    assert error([0.5, 0.5, 0.5, 1.0], [False, False, False, True]) == pytest.approx(0.75 * 0.5)


def test_over_and_underconfidence_within_a_bin_cancel_out() -> None:
    assert error([0.62, 0.68], [True, False]) == pytest.approx(abs(0.65 - 0.5))


@pytest.mark.parametrize("edge", [n / 10 for n in range(1, 11)])
def test_a_confidence_on_an_edge_belongs_to_the_bin_that_it_ends(edge: float) -> None:
    [part] = calibration.reliability(np.array([edge], np.float32), np.array([True]))
    assert part.up_to == edge
