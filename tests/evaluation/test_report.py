"""What the report's block of JSON tells. How the page draws it is seen in tests/browser."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.core.schema import Finding
from pipeline.evaluation import end_to_end, report
from pipeline.evaluation.end_to_end import Entity, Extractions
from pipeline.evaluation.report import Results
from pipeline.pages import page
from tests.support import reports, scored
from tests.support.reports import SETTINGS, noted
from tests.support.rows import with_column
from tests.support.scored import LABELS

GOLD = ("R(e1,e2)", "R(e1,e2)", "Other")
PREDICTED = ("R(e1,e2)", "R(e2,e1)", "Other")


def found(gold: tuple[str | None, ...] = GOLD, **more: Any) -> Results:
    return reports.results(scored.table(*gold), reports.sure(PREDICTED[: len(gold)], LABELS), LABELS, **more)


def test_the_page_is_one_file_that_loads_nothing() -> None:
    told = report.render(found())
    assert told.startswith("<!doctype html>")
    assert "default-src 'none'" in told
    assert re.findall(r'(?:src|href)="(?!data:|#)', told) == []
    assert page.data_of(told) == page.data_of(page.with_data(told, report.block(found())))


def test_the_same_results_give_the_same_bytes() -> None:
    assert report.render(found()) == report.render(found())


def test_the_titles_name_the_negative_label() -> None:
    labels = ["R(e1,e2)", "<none>"]
    test = reports.results(scored.table("R(e1,e2)"), reports.sure(["<none>"], labels), labels, notes=noted(negative_label="<none>"))
    told = report.block(test)
    assert told["scores"]["titles"]["relation.official_micro_f1"] == "Official micro-F1 (direction counts, without <none>)"
    assert told["labels"]["negative"] == 1


def test_the_confidence_is_told_in_percent_as_it_was_written() -> None:
    settings = dataclasses.replace(SETTINGS, confidence=0.55)
    assert report.scores(found(settings=settings))["confidence"] == 55


def test_labels_have_their_relation_and_direction() -> None:
    told = report.block(found())["labels"]
    assert told["relations"] == ["Other", "R"]
    assert told["relation"] == [0, 1, 1]
    assert told["direction"] == ["", "e1,e2", "e2,e1"]


def test_the_confusion_has_the_pairs_that_there_are_alone() -> None:
    assert report.confusion(found().test) == {"gold": [0, 1, 1], "predicted": [0, 1, 2], "n": [1, 1, 1]}


def test_rows_without_labels_have_no_scores_and_stand_among_the_sentences() -> None:
    told = report.block(found((None, None, None), train=scored.table("Other", "R(e1,e2)")))
    assert told["classes"] == told["slices"] == told["reliability"] == {}
    assert told["confusion"]["n"] == []
    assert told["scores"]["chance"] == {}
    assert told["sentences"]["gold"] == [-1, -1, -1]
    assert told["sentences"]["predicted"] == [1, 2, 0]


def test_rows_with_and_without_labels_keep_their_slices_apart() -> None:
    told = report.block(found(("R(e1,e2)", None, "Other"), train=scored.table("Other")))
    cut = list(told["cuts"]).index("direction")
    names = told["cuts"]["direction"]
    assert [names[n] if n >= 0 else None for n in told["sentences"]["slices"][cut]] == ["e1,e2", None, "none"]


def test_findings_come_with_what_their_kind_means() -> None:
    finding = Finding("labels-alike", "warning", 12, 'labels "<b>" and "<B>"', "mend & see", ("<a>.txt:1", "b.txt:2"))
    [told] = report.block(found(findings=[finding]))["findings"]
    assert told["found"] == 'labels "<b>" and "<B>"'
    assert told["meaning"].startswith("labels differ only by case")
    assert "<b>" not in report.render(found(findings=[finding]))


def test_rows_left_out_are_told_by_kind_with_what_it_means() -> None:
    told = report.block(found(notes=noted(excluded_by={"id": 2, "entity-empty": 3})))["corpus"]
    assert told["excluded"] == [["id", 2, ""], ["entity-empty", 3, "an entity holds no word"]]


def test_each_bin_of_the_reliability_has_an_interval() -> None:
    told = report.block(found())["reliability"]
    assert told["bin"] == [7]
    assert told["accuracy_low"][0] < told["accuracy"][0] < told["accuracy_high"][0]


def test_what_is_found_in_plain_sentences_has_titles_where_it_is_scored() -> None:
    plain = found()
    assert "end_to_end.strict_f1" not in report.scores(plain)["titles"]
    scores = end_to_end.scores(Extractions([{Entity(0, 1, "Loc")}], [set()]), Extractions([set()], [set()]), True, SETTINGS)
    plain.metrics["test"] |= scores
    assert report.scores(plain)["titles"]["entities.micro_f1"] == "Entities, micro-F1 (span and type right)"


def test_control_characters_of_a_text_are_shown() -> None:
    table = with_column(scored.table("Other"), "text", ["the old\x1b cat \u202e saw"])
    told = report.block(reports.results(table, reports.sure(["Other"], LABELS), LABELS))
    assert told["sentences"]["text"] == ["the old\N{REPLACEMENT CHARACTER} cat \N{REPLACEMENT CHARACTER} saw"]


def test_a_model_without_tagger_has_no_predicted_spans() -> None:
    assert report.block(found())["sentences"]["predicted_spans"] is None
    tags = [np.array([0, 1, 2, 0, 0])] * 3
    told = report.block(found(tag_ids=tags))["sentences"]
    assert told["gold_spans"][0] == [4, 11, 0, 16, 22, 0]
    assert told["predicted_spans"][0] == [4, 11, 0]


def test_entities_are_told_in_characters() -> None:
    told = report.block(found())["sentences"]
    assert [told["text"][0][slice(*told[entity][0])] for entity in ("e1", "e2")] == ["old cat", "<mats>"]


def test_a_table_of_several_chunks_is_told_as_one() -> None:
    chunks = pa.concat_tables([scored.table("R(e1,e2)"), scored.table("R(e1,e2)", "Other")])
    told = reports.results(chunks, reports.sure(PREDICTED, LABELS), LABELS)
    assert report.block(told)["sentences"]["e1"] == report.block(found())["sentences"]["e1"]
