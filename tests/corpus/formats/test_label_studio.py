import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, Skipped
from pipeline.corpus.formats import label_studio
from tests.support.documents import assert_read_in_flat_memory, documents

TEXT = "Ann founded Acme."


def region(region_id, start, end, *labels, text=TEXT, **changes):
    value = {"start": start, "end": end, "text": text[start:end], "labels": list(labels)}
    return {"id": region_id, "type": "labels", "from_name": "label", "to_name": "text", "value": value | changes}


def relation(head="x", tail="y", direction="right", labels=("founded",), **changes):
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, "labels": list(labels)} | changes


ANN, ACME = region("x", 0, 3, "PER"), region("y", 12, 16, "ORG")


def annotation(*result, **changes):
    return {"id": 5, "completed_by": 1, "was_cancelled": False, "result": list(result)} | changes


def task(*annotations, **changes):
    return {"id": 3, "data": {"text": TEXT}, "predictions": [], "annotations": list(annotations)} | changes


GOOD = task(annotation(ANN, ACME, relation()))
ENTITIES = (Entity("x", (Span(0, 3),), "PER"), Entity("y", (Span(12, 16),), "ORG"))


@pytest.fixture
def reading(tmp_path):
    def reading(*tasks):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks, indent=1), encoding="utf-8")
        return list(label_studio.read(path))

    return reading


def pairs(document):
    return [(one.head, one.tail, one.label) for one in document.relations]


def test_the_example_is_read(reading):
    (document,) = reading(GOOD)
    assert document == Document("3", document.source, TEXT, ENTITIES, (Relation("x", "y", "founded", "1"),))
    assert document.source.endswith("export.json:2")


def test_a_relation_to_a_region_of_another_kind_names_the_kind(reading):
    page = region("h", 0, 3, "PER") | {"type": "hypertextlabels"}
    (problem,) = reading(task(annotation(page, ACME, relation(head="h"))))
    assert (problem.kind, "hypertextlabels" in problem.found) == ("entity-unknown", True)


@pytest.mark.parametrize("kind", ["choices", "textarea", "number", "taxonomy"])
def test_what_is_said_of_a_region_has_its_id_and_is_kept(reading, kind):
    said = ANN | {"type": kind, "value": {"start": 0, "end": 3, "text": "Ann", kind: ["sure"]}}
    (document,) = reading(task(annotation(ANN, said, ACME, relation())))
    assert (document.entities, pairs(document)) == (ENTITIES, [("x", "y", "founded")])
    assert document.meta["label_studio"]["regions"] == [said]


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("right", [("x", "y", "founded")]),
        ("left", [("y", "x", "founded")]),
        ("bi", [("x", "y", "founded"), ("y", "x", "founded")]),
        (None, [("x", "y", "founded")]),
    ],
)
def test_a_direction_is_that_of_the_relation(reading, direction, expected):
    (document,) = reading(task(annotation(ANN, ACME, relation(direction=direction))))
    assert pairs(document) == expected


@pytest.mark.parametrize("labels", [[], None])
def test_a_relation_without_labels_has_none(reading, labels):
    (document,) = reading(task(annotation(ANN, ACME, relation() | {"labels": labels})))
    assert pairs(document) == [("x", "y", None)]


def test_each_label_of_a_relation_is_a_relation(reading):
    (document,) = reading(task(annotation(ANN, ACME, relation(labels=["founded", "owns"]))))
    assert pairs(document) == [("x", "y", "founded"), ("x", "y", "owns")]


def test_completions_of_older_releases_are_annotations(reading):
    old = {key: value for key, value in GOOD.items() if key != "annotations"} | {"completions": GOOD["annotations"]}
    (document,) = reading(old)
    assert pairs(document) == [("x", "y", "founded")]


def test_entities_of_several_annotations_are_told_apart(reading):
    other = annotation(region("x", 4, 11, "EVENT"), region("z", 12, 16, "ORG"), relation("x", "z"), id=6, completed_by=2)
    (document,) = reading(task(annotation(ANN, ACME, relation()), other))
    assert [entity.id for entity in document.entities] == ["5:x", "5:y", "6:x", "6:z"]
    assert document.relations == (Relation("5:x", "5:y", "founded", "1"), Relation("6:x", "6:z", "founded", "2"))


def test_a_region_that_all_annotations_have_alike_is_one_entity(reading):
    other = annotation(ANN, ACME, relation(labels=["owns"]), id=6, completed_by=2)
    (document,) = reading(task(annotation(ANN, ACME, relation()), other))
    assert document.entities == ENTITIES
    assert document.relations == (Relation("x", "y", "founded", "1"), Relation("x", "y", "owns", "2"))


@pytest.mark.parametrize(
    ("completed_by", "annotator"),
    [(1, "1"), ("ann", "ann"), ({"id": 1, "email": "ann@example.org"}, "ann@example.org"), ({"id": 4}, "4"), (None, None)],
)
def test_the_annotator_is_who_completed_the_annotation(reading, completed_by, annotator):
    (document,) = reading(task(annotation(ANN, ACME, relation(), completed_by=completed_by)))
    assert document.relations[0].annotator == annotator


