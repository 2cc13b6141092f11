"""What the page shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline import evaluate
from pipeline.core import params
from pipeline.core.schema import Finding
from pipeline.evaluation import end_to_end, report, scored_split, tables
from pipeline.evaluation.end_to_end import Entity, Extractions
from pipeline.evaluation.report import Cell
from pipeline.evaluation.scored_split import ScoredSplit
from tests.support import scored
from tests.support.rows import with_spans
from tests.support.scored import GOLD_TAG_IDS, LABELS, TAGS

SETTINGS = params.Evaluate(resamples=20, confidence=0.95, seed=7)


def test_the_surest_mistake_comes_first_and_right_rows_are_left_out() -> None:
    gold = scored.table("Other", "R(e1,e2)", "Other")
    probabilities = np.array([[0.3, 0.6, 0.1], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0]], np.float32)
    mistakes = report.mistakes(scored_split.join_predictions(gold, probabilities, None, LABELS, TAGS, "Other"), gold)
    assert [mistake.row_id for mistake in mistakes] == ["2", "1"]


def test_the_parts_of_a_sentence_are_its_text_with_the_entities_apart() -> None:
    [row] = scored.table("Other").to_pylist()
    assert report.text_parts(row) == [("the ", ""), ("old cat", "e1"), (" saw ", ""), ("<mats>", "e2")]


def test_a_cell_of_the_matrix_counts_rows_and_tells_their_share_of_the_gold_label() -> None:
    rows = tables.confusion(scored.split(["Other", "Other", "R(e1,e2)"], ["Other", "R(e2,e1)", "Other"]), "directed")
    matrix = report.matrix(rows, LABELS)
    assert matrix["Other"] == [Cell(1, 0.5), Cell(0, 0), Cell(1, 0.5)]
    assert matrix["R(e2,e1)"] == [Cell(0, 0)] * 3


def page(test: ScoredSplit, table: pa.Table, findings: Sequence[Finding] = ()) -> str:
    scores = tables.split_scores(test, positions_visible=True, settings=SETTINGS)
    rows = list(range(len(test.labelled.row_ids)))
    files = evaluate.csv_tables(test.labelled, {"cut": {"all": rows} if rows else {}}, SETTINGS)
    return report.render({"test": scores, "validation": scores}, files, test.labelled, table, findings, 0.0123)


def test_the_titles_name_the_negative_label() -> None:
    test = dataclasses.replace(scored.split(["R(e1,e2)"], ["R(e1,e2)"]), negative_label="<none>")
    assert "Official micro-F1 (direction counts, without &lt;none&gt;)" in page(test, scored.table("R(e1,e2)"))


def test_rows_without_labels_have_no_scores() -> None:
    told = page(scored.split([None], ["R(e1,e2)"], [GOLD_TAG_IDS]), scored.table("Other").slice(0, 0))
    assert "The test sentences have no labels, and so no scores" in told
    assert "Confusion" not in told
    assert "The test sentences have no labels" not in page(scored.split(["Other"], ["Other"]), scored.table("Other"))


def test_the_parts_of_entities_that_share_words_are_the_whole_text() -> None:
    [row] = with_spans(scored.table("Other"), (1, 4), (2, 3)).to_pylist()
    assert report.text_parts(row) == [("the ", ""), ("old ", "e1"), ("cat", "e1"), (" saw", "e1"), (" <mats>", "")]
    [row] = with_spans(scored.table("Other"), (2, 3), (1, 4)).to_pylist()
    assert report.text_parts(row) == [("the ", ""), ("old ", "e2"), ("cat", "e1"), (" saw", "e2"), (" <mats>", "")]


def test_a_sentence_cannot_bring_markup_into_the_report() -> None:
    test = scored.split(["R(e1,e2)", "Other"], ["R(e2,e1)", "Other"])
    told = page(test, scored.table("R(e1,e2)", "Other"))
    assert 'the <mark class="e1">old cat</mark> saw <mark class="e2">&lt;mats&gt;</mark>' in told
    assert "<mats>" not in told


def test_findings_are_listed_and_bring_no_markup() -> None:
    test, table = scored.split(["Other"], ["Other"]), scored.table("Other")
    finding = Finding("labels-alike", "warning", 12, 'labels "<b>" and "<B>"', "mend & see", ("<a>.txt:1", "b.txt:2"))
    told = page(test, table, [finding])
    assert '<td>labels-alike<td class="text">warning<td>12<td class="text">labels &#34;&lt;b&gt;&#34; and' in told
    assert "mend &amp; see" in told
    assert "&lt;a&gt;.txt:1, b.txt:2" in told
    assert "No finding." not in told
    assert "No finding." in page(test, table)


def test_the_share_of_words_that_the_encoder_does_not_know_is_told() -> None:
    assert "does not know 1.23% of the words" in page(scored.split(["Other"], ["Other"]), scored.table("Other"))


def test_what_is_found_in_plain_sentences_has_a_section_where_it_is_scored() -> None:
    test, table = scored.split(["R(e1,e2)"], ["R(e1,e2)"]), scored.table("R(e1,e2)")
    assert "Found in plain sentences" not in page(test, table)
    found = end_to_end.scores(Extractions([{Entity(0, 1, "Loc")}], [set()]), Extractions([set()], [set()]), True, SETTINGS)
    scores = {**tables.split_scores(test, positions_visible=False, settings=SETTINGS), **found}
    files = evaluate.csv_tables(test.labelled, {}, SETTINGS)
    text = report.render({"test": scores, "validation": scores}, files, test.labelled, table, (), 0.0)
    assert "Found in plain sentences" in text
    assert "<tr><td>Entities, micro-F1 (span and type right)<td>0.00" in text
    assert "Entity F1 (strict)" not in text
