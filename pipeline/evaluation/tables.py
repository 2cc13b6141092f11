"""The scores of an outcome as reports show them: in percent, rounded, with intervals; never NaN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pipeline.core import params
from pipeline.core.labels import is_directed
from pipeline.core.schema import OTHER
from pipeline.evaluation import bootstrap, calibration, scorer
from pipeline.evaluation.bootstrap import Estimate
from pipeline.evaluation.scored_split import Outcome
from pipeline.evaluation.scorer import Mode

Row = dict[str, Any]
MINIMUM_ROWS = 10  # resamples of fewer rows are too alike: their interval would claim a certainty that is not there


def split_scores(outcome: Outcome, positions_visible: bool, settings: params.Evaluate) -> Row:
    """A split's part of metrics.json."""
    return {
        "rows": len(outcome.ids),
        "words_outside_window": outcome.words_outside_window,
        "relation": relation_scores(outcome, settings),
        "tags": tag_scores(outcome, positions_visible, settings),
    }


def relation_scores(outcome: Outcome, settings: params.Evaluate) -> Row:
    """The scores of the relation head; the official one is null where labels have no direction."""
    directed = is_directed(outcome.labels)
    scores: Row = {}
    for mode in ("official", "undirected"):
        macro_f1 = None if mode == "official" and not directed else _macro_f1(outcome, mode, settings)
        scores |= bounded(f"{mode}_macro_f1", macro_f1)
    curve = calibration.reliability(outcome.confidence, outcome.correct)
    return {
        **scores,
        **bounded("accuracy", bootstrap.proportion(outcome.correct, settings.confidence)),
        "direction_flips": int(outcome.flipped.sum()),
        "calibration_error": percent(calibration.expected_calibration_error(curve)),
    }


def tag_scores(outcome: Outcome, positions_visible: bool, settings: params.Evaluate) -> Row:
    """Strict entity F1 and whether the tagger saw position embeddings, without which it means nothing; null without tagger."""
    if outcome.predicted_tags is None:
        return {**bounded("f1", None), "positions_visible": None}
    counts = scorer.entity_counts(outcome.gold_tags, outcome.predicted_tags)
    f1 = bootstrap.estimate(counts, lambda sums: scorer.precision_recall_f1(sums)[..., 2, 0], settings)
    return {**bounded("f1", f1), "positions_visible": positions_visible}


def per_class(outcome: Outcome, mode: Mode, settings: params.Evaluate) -> list[Row]:
    """Precision, recall, F1 with intervals, support and direction flips of each class of a mode."""
    counts, names = outcome.counts(mode), scorer.classes(outcome.labels, mode)
    scores = scorer.precision_recall_f1(counts.sum(0))
    resampled = scorer.precision_recall_f1(bootstrap.resampled_sums(counts, settings.resamples, settings.seed))
    low, high = bootstrap.interval(resampled, settings.confidence)
    flips = (counts[:, 2] * outcome.flipped[:, None]).sum(0)
    return [
        {
            "mode": mode,
            "class": name,
            **{
                key: value
                for s, score in enumerate(("precision", "recall", "f1"))
                for key, value in bounded(score, Estimate(scores[s, q], low[s, q], high[s, q])).items()
            },
            "support": int(counts[:, 2, q].sum()),
            "predicted": int(counts[:, 1, q].sum()),
            "direction_flips": int(flips[q]),
        }
        for q, name in enumerate(names)
    ]


def slice_scores(outcome: Outcome, cuts: Mapping[str, Mapping[str, list[int]]], settings: params.Evaluate) -> list[Row]:
    """Accuracy and macro-F1 of each slice: a cut's value and the numbers of its rows.

    Macro-F1 is null where gold has no relation to find, and has no interval on fewer than MINIMUM_ROWS rows.
    """
    table = []
    for name, values in cuts.items():
        for value, rows in values.items():
            part = outcome.take(rows)
            exact = bootstrap.proportion(part.correct, settings.confidence)
            nothing = all(outcome.labels[gold] == OTHER for gold in part.gold_ids)
            macro_f1 = bounded(f"{outcome.main_mode}_macro_f1", None if nothing else _macro_f1(part, outcome.main_mode, settings))
            if len(rows) < MINIMUM_ROWS:
                macro_f1 |= dict.fromkeys(list(macro_f1)[1:])
            table.append({"cut": name, "slice": value, "n": len(rows), **bounded("accuracy", exact), **macro_f1})
    return table


def confusion(outcome: Outcome, mode: Mode) -> list[Row]:
    """Gold and predicted class of every row: dvc's confusion template counts them itself."""
    names, ids = scorer.classes(outcome.labels, mode), scorer.class_ids(outcome.labels, mode)
    pairs = zip(ids[outcome.gold_ids], ids[outcome.predicted_ids], strict=True)
    return [{"gold": names[gold], "predicted": names[predicted]} for gold, predicted in pairs]


def reliability(outcome: Outcome) -> list[Row]:
    """The reliability curve in percent."""
    return [
        {key: value if key == "n" else percent(value) for key, value in point.items()}
        for point in calibration.reliability(outcome.confidence, outcome.correct)
    ]


def predictions(outcome: Outcome) -> Iterator[Row]:
    """A row a sentence."""
    for n, row_id in enumerate(outcome.ids):
        yield {
            "id": row_id,
            "gold": outcome.labels[outcome.gold_ids[n]],
            "predicted": outcome.labels[outcome.predicted_ids[n]],
            "probabilities": {label: round(float(p), 6) for label, p in zip(outcome.labels, outcome.probabilities[n], strict=True)},
            "gold_tags": outcome.gold_tags[n],
            "predicted_tags": outcome.predicted_tags[n] if outcome.predicted_tags else None,
        }


def percent(share: float) -> float:
    """A share in percent, with the digits that every report shows."""
    return round(100 * float(share), 2)


def bounded(name: str, score: Estimate | None) -> Row:
    """A score in percent and its interval, under a name each.

    >>> bounded("f1", Estimate(0.5, 0.25, 0.75))
    {'f1': 50.0, 'f1_low': 25.0, 'f1_high': 75.0}
    """
    if score is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: percent(score.value), f"{name}_low": percent(score.low), f"{name}_high": percent(score.high)}


def _macro_f1(outcome: Outcome, mode: Mode, settings: params.Evaluate) -> Estimate:
    names = scorer.classes(outcome.labels, mode)
    return bootstrap.estimate(outcome.counts(mode), partial(scorer.macro_f1, names=names), settings)
