"""How far annotators agree, beyond what chance would give.

- Cohen's kappa of two annotators (Cohen 1960);
- Fleiss' kappa of several, on the units that all of them have labelled (Fleiss 1971);
- Krippendorff's alpha for labels, whoever labelled what (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C).

A unit is what gets a label. Every coefficient is a function of sums over units, so that documents, and a thousand resamples of
them, are scored alike (see pipeline/evaluation/bootstrap.py). Where chance alone would agree wholly it is not defined: NaN. In
shapes, U is units, A annotators, K labels, D documents.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.arrays import Doubles, Ints

MISSING = -1  # the label of a unit that an annotator has not labelled


def cohen_counts(values: Ints, n_labels: int) -> Doubles:
    """(U, 3, K) a one where both gave the label, where the first did, where the second did; nothing where one gave none.

    Args: values: (U, 2) label ids, or MISSING.
    """
    both = (values != MISSING).all(1)
    one, other = (np.eye(n_labels)[values[:, annotator]] * both[:, None] for annotator in (0, 1))
    return np.stack([one * other, one, other], axis=1)


def cohen_kappa(counts: Doubles) -> Doubles:
    """(..., 3, K) sums of cohen_counts to (...).

    >>> float(cohen_kappa(cohen_counts(np.array([[0, 0], [0, 1], [1, 1], [1, 1]]), 2).sum(0)))
    0.5
    """
    same, one, other = np.moveaxis(counts, -2, 0)
    n = one.sum(-1)
    return _beyond_chance(_ratio(same.sum(-1), n), _ratio((one * other).sum(-1), n * n))


def label_counts(values: Ints, n_labels: int) -> Doubles:
    """(U, K) how many annotators gave each label. Args: values: (U, A) label ids, or MISSING."""
    counts: Doubles = (values[:, :, None] == np.arange(n_labels)).sum(1).astype(np.float64)
    return counts


def fleiss_counts(counts: Doubles, n_annotators: int) -> Doubles:
    """(U, 2, K) label_counts squared, and as they are; nothing where an annotator gave no label."""
    whole = counts * (counts.sum(1) == n_annotators)[:, None]
    return np.stack([whole**2, whole], axis=1)


def fleiss_kappa(sums: Doubles, n_annotators: int) -> Doubles:
    """(..., 2, K) sums of fleiss_counts to (...)."""
    squares, counts = np.moveaxis(sums, -2, 0)
    n = counts.sum(-1)
    shares = _ratio(counts, n[..., None])
    return _beyond_chance(_ratio(squares.sum(-1) - n, n * (n_annotators - 1)), (shares**2).sum(-1))


def alpha_counts(counts: Doubles) -> Doubles:
    """(U, 2, K) the diagonal of the coincidence matrix and its margins, from label_counts; nothing where less than two gave one."""
    n_given = counts.sum(1, keepdims=True)
    paired = counts * (n_given > 1)
    return np.stack([paired * (paired - 1) / np.maximum(n_given - 1, 1), paired], axis=1)


def alpha(sums: Doubles) -> Doubles:
    """(..., 2, K) sums of alpha_counts to (...)."""
    same, margins = np.moveaxis(sums, -2, 0)
    n = margins.sum(-1)
    observed = n - same.sum(-1)
    expected = _ratio(n * n - (margins**2).sum(-1), n - 1)
    return 1 - _ratio(observed, expected)


def class_alpha(sums: Doubles) -> Doubles:
    """(..., 2, K) sums of alpha_counts to (..., K): alpha of each label against all others."""
    same, margins = np.moveaxis(sums, -2, 0)
    n = margins.sum(-1, keepdims=True)
    return 1 - _ratio(margins - same, _ratio(margins * (n - margins), n - 1))


def _beyond_chance(observed: Doubles, expected: Doubles) -> Doubles:
    return _ratio(observed - expected, 1 - expected)


def _ratio(part: Doubles, whole: Doubles) -> Doubles:
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
