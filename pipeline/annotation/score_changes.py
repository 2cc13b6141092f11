"""What the scores of two versions differ by: those of metrics.json, and on the test rows that both have predicted.

Rows are the same that ask the same (asked_rows.py), whatever their ids. Both models are scored against the newer gold labels, so
that a corrected label is no gain of the newer model, with the paired bootstrap of pipeline/evaluation/bootstrap.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pipeline.annotation.asked_rows import Asked, find_asked
from pipeline.annotation.versions import Version
from pipeline.core import params
from pipeline.core.arrays import Doubles
from pipeline.core.errors import InputError
from pipeline.core.files import read_json
from pipeline.core.labels import is_directed
from pipeline.core.schema import METRICS, PREDICTIONS, REPORTS
from pipeline.evaluation import bootstrap, predictions_file, scorer
from pipeline.evaluation.tables import bounded, percent

BOUNDS = ("_low", "_high")
NO_ROW = "no test row with a label has been predicted in both"
Metric = tuple[str, float | None, float | None]  # name, older and newer value, None where a version has none
Row = TypeVar("Row")  # what tells that a row is the same


class Predicted(NamedTuple):
    """A test row's true label, where it has one, and the predicted one."""

    gold: str | None
    label: str


@dataclass(frozen=True)
class PairedScore:
    """A score of both versions on the same rows, in percent, and its difference; on few rows without interval and p-value."""

    name: str
    old: float
    new: float
    difference: float
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True)
class ScoreChanges:
    """What the scores differ by."""

    metrics: list[Metric] = field(default_factory=list)  # that differ
    n_rows: int = 0  # that both have predicted, with a label
    n_relabelled: int = 0  # of these
    paired: list[PairedScore] = field(default_factory=list)
    unpaired: str = ""  # why there are none of these
    before: Mapping[str, Predicted] = field(default_factory=dict)  # what the older version predicted, by the ids that rows have now


def compare_scores(old: Version, new: Version) -> ScoreChanges | str:
    """Compare the reports of two versions, or why that cannot be."""
    metrics: list[dict[str, float]] = []
    rows: list[dict[str, Predicted]] = []
    try:
        for version in (old, new):
            with version.named():
                files = [version.report(name) for name in (METRICS, PREDICTIONS)]
                if missing := [file.name for file in files if not file.is_file()]:
                    return f"{version.name} has no {' and no '.join(missing)}"
                metrics.append(dict(_numbers(read_json(files[0], REPORTS.remake))))
                rows.append(read_predictions(files[1]))
        return _paired(old, new, rows, _differing(*metrics))
    except InputError as error:
        return f"{error.problems[0].source}: {error.problems[0].found}: {error.problems[0].hint}"


def _paired(old: Version, new: Version, rows: Sequence[Mapping[str, Predicted]], metrics: Sequence[Metric]) -> ScoreChanges:
    """Compare the predictions of the rows that ask the same, if those of both versions are of its annotations.

    Args: rows: of both versions, by id.
    """
    try:
        before, after = (by_question(version, predicted) for version, predicted in zip((old, new), rows, strict=True))
    except InputError as error:
        return ScoreChanges(list(metrics), unpaired=f"{error.problems[0].found}: {REPORTS.remake}")
    with new.named():
        settings = params.read(params.Evaluate, new.folder / params.FILE)
        negative_label = params.read(params.Parse, new.folder / params.FILE).negative_label
    of_old, of_new = ({asked: of[row_id] for asked, row_id in ids.items()} for ids, of in zip((before, after), rows, strict=True))
    changes = compare_predictions(of_old, of_new, negative_label, settings, metrics)
    return replace(changes, before={after[asked]: row for asked, row in of_old.items() if asked in after})


def by_question(version: Version, predicted: Mapping[str, Predicted]) -> dict[Asked, str]:
    """The ids of predicted rows by what they ask.

    Raises: InputError where a row is not as the version's annotations have it.
    """
    found = find_asked(version, {row_id: row.gold for row_id, row in predicted.items()})
    if n_strange := len(predicted) - len(found):
        strange = f"{n_strange:,} of {len(predicted):,} test rows of {PREDICTIONS} are not as {version.name} has them"
        raise InputError.of(PREDICTIONS, strange, REPORTS.remake)
    return {found[row_id]: row_id for row_id in predicted}


def compare_predictions(
    old: Mapping[Row, Predicted],
    new: Mapping[Row, Predicted],
    negative_label: str,
    settings: params.Evaluate,
    metrics: Sequence[Metric] = (),
) -> ScoreChanges:
    """Score the predictions of the rows that both have against the newer labels."""
    common = [asked for asked, row in new.items() if row.gold is not None and asked in old]
    if not common:
        return ScoreChanges(list(metrics), unpaired=NO_ROW)
    golds = [str(new[asked].gold) for asked in common]
    labels = sorted({*golds, *(side[asked].label for side in (old, new) for asked in common)})
    ids = {label: number for number, label in enumerate(labels)}
    gold_ids = np.array([ids[gold] for gold in golds], np.int64)
    predicted = [np.array([ids[side[asked].label] for asked in common], np.int64) for side in (old, new)]
    paired = []
    for name, mode, score in _scores(labels, negative_label, any_relation=any(gold != negative_label for gold in golds)):
        before, after = (scorer.relation_counts(gold_ids, one, labels, mode) for one in predicted)
        found = bootstrap.compare([after], [before], score, settings)
        was, now = (percent(float(score(counts.total()))) for counts in (before, after))
        _, low, high = bounded("difference", found.difference, len(common)).values()
        p_value = None if low is None else round(found.p_value, 4)
        paired.append(PairedScore(name, was, now, percent(found.difference.value), low, high, p_value))
    relabelled = sum(old[asked].gold != new[asked].gold for asked in common)
    return ScoreChanges(list(metrics), len(common), relabelled, paired)


def _scores(labels: Sequence[str], negative_label: str, any_relation: bool) -> Iterator[tuple[str, scorer.Mode, bootstrap.Score]]:
    """Names, modes and scores, the headline first; of F1 none where there is no relation to find."""
    modes: tuple[scorer.Mode, ...] = ("official", "undirected") if is_directed(labels) else ("undirected",)
    for mode in modes if any_relation else ():
        names = scorer.classes(labels, mode)
        yield f"{mode}_macro_f1", mode, partial(scorer.macro_f1, names=names, negative_label=negative_label)
    yield "accuracy", "directed", _accuracy


def _accuracy(counts: Doubles) -> Doubles:
    correct, _, gold = np.moveaxis(counts.sum(-1), -1, 0)
    share: Doubles = correct / gold
    return share


def read_predictions(path: Path) -> dict[str, Predicted]:
    """The rows of a predictions.jsonl by their ids.

    Raises: InputError where it is none.
    """
    return {row["id"]: Predicted(row["gold"], row["predicted"]) for row in predictions_file.read(path)}


def _differing(old: Mapping[str, float], new: Mapping[str, float]) -> list[Metric]:
    """The numbers that differ, or that one side alone has.

    >>> _differing({"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 3.0})
    [('b', 2.0, None), ('c', None, 3.0)]
    """
    return [(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]


def _numbers(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of metrics.json by their dotted names, without the ends of intervals."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{above}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and not key.endswith(BOUNDS):
            yield f"{above}{key}", value
