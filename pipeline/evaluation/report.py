"""The report for people: one HTML page that needs nothing else."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.core.files import Row
from pipeline.core.schema import Finding, Span
from pipeline.evaluation.render import render_template
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.tables import Metrics

TEMPLATE = Path(__file__).parent / "templates" / "report.html"
N_MISTAKES = 30
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


class Cell(NamedTuple):
    """How many rows of a gold label have a predicted one."""

    n: int
    share: float  # of the gold label's rows, from 0 to 1


class Mistake(NamedTuple):
    """A test sentence whose relation the model names wrong."""

    row_id: str
    parts: list[tuple[str, str]]  # its text, see text_parts
    gold: str
    predicted: str
    probability: float  # of the predicted relation


def render(
    metrics: Metrics,
    files: Mapping[str, list[Row]],
    test: ScoredSplit,
    table: pa.Table,
    findings: Sequence[Finding],
    unknown: float,
) -> str:
    """The page.

    Args: metrics: the tree of scores.json; files: the rows of the CSV files by name; test, table: the test
        rows that have a label; findings: of the annotations; unknown: the share of words that the encoder does not know.
    """
    return render_template(
        TEMPLATE,
        splits={split: metrics[split] for split in ("test", "validation")},
        relation_titles={name: title.format(negative=test.negative_label) for name, title in RELATION_TITLES.items()},
        found_titles=FOUND_TITLES,
        tagger_sees=TAGGER_SEES[metrics["test"]["tags"]["positions_visible"]],
        classes=files["per_class"],
        labels=test.labels,
        matrix=matrix(files["confusion"], test.labels),
        mode=test.main_mode,
        slices=files["slices"],
        reliability=files["reliability"],
        mistakes=mistakes(test, table),
        findings=findings,
        unknown=f"{unknown:.2%}",
    )


def matrix(confusion: Sequence[Row], labels: Sequence[str]) -> dict[str, list[Cell]]:
    """The confusion matrix, R by R: a row a gold label, in it a cell a predicted label."""
    n_rows = Counter((row["gold"], row["predicted"]) for row in confusion)
    n_gold = Counter(row["gold"] for row in confusion)
    return {gold: [_cell(n_rows[gold, predicted], n_gold[gold]) for predicted in labels] for gold in labels}


def _cell(n: int, n_gold: int) -> Cell:
    return Cell(n, round(n / max(1, n_gold), 2))


def mistakes(test: ScoredSplit, table: pa.Table) -> list[Mistake]:
    """The N_MISTAKES mistakes that the model is surest of, the surest first.

    Args: table: the test rows.
    """
    surest_first = np.argsort(-test.confidence, kind="stable")
    worst = surest_first[~test.correct[surest_first]][:N_MISTAKES]
    predicted, confidence = test.predicted_ids[worst], test.confidence[worst]
    rows = table.take(pa.array(worst)).to_pylist()
    return [
        Mistake(row["id"], text_parts(row), row["relation"], test.labels[relation_id], float(probability))
        for row, relation_id, probability in zip(rows, predicted, confidence, strict=True)
    ]


def text_parts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A sentence's text cut at the edges of its entities, each part with the entity that it belongs to, "" for none.

    Args: row: of the position stage. Where the entities overlap, the shared part is e1's.
    """
    text = row["text"]
    e1, e2 = (_characters(row, entity) for entity in ("e1", "e2"))
    edges = sorted({0, *e1, *e2, len(text)})
    parts = []
    for start, end in itertools.pairwise(edges):
        entity = "e1" if e1.start <= start < e1.end else "e2" if e2.start <= start < e2.end else ""
        parts.append((text[start:end], entity))
    return parts


def _characters(row: Mapping[str, Any], entity: str) -> Span:
    """An entity's span in characters of the text."""
    first, last = row[f"{entity}_start"], row[f"{entity}_end"] - 1
    return Span(row["starts"][first], row["starts"][last] + len(row["words"][last]))
