"""Sentences of texts with and without marks, entities of tags, and predictions as JSON."""

import pytest

from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.prediction.types import Entity, Relation, Sentence, tags_to_entities
from tests.support.stand_in import StandIn


def as_json(text):
    [prediction] = StandIn().predict([Sentence.of(text)])
    return prediction.as_json()


def test_a_text_without_marks_has_no_entities():
    assert Sentence.of("a b") == Sentence("a b", None)


def test_marks_are_taken_out_of_a_text_and_e2_may_stand_first():
    assert Sentence.of("<e2>a</e2> <e1>b</e1>") == Sentence("a b", (Span(2, 3), Span(0, 1)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" ", "the text is blank"),
        ("a \ud800", "character 3 is half of a pair, no character"),
        ("<E1>a</E1> <E2>b</E2>", "<E1> is no mark"),
        ("<e2> </e2> <e1>b</e1>", "e2 is empty"),
    ],
)
def test_a_text_that_is_no_sentence_says_why(text, found):
    with pytest.raises(InputError) as raised:
        Sentence.of(text)
    assert [problem.found for problem in raised.value.problems] == [found]


def test_all_that_is_wrong_with_the_marks_is_said():
    with pytest.raises(InputError) as raised:
        Sentence.of("<e1>a <e2>b")
    assert len(raised.value.problems) == 2


def test_the_characters_of_an_entity_reach_from_its_first_word_to_its_last():
    characters = [Span(0, 3), Span(4, 7), Span(7, 8)]
    assert Entity.of(Span(1, 3), "the cat.", characters) == Entity("cat.", Span(1, 3), Span(4, 8))


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("OOO", []),
        ("BBB", [(0, 1), (1, 2), (2, 3)]),
        ("BIO", [(0, 2)]),
        ("OBI", [(1, 3)]),
        ("IOB", [(2, 3)]),
    ],
)
def test_an_entity_begins_at_b_and_lasts_while_i_follows(tags, spans):
    characters = [Span(0, 1), Span(2, 3), Span(4, 5)]
    assert [entity.words for entity in tags_to_entities(tags, "a b c", characters)] == spans


def test_an_entity_of_tags_without_types_has_no_type_in_json():
    [entity] = tags_to_entities(["B"], "a", [Span(0, 1)])
    assert entity.as_json() == {"text": "a", "words": [0, 1], "characters": [0, 1]}


def test_the_type_of_an_entity_stands_in_json():
    [entity] = tags_to_entities(["B-E1"], "a", [Span(0, 1)])
    assert entity.as_json()["type"] == "E1"


def test_a_marked_sentence_gets_its_relation_direction_and_spans():
    said = as_json("The <e1>Cat</e1> uses <e2>a mat</e2>")
    assert (said["relation"], said["direction"], said["probability"]) == ("Uses(e2,e1)", "e2,e1", 0.75)
    assert said["probabilities"] == {"Other": 0.25, "Uses(e2,e1)": 0.75}
    assert said["e2"] == {"text": "a mat", "words": [3, 5], "characters": [13, 18]}
    assert said["tags"] == ["B", "B", "O", "O", "O"]
    assert said["entities"][1] == {"text": "Cat", "words": [1, 2], "characters": [4, 7]}


def test_the_label_that_stands_for_no_relation_is_said_once():
    assert as_json("<e1>Ann</e1> met <e2>Bob</e2>")["negative_label"] == "Other"


@pytest.mark.parametrize(("probabilities", "margin"), [({"a": 0.25, "b": 0.75}, 0.5), ({"a": 0.5, "b": 0.5}, 0), ({"a": 1.0}, 1)])
def test_the_margin_of_a_relation_is_its_lead_on_the_next(probabilities, margin):
    entity = Entity("x", Span(0, 1), Span(0, 1))
    assert Relation(entity, entity, probabilities).margin == margin
