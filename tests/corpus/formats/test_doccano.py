import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import doccano
from tests.support.documents import assert_read_in_flat_memory, documents

ROW = {
    "id": 1,
    "text": "Ann founded Acme.",
    "Comments": [],
    "entities": [
        {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3},
        {"id": 8, "label": "ORG", "start_offset": 12, "end_offset": 16},
    ],
    "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "founded"}],
}
ENTITIES = (Entity("7", (Span(0, 3),), "PER"), Entity("8", (Span(12, 16),), "ORG"))
TRIPLES = {"id": 2, "text": "Ann founded Acme.", "label": [[0, 3, "PER"], [12, 16, "ORG"]], "Comments": []}


@pytest.fixture
def reading(tmp_path):
    def reading(*values, indent=None):
        path = tmp_path / "train.jsonl"
        path.write_text("\n".join(json.dumps(value, indent=indent) for value in values), encoding="utf-8")
        return list(doccano.read(path))

    return reading


def without(row, *keys):
    return {key: value for key, value in row.items() if key not in keys}


def with_entity(**changes):
    return ROW | {"entities": [ROW["entities"][0], ROW["entities"][1] | changes]}


def with_relation(**changes):
    return ROW | {"relations": [ROW["relations"][0] | changes]}


def test_the_example_is_read(reading):
    (document,) = reading(ROW)
    relations = (Relation("7", "8", "founded"),)
    assert document == Document("1", document.source, ROW["text"], ENTITIES, relations, meta={"Comments": []})
    assert document.source.endswith("train.jsonl:1")


def test_relations_of_an_import_have_no_id(reading):
    (document,) = reading(ROW | {"relations": [without(ROW["relations"][0], "id")]})
    assert document.relations == (Relation("7", "8", "founded"),)


def test_objects_may_run_over_lines(reading):
    first, second = reading(ROW, ROW | {"id": 2}, indent=4)
    assert (first.id, second.id) == ("1", "2")
    assert int(second.source.rpartition(":")[2]) > 20


def test_offsets_count_code_points(reading):
    entities = [{"id": 0, "label": "Event", "start_offset": 4, "end_offset": 9}]
    (document,) = reading({"text": "A \U0001f600 frost.", "entities": entities, "relations": []})
    assert document.text[4:9] == "frost"
    assert document.entities == (Entity("0", (Span(4, 9),), "Event"),)


@pytest.mark.parametrize("changes", [{}, {"data": TRIPLES["text"]}, {"labels": TRIPLES["label"]}])
def test_labels_as_triples_are_entities_numbered_in_their_order(reading, changes):
    replaced = {"data": "text", "labels": "label"}
    (document,) = reading(without(TRIPLES, *(replaced[key] for key in changes)) | changes)
    assert document.entities == tuple(replace(entity, id=str(number)) for number, entity in enumerate(ENTITIES, 1))
    assert document.relations == ()


def test_columns_of_an_import_are_kept(reading):
    (document,) = reading(ROW | {"source": "news", "Comments": ["sure?"]})
    assert document.meta == {"Comments": ["sure?"], "source": "news"}


def test_a_document_without_id_has_one_that_an_inserted_line_does_not_change(reading):
    before = reading(without(ROW, "id"), without(TRIPLES, "id"))
    after = reading(ROW, without(ROW, "id"), without(TRIPLES, "id"))
    assert [document.id for document in before] == [document.id for document in after[1:]]


def test_equal_documents_without_id_have_different_ids(reading):
    first, second = reading(without(ROW, "id"), without(ROW, "id"))
    assert second.id == f"{first.id}~2"


