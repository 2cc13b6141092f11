"""Which strategy of annotating pays: the score at each number of rows, and its difference to rows drawn at random.

In: the curves. Out: scores.csv, README.md.

    python -m experiments.annotation.curve_report .../curves .../learning_curves
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from experiments.annotation.learning_curve import HINT, Curve
from experiments.comparison import told
from experiments.runs import EXPERIMENT_REPORT, ReportDescription
from pipeline.core import files, manifests, outputs, params
from pipeline.core.arrays import Doubles
from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.stage import Input, Output, run
from pipeline.evaluation import bootstrap, scorer, tables
from pipeline.evaluation.bootstrap import Score
from pipeline.pages.render import render_template

TEMPLATE = Path(__file__).with_name("curve_report.md.jinja")
BASELINE = "random"
Curves = dict[tuple[str, str], list[Curve]]  # by learner and strategy, a seed each


def read_curves(paths: Iterable[Path]) -> Curves:
    """The curves of files, their seeds in order.

    Raises: InputError where some are missing, or of other data than the rest.
    """
    curves: Curves = {}
    for curve in sorted(map(Curve.read, paths), key=lambda curve: (curve.learner, curve.strategy, curve.seed)):
        curves.setdefault((curve.learner, curve.strategy), []).append(curve)
    tests = {(curve.relations, curve.gold_ids, curve.sizes) for same in curves.values() for curve in same}
    seeds = {(learner, tuple(curve.seed for curve in same)) for (learner, _), same in curves.items()}
    learners = {learner for learner, _ in curves}
    if len(tests) != 1 or len(seeds) != len(learners) or any((learner, BASELINE) not in curves for learner in learners):
        raise InputError.of("experiments/annotation", "no curves, or some are missing or of other data or seeds", HINT)
    return curves


def counts(curves: Sequence[Curve]) -> Doubles:
    """(S, N, K, 3, Q) counts of the relations by seed, row and size, in the mode of the headline score."""
    relations, gold_ids = curves[0].relations, np.array(curves[0].gold_ids)
    mode = scorer.main_mode(relations)
    by_seed = [
        np.stack([scorer.relation_counts(gold_ids, np.array(ids), relations, mode).dense() for ids in curve.predicted_ids], axis=1)
        for curve in curves
    ]
    return np.stack(by_seed)


def rows_of(curves: Curves, settings: params.Evaluate) -> tuple[list[Row], list[Row]]:
    """A row a learner, strategy and size; a row a comparison of a strategy with the baseline over all sizes."""
    first = curves[next(iter(curves))][0]
    names = scorer.classes(first.relations, scorer.main_mode(first.relations))
    score: Score = partial(scorer.macro_f1, names=names, negative_label=first.negative_label)
    scores: list[Row] = []
    verdicts: list[Row] = []
    n_rows = len(first.gold_ids)
    for (learner, strategy), same in curves.items():
        ours, theirs = counts(same), counts(curves[learner, BASELINE])
        head = {"learner": learner, "strategy": strategy}
        for place, size in enumerate(first.sizes):
            own = ours[:, :, place]
            reached = tables.bounded("f1", bootstrap.estimate(own.sum(axis=0), score, settings), n_rows)
            compared = bootstrap.compare(own, theirs[:, :, place], score, settings).difference
            gained = {} if strategy == BASELINE else tables.bounded("difference", compared, n_rows)
            scores.append(
                {**head, "rows": size, **reached, **{f"difference{end}": None for end in ("", "_low", "_high")}, **gained}
            )
        if strategy != BASELINE:
            overall = bootstrap.compare(ours, theirs, lambda sums: score(sums).mean(axis=-1), settings)
            verdicts.append({**head, **told(overall, n_rows, settings.confidence)})
    return scores, verdicts


def main(curves: Input, report: Output) -> str:
    """Compare the strategies of annotating."""
    settings = params.read(params.Evaluate)
    read = read_curves(sorted(curves.glob("*.json")))
    scores, verdicts = rows_of(read, settings)
    first = read[next(iter(read))]
    with outputs.made_whole(report) as scratch:
        files.write_csv(scratch / "scores.csv", scores)
        page = render_template(
            TEMPLATE,
            scores=scores,
            verdicts=verdicts,
            sizes=first[0].sizes,
            n_seeds=len(first),
            mode=scorer.main_mode(first[0].relations),
            confidence=f"{100 * settings.confidence:g}",
        )
        files.write_text(scratch / "README.md", page)
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(sum(map(len, read.values()))))
    return "\n".join(f"annotation: {row['learner']}, {row['strategy']} beats random: {row['verdict']}" for row in verdicts)


if __name__ == "__main__":
    run(main)
