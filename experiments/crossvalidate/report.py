"""Cross-validated scores: every labelled row is scored once, by a network that never saw it.

In: the held-out predictions. Out: scores.json, folds.csv, per_class.csv, README.md.

    python -m experiments.crossvalidate.report experiments/crossvalidate/held_out experiments/crossvalidate/report
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.runs import EXPERIMENT_REPORT, ReportDescription
from pipeline.annotation.held_out import HeldOut
from pipeline.core import files, manifests, outputs, params
from pipeline.core.files import Row
from pipeline.core.labels import label_ids
from pipeline.core.stage import Input, Output, run
from pipeline.core.wording import counted
from pipeline.evaluation import tables
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.pages.render import render_template

TEMPLATE = Path(__file__).with_name("report.md.jinja")


def scored(held_out: HeldOut) -> ScoredSplit:
    """The held-out rows as a split to score, relations only."""
    return ScoredSplit(
        labels=held_out.about.relations,
        negative_label=held_out.about.negative_label,
        row_ids=held_out.rows["id"].to_pylist(),
        gold_ids=label_ids(held_out.rows["relation"], held_out.about.relations),
        probabilities=held_out.probabilities,
        gold_tags=[],
        predicted_tags=None,
        words_outside_window=0,
    )


def of_folds(held_out: HeldOut, split: ScoredSplit, settings: params.Evaluate) -> list[Row]:
    """A row a fold: how many rows it has, and their macro-F1 and accuracy."""
    fold_of = held_out.rows["fold"].to_numpy()
    name = f"{split.main_mode}_macro_f1"
    rows = []
    for fold in range(held_out.about.n_folds):
        part = split.take(np.flatnonzero(fold_of == fold).tolist())
        scores = tables.relation_scores(part, settings)
        rows.append({"fold": fold + 1, "rows": len(part.row_ids), "macro_f1": scores[name], "accuracy": scores["accuracy"]})
    return rows


def page(split: ScoredSplit, scores: tables.Metrics, folds: Sequence[Row], n_seeds: int, settings: params.Evaluate) -> str:
    """The report in Markdown."""
    by_fold = [row["macro_f1"] for row in folds if row["macro_f1"] is not None]  # of those with a relation to find
    name = f"{split.main_mode}_macro_f1"
    return render_template(
        TEMPLATE,
        n_rows=len(split.row_ids),
        n_seeds=n_seeds,
        mode=split.main_mode,
        confidence=f"{100 * settings.confidence:g}",
        macro_f1=[scores[name], scores[f"{name}_low"], scores[f"{name}_high"]],
        accuracy=[scores["accuracy"], scores["accuracy_low"], scores["accuracy_high"]],
        deviation=round(float(np.std(by_fold, ddof=1)), 2) if len(by_fold) > 1 else None,
        folds=folds,
        classes=tables.per_class(split, split.main_mode, settings),
    )


def main(held_out: Input, report: Output) -> str:
    """Score the rows of all folds together, with intervals, and each fold by itself."""
    settings, told = params.read(params.Evaluate), HeldOut.read(held_out)
    split = scored(told)
    scores, folds = tables.relation_scores(split, settings), of_folds(told, split, settings)
    with outputs.made_whole(report) as scratch:
        files.write_json(scratch / "scores.json", {"rows": len(split.row_ids), "folds": told.about.n_folds, **scores})
        files.write_csv(scratch / "folds.csv", folds)
        files.write_csv(scratch / "per_class.csv", tables.per_class(split, split.main_mode, settings))
        files.write_text(scratch / "README.md", page(split, scores, folds, len(told.about.seeds), settings))
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(told.about.n_folds))
    name = f"{split.main_mode}_macro_f1"
    interval = f"{100 * settings.confidence:g}% interval {scores[f'{name}_low']} to {scores[f'{name}_high']}"
    return f"crossvalidate: {counted(len(split.row_ids), 'row')}, {split.main_mode} macro-F1 {scores[name]}, {interval}"


if __name__ == "__main__":
    run(main)
