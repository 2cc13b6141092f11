import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import spert
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import assert_a_problem_then_the_good_row, read_rows, written_and_read

ROW = {
    "tokens": ["Ada", "Byron", "was", "born", "in", "London", "."],
    "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 5, "end": 6}],
    "relations": [{"type": "Born_In", "head": 0, "tail": 1}],
    "orig_id": 5178,
}
TAGS = ["B-Peop", "L-Peop", "O", "O", "O", "U-Loc", "O"]
TAGGED = {key: value for key, value in ROW.items() if key != "entities"} | {"tags": TAGS}


def without(key):
    return {other: value for other, value in ROW.items() if other != key}


def with_entity(**entity):
    return ROW | {"entities": [ROW["entities"][0], ROW["entities"][1] | entity]}


def with_relation(**relation):
    return ROW | {"relations": [ROW["relations"][0] | relation]}


def test_ends_are_exclusive_and_relations_name_entities_by_index(tmp_path):
    (document,) = read_rows(spert.read, tmp_path, [ROW | {"source": "news"}])
    assert document == Document(
        "5178",
        f"{tmp_path / 'corpus.json'}:1",
        "Ada Byron was born in London .",
        (Entity("0", (Span(0, 9),), "Peop"), Entity("1", (Span(22, 28),), "Loc")),
        (Relation("0", "1", "Born_In"),),
        (Span(0, 3), Span(4, 9), Span(10, 13), Span(14, 18), Span(19, 21), Span(22, 28), Span(29, 30)),
        meta={"source": "news"},
    )


def test_bilou_tags_say_the_same_as_entities(tmp_path):
    tagged, given = read_rows(spert.read, tmp_path, [TAGGED, ROW])
    assert dataclasses.replace(tagged, source=given.source) == given


def test_tags_beside_entities_are_kept(tmp_path):
    (document,) = read_rows(spert.read, tmp_path, [ROW | {"tags": TAGS}])
    assert document.meta == {"tags": TAGS}
    assert written_and_read(spert, tmp_path, [document]) == [dataclasses.replace(document, source="")]


def test_a_relation_may_run_from_right_to_left(tmp_path):
    (document,) = read_rows(spert.read, tmp_path, [with_relation(head=1, tail=0)])
    assert document.relations == (Relation("1", "0", "Born_In"),)


def test_a_document_may_have_no_relation_and_no_entity(tmp_path):
    (document,) = read_rows(spert.read, tmp_path, [ROW | {"entities": [], "relations": []}])
    assert (document.entities, document.relations) == ((), ())


BAD = {
    "no tokens": (without("tokens"), "key 'tokens' is missing"),
    "no entities and no tags": (without("entities"), "key 'entities' is missing"),
    "no relations": (without("relations"), "key 'relations' is missing"),
    "an object for entities": (ROW | {"entities": {}}, "entities is {}"),
    "a number for a relation": (ROW | {"relations": [3]}, "relations is [3]"),
    "an end past the tokens": (with_entity(end=8), "entity 1 is [5, 8], there are 7 tokens"),
    "an inclusive end": (with_entity(end=5), "entity 1 is [5, 5], there are 7 tokens"),
    "a text for an index": (with_entity(start="5"), 'entity 1 is ["5", 6]'),
    "no type": (with_entity(type=None), "the type of entity 1 is null"),
    "an unknown head": (with_relation(head=2), "the head of relation 0 is 2, there are 2 entities"),
    "a negative tail": (with_relation(tail=-1), "the tail of relation 0 is -1, there are 2 entities"),
    "one entity twice": (with_relation(tail=0), "both entities of a relation are the same words"),
    "a relation without type": (with_relation(type=""), 'relation 0 is {"type": "", "head": 0, "tail": 1}'),
    "a tag too few": (TAGGED | {"tags": ["O"]}, 'tags is ["O"]'),
    "a tag that continues nothing": (
        TAGGED | {"tags": ["B-Peop", "L-Peop", "O", "O", "O", "I-Loc", "O"]}, "token 5: I-Loc continues no entity of its type"
    ),
    "a tag without type": (TAGGED | {"tags": [*TAGS[:5], "U", "O"]}, "token 5: the tag U has no type"),
    "a fraction for an id": (ROW | {"orig_id": 1.5}, "orig_id is 1.5"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_object_is_a_problem_and_the_next_is_read(tmp_path, case):
    bad, found = BAD[case]
    assert_a_problem_then_the_good_row(spert, tmp_path, bad, ROW, found)


def test_its_own_files_are_recognised_and_no_others(tmp_path):
    path = tmp_path / "any"
    prodigy = ROW | {"tokens": [{"text": "Ada", "start": 0, "end": 3}]}
    for content, is_spert in (
        (json.dumps([ROW]), True),
        (json.dumps([TAGGED]), True),
        (json.dumps(prodigy), False),
        ("Ada", False),
    ):
        path.write_text(content, encoding="utf-8")
        assert spert.recognises(path) == is_spert


@given(document=documents(spert.HOLDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path, document):
    assert written_and_read(spert, tmp_path, [document]) == [document]


@pytest.mark.parametrize(
    "change",
    [
        {"entities": (Entity("0", (Span(0, 9),)),), "relations": ()},
        {"relations": (Relation("0", "1", None),)},
        {"sentences": (Span(0, 30),)},
        {"meta": {"entities": []}},
    ],
)
def test_what_it_cannot_hold_is_refused(tmp_path, change):
    (document,) = read_rows(spert.read, tmp_path, [ROW])
    with pytest.raises(ValueError, match="5178"):
        spert.write([dataclasses.replace(document, **change)], tmp_path / "out.json")


def test_a_file_is_read_in_flat_memory(tmp_path):
    row = json.dumps(ROW | {"tokens": [*ROW["tokens"], *["word" * 50] * 100]})
    assert_read_in_flat_memory(
        spert.read, tmp_path, lambda path, n: path.write_text("[" + ",".join([row] * n) + "]", encoding="utf-8")
    )
