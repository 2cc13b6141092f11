"""Scores of what is found in plain sentences, against tables made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from pipeline.core import params
from pipeline.core.schema import POSITIONED
from pipeline.evaluation import end_to_end
from pipeline.evaluation.end_to_end import Entity, Extractions, Triple
from pipeline.model.spans import Spans
from tests.support import joint, tiny

SETTINGS = params.Evaluate(resamples=50, confidence=0.95, seed=7)
ACME, BERN, ROME = Entity(0, 1, "Org"), Entity(3, 4, "Loc"), Entity(5, 6, "Loc")
SENTENCES = joint.sentences(
    ("Acme sits in Bern and Rome", [(0, 1, "Org"), (3, 4, "Loc"), (5, 6, "Loc")]),
    ("Zug is near Bern", [(0, 1, "Loc"), (3, 4, "Loc")]),
)


def gold(*rows: pa.Table, symmetric: tuple[str, ...] = (), sentences: pa.Table = SENTENCES, typed: bool = True) -> Extractions:
    return end_to_end.annotated(sentences, pa.concat_tables([POSITIONED.empty_table(), *rows]), "Other", symmetric, typed)


def scored(found: Extractions, truth: Extractions, typed: bool = True) -> dict[str, dict[str, float]]:
    return end_to_end.scores(truth, found, typed, SETTINGS)


def test_an_entity_is_right_where_span_and_type_are() -> None:
    """Found: Acme right, Bern with a wrong type, Rome one word short of what stands there; of five in gold."""
    found = Extractions([{ACME, Entity(3, 4, "Org"), Entity(4, 6, "Loc")}, set()], [set(), set()])
    scores = scored(found, gold())["entities"]
    assert (scores["precision"], scores["recall"], scores["micro_f1"]) == (33.33, 20, 25)
    assert scores["macro_f1"] == 33.33  # Org: 2 * 1 / (2 + 1); Loc: 0
    assert (scores["found"], scores["gold"]) == (3, 5)
    assert {scores[f"{name}{end}"] for name in ("micro_f1", "macro_f1") for end in ("_low", "_high")} == {None}


def test_entities_found_in_ten_sentences_have_an_interval() -> None:
    found, truth = (Extractions(one * 10, [set()] * 10) for one in ([{ACME}], [{ACME, Entity(4, 6, "Loc")}]))
    scores = scored(found, truth)["entities"]
    assert scores["micro_f1_low"] <= 66.67 <= scores["micro_f1_high"]


def test_a_relation_needs_the_spans_of_its_entities_and_strictly_their_types() -> None:
    """Gold: Acme in Bern, Acme in Rome. Found: the first with a wrong type, the second, and the first turned round."""
    truth = gold(
        joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "d0:0-1", "In", ("Org", "Loc")),
        joint.pair("[e1 Acme] sits in Bern and [e2 Rome]", "d0:0-2", "In", ("Org", "Loc")),
        joint.pair("Acme sits in [e1 Bern] and [e2 Rome]", "d0:1-2", "Other", ("Loc", "Loc")),
    )
    bern = Entity(3, 4, "Org")
    triples = {Triple(ACME, bern, "In"), Triple(ACME, ROME, "In"), Triple(bern, ACME, "In")}
    scores = scored(Extractions([{ACME, bern, ROME}, set()], [triples, set()]), truth)["end_to_end"]
    assert (scores["boundaries_precision"], scores["boundaries_recall"], scores["boundaries_f1"]) == (66.67, 100, 80)
    assert (scores["strict_precision"], scores["strict_recall"], scores["strict_f1"]) == (33.33, 50, 40)
    assert (scores["gold"], scores["found"]) == (2, 3)


def test_relations_of_entities_that_were_not_found_count_as_missed() -> None:
    truth = gold(joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "d0:0-1", "In", ("Org", "Loc")))
    scores = scored(Extractions([set(), set()], [set(), set()]), truth)["end_to_end"]
    assert (scores["strict_f1"], scores["strict_recall"], scores["gold"]) == (0, 0, 1)


def test_a_wrong_label_is_no_relation_found() -> None:
    truth = gold(joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "d0:0-1", "In", ("Org", "Loc")))
    found = Extractions([{ACME, BERN}, set()], [{Triple(ACME, BERN, "Near")}, set()])
    assert scored(found, truth)["end_to_end"]["boundaries_f1"] == 0


def test_both_orders_of_a_symmetric_pair_are_one_relation() -> None:
    truth = gold(joint.pair("[e1 Zug] is near [e2 Bern]", "d1", "Near", ("Loc", "Loc")), symmetric=("Near",))
    spans = Spans(*(np.array(column) for column in ([1, 1], [0, 3], [1, 4], [0, 0])))
    config = dataclasses.replace(tiny.config(), tags=joint.TAGS)
    found = end_to_end.found(2, spans, (np.array([0, 1]), np.array([1, 0])), ["Near", "Near"], config, ("Near",))
    scores = scored(found, truth)["end_to_end"]
    assert (scores["strict_f1"], scores["found"]) == (100, 1)
    directed = end_to_end.found(2, spans, (np.array([0, 1]), np.array([1, 0])), ["Near", "Near"], config, ())
    assert scored(directed, truth)["end_to_end"]["strict_precision"] == 50


def test_pairs_that_are_called_negative_are_no_relations() -> None:
    spans = Spans(*(np.array(column) for column in ([0, 0], [0, 3], [1, 4], [1, 0])))
    config = dataclasses.replace(tiny.config(), tags=joint.TAGS)
    found = end_to_end.found(1, spans, (np.array([0, 1]), np.array([1, 0])), ["Other", "In"], config, ())
    assert found.relations == [{Triple(BERN, ACME, "In")}]
    assert found.entities == [{ACME, BERN}]


def test_relations_of_two_sentences_are_told_apart_and_incomplete_rows_are_left_out() -> None:
    truth = gold(
        joint.pair("[e1 Acme] sits in Bern and Rome . Zug is near [e2 Bern]", "d0:0-9", "In"),
        joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "x", "In", complete=False),
        joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "y", None),
    )
    assert truth.n_across == 1
    assert truth.relations == [set(), set()]


def test_a_sentence_that_a_file_says_again_keeps_the_relations_of_its_own_document() -> None:
    twice = joint.sentences(*[("Acme sits in Bern", [(0, 1, "Org"), (3, 4, "Loc")])] * 2)
    truth = gold(joint.pair("[e1 Acme] sits in [e2 Bern]", "d1:0-1", "In", ("Org", "Loc")), sentences=twice)
    assert [len(relations) for relations in truth.relations] == [0, 1]


@pytest.mark.parametrize("prefix", ["", "test/a/"])
def test_a_document_that_says_a_sentence_twice_keeps_the_relations_of_both(prefix: str) -> None:
    said = ("Acme sits in Bern", [(0, 1, "Org"), (3, 4, "Loc")])
    thrice = joint.sentences(said, said, said)
    thrice = thrice.set_column(0, "id", pa.array(["d1", "d2#1", "d2#2"]))
    pairs = [joint.pair("[e1 Acme] sits in [e2 Bern]", f"{prefix}d2:T{n}-T{n + 1}", "In", ("Org", "Loc")) for n in (1, 3)]
    assert [len(relations) for relations in gold(*pairs, sentences=thrice).relations] == [0, 1, 1]


def test_without_types_there_is_no_strict_score_of_relations() -> None:
    truth = gold(joint.pair("[e1 Zug] is near [e2 Bern]", "d1", "Near", ("Loc", "Loc")), typed=False)
    zug, bern = Entity(0, 1, ""), Entity(3, 4, "")
    scores = scored(Extractions([set(), {zug, bern}], [set(), {Triple(zug, bern, "Near")}]), truth, typed=False)
    assert scores["end_to_end"]["strict_f1"] is None
    assert scores["end_to_end"]["boundaries_f1"] == 100
    assert scores["entities"]["precision"] == 100


def test_where_gold_has_no_relation_there_is_no_score_of_relations_and_what_is_found_is_counted() -> None:
    pair = joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "d0:0-1", None, ("Org", "Loc"))
    scores = scored(Extractions([{ACME, BERN}, set()], [{Triple(ACME, BERN, "In")}, set()]), gold(pair))
    assert {value for name, value in scores["end_to_end"].items() if name.startswith(("boundaries", "strict"))} == {None}
    assert (scores["end_to_end"]["gold"], scores["end_to_end"]["found"]) == (0, 1)
    assert scores["entities"]["precision"] == 100


def test_where_gold_has_no_entity_there_is_no_score_of_entities() -> None:
    empty = joint.sentences(("Nothing is here", []))
    scores = scored(Extractions([{ACME}], [set()]), gold(sentences=empty))
    assert scores["entities"]["micro_f1"] is scores["entities"]["macro_f1"] is scores["tags"]["f1"] is None
    assert (scores["entities"]["gold"], scores["entities"]["found"]) == (0, 1)


def test_without_sentences_every_score_is_null() -> None:
    scores = scored(Extractions([], []), gold(sentences=SENTENCES.slice(0, 0)))
    assert scores["entities"]["micro_f1"] is scores["entities"]["macro_f1"] is scores["end_to_end"]["strict_f1"] is None


@pytest.mark.parametrize("part", ["entities", "end_to_end"])
def test_all_right_is_100(part: str) -> None:
    truth = gold(joint.pair("[e1 Acme] sits in [e2 Bern] and Rome", "d0:0-1", "In", ("Org", "Loc")))
    scores = scored(truth, truth)[part]
    assert {value for name, value in scores.items() if name.endswith(("f1", "precision", "recall"))} == {100}