@pytest.mark.parametrize("how", ["was_cancelled", "skipped"])
def test_a_cancelled_annotation_is_left_out_and_counted(reading, how):
    (document,) = reading(task(annotation(ANN, ACME, relation()), annotation(ANN, id=6, **{how: True})))
    assert document.entities == ENTITIES
    assert document.meta == {"label_studio": {"cancelled": 1}}


SKIPPED = {
    "its annotator skipped it": task(annotation(was_cancelled=True)),
    "it has no annotation": task(predictions=[{"result": [ANN]}]),
}


@pytest.mark.parametrize("reason", SKIPPED)
def test_a_task_without_annotation_is_left_out_and_said(reading, reason):
    skipped, document = reading(SKIPPED[reason], GOOD)
    assert isinstance(skipped, Skipped)
    assert (skipped.row_id, skipped.reason) == ("3", reason)
    assert isinstance(document, Document)


def test_an_empty_annotation_is_a_document_without_entities(reading):
    (document,) = reading(task(annotation()))
    assert (document.entities, document.relations) == ((), ())


def test_predictions_and_drafts_are_no_annotations_and_kept(reading):
    predictions = [{"result": [region("p", 4, 11, "EVENT")]}]
    (document,) = reading(GOOD | {"predictions": predictions, "drafts": [{"id": 1}]})
    assert document.entities == ENTITIES
    assert document.meta == {"label_studio": {"predictions": predictions, "drafts": [{"id": 1}]}}


def test_regions_of_other_kinds_are_kept(reading):
    choice = {"id": "c", "type": "choices", "from_name": "topic", "to_name": "text", "value": {"choices": ["news"]}}
    (document,) = reading(task(annotation(ANN, ACME, choice, relation())))
    assert document.entities == ENTITIES
    assert document.meta == {"label_studio": {"regions": [choice]}}


SMILING = "A \U0001f600 frost, a \U0001f600 leak."


def smiling(*offsets):
    words = ["frost", "leak"]
    regions = [region(word[0], start, end, "Event") for word, (start, end) in zip(words, offsets, strict=True)]
    for one, word in zip(regions, words, strict=True):
        one["value"]["text"] = word
    return task(annotation(*regions), data={"text": SMILING})


@pytest.mark.parametrize(
    "offsets", [[(4, 9), (15, 19)], [(5, 10), (17, 21)], [(4, 9), (17, 21)]], ids=["code points", "UTF-16 units", "both"]
)
def test_the_quoted_text_tells_what_offsets_count(reading, offsets):
    (document,) = reading(smiling(*offsets))
    assert [entity.spans for entity in document.entities] == [(Span(4, 9),), (Span(15, 19),)]


def test_offsets_count_code_points_where_no_text_is_quoted(reading):
    value = smiling((4, 9), (15, 19))
    for one in value["annotations"][0]["result"]:
        del one["value"]["text"]
    (document,) = reading(value)
    assert [entity.spans for entity in document.entities] == [(Span(4, 9),), (Span(15, 19),)]


@pytest.mark.parametrize("quoted", ["first\\nsecond", "first\nsecond", "first second"])
def test_a_line_break_may_be_quoted_in_any_way(reading, quoted):
    broken = {**ANN, "value": {"start": 0, "end": 12, "text": quoted, "labels": ["A"]}}
    (document,) = reading(task(annotation(broken), data={"text": "first\nsecond"}))
    assert document.entities[0].spans == (Span(0, 12),)


@pytest.mark.parametrize(
    "data",
    [
        {"title": "Anna", "text": TEXT},
        {"title": "Ann", "body": TEXT},
        {"url": "https://example.org/a", "content": TEXT, "n": 3},
    ],
)
def test_the_text_is_the_data_that_the_regions_quote(reading, data):
    (document,) = reading(GOOD | {"data": data})
    assert document.text == TEXT
    assert document.meta == {key: value for key, value in data.items() if value != TEXT}


def test_a_task_without_id_has_one_that_an_inserted_task_does_not_change(reading):
    plain = {key: value for key, value in GOOD.items() if key != "id"}
    (before,) = reading(plain)
    _, after = reading(GOOD, plain)
    assert after.id == before.id


def bad_region(**changes):
    return task(annotation(ANN, {**ACME, "value": ACME["value"] | changes}))


