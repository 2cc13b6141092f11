"""The report for people: one HTML page that needs nothing else, drawn from one block of JSON (pipeline/pages/page.py).

templates/report/ has its parts: report.html, report.css, and a module of JavaScript a tab, main.js the first. The JSON is that of
`block`: rows are lists a column, labels are numbers, so that a hundred thousand sentences stay a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.core import params
from pipeline.core.errors import KINDS
from pipeline.core.files import Row
from pipeline.core.labels import parse_label
from pipeline.core.schema import SCORED_SPLITS, Finding, PositionNotes
from pipeline.evaluation import bootstrap, calibration, chance, corpus_counts, scorer, sentence_columns, tables
from pipeline.evaluation.card import COUNTS, parameters
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.slices import Slices
from pipeline.evaluation.tables import Metrics
from pipeline.model.manifest import ModelDescription
from pipeline.model.spans import class_names
from pipeline.pages import page

TEMPLATES = Path(__file__).parent / "templates" / "report"
STYLES = (page.SHARED / "page.css", TEMPLATES / "report.css")
TAGGER_SEES = {True: "positions visible to the tagger", False: "positions hidden from the tagger", None: "no tagger"}
RELATION_TITLES = {
    "official_macro_f1": "Official macro-F1 (direction counts, without {negative})",
    "undirected_macro_f1": "Undirected macro-F1 (direction ignored, without {negative})",
    "official_micro_f1": "Official micro-F1 (direction counts, without {negative})",
    "undirected_micro_f1": "Undirected micro-F1 (direction ignored, without {negative})",
    "accuracy": "Accuracy",
}
FOUND_TITLES = {  # of what is found in plain sentences: the part of a split's metrics, and the score in it
    ("entities", "micro_f1"): "Entities, micro-F1 (span and type right)",
    ("entities", "macro_f1"): "Entities, macro-F1 over types",
    ("end_to_end", "boundaries_f1"): "Relations, micro-F1 (label and both spans right)",
    ("end_to_end", "strict_f1"): "Relations, micro-F1 (types right as well)",
}


@dataclass(frozen=True)
class Results:
    """What an evaluation found, and what it was made of.

    Args: metrics: the tree of scores.json; files: the rows of the CSV files by name; test: all test rows; cuts: those that have a
        label cut in every way; splits: the rows of the position stage; findings: of the annotations; unknown: the share of words
        that the encoder does not know; curves: of training, see curves.py.
    """

    metrics: Metrics
    files: Mapping[str, list[Row]]
    test: ScoredSplit
    cuts: Mapping[str, Slices]
    splits: Mapping[str, pa.Table]
    notes: PositionNotes
    model: ModelDescription
    findings: Sequence[Finding]
    unknown: float
    curves: list[dict[str, Any]]
    settings: params.Evaluate


def render(results: Results) -> str:
    """The report as one HTML page."""
    empty = page.assemble(TEMPLATES / "report.html", TEMPLATES / "main.js", STYLES)
    return page.with_data(empty, block(results))


def block(results: Results) -> dict[str, Any]:
    """All that the page draws, as one object of JSON."""
    test, config = results.test, results.model.config
    return {
        "scores": scores(results),
        "labels": labels(test),
        "classes": as_columns(results.files["per_class"]),
        "confusion": confusion(test.labelled),
        "slices": slice_rows(results),
        "cuts": {cut: list(slices) for cut, slices in results.cuts.items()},
        "reliability": reliability(results),
        "networks": results.curves,
        "findings": [{**asdict(finding), "meaning": KINDS.get(finding.check, "")} for finding in results.findings],
        "identity": identity(results),
        "corpus": {
            **corpus_counts.counts(results.splits, test.labels),
            "excluded": [[kind, count, KINDS.get(kind, "")] for kind, count in results.notes.excluded_by.items()],
            "documents": results.notes.counts,
            "notes": [[COUNTS[name], results.metrics["data"][name]] for name in COUNTS],
            "unknown": tables.percent(results.unknown),
        },
        "spans": class_names(config.tags),
        "sentences": sentence_columns.columns(test, results.splits["test"], results.cuts, config.tags, results.settings.seed),
    }


def scores(results: Results) -> dict[str, Any]:
    """The scores of both splits, what they are called, and which is the headline."""
    metrics, test = results.metrics, results.test
    found = {f"{part}.{name}": title for (part, name), title in FOUND_TITLES.items()} if "end_to_end" in metrics["test"] else {}
    tagger = TAGGER_SEES[metrics["test"]["tags"]["positions_visible"]]
    relation = {f"relation.{name}": title.format(negative=test.negative_label) for name, title in RELATION_TITLES.items()}
    return {
        "splits": {split: metrics[split] for split in reversed(SCORED_SPLITS)},
        "titles": {
            **relation,
            **found,
            "tags.f1": f"Entity F1 (strict), {tagger}",
        },
        "headline": f"{test.main_mode}_macro_f1",
        "mode": test.main_mode,
        "chance": chance.scores(test.labelled, results.splits["train"]),
        "confidence": round(100 * results.settings.confidence, 10),
        "fewest": tables.MINIMUM_ROWS,
    }


def labels(test: ScoredSplit) -> dict[str, Any]:
    """The labels in the order of their ids: names, and each one's relation and direction."""
    return {
        "names": test.labels,
        "relations": scorer.classes(test.labels, "undirected"),
        "relation": scorer.class_ids(test.labels, "undirected").tolist(),
        "direction": [parse_label(label).direction or "" for label in test.labels],
        "negative": test.labels.index(test.negative_label) if test.negative_label in test.labels else None,
    }


