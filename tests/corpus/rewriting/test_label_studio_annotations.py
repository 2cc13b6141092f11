"""Tasks of Label Studio with the annotations of several people, rewritten: each keeps what it has said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from tests.corpus.rewriting.test_rewriting import document, relabelled, rewrite

TEXT = "Ann Lee founded Acme in Bonn."
Row = dict[str, object]


def region(key: str, start: int, end: int, label: str) -> Row:
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": [label]}
    return {"id": key, "type": "labels", "from_name": "ner", "to_name": "body", "origin": "manual", "value": value}


def arrow(start: str, end: str, direction: str, *labels: str) -> Row:
    return {"type": "relation", "from_id": start, "to_id": end, "direction": direction, "labels": list(labels)}


def annotation(number: int, *result: Row, **more: object) -> Row:
    who = {"id": number, "email": f"a{number}@x.org"}
    own = {"created_at": f"2024-0{number}", "lead_time": 4.5, "unique_id": f"u{number}", "ground_truth": False}
    return {"id": 10 + number, "completed_by": who, "result": list(result), "was_cancelled": False, **own, **more}


CHOICE: Row = {"id": "q", "type": "choices", "from_name": "sure", "value": {"start": 0, "end": 3, "text": "Ann", "choices": ["no"]}}
COMMENT: Row = {"id": "q", "type": "textarea", "from_name": "why", "value": {"start": 0, "end": 3, "text": ["a first name"]}}
ANN_LEE, ANN, ACME = region("q", 0, 7, "PER"), region("q", 0, 3, "PER"), region("r", 16, 20, "ORG")
FOUNDED, LED = arrow("q", "r", "right", "founded"), arrow("r", "q", "left", "founded", "led")
CANCELLED = annotation(3, region("z", 0, 3, "X"), was_cancelled=True)


def task(one: list[Row], other: list[Row]) -> Row:
    """What two people say, and a third does not."""
    annotations = [annotation(1, *one), CANCELLED, annotation(2, *other)]
    predictions = [{"id": 1, "model_version": "m", "score": 0.5, "result": [ANN]}]
    data = {"text": "another", "body": TEXT}
    return {"id": 3, "annotations": annotations, "drafts": [], "predictions": predictions, "data": data, "project": 2}


def entities(document: Document, change: Callable[[Entity], Entity | None]) -> Document:
    kept = tuple(new for each in document.entities if (new := change(each)))
    ids = {each.id for each in kept}
    return replace(document, entities=kept, relations=tuple(each for each in document.relations if {each.head, each.tail} <= ids))


def retyped(old: Document) -> Document:
    return entities(old, lambda each: replace(each, type="CO") if each.id == "r" else each)


def moved(old: Document) -> Document:
    return entities(old, lambda each: replace(each, spans=(Span(4, 7),)) if each.id == "12:q" else each)


def removed(old: Document) -> Document:
    return entities(old, lambda each: each if each.id != "12:q" else None)


def led_by(old: Document) -> Document:
    return replace(old, relations=tuple(replace(each, label="led by") if each.label == "led" else each for each in old.relations))


def with_bonn(old: Document) -> Document:
    bonn = Entity("T1", (Span(24, 28),), "LOC")
    return replace(old, entities=(*old.entities, bonn), relations=(*old.relations, Relation("12:q", "T1", "in")))


def at(row: Row, start: int, end: int, text: object) -> Row:
    return {**row, "value": {**row["value"], "start": start, "end": end, "text": text}}  # type: ignore[dict-item]


BONN = {key: item for key, item in region("T1", 24, 28, "LOC").items() if key != "origin"}
SAID = [ANN_LEE, ACME, FOUNDED], [ANN, ACME, CHOICE, COMMENT, LED]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("correct", "one", "other"),
    [
        (lambda old: old, *SAID),
        (lambda old: relabelled(old, "made"), [ANN_LEE, ACME, arrow("q", "r", "right", "made")], SAID[1]),
        (led_by, SAID[0], [*SAID[1][:4], arrow("r", "q", "left", "founded", "led by")]),
        (retyped, [ANN_LEE, region("r", 16, 20, "CO"), FOUNDED], [ANN, region("r", 16, 20, "CO"), *SAID[1][2:]]),
        (moved, SAID[0], [at(ANN, 4, 7, "Lee"), ACME, at(CHOICE, 4, 7, "Lee"), at(COMMENT, 4, 7, ["a first name"]), LED]),
        (removed, SAID[0], [ACME]),
        (with_bonn, [*SAID[0], BONN], [*SAID[1], BONN, arrow("q", "T1", "right", "in")]),
    ],
)
def test_a_correction_changes_what_it_changes_in_the_annotation_of_whose_it_is(tmp_path, correct, one, other, indent):
    path = tmp_path / "train.json"
    old = document(path, "label_studio", json.dumps([task(*SAID)], indent=indent))
    written = rewrite(path, "label_studio", {0: [correct(old)]}).decode()
    assert written == json.dumps([task(one, other)], indent=indent)


@pytest.mark.parametrize("number", [0, 1])
def test_a_label_of_one_of_two_annotations_of_nobody_stays_in_its_annotation(tmp_path, number):
    def of(*labels: str) -> str:
        said = [{"id": place, "result": [ANN, ACME, arrow("q", "r", "right", label)]} for place, label in enumerate(labels)]
        return json.dumps([{"id": 3, "data": {"body": TEXT}, "annotations": said}])

    path = tmp_path / "train.json"
    old = document(path, "label_studio", of("a", "b"))
    relations = tuple(replace(each, label="c") if each.label == "ab"[number] else each for each in old.relations)
    written = rewrite(path, "label_studio", {0: [replace(old, relations=relations)]}).decode()
    assert written == of(*("cb", "ac")[number])


def test_a_relation_of_two_peoples_entities_gives_one_of_them_the_other_entity(tmp_path):
    path = tmp_path / "train.json"
    lee = region("k", 4, 7, "PER")
    old = document(path, "label_studio", json.dumps([task([ANN, ACME], [lee, ACME])]))
    new = replace(old, relations=(Relation("12:k", "11:q", "name of"),))
    written = json.loads(rewrite(path, "label_studio", {0: [new]}))
    more = {key: item for key, item in lee.items() if key != "origin"}
    assert written == [task([ANN, ACME, more, arrow("k", "q", "right", "name of")], [lee, ACME])]


def test_a_relation_of_two_regions_that_have_one_id_in_two_annotations_is_an_error(tmp_path):
    path = tmp_path / "train.json"
    old = document(path, "label_studio", json.dumps([task([ANN, ACME], [ANN_LEE, ACME])]))
    with pytest.raises(InputError, match=r"train.json:1: .*a relation joins regions of two annotations, .* have the id q"):
        rewrite(path, "label_studio", {0: [replace(old, relations=(Relation("12:q", "11:q", "name of"),))]})


def test_a_new_entity_gets_an_id_that_no_region_of_an_annotation_has(tmp_path):
    path = tmp_path / "train.json"
    one, other = region("T1", 0, 3, "PER"), region("T1", 0, 7, "PER")
    old = document(path, "label_studio", json.dumps([task([one], [other])]))
    new = replace(old, entities=(*old.entities, Entity("T1", (Span(24, 28),), "LOC")))
    (written,) = json.loads(rewrite(path, "label_studio", {0: [new]}))
    own = {**BONN, "id": "T1~"}
    assert written == task([one, own], [other, own])


def test_a_moved_region_loses_the_offsets_that_the_page_counts_anew(tmp_path):
    path = tmp_path / "train.json"
    ann = region("q", 0, 3, "PER")
    ann["value"] |= {"globalOffsets": {"start": 0, "end": 3}}  # type: ignore[operator]
    old = document(path, "label_studio", json.dumps([{"id": 3, "data": {"body": TEXT}, "annotations": [annotation(1, ann)]}]))
    new = entities(old, lambda each: replace(each, spans=(Span(0, 7),)))
    (written,) = json.loads(rewrite(path, "label_studio", {0: [new]}))
    assert written["annotations"] == [annotation(1, ANN_LEE)]
