"""What the page shows."""

from __future__ import annotations

import numpy as np

from pipeline import evaluate
from pipeline.core import params
from pipeline.evaluation import report, scored_split, tables
from pipeline.evaluation.report import Cell
from tests.support import scored
from tests.support.scored import LABELS, TAGS

SETTINGS = params.Evaluate(resamples=20, confidence=0.95, seed=7)


def test_the_surest_mistake_comes_first_and_right_rows_are_left_out() -> None:
    gold = scored.table("Other", "R(e1,e2)", "Other")
    probabilities = np.array([[0.3, 0.6, 0.1], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0]], np.float32)
    mistakes = report.mistakes(scored_split.join_predictions(gold, probabilities, None, LABELS, TAGS), gold)
    assert [mistake.row_id for mistake in mistakes] == ["2", "1"]


def test_the_parts_of_a_sentence_are_its_text_with_the_entities_apart() -> None:
    [row] = scored.table("Other").to_pylist()
    assert report.text_parts(row) == [("the ", ""), ("old cat", "e1"), (" saw ", ""), ("<mats>", "e2")]


def test_a_cell_of_the_matrix_counts_rows_and_tells_their_share_of_the_gold_label() -> None:
    rows = tables.confusion(scored.split(["Other", "Other", "R(e1,e2)"], ["Other", "R(e2,e1)", "Other"]), "directed")
    matrix = report.matrix(rows, LABELS)
    assert matrix["Other"] == [Cell(1, 0.5), Cell(0, 0), Cell(1, 0.5)]
    assert matrix["R(e2,e1)"] == [Cell(0, 0)] * 3


def test_a_sentence_cannot_bring_markup_into_the_report() -> None:
    test = scored.split(["R(e1,e2)", "Other"], ["R(e2,e1)", "Other"])
    scores = tables.split_scores(test, positions_visible=True, settings=SETTINGS)
    files = evaluate.csv_tables(test, {"cut": {"all": [0, 1]}}, SETTINGS)
    page = report.render({"test": scores, "validation": scores}, files, test, scored.table("R(e1,e2)", "Other"))
    assert 'the <mark class="e1">old cat</mark> saw <mark class="e2">&lt;mats&gt;</mark>' in page
    assert "<mats>" not in page
