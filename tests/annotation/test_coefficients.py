"""Coefficients of agreement against published tables, scikit-learn, and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pipeline.annotation import coefficients as c
from pipeline.annotation.coefficients import MISSING
from pipeline.core.arrays import Doubles, Ints

# Fleiss 1971, table 1: 30 patients, six psychiatrists each, five diagnoses; kappa 0.430.
FLEISS = """
0 0 0 6 0  0 3 0 0 3  0 1 4 0 1  0 0 0 0 6  0 3 0 3 0  2 0 4 0 0  0 0 4 0 2  2 0 3 1 0  2 0 0 4 0  0 0 0 0 6
1 0 0 5 0  1 1 0 4 0  0 3 3 0 0  1 0 0 5 0  0 2 0 3 1  0 0 5 0 1  3 0 0 1 2  5 1 0 0 0  0 2 0 4 0  1 0 2 0 3
0 0 0 0 6  0 1 0 5 0  0 2 0 1 3  2 0 0 4 0  1 0 0 4 1  0 5 0 1 0  4 0 0 0 2  0 2 0 4 0  1 0 5 0 0  0 0 0 0 6
"""
# Krippendorff 2011, section C: four observers, twelve units, five values, some missing; alpha 0.743.
KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 * * *
1 2 3 3 2 2 4 1 2 5 * 3
* 3 3 3 2 3 4 2 2 5 1 *
1 2 3 3 2 4 4 1 2 5 1 *
"""
# The same, section B: two observers, twelve units, five values; alpha 0.692.
TWO_OBSERVERS = ("aabbdcccedda", "babbbccceddd")


def alpha(values: Ints, n_labels: int) -> float:
    return float(c.alpha(c.alpha_counts(c.label_counts(values, n_labels)).sum(0)))


def values_of(rows: list[list[str]], missing: str = "*") -> Ints:
    """(U, A) ids of labels that stand in a row an annotator."""
    names = sorted({label for row in rows for label in row} - {missing})
    return np.array([[MISSING if label == missing else names.index(label) for label in unit] for unit in zip(*rows, strict=True)])


def test_fleiss_kappa_is_that_of_his_table() -> None:
    counts = np.array(FLEISS.split(), np.float64).reshape(30, 5)
    assert float(c.fleiss_kappa(c.fleiss_counts(counts, 6).sum(0), 6)) == pytest.approx(0.430, abs=0.0005)


def test_krippendorffs_alpha_is_that_of_his_table_with_missing_values() -> None:
    values = values_of([line.split() for line in KRIPPENDORFF.split("\n") if line])
    assert alpha(values, 5) == pytest.approx(0.743, abs=0.0005)


def test_krippendorffs_alpha_is_that_of_his_table_of_two_observers() -> None:
    assert alpha(values_of([list(row) for row in TWO_OBSERVERS]), 5) == pytest.approx(0.692, abs=0.0005)


labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30)


@pytest.mark.filterwarnings("ignore")  # scikit-learn's, where kappa is not defined
@settings(max_examples=30)  # scikit-learn is slow
@given(labels)
def test_cohens_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    values = np.array(pairs)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = cohen_kappa_score(*values.T)
    assert float(c.cohen_kappa(c.cohen_counts(values, 4).sum(0))) == pytest.approx(expected, nan_ok=True)


def coincidences(values: Ints, n_labels: int) -> Doubles:
    """The coincidence matrix of Krippendorff 2011, section C, pair by pair."""
    matrix = np.zeros((n_labels, n_labels))
    for unit in values:
        given = unit[unit != MISSING]
        for i, one in enumerate(given):
            for j, other in enumerate(given):
                if i != j:
                    matrix[one, other] += 1 / (len(given) - 1)
    return matrix


@given(st.lists(st.lists(st.integers(-1, 2), min_size=3, max_size=3), min_size=1, max_size=12))
def test_alpha_is_that_of_the_whole_coincidence_matrix(rows: list[list[int]]) -> None:
    values = np.array(rows)
    matrix = coincidences(values, 3)
    margins, n = matrix.sum(0), matrix.sum()
    expected = n**2 - (margins**2).sum()
    wanted = 1 - (n - 1) * (n - np.trace(matrix)) / expected if expected > 1e-9 else np.nan
    assert alpha(values, 3) == pytest.approx(wanted, nan_ok=True)


@given(st.lists(st.lists(st.integers(-1, 2), min_size=3, max_size=3), min_size=1, max_size=12))
def test_the_alpha_of_a_label_is_that_of_it_against_the_rest(rows: list[list[int]]) -> None:
    values = np.array(rows)
    found = c.class_alpha(c.alpha_counts(c.label_counts(values, 3)).sum(0))
    for label in range(3):
        binary = np.where(values == MISSING, MISSING, values == label)
        assert found[label] == pytest.approx(alpha(binary, 2), nan_ok=True)


def test_who_gave_no_label_counts_for_no_kappa() -> None:
    values = np.array([[0, 0], [1, 0], [1, 1], [1, MISSING], [MISSING, MISSING]])
    assert c.cohen_counts(values, 2).sum(0).tolist() == c.cohen_counts(values[:3], 2).sum(0).tolist()
    three = np.array([[0, 0, 0], [0, 1, MISSING]])
    assert c.fleiss_counts(c.label_counts(three, 2), 3)[1].tolist() == [[0, 0], [0, 0]]
