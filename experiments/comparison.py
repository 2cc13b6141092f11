"""Runs against each other: mean and spread of each over seeds, and by how much one beats another, with its interval.

In: runs on the same test rows with the same seeds. Out: the rows of the experiments' tables. The intervals are those of a paired
bootstrap over test rows and seeds (see pipeline.evaluation.bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from experiments.runs import Run, Runs
from pipeline.core import params
from pipeline.core.files import Row
from pipeline.evaluation import bootstrap, scorer, tables
from pipeline.evaluation.bootstrap import Comparison


def comparisons(runs: Runs, pairs: Mapping[tuple[str, str], str], settings: params.Evaluate) -> list[Row]:
    """A row a comparison whose two variants were run on a share of the rows, largest shares first.

    Args: pairs: ours and theirs, and what is claimed of them.
    """
    first, *_ = runs.values()
    names = scorer.classes(first.relations, scorer.main_mode(first.relations))
    score = partial(scorer.macro_f1, names=names, negative_label=first.negative_label)
    rows = []
    for percent in sorted({percent for _, percent in runs}, reverse=True):
        for (ours, theirs), claim in pairs.items():
            if (ours, percent) in runs and (theirs, percent) in runs:
                compared = bootstrap.compare(counts(runs[ours, percent]), counts(runs[theirs, percent]), score, settings)
                head = {"claim": claim, "ours": ours, "theirs": theirs, "percent": percent, "rows": runs[ours, percent].n_rows}
                rows.append({**head, **told(compared, len(first.gold_ids), settings.confidence)})
    return rows


def scores(runs: Runs) -> list[Row]:
    """A row a run, largest shares first: mean and spread of its macro-F1 over seeds, in percent."""
    rows = []
    for run in sorted(runs.values(), key=lambda run: -run.percent):
        names = scorer.classes(run.relations, scorer.main_mode(run.relations))
        totals = np.stack([of_seed.total() for of_seed in counts(run)])
        by_seed = 100 * scorer.macro_f1(totals, names, run.negative_label)
        rows.append(
            {
                "variant": run.variant,
                "percent": run.percent,
                "rows": run.n_rows,
                "mean": round(float(by_seed.mean()), 2),
                "deviation": round(float(by_seed.std(ddof=1)), 2) if len(by_seed) > 1 else None,
                "least": round(float(by_seed.min()), 2),
                "most": round(float(by_seed.max()), 2),
                "entity_f1": entity_f1(run),
                "positions_visible": run.positions_visible if run.entities is not None else None,
            }
        )
    return rows


def counts(run: Run) -> list[scorer.RelationCounts]:
    """What each test row counts by seed, in the mode of the headline score."""
    gold_ids, mode = np.array(run.gold_ids), scorer.main_mode(run.relations)
    return [scorer.relation_counts(gold_ids, np.array(ids), run.relations, mode) for ids in run.predicted_ids]


def entity_f1(run: Run) -> float | None:
    """Strict F1 of the entities in percent, mean over seeds; None without a tagger."""
    if run.entities is None:
        return None
    by_seed = scorer.precision_recall_f1(np.array(run.entities, np.float64)[:, :, None])[:, 2, 0]
    return tables.percent(by_seed.mean())


def told(comparison: Comparison, n_rows: int, confidence: float) -> Row:
    """The columns of a comparison on some test rows; on few of them there is neither interval nor p-value, as of every score."""
    size = tables.bounded("difference", comparison.difference, n_rows)
    if size["difference_low"] is None:
        found = f"not supported: {_signed(comparison.difference.value)}, on too few test rows for an interval"
        return {**size, "p_value": None, "verdict": found}
    return {**size, "p_value": comparison.p_value, "verdict": verdict(comparison, confidence)}


def verdict(comparison: Comparison, confidence: float) -> str:
    """In words whether ours beats theirs: interval and p-value must both say so, for the interval of few resamples is too narrow.

    >>> from pipeline.evaluation.bootstrap import Estimate
    >>> verdict(Comparison(Estimate(-0.002, -0.009, 0.005), 0.61), 0.95)
    'not supported: -0.2, 95% interval -0.9 to 0.5, p = 0.61'
    """
    difference = comparison.difference
    word = "not supported"
    if comparison.p_value <= 1 - confidence:
        word = "supported" if difference.low > 0 else "contradicted" if difference.high < 0 else word
    low, high = map(_points, (difference.low, difference.high))
    return f"{word}: {_signed(difference.value)}, {100 * confidence:g}% interval {low} to {high}, p = {comparison.p_value:.2g}"


def _points(share: float) -> float:
    return round(100 * share, 1) + 0.0  # no -0.0


def _signed(share: float) -> str:
    points = _points(share)
    return f"+{points}" if points > 0 else str(points)