def confusion(test: ScoredSplit) -> dict[str, list[int]]:
    """How many rows of a gold label have a predicted one, pairs without rows left out.

    Args: test: the rows that have a label.
    """
    n_labels = len(test.labels)
    pairs, counts = np.unique(test.gold_ids * n_labels + test.predicted_ids, return_counts=True)
    return {"gold": (pairs // n_labels).tolist(), "predicted": (pairs % n_labels).tolist(), "n": counts.tolist()}


def slice_rows(results: Results) -> dict[str, list[Any]]:
    """The scores of the slices, and how many of their rows are right."""
    correct = results.test.labelled.correct
    right = [int(correct[rows].sum()) for slices in results.cuts.values() for rows in slices.values()]
    return as_columns([{**row, "right": n} for row, n in zip(results.files["slices"], right, strict=True)])


def reliability(results: Results) -> dict[str, list[Any]]:
    """The reliability curve, with an interval of each accuracy."""
    test = results.test.labelled
    bin_ids, correct = calibration.bin_ids(test.confidence), test.correct
    rows = []
    for row, bin_id in zip(results.files["reliability"], np.unique(bin_ids).tolist(), strict=True):
        interval = bootstrap.proportion(correct[bin_ids == bin_id], results.settings.confidence)
        rows.append({**row, **tables.bounded("accuracy", interval), "bin": bin_id})
    return as_columns(rows)


def identity(results: Results) -> dict[str, Any]:
    """What the model is: its parameters, its encoder, how many rows it was made of."""
    model, notes = results.model, results.notes
    encoder = model.vectors.encoder
    return {
        "parameters": {**parameters(model), "position.max_length": str(notes.max_length), "parse.language": notes.language},
        "encoder": {"name": encoder.name, "weights_sha256": encoder.weights_sha256, "width": encoder.width},
        "tags": list(model.config.tags),
        "entities": notes.entities,
        "resamples": results.settings.resamples,
    }


def as_columns(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Rows that have the same columns, turned into one list for each column.

    >>> as_columns([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    {'a': [1, 3], 'b': [2, 4]}
    """
    rows = list(rows)
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
