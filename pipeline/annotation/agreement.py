"""How far annotators agree: on the labels of pairs, on entities, on both at once; by class, with intervals over texts.

Labels: Cohen's and Fleiss' kappa and Krippendorff's alpha (coefficients.py), of units as annotators.py finds them. Entities and
relations: F1 of each annotator against each other, strict in place and type, which is the same either way round (Hripcsak and
Rothschild 2005). Intervals are those of pipeline/evaluation/bootstrap.py; its resamples draw texts, which are independent where
the pairs of one text are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from pipeline.annotation import coefficients
from pipeline.annotation.annotators import Annotation, Annotations, Units, common_texts, find_units, in_order, without_direction
from pipeline.annotation.coefficients import MISSING
from pipeline.core import params
from pipeline.core.arrays import Doubles
from pipeline.core.errors import InputError
from pipeline.evaluation import bootstrap
from pipeline.evaluation.tables import MINIMUM_ROWS

MOST_CONFUSED = 10
Items = set[tuple[Hashable, str]]  # what an annotator has found in a text: places and their classes


def agree(annotations: Annotations, negative_label: str, settings: params.Evaluate, symmetric: Collection[str]) -> dict[str, Any]:
    """All tables of agreement, from 0 to 1, null where a score is not defined.

    Raises: InputError where there are not two annotators, or no text that two have.
    """
    names = list(annotations)
    if len(names) < 2:
        found = f"annotations of {f'one annotator alone, {names[0]}' if names and names[0] else 'nobody who is told'}"
        hint = "name a file or folder for each annotator, or an export that tells who annotated what"
        raise InputError.of("agreement", found, hint)
    texts = common_texts(annotations)
    if not texts:
        raise InputError.of(
            "agreement", f"no text has been annotated by two of {', '.join(names)}", "name versions of the same texts"
        )
    undirected = without_direction(annotations, negative_label, symmetric)
    units = find_units(annotations, texts, negative_label, undirected)
    entities = {name: [_entities(said.get(text)) for text in texts] for name, said in annotations.items()}
    relations = {
        name: [_relations(said.get(text), negative_label, undirected) for text in texts] for name, said in annotations.items()
    }
    return {
        "annotators": {name: len(said) for name, said in annotations.items()},
        "texts": len(texts),
        "labels": _label_tables(units, names, len(texts), settings),
        "entities": _f1_tables(entities, settings),
        "relations": _f1_tables(relations, settings),
    }


def _label_tables(units: Units, names: Sequence[str], n_texts: int, settings: params.Evaluate) -> dict[str, Any]:
    n_labels = len(units.labels)
    counts = coefficients.label_counts(units.values, n_labels)
    estimate = partial(_estimate, settings=settings)
    per_text = partial(_per_text, documents=units.documents, n_texts=n_texts)
    paired = per_text(coefficients.alpha_counts(counts))
    whole = per_text(coefficients.fleiss_counts(counts, len(names)))
    by_class = estimate(paired, coefficients.class_alpha)
    pairs = [
        {"annotators": [names[one], names[other]], "units": int(rows[:, 1].sum()), **estimate(rows, coefficients.cohen_kappa)[0]}
        for one, other in combinations(range(len(names)), 2)
        for rows in [per_text(coefficients.cohen_counts(units.values[:, [one, other]], n_labels))]
    ]
    return {
        "units": int((counts.sum(1) > 1).sum()),
        "krippendorff_alpha": estimate(paired, coefficients.alpha)[0],
        "fleiss_units": int((counts.sum(1) == len(names)).sum()),
        "fleiss_kappa": estimate(whole, partial(coefficients.fleiss_kappa, n_annotators=len(names)))[0],
        "cohen_kappa": pairs,
        "classes": [
            {"label": label, "given": int(given), **score}
            for label, given, score in zip(units.labels, counts.sum(0), by_class, strict=True)
        ],
        "confused": _most(_confused_labels(units)),
    }


def _per_text(rows: Doubles, documents: Any, n_texts: int) -> Doubles:
    """The sums of each text, in which there may be no unit."""
    sums = np.zeros((n_texts, *rows.shape[1:]))
    np.add.at(sums, documents, rows)
    return sums


def _estimate(rows: Doubles, score: Callable[[Doubles], Doubles], settings: params.Evaluate) -> list[dict[str, float | None]]:
    """Scores of the sum of rows, one or more, with their intervals; none on few texts, for resamples would be too alike.

    Resamples in which a score is not defined are left out of its interval; where it is defined in none, it has none.
    """
    values = np.atleast_1d(score(rows.sum(0)))
    low = high = np.full(len(values), np.nan)
    if len(rows) >= MINIMUM_ROWS:
        samples = score(bootstrap.resampled_sums(rows, settings.resamples, settings.seed)).reshape(settings.resamples, -1)
        defined = [column[~np.isnan(column)] for column in samples.T]
        ends = [
            bootstrap.interval(column, settings.confidence) if len(column) and not np.isnan(value) else (np.nan, np.nan)
            for value, column in zip(values, defined, strict=True)
        ]
        low, high = np.array(ends).reshape(-1, 2).T
    columns = zip(values, low, high, strict=True)
    return [{name: _rounded(one) for name, one in zip(("value", "low", "high"), row, strict=True)} for row in columns]


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _confused_labels(units: Units) -> Iterator[tuple[str, str]]:
    """The two labels of each unit that two annotators gave other labels."""
    for row in units.values:
        for one, other in combinations(row[row != MISSING].tolist(), 2):
            if one != other:
                yield units.labels[min(one, other)], units.labels[max(one, other)]


def _most(pairs: Iterator[tuple[str, str]]) -> list[dict[str, Any]]:
    """The most frequent pairs."""
    ordered = sorted(Counter(pairs).items(), key=lambda item: (-item[1], item[0]))
    return [{"classes": list(pair), "count": count} for pair, count in ordered[:MOST_CONFUSED]]


def _entities(annotation: Annotation | None) -> Items | None:
    """The entities of an annotation; None where they are not the annotator's own."""
    if annotation is None or not annotation.has_entities:
        return None
    return set(annotation.entities.items())


