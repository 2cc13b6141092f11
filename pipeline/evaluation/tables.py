"""The scores of a split as reports show them: in percent, rounded, with intervals; never NaN.

Relations are scored on rows with labels. Where a split has none, its scores are null and its tables have no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from pipeline.core import params
from pipeline.core.files import Row
from pipeline.core.labels import is_directed
from pipeline.evaluation import bootstrap, calibration, scorer
from pipeline.evaluation.bootstrap import Estimate, Score
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.scorer import Mode
from pipeline.evaluation.slices import Slices

Metrics = dict[str, Any]  # a part of the tree of scores.json
F1 = {"macro_f1": scorer.macro_f1, "micro_f1": scorer.micro_f1}
F1_MODES: tuple[Mode, ...] = ("official", "undirected")  # micro-F1 of directed labels is the official one
HEADLINE = (  # of scores.json, what metrics.json has: a line of `dvc metrics show` that one can read
    ("validation", "relation", "official_macro_f1"),
    ("test", "relation", "official_macro_f1"),
    ("test", "relation", "undirected_macro_f1"),
    ("test", "relation", "accuracy"),
    ("test", "tags", "f1"),
    ("test", "tags", "positions_visible"),
    ("test", "entities", "micro_f1"),
    ("test", "end_to_end", "strict_f1"),
)
MINIMUM_ROWS = 10  # resamples of fewer rows are too alike: their interval would claim a certainty that is not there


def headline(metrics: Metrics) -> Metrics:
    """Of the tree of scores.json what HEADLINE names, as far as it is there.

    >>> headline({"test": {"rows": 9, "tags": {"f1": 50.0, "f1_low": 25.0}}})
    {'test': {'tags': {'f1': 50.0}}}
    """
    few: Metrics = {}
    for split, part, name in HEADLINE:
        scores = metrics.get(split, {}).get(part, {})
        if name in scores:
            few.setdefault(split, {}).setdefault(part, {})[name] = scores[name]
    return few


def split_scores(split: ScoredSplit, positions_visible: bool, settings: params.Evaluate) -> Metrics:
    """A split's part of scores.json."""
    return {
        "rows": len(split.row_ids),
        "words_outside_window": split.words_outside_window,
        "relation": relation_scores(split.labelled, settings),
        "tags": tag_scores(split, positions_visible, settings),
    }


def relation_scores(split: ScoredSplit, settings: params.Evaluate) -> Metrics:
    """The scores of the relation head, null without rows; the official ones are null where labels have no direction.

    F1 is null where gold has no relation to find.
    """
    any_rows = bool(split.row_ids)
    curve = calibration.reliability(split.confidence, split.correct)
    found = {mode: _f1(split, mode, settings) for mode in F1_MODES}
    scores = [bounded(f"{mode}_{name}", found[mode][name], len(split.row_ids)) for name in F1 for mode in F1_MODES]
    return {
        **{name: value for score in scores for name, value in score.items()},
        **bounded("accuracy", bootstrap.proportion(split.correct, settings.confidence) if any_rows else None),
        "direction_flips": int(split.flipped.sum()) if any_rows else None,
        "calibration_error": percent(calibration.expected_calibration_error(curve)) if any_rows else None,
    }


def tag_scores(split: ScoredSplit, positions_visible: bool, settings: params.Evaluate) -> Metrics:
    """Strict entity F1 and whether the tagger saw position embeddings, without which it means nothing; null without tagger."""
    if split.predicted_tags is None or not split.row_ids:
        return {**bounded("f1", None), "positions_visible": None if split.predicted_tags is None else positions_visible}
    counts = scorer.entity_counts(split.gold_tags, split.predicted_tags)
    f1 = bootstrap.estimate(counts, lambda sums: scorer.precision_recall_f1(sums)[..., 2, 0], settings)
    return {**bounded("f1", f1, len(counts)), "positions_visible": positions_visible}


def per_class(split: ScoredSplit, mode: Mode, settings: params.Evaluate) -> list[Row]:
    """Precision, recall, F1 with intervals, support and direction flips of each class of a mode."""
    if not split.row_ids:
        return []
    counts = split.counts(mode)
    _, n_predicted, n_gold = counts.total()
    n_flipped = np.bincount(scorer.class_ids(split.labels, mode)[split.gold_ids[split.flipped]], minlength=len(n_gold))
    scores = scorer.precision_recall_f1(counts.total())
    low, high = bootstrap.class_intervals(counts.total(), settings.confidence)
    rows = []
    for q, name in enumerate(scorer.classes(split.labels, mode)):
        row: Row = {"mode": mode, "class": name}
        for s, score in enumerate(("precision", "recall", "f1")):
            row |= bounded(score, Estimate(scores[s, q], low[s, q], high[s, q]))
        row |= {"support": int(n_gold[q]), "predicted": int(n_predicted[q]), "direction_flips": int(n_flipped[q])}
        rows.append(row)
    return rows


