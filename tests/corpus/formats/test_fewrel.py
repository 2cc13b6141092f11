import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import fewrel
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import written_and_read

ROW = {
    "tokens": ["Ada", "and", "Max", "founded", "Acme", ";", "Acme", "grew", "."],
    "h": ["acme", "Q1", [[4], [6]]],
    "t": ["ada max", "Q2", [[0, 2]]],
}


@pytest.fixture
def reading(tmp_path):
    def reading(relations):
        path = tmp_path / "corpus.json"
        path.write_text(json.dumps(relations, indent=1), encoding="utf-8")
        return list(fewrel.read(path))

    return reading


def test_every_mention_is_an_entity_and_the_relation_is_between_the_first_ones(reading):
    (document,) = reading({"P112": [ROW]})
    assert document == Document(
        document.id,
        document.source,
        "Ada and Max founded Acme ; Acme grew .",
        (Entity("e1", (Span(20, 24),)), Entity("e2", (Span(0, 3), Span(8, 11))), Entity("e3", (Span(27, 31),))),
        (Relation("e1", "e2", "P112"),),
        document.words,
        complete=False,
        meta={"h": {"name": "acme", "id": "Q1", "mentions": ["e1", "e3"]}, "t": {"name": "ada max", "id": "Q2"}},
    )


def test_the_source_is_the_line_where_the_sentence_begins(reading):
    sources = [document.source.rpartition(":")[2] for document in reading({"P1": [], "P2": [ROW]})]
    assert sources == ["4"]


def test_tokens_that_follow_each_other_are_no_fragments(reading):
    (document,) = reading({"P112": [ROW | {"t": ["", "", [[0, 1, 2]]]}]})
    assert document.entity("e2").spans == (Span(0, 11),)


def test_blank_tokens_are_counted(reading):
    (document,) = reading({"P112": [ROW | {"tokens": ["Ada", " ", "Max", "", "Acme", ";", "Acme"]}]})
    assert document.text[slice(*document.entity("e1").cover)] == "Acme"


BAD = {
    "no tokens": ({key: ROW[key] for key in "ht"}, "key 'tokens' is missing"),
    "an object for a head": (ROW | {"h": {"name": "acme", "pos": [4, 5]}}, 'h is {"name": "acme", "pos": [4, 5]}'),
    "no mention": (ROW | {"h": ["acme", "Q1", []]}, "h has no mention"),
    "a mention without indices": (ROW | {"h": ["acme", "Q1", [[]]]}, "a mention of h is []"),
    "an index for a mention": (ROW | {"h": ["acme", "Q1", [4]]}, "a mention of h is 4"),
    "an index past the tokens": (ROW | {"t": ["ada", "Q2", [[0, 9]]]}, "a mention of t is [0, 9], there are 9 tokens"),
    "indices out of order": (ROW | {"t": ["ada", "Q2", [[2, 0]]]}, "a mention of t is [2, 0], there are 9 tokens"),
    "a blank mention": (ROW | {"tokens": ["Ada", " ", *ROW["tokens"][2:]], "t": ["", "", [[1]]]}, "a mention of t is blank: [1]"),
    "one entity twice": (ROW | {"t": ROW["h"]}, "both entities of a relation are the same words"),
    "a list for an id": (ROW | {"id": []}, "id is []"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_sentence_is_a_problem_and_the_next_is_read(reading, case):
    bad, found = BAD[case]
    problem, document = reading({"P112": [bad, ROW]})
    assert problem.found == found
    assert problem.source.endswith("corpus.json:3")
    assert problem.row_id
    assert isinstance(document, Document)


def test_a_relation_without_name_is_a_problem(reading):
    (problem,) = reading({" ": [ROW]})
    assert problem.found == 'the relation is " "'


def test_a_relation_given_twice_is_a_problem_and_all_sentences_are_read(tmp_path):
    path = tmp_path / "corpus.json"
    path.write_text(f'{{"P112": [{json.dumps(ROW)}],\n"P112": [{json.dumps(ROW)}]}}', encoding="utf-8")
    first, problem, second = fewrel.read(path)
    assert second.id == f"{first.id}~2"
    assert (problem.kind, problem.source) == ("key-repeated", f"{path}:2")


def test_its_own_files_are_recognised_and_no_others(tmp_path):
    path = tmp_path / "any"
    for content, is_fewrel in (
        (json.dumps({"P1": [], "P2": [ROW]}), True),
        (json.dumps(ROW), False),
        (json.dumps({"P1": ["a"]}), False),
    ):
        path.write_text(content, encoding="utf-8")
        assert fewrel.recognises(path) == is_fewrel


@given(drawn=st.lists(documents(fewrel.HOLDS - {"fragments"}), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again_by_relations(tmp_path, drawn):
    order = list(dict.fromkeys(document.relations[0].label for document in drawn))
    expected = sorted(drawn, key=lambda document: order.index(document.relations[0].label))
    assert written_and_read(fewrel, tmp_path, drawn) == expected


def test_mentions_and_fragments_are_read_again(reading, tmp_path):
    (document,) = reading({"P112": [ROW | {"note": "one"}]})
    assert written_and_read(fewrel, tmp_path, [document]) == [dataclasses.replace(document, source="")]


def test_no_sentence_makes_a_file_without_relations(tmp_path):
    assert written_and_read(fewrel, tmp_path, []) == []


@pytest.mark.parametrize(
    "change",
    [
        {"meta": {}},
        {"meta": {"h": {"mentions": ["e1", "e3"], "type": "ORG"}}},
        {"relations": (Relation("e1", "e2", None),)},
        {"relations": ()},
        {"entities": (Entity("e1", (Span(20, 24),), "ORG"), Entity("e2", (Span(0, 3),)), Entity("e3", (Span(27, 31),)))},
    ],
)
def test_what_it_cannot_hold_is_refused(reading, tmp_path, change):
    (document,) = reading({"P112": [ROW | {"id": "a1"}]})
    with pytest.raises(ValueError, match="a1"):
        fewrel.write([dataclasses.replace(document, **change)], tmp_path / "out.json")


def test_a_file_is_read_in_flat_memory(tmp_path):
    row = json.dumps(ROW | {"tokens": [*ROW["tokens"], *["word" * 50] * 100]})
    assert_read_in_flat_memory(
        fewrel.read, tmp_path, lambda path, n: path.write_text('{"P112": [' + ",".join([row] * n) + "]}", encoding="utf-8")
    )