def _relations(annotation: Annotation | None, negative_label: str, undirected: Collection[str]) -> Items | None:
    """The relations of an annotation by head and tail, but for those of the label that stands for none.

    Args: undirected: labels that have no direction, whose ends stand in reading order.
    """
    if annotation is None:
        return None
    return {
        (in_order(ends) if label in undirected else ends, label)
        for ends, labels in annotation.labels.items()
        for label in labels
        if label != negative_label
    }


def _f1_tables(found: Mapping[str, Sequence[Items | None]], settings: params.Evaluate) -> dict[str, Any]:
    """F1 of all pairs of annotators together, of each, and by class.

    Args: found: by annotator, of each text; None where an annotator has not annotated it.
    """
    given = Counter(kind for of_annotator in found.values() for items in of_annotator for _, kind in items or ())
    classes = sorted(given)
    counts = {pair: _f1_counts(found[pair[0]], found[pair[1]], classes) for pair in combinations(found, 2)}
    together = np.sum(list(counts.values()), axis=0)
    scores = _estimate(together, _f1, settings)
    both = [pair for one, other in combinations(found.values(), 2) for pair in zip(one, other, strict=True)]
    return {
        "f1": _estimate(together[..., :-1].sum(-1, keepdims=True), _f1, settings)[0],
        "places_f1": scores[-1],
        "pairs": [
            {"annotators": list(pair), **_estimate(rows[..., :-1].sum(-1, keepdims=True), _f1, settings)[0]}
            for pair, rows in counts.items()
        ],
        "classes": [{"label": kind, "given": given[kind], **score} for kind, score in zip(classes, scores, strict=False)],
        "confused": _most(pair for one, other in both if one and other for pair in _confused(one, other)),
    }


def _f1_counts(ones: Sequence[Items | None], others: Sequence[Items | None], classes: Sequence[str]) -> Doubles:
    """(D, 3, Q + 1) what both have found, the second and the first, of each class and last of each place whatever its class."""
    counts = np.zeros((len(ones), 3, len(classes) + 1))
    ids = {kind: number for number, kind in enumerate(classes)}
    for row, one, other in zip(counts, ones, others, strict=True):
        if one is not None and other is not None:
            for part, items in zip(row, (one & other, other, one), strict=True):
                for _, kind in items:
                    part[ids[kind]] += 1
            places = [{place for place, _ in items} for items in (one, other)]
            row[:, -1] = len(places[0] & places[1]), len(places[1]), len(places[0])
    return counts


def _f1(sums: Doubles) -> Doubles:
    """(..., 3, Q) of counts to (..., Q); not defined where nobody has found any."""
    correct, one, other = np.moveaxis(sums, -2, 0)
    n = one + other
    return np.divide(2 * correct, n, out=np.full(n.shape, np.nan), where=n > 0)


def _confused(one: Items, other: Items) -> Iterator[tuple[str, str]]:
    """The two classes of each place to which one annotator gave the first alone, the other the second."""
    theirs: dict[Hashable, list[str]] = {}
    for place, kind in other - one:
        theirs.setdefault(place, []).append(kind)
    for place, kind in one - other:
        for another in theirs.get(place, ()):
            yield min(kind, another), max(kind, another)