def f1_by_relation(by_class: Sequence[Row]) -> list[Row]:
    """Of the rows of `per_class` the F1 alone."""
    return [{"relation": row["class"], **{name: row[name] for name in bounded("f1", None)}} for row in by_class]


def slice_scores(split: ScoredSplit, cuts: Mapping[str, Slices], settings: params.Evaluate) -> list[Row]:
    """Accuracy and macro-F1 of each slice of each cut.

    Macro-F1 is null where gold has no relation to find, and has no interval on fewer than MINIMUM_ROWS rows.
    """
    name = f"{split.main_mode}_macro_f1"
    counts, correct = split.counts(split.main_mode), split.correct
    table = []
    for cut, slices in cuts.items():
        for value, rows in slices.items():
            accuracy = bootstrap.proportion(correct[rows], settings.confidence)
            f1 = bootstrap.estimates(counts.take(rows), [_score(split, "macro_f1", split.main_mode)], settings)[0]
            macro_f1 = bounded(name, f1 if split.has_relation[rows].any() else None, len(rows))
            table.append({"cut": cut, "slice": value, "n": len(rows), **bounded("accuracy", accuracy), **macro_f1})
    return table


def confusion(split: ScoredSplit, mode: Mode) -> list[Row]:
    """Gold and predicted class of every row: dvc's confusion template counts them itself."""
    names, ids = scorer.classes(split.labels, mode), scorer.class_ids(split.labels, mode)
    pairs = zip(ids[split.gold_ids], ids[split.predicted_ids], strict=True)
    return [{"gold": names[gold], "predicted": names[predicted]} for gold, predicted in pairs]


def reliability(split: ScoredSplit) -> list[Row]:
    """The reliability curve in percent."""
    return [
        {name: value if name == "n" else percent(value) for name, value in part._asdict().items()}
        for part in calibration.reliability(split.confidence, split.correct)
    ]


def columns(main_mode: Mode) -> dict[str, list[str]]:
    """The columns of every CSV file by its name, which it has without rows too.

    >>> columns("official")["confusion"]
    ['gold', 'predicted']
    """
    precision, recall, f1, accuracy, macro_f1 = (
        list(bounded(name, None)) for name in ("precision", "recall", "f1", "accuracy", f"{main_mode}_macro_f1")
    )
    return {
        "per_class": ["mode", "class", *precision, *recall, *f1, "support", "predicted", "direction_flips"],
        "per_class_f1": ["relation", *f1],
        "confusion": ["gold", "predicted"],
        "confusion_undirected": ["gold", "predicted"],
        "slices": ["cut", "slice", "n", *accuracy, *macro_f1],
        "reliability": list(calibration.Bin._fields),
    }


def percent(share: float) -> float:
    """A share from 0 to 1 in percent, with the digits that every report shows."""
    return round(100 * float(share), 2)


def bounded(name: str, score: Estimate | None, n_resampled: int = MINIMUM_ROWS) -> dict[str, float | None]:
    """A score in percent and its interval, under a name each; null for None.

    Args: n_resampled: of how many rows or sentences resamples were drawn; of fewer than MINIMUM_ROWS there is no interval.

    >>> bounded("f1", Estimate(0.5, 0.25, 0.75))
    {'f1': 50.0, 'f1_low': 25.0, 'f1_high': 75.0}
    >>> bounded("f1", Estimate(1.0, 1.0, 1.0), n_resampled=2)
    {'f1': 100.0, 'f1_low': None, 'f1_high': None}
    """
    low, high = f"{name}_low", f"{name}_high"
    if score is None:
        return {name: None, low: None, high: None}
    if n_resampled < MINIMUM_ROWS:
        return {name: percent(score.value), low: None, high: None}
    return {name: percent(score.value), low: percent(score.low), high: percent(score.high)}


def _f1(split: ScoredSplit, mode: Mode, settings: params.Evaluate) -> Mapping[str, Estimate | None]:
    """The scores of F1 in a mode by name; None without a relation to find, and officially where labels have no direction."""
    if not split.has_relation.any() or (mode == "official" and not is_directed(split.labels)):
        return dict.fromkeys(F1)
    scores = [_score(split, name, mode) for name in F1]
    return dict(zip(F1, bootstrap.estimates(split.counts(mode), scores, settings), strict=True))


def _score(split: ScoredSplit, name: str, mode: Mode) -> Score:
    return partial(F1[name], names=scorer.classes(split.labels, mode), negative_label=split.negative_label)
