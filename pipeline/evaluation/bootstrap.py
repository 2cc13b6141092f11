"""How sure a score is: bootstrap intervals and the paired bootstrap test (Efron and Tibshirani 1993, chapters 13 and 16).

Shares of rows, and what is a function of one, have intervals without resamples.

A resample draws as many test rows as there are, with replacement. Scores are functions of sums over rows (see scorer), so a
resample is a row of draw counts, of each kind of rows that count alike, and all resamples are one matrix product: exact, since the
sums are of whole numbers, and so the same on every machine. In shapes, N is rows, Q classes, S seeds; scores are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from pipeline.core import params
from pipeline.core.arrays import Bools, Doubles, Ints
from pipeline.evaluation.scorer import RelationCounts

BLOCK_ENTRIES = 4_000_000  # of draw counts in memory at once, 32 MB, whatever the number of rows
Score = Callable[[Doubles], Doubles]  # (..., 3, Q) of counts to (...)
Counts = Doubles | RelationCounts  # what each of N rows counts, (N, 3, Q) where dense
BySeed = Sequence[Counts] | Doubles  # of S trainings, (S, N, 3, Q) where dense


@dataclass(frozen=True)
class Estimate:
    """A score, or a difference of two, with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """By how much one system's score beats another's, and the two-sided p-value of no difference."""

    difference: Estimate
    p_value: float


def estimate(counts: Doubles, score: Score, settings: params.Evaluate) -> Estimate:
    """A score of the rows, with the interval that resamples of them give it.

    Args: counts: (N, 3, Q), of each row (see scorer); score: of their sum over the rows.
    """
    return _estimate(score, counts.sum(0), resampled_sums(counts, settings.resamples, settings.seed), settings)


def estimates(counts: RelationCounts, scores: Sequence[Score], settings: params.Evaluate) -> list[Estimate]:
    """Several scores of N rows, of the same resamples.

    Args: scores: each of the sum of the counts over the rows, (..., 3, Q).
    """
    total, sums = counts.total(), resampled_sums(counts, settings.resamples, settings.seed)
    return [_estimate(score, total, sums, settings) for score in scores]


def _estimate(score: Score, total: Doubles, sums: Doubles, settings: params.Evaluate) -> Estimate:
    low, high = interval(score(sums), settings.confidence)
    return Estimate(float(score(total)), float(low), float(high))


def proportion(successes: Bools, confidence: float) -> Estimate:
    """The share of rows that are right, with Wilson's interval.

    Args: successes: (N,) whether each row is right, N > 0.

    >>> proportion(np.array([True]), 0.95)
    Estimate(value=1.0, low=0.20654931437723745, high=1.0)
    """
    low, high = wilson(successes.sum(), np.float64(len(successes)), confidence)
    return Estimate(float(successes.mean()), float(low), float(high))


def wilson(right: ArrayLike, n: ArrayLike, confidence: float) -> tuple[Doubles, Doubles]:
    """The lower and the upper ends of shares (Wilson 1927), honest of few rows and of shares near 0 and 1: of no rows 0 and 1.

    Args: right, n: (...) how many of how many rows.
    """
    right, n = np.asarray(right, np.float64), np.asarray(n, np.float64)
    squared = ndtri((1 + confidence) / 2) ** 2
    centre = (right + squared / 2) / (n + squared)
    reach = np.sqrt(squared * (right * (n - right) / np.maximum(n, 1) + squared / 4)) / (n + squared)
    return np.maximum(centre - reach, 0), np.minimum(centre + reach, 1)


def class_intervals(counts: Doubles, confidence: float) -> tuple[Doubles, Doubles]:
    """The lower and the upper ends of each class's precision, recall and F1, from Wilson's of shares.

    Resamples of a class whose few rows are all right would be all alike. F1 is 2 j / (1 + j) of the share j of right ones among
    all that are gold or predicted (Hand et al. 2021), and so are its ends (Lam et al. 2023).

    Args: counts: (3, Q), see scorer.
    Returns: (3, Q) each.
    """
    correct, predicted, gold = counts
    low, high = wilson(correct, np.stack([predicted, gold, predicted + gold - correct]), confidence)
    for ends in (low, high):
        ends[2] = 2 * ends[2] / (1 + ends[2])
    return low, high