BAD = {
    "an end past the text": (bad_region(end=99), "region y is [12, 99], the text has 17 characters", "span-impossible"),
    "a missing start": (bad_region(start=None), "region y is [null, 16]", "span-malformed"),
    "another text": (bad_region(text="Apex"), "region y quotes 'Apex', and its offsets 12, 16 hold 'Acme'", "entity-text-differs"),
    "several types": (bad_region(labels=["ORG", "LOC"]), "region y has the labels ORG, LOC", "types-several"),
    "a numeric label": (bad_region(labels=[3]), "the labels of region y are [3]", "value-malformed"),
    "a region without id": (task(annotation({**ANN, "id": None})), "no region: ", "value-malformed"),
    "a region without value": (task(annotation({**ANN, "value": None})), "no region: ", "value-malformed"),
    "an id of two regions": (task(annotation(ANN, {**ACME, "id": "x"})), "two entities have the id x", "entity-repeated"),
    "a region that is not there": (task(annotation(ANN, relation())), "founded names y, which is no entity here", "entity-unknown"),
    "an unknown direction": (task(annotation(ANN, ACME, relation(direction="up"))), 'a direction is "up"', "direction-unknown"),
    "a direction that is no string": (
        task(annotation(ANN, ACME, relation(direction=[1]))),
        "a direction is [1]",
        "direction-unknown",
    ),
    "a relation without an end": (task(annotation(ANN, relation(tail=None))), "no relation: ", "relation-malformed"),
    "labels of a relation that are no list": (
        task(annotation(ANN, ACME, relation() | {"labels": "founded"})),
        'the labels of a relation are "founded"',
        "relation-malformed",
    ),
    "a result that is no list": (task(annotation(result="all")), 'result is "all"', "value-malformed"),
    "annotations that are no objects": (task() | {"annotations": [4]}, "annotations is [4]", "value-malformed"),
    "no data": (GOOD | {"data": None}, "data is null", "value-malformed"),
    "data without a text": (GOOD | {"data": {"image": 3}}, 'data is {"image": 3}', "value-malformed"),
    "a boolean id": (GOOD | {"id": True}, "id is true", "id-malformed"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_task_is_a_problem_and_the_next_one_is_read(reading, case):
    value, found, kind = BAD[case]
    problem, good = reading(value, GOOD)
    assert isinstance(problem, Problem)
    assert problem.found.startswith(found)
    assert problem.kind == kind
    assert problem.source.endswith("export.json:2")
    assert isinstance(good, Document)


def test_an_export_without_relations_is_one_problem_that_says_which_to_take(reading):
    minimal = {"id": 3, "text": TEXT, "label": [ANN["value"]], "annotator": 1, "annotation_id": 5, "lead_time": 2.0}
    (problem,) = reading(minimal, minimal)
    assert (problem.kind, problem.hint) == ("relations-missing", "export the project again, as JSON")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_one_problem_of_the_file(tmp_path, encoding):
    path = tmp_path / "export.json"
    path.write_bytes(json.dumps([task(data={"text": "caf\xe9"})] * 3, ensure_ascii=False).encode(encoding))
    assert [problem.kind for problem in label_studio.read(path)] == ["file-not-utf8"]


@pytest.mark.parametrize(
    "value",
    [GOOD, task(), {"id": 1, "data": {}, "completions": []}, {"text": "A", "annotator": 1, "annotation_id": 2, "lead_time": 1.0}],
)
def test_an_export_is_recognised(tmp_path, value):
    path = tmp_path / "a"
    path.write_text(json.dumps([value]))
    assert label_studio.recognises(path)


@pytest.mark.parametrize("value", [{"data": "A b.", "label": []}, {"text": "A", "e1": [0, 1]}, {"annotations": []}, [3]])
def test_other_files_are_not_recognised(tmp_path, value):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([value]))
    assert not label_studio.recognises(path)
    assert not label_studio.recognises(tmp_path)


@settings(deadline=None, max_examples=60)
@given(written=st.lists(documents(label_studio.HOLDS), max_size=3, unique_by=lambda document: document.id))
def test_documents_written_are_read_again(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("label_studio") / "out.json"
    label_studio.write(written, path)
    assert [replace(document, source="") for document in label_studio.read(path)] == written


def document(**changes):
    return replace(Document("3", "a:1", TEXT, ENTITIES, (Relation("x", "y", "founded", "1"),)), **changes)


def test_what_else_a_task_held_is_written_again(tmp_path):
    choice = {"id": "c", "type": "choices", "value": {"choices": ["news"]}}
    own = {"predictions": [{"result": []}], "drafts": [{"id": 1}], "regions": [choice], "cancelled": 2}
    written = document(meta={"row_id": "train:1", "label_studio": own})
    label_studio.write([written], tmp_path / "out.json")
    (read,) = label_studio.read(tmp_path / "out.json")
    assert read.meta == written.meta


REFUSED = {
    "fragments": {"entities": (replace(ENTITIES[0], spans=(Span(0, 1), Span(2, 3))), ENTITIES[1])},
    "words": {"words": (Span(0, 3),)},
    "two entities of one id": {"entities": (*ENTITIES, ENTITIES[0])},
    "a meta that would take the text's place": {"meta": {"text": "Other."}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_label_studio_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    with pytest.raises(ValueError):  # noqa: PT011
        label_studio.write([document(**REFUSED[case])], tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []


def test_a_large_file_is_read_in_flat_memory(tmp_path):
    def write(path, n):
        label_studio.write((document(id=str(number), text=TEXT * 500) for number in range(n)), path)

    assert_read_in_flat_memory(label_studio.read, tmp_path, write)
