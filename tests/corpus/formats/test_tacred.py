import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import tacred
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import assert_a_problem_then_the_good_row, read_rows, written_and_read

ROW = {
    "id": "e779", "docid": "d1", "relation": "per:founder", "token": ["Ada", "Byron", "founded", "Acme", "."],
    "subj_start": 0, "subj_end": 1, "obj_start": 3, "obj_end": 3, "subj_type": "PERSON", "obj_type": "ORGANIZATION",
    "stanford_pos": ["NNP", "NNP", "VBD", "NNP", "."],
}  # fmt: skip


def without(*keys):
    return {key: value for key, value in ROW.items() if key not in keys}


def test_an_object_is_a_pair_with_inclusive_ends(tmp_path):
    (document,) = read_rows(tacred.read, tmp_path, [ROW])
    assert document == Document(
        "e779",
        f"{tmp_path / 'corpus.json'}:1",
        "Ada Byron founded Acme .",
        (Entity("e1", (Span(0, 9),), "PERSON"), Entity("e2", (Span(18, 22),), "ORGANIZATION")),
        (Relation("e1", "e2", "per:founder"),),
        (Span(0, 3), Span(4, 9), Span(10, 17), Span(18, 22), Span(23, 24)),
        complete=False,
        meta={"docid": "d1", "stanford_pos": ["NNP", "NNP", "VBD", "NNP", "."]},
    )


def test_a_list_is_read_as_lines_are(tmp_path):
    path = tmp_path / "list.json"
    path.write_text(json.dumps([ROW, ROW | {"id": "b"}], indent=1), encoding="utf-8")
    assert [document.id for document in tacred.read(path)] == ["e779", "b"]


def test_types_and_relation_may_be_missing(tmp_path):
    (document,) = read_rows(tacred.read, tmp_path, [without("subj_type", "obj_type", "relation")])
    assert [entity.type for entity in document.entities] == [None, None]
    assert document.relations == (Relation("e1", "e2", None),)


def test_an_object_without_id_keeps_its_id_where_a_line_is_inserted_or_its_relation_changes(tmp_path):
    row = without("id")
    (one,) = read_rows(tacred.read, tmp_path, [row])
    _, two = read_rows(tacred.read, tmp_path, [ROW, row | {"relation": "no_relation"}])
    assert one.id == two.id


def test_the_second_of_two_equal_objects_without_id_is_numbered(tmp_path):
    one, two = read_rows(tacred.read, tmp_path, [without("id"), without("id")])
    assert two.id == f"{one.id}~2"


def test_a_blank_token_is_counted_and_stays_a_word(tmp_path):
    (document,) = read_rows(tacred.read, tmp_path, [ROW | {"token": ["Ada", "Byron", " ", "Acme", "."]}])
    assert (document.text, len(document.words)) == ("Ada Byron   Acme .", 5)
    assert document.text[slice(*document.entity("e2").cover)] == "Acme"


BAD = {
    "no tokens": (without("token"), "key 'token' is missing"),
    "a text for tokens": (ROW | {"token": "Ada founded Acme."}, 'token is "Ada founded Acme."'),
    "blank tokens": (ROW | {"token": ["", " "]}, "token holds no word"),
    "no end": (without("subj_end"), "key 'subj_end' is missing"),
    "an exclusive end": (ROW | {"obj_start": 4, "obj_end": 5}, "obj is [4, 5], there are 5 tokens"),
    "an end before the start": (ROW | {"subj_start": 2}, "subj is [2, 1], there are 5 tokens"),
    "a negative start": (ROW | {"subj_start": -1}, "subj is [-1, 1], there are 5 tokens"),
    "an index in a string": (ROW | {"obj_end": "3"}, 'obj is [3, "3"]'),
    "a blank entity": (ROW | {"token": ["Ada", "Byron", "founded", " ", "."]}, "obj is blank: [3, 3]"),
    "one entity twice": (ROW | {"obj_start": 0, "obj_end": 1}, "both entities of a relation are the same words"),
    "a number for a type": (ROW | {"subj_type": 3}, "subj_type is 3"),
    "a blank relation": (ROW | {"relation": " "}, 'relation is " "'),
    "a list for an id": (ROW | {"id": []}, "id is []"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_object_is_a_problem_and_the_next_is_read(tmp_path, case):
    bad, found = BAD[case]
    assert_a_problem_then_the_good_row(tacred, tmp_path, bad, ROW, found)


def test_all_problems_of_an_object_are_told(tmp_path):
    problems = read_rows(tacred.read, tmp_path, [ROW | {"relation": 3, "subj_end": 9, "obj_end": 9}])
    assert [problem.found.split()[0] for problem in problems] == ["relation", "subj", "obj"]
    assert {problem.row_id for problem in problems} == {"e779"}


def test_its_own_files_are_recognised_and_no_others(tmp_path):
    path = tmp_path / "any"
    for content, is_tacred in ((json.dumps([ROW]), True), (json.dumps(without("obj_end")), False), ("1\tA text.", False)):
        path.write_text(content, encoding="utf-8")
        assert tacred.recognises(path) == is_tacred
    assert not tacred.recognises(tmp_path)


@given(document=documents(tacred.HOLDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path, document):
    assert written_and_read(tacred, tmp_path, [document]) == [document]


def test_head_and_tail_are_subject_and_object_whatever_their_order(tmp_path):
    (document,) = read_rows(tacred.read, tmp_path, [ROW])
    turned = dataclasses.replace(document, relations=(Relation("e2", "e1", "per:founder"),))
    (read,) = written_and_read(tacred, tmp_path, [turned])
    assert [entity.spans for entity in read.entities] == [entity.spans for entity in document.entities[::-1]]


REFUSED = {
    "fragments": lambda document: {"entities": (Entity("e1", (Span(0, 3), Span(10, 17))), document.entities[1])},
    "part of a word": lambda document: {"entities": (Entity("e1", (Span(0, 2),)), document.entities[1])},
    "another entity": lambda document: {"entities": (*document.entities, Entity("e3", (Span(10, 17),)))},
    "two relations": lambda document: {"relations": document.relations * 2},
    "a relation to itself": lambda document: {"relations": (Relation("e1", "e1", "x"),)},
    "no words": lambda document: {"words": None},
    "another text": lambda document: {"text": "Ada Byron founded Acme ?", "words": document.words[:-1]},
    "an annotator": lambda document: {"relations": (Relation("e1", "e2", "x", "ann"),)},
    "meta of the format's own": lambda document: {"meta": {"token": []}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_cannot_hold_is_refused(tmp_path, case):
    (document,) = read_rows(tacred.read, tmp_path, [ROW])
    with pytest.raises(ValueError, match="e779"):
        tacred.write([dataclasses.replace(document, **REFUSED[case](document))], tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


def test_a_file_is_read_in_flat_memory(tmp_path):
    row = json.dumps(ROW | {"token": [*ROW["token"], *["word" * 50] * 100]})
    assert_read_in_flat_memory(
        tacred.read, tmp_path, lambda path, n: path.write_text("[" + ",".join([row] * n) + "]", encoding="utf-8")
    )