def interval(samples: Doubles, confidence: float) -> tuple[Doubles, Doubles]:
    """The percentile interval of resampled scores (Efron and Tibshirani 1993, section 13.3).

    Args: samples: (resamples, ...) scores; confidence: the share of them inside.
    Returns: its lower and its upper ends, (...) each.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(samples, [tail, 1 - tail], axis=0)
    return low, high


def resampled_sums(rows: Counts, resamples: int, seed: int) -> Doubles:
    """Sum the rows of each resample. The same seed and N draw the same rows.

    Args: rows: (N, ...) whole numbers, or the counts of N rows.
    Returns: (resamples, ...), of counts (resamples, 3, Q).
    """
    if isinstance(rows, RelationCounts):
        kinds, counts = rows.kinds, rows.counts
    else:
        kinds, counts = np.arange(len(rows)), rows.reshape(len(rows), -1)
    sums, start = np.empty((resamples, counts.shape[1])), 0
    for draws in _draw_counts(kinds, counts.shape[0], resamples, np.random.default_rng(seed)):
        sums[start : start + len(draws)] = draws @ counts
        start += len(draws)
    return sums.reshape(resamples, *((3, -1) if isinstance(rows, RelationCounts) else rows.shape[1:]))


def compare(ours: BySeed, theirs: BySeed, score: Score, settings: params.Evaluate) -> Comparison:
    """Compare two systems, both trained once a seed, on the same test rows (the multi-bootstrap of Sellam et al. 2022).

    Each resample draws test rows and seeds, the same for both systems, so that what is hard for both cancels out. The value is
    the mean difference over seeds. Two limits: S seeds show (S-1)/S of the variance between seeds, and noise of a seed on a
    row is counted up to three times (Owen 2007), so that the test errs on the side of finding no difference.

    Args: ours, theirs: of each of S seeds the counts of N rows (see scorer); score: of their sum over the rows.
    """
    if len({len(rows) for side in (ours, theirs) for rows in side}) > 1:
        raise ValueError("the systems were not tested on the same rows")
    n_seeds = len(ours)
    samples = np.array(
        [[score(resampled_sums(rows, settings.resamples, settings.seed)) for rows in side] for side in (ours, theirs)]
    )  # (2, S, resamples)
    by_seed = (samples[0] - samples[1]).T
    seeds = np.arange(n_seeds)
    draws = np.concatenate(list(_draw_counts(seeds, n_seeds, settings.resamples, np.random.default_rng([settings.seed, n_seeds]))))
    differences = (draws * by_seed).sum(1) / n_seeds
    low, high = interval(differences, settings.confidence)
    ours_score, theirs_score = np.array([[score(_total(rows)) for rows in side] for side in (ours, theirs)]).mean(1)
    return Comparison(Estimate(float(ours_score - theirs_score), float(low), float(high)), p_value(differences))


def _total(rows: Counts) -> Doubles:
    return rows.total() if isinstance(rows, RelationCounts) else rows.sum(0)


def p_value(differences: Doubles) -> float:
    """Two-sided p-value of a zero difference from resampled differences; never 0, for resamples can't show that.

    Twice the smaller tail, itself counted among the resamples (Davison and Hinkley 1997, section 4.2).

    Args: differences: (resamples,).

    >>> p_value(np.array([0.1, 0.2, -0.1, 0.3]))
    0.8
    """
    n = len(differences)
    smaller = min((differences <= 0).sum(), (differences >= 0).sum())
    return min(1.0, 2 * (1 + int(smaller)) / (1 + n))


def _draw_counts(kinds: Ints, n_kinds: int, resamples: int, rng: np.random.Generator) -> Iterator[Doubles]:
    """How often each resample draws a row of each kind: blocks (b, n_kinds) of float64, for the matrix product.

    Args: kinds: (N,) of each row.
    """
    n = len(kinds)
    at_once = max(1, BLOCK_ENTRIES // n)
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        cells = kinds[rng.integers(n, size=(size, n))] + n_kinds * np.arange(size)[:, None]
        yield np.bincount(cells.ravel(), minlength=size * n_kinds).reshape(size, n_kinds).astype(np.float64)