BAD = {
    "no text": (without(ROW, "text"), "text is null", "value-malformed"),
    "a blank text": (ROW | {"text": " "}, 'text is " "', "value-malformed"),
    "a boolean id": (ROW | {"id": True}, "id is true", "id-malformed"),
    "an end past the text": (with_entity(end_offset=99), "entity 8 is [12, 99], the text has 17 characters", "span-impossible"),
    "a negative start": (with_entity(start_offset=-1), "entity 8 is [-1, 16]", "span-impossible"),
    "an empty span": (with_entity(end_offset=12), "entity 8 is [12, 12]", "span-impossible"),
    "a missing offset": (with_entity(end_offset=None), "entity 8 is [12, null]", "span-malformed"),
    "a float": (with_entity(start_offset=12.0), "entity 8 is [12.0, 16]", "span-malformed"),
    "a boolean offset": (with_entity(start_offset=True), "entity 8 is [true, 16]", "span-malformed"),
    "a blank entity": (with_entity(start_offset=3, end_offset=4), "entity 8 is blank: ' '", "entity-empty"),
    "a numeric label": (with_entity(label=3), "the label of entity 8 is 3", "value-malformed"),
    "an entity without id": (with_entity(id=None), "entity 2 has the id null", "id-malformed"),
    "an id of two entities": (with_entity(id=7), "two entities have the id 7", "entity-repeated"),
    "entities that are no list": (ROW | {"entities": "all"}, 'entities is "all"', "value-malformed"),
    "a relation with an entity that is not there": (
        with_relation(to_id=9),
        "founded names 9, which is no entity",
        "entity-unknown",
    ),
    "a relation without a tail": (with_relation(to_id=None), "no relation: ", "relation-malformed"),
    "a relation without a type": (with_relation(type=None), "no relation: ", "relation-malformed"),
    "relations that are no objects": (ROW | {"relations": [1]}, "relations is [1]", "value-malformed"),
    "labels that are no triples": (TRIPLES | {"label": [[0, 3]]}, "entity 1 is [0, 3]", "value-malformed"),
    "labels that are no list": (TRIPLES | {"label": "PER"}, 'label is "PER"', "value-malformed"),
    "labels that are zero": (TRIPLES | {"label": 0}, "label is 0", "value-malformed"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_object_is_a_problem_and_the_next_one_is_read(reading, case):
    value, found, kind = BAD[case]
    problem, good = reading(value, ROW)
    assert isinstance(problem, Problem)
    assert problem.found.startswith(found)
    assert problem.kind == kind
    assert problem.source.endswith("train.jsonl:1")
    assert isinstance(good, Document)


def test_all_problems_of_an_object_are_told_under_its_id(reading):
    value = with_entity(end_offset=99) | {"relations": [{"from_id": 7}]}
    problems = reading(value)
    assert [(problem.kind, problem.row_id) for problem in problems] == [("span-impossible", "1"), ("relation-malformed", "1")]


def test_a_line_that_is_no_json_is_a_problem_and_the_next_one_is_read(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('{"text": \n' + json.dumps(ROW))
    problem, document = doccano.read(path)
    assert problem.kind == "json-malformed"
    assert document.id == "1"


@pytest.mark.parametrize(("encoding", "kind"), [("utf-16", "file-not-utf8"), ("cp1252", "file-not-utf8")])
def test_another_encoding_is_one_problem_of_the_file(tmp_path, encoding, kind):
    path = tmp_path / "train.jsonl"
    path.write_bytes("\n".join([json.dumps(ROW | {"text": "Ann opened caf\xe9."}, ensure_ascii=False)] * 3).encode(encoding))
    assert [problem.kind for problem in doccano.read(path)] == [kind]


@pytest.mark.parametrize("value", [ROW, without(ROW, "Comments", "id"), TRIPLES, without(TRIPLES, "Comments")])
def test_a_file_of_doccano_is_recognised(tmp_path, value):
    path = tmp_path / "a"
    path.write_text(json.dumps(value))
    assert doccano.recognises(path)


@pytest.mark.parametrize(
    "value",
    [
        {"text": "A b.", "e1": [0, 1], "e2": [2, 3], "relation": "Other"},
        {"text": "A b.", "entities": [{"id": "T1", "spans": [[0, 1]]}], "relations": []},
        {"text": "A b.", "label": "positive"},
        {"tokens": ["A"], "entities": [{"start": 0, "end": 1, "type": "A"}], "relations": []},
        [3],
    ],
)
def test_other_files_are_not_recognised(tmp_path, value):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(value))
    assert not doccano.recognises(path)
    assert not doccano.recognises(tmp_path)


@settings(deadline=None, max_examples=60)
@given(written=st.lists(documents(doccano.HOLDS), min_size=1, max_size=3, unique_by=lambda document: document.id))
def test_documents_written_are_read_again(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("doccano") / "out.jsonl"
    doccano.write(written, path)
    assert [replace(document, source="") for document in doccano.read(path)] == written


def document(**changes):
    return replace(Document("1", "a:1", ROW["text"], ENTITIES, (Relation("7", "8", "founded"),)), **changes)


def test_entities_of_other_ids_are_numbered(tmp_path):
    entities = (replace(ENTITIES[0], id="T1"), replace(ENTITIES[1], id="8"))
    doccano.write([document(entities=entities, relations=(Relation("8", "T1", "of"),))], tmp_path / "out.jsonl")
    (read,) = doccano.read(tmp_path / "out.jsonl")
    assert read.relations == (Relation("1", "0", "of"),)


REFUSED = {
    "an entity without type": {"entities": (replace(ENTITIES[0], type=None), ENTITIES[1])},
    "fragments": {"entities": (replace(ENTITIES[0], spans=(Span(0, 1), Span(2, 3))), ENTITIES[1])},
    "a relation without label": {"relations": (Relation("7", "8", None),)},
    "an annotator": {"relations": (Relation("7", "8", "founded", "ann"),)},
    "a relation of an entity that is not there": {"relations": (Relation("7", "9", "founded"),)},
    "two entities of one id": {"entities": (*ENTITIES, ENTITIES[0])},
    "a meta that would take the text's place": {"meta": {"text": "Other."}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_doccano_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    with pytest.raises(ValueError):  # noqa: PT011
        doccano.write([document(**REFUSED[case])], tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_large_file_is_read_in_flat_memory(tmp_path):
    def write(path, n):
        doccano.write((document(id=str(number), text=ROW["text"] * 500) for number in range(n)), path)

    assert_read_in_flat_memory(doccano.read, tmp_path, write)
