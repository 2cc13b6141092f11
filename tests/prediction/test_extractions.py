"""Documents in sentences, and what is found in these put together."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words
from pipeline.prediction import extractions
from pipeline.prediction.extractions import extract, of_marked
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Sentence
from tests.support.models import PLAIN
from tests.support.stand_in import StandIn

TEXT = "here Ann met Bob .  Nobody else ! \n Only Eve ."


class Fixed(StandIn):
    """A predictor whose relations are what a test says, by the words of a pair, else the negative label."""

    def __init__(self, said, symmetric=()):
        super().__init__()
        self.said = said
        self.symmetric = symmetric

    def _answer(self, sentence):
        answer = super()._answer(sentence)
        relations = tuple(
            replace(each, probabilities=self.said.get((each.e1.text, each.e2.text), {"Other": 1.0})) for each in answer.relations
        )
        return replace(answer, relations=relations, symmetric=self.symmetric)


def document(text, **more):
    return Document("7", "line 1", text, (), (), **more)


def found(text, predictor=None, **more):
    [extraction] = extract(predictor or StandIn(), [document(text, **more)])
    return extraction


def test_entities_have_the_characters_of_the_whole_text():
    said = found(TEXT).as_json()
    assert [TEXT[entity["start"] : entity["end"]] for entity in said["entities"]] == ["Ann", "Bob", "Nobody", "Only", "Eve"]
    assert said["entities"][0] == {"id": "T1", "text": "Ann", "start": 5, "end": 8, "probability": 0.5}


def test_relations_stay_within_a_sentence_and_name_entities_by_id():
    assert {(each.head, each.tail) for each in found(TEXT).relations} == {("T1", "T2"), ("T2", "T1"), ("T4", "T5"), ("T5", "T4")}


def test_a_direction_becomes_head_and_tail():
    said = found("Ann met Bob", Fixed({("Ann", "Bob"): {"Other": 0.1, "Uses(e2,e1)": 0.9}}))
    assert said.as_json()["relations"] == [{"head": "T2", "tail": "T1", "relation": "Uses", "probability": 0.9}]
    assert said.annotated().relations == (Relation("T2", "T1", "Uses(e1,e2)"),)


def test_a_relation_that_both_orders_of_a_pair_say_is_one():
    said = {("Ann", "Bob"): {"Uses(e2,e1)": 0.6}, ("Bob", "Ann"): {"Uses(e1,e2)": 0.9}}
    assert found("Ann met Bob", Fixed(said)).relations == (("T2", "T1", "Uses(e1,e2)", 0.9),)


@pytest.mark.parametrize("second", ["Near", "Other"])
def test_a_symmetric_relation_is_one_whose_head_stands_first(second):
    said = {("Ann", "Bob"): {second: 0.6}, ("Bob", "Ann"): {"Near": 0.9}}
    assert found("Ann met Bob", Fixed(said, symmetric=("Near",))).relations == (("T1", "T2", "Near", 0.9),)


def test_the_negative_label_is_no_relation_and_lists_are_there_when_they_are_empty():
    assert found("Ann met Bob", Fixed({})).as_json()["relations"] == []
    said = found("nobody here").as_json()
    assert (said["entities"], said["relations"]) == ([], [])
    assert said["message"] == "no pair found: the tagger found 0 entities"


def test_entities_of_several_sentences_alone_make_no_pair_and_it_is_said():
    assert found("Ann left . Bob stayed .").message == "no pair found: no two entities stand in one sentence"


def test_a_blank_document_has_nothing_in_it():
    assert (found(" \n ").entities, found("").relations) == ((), ())


def test_a_document_keeps_the_sentences_and_words_that_it_has():
    asked = []

    class Noting(StandIn):
        def predict(self, sentences):
            asked.extend(sentences)
            return super().predict(sentences)

    words = (Span(0, 3), Span(3, 4), Span(5, 8))
    found("Ann. Bob", Noting(), words=words, sentences=(Span(0, 8),))
    assert asked == [Sentence("Ann. Bob", None, words)]


def test_what_is_found_is_an_annotated_document_with_its_id_and_meta():
    annotated = found("Ann left .", meta={"source": "diary"}).annotated()
    assert (annotated.id, annotated.meta, annotated.entities) == ("7", {"source": "diary"}, (Entity("T1", (Span(0, 3),)),))


def test_a_marked_pair_is_a_document_too():
    [prediction] = StandIn().predict([Sentence.of("<e1>Ann</e1> met <e2>Bob</e2>")])
    annotated = of_marked(document("Ann met Bob"), prediction).annotated()
    assert [entity.spans for entity in annotated.entities] == [(Span(0, 3),), (Span(8, 11),)]
    assert annotated.relations == (Relation("T2", "T1", "Uses(e1,e2)"),)


def test_the_head_of_a_symmetric_relation_of_a_marked_pair_stands_first_in_the_text():
    for text in ("<e2>Ann</e2> met <e1>Bob</e1>", "<e1>Ann</e1> met <e2>Bob</e2>"):
        [prediction] = Fixed({("Ann", "Bob"): {"Near": 1.0}, ("Bob", "Ann"): {"Near": 1.0}}, symmetric=("Near",)).predict(
            [Sentence.of(text)]
        )
        extraction = of_marked(document("Ann met Bob"), prediction)
        spans = {entity.id: entity.span for entity in extraction.entities}
        assert [(spans[each.head], spans[each.tail]) for each in extraction.relations] == [(Span(0, 3), Span(8, 11))]


@pytest.mark.parametrize(("n_sentences", "n_asked"), [(2, 1), (40, 40)])
def test_tokens_are_one_sentence_unless_they_are_a_whole_document(n_sentences, n_asked):
    text, words = join_words([token for n in range(n_sentences) for token in (f"number{n}", "met", "no.one", ".")])
    asked = []

    class Noting(StandIn):
        def predict(self, sentences):
            asked.extend(sentences)
            return super().predict(sentences)

    found(text, Noting(), words=words)
    assert len(asked) == n_asked
    assert sum(len(sentence.words) for sentence in asked) == len(words)


def test_the_entities_of_a_marked_pair_keep_apart_though_their_words_are_the_same():
    [prediction] = StandIn().predict([Sentence("Ann Lee", (Span(0, 2), Span(2, 3)))])
    assert [(each.head, each.tail) for each in of_marked(document("Ann Lee"), prediction).relations] == [("T2", "T1")]


def test_a_problem_of_a_sentence_is_that_of_its_document_alone():
    bad, good = extract(StandIn(), [document("Ann met Bob . please refuse ."), document("Ann met Bob")])
    assert isinstance(bad, Problem)
    assert len(good.relations) == 2


def test_long_documents_are_predicted_in_batches_of_bounded_size(monkeypatch):
    sizes = []

    class Noting(StandIn):
        def predict(self, sentences):
            sizes.append(sum(len(sentence.text) for sentence in sentences))
            return super().predict(sentences)

    monkeypatch.setattr(extractions, "BATCH_CHARACTERS", 1_000)
    text = " ".join(f"Ann met Bob on day {day} ." for day in range(1_000))
    whole = found(text, Noting())
    assert (max(sizes) <= 1_000, len(sizes) > 20) == (True, True)
    assert (len(whole.entities), len(whole.relations)) == (2_000, 2_000)
    last = whole.entities[-1]
    assert text[slice(*last.span)] == "Bob"


@pytest.fixture
def eager(free, monkeypatch):
    """A model whose tagger likes to begin an entity."""
    monkeypatch.setattr(free, "_transitions", free._transitions + 3 * (np.array(free.config.tags) == "B").astype(np.float32))
    return free


def test_the_sentences_of_a_document_get_what_they_get_alone(eager):
    text = "  ".join(PLAIN)
    [whole] = extract(eager, [document(text)])
    alone = extract(eager, [document(each) for each in PLAIN])
    assert len(whole.entities) == sum(len(each.entities) for each in alone)
    assert [entity.probability for entity in whole.entities] == [entity.probability for each in alone for entity in each.entities]
    assert [relation.probability for relation in whole.relations] == [r.probability for each in alone for r in each.relations]


def test_every_entity_that_a_tagger_finds_has_a_probability(eager):
    answers = extract(eager, [document(text * 3) for text in PLAIN])
    entities = [entity for answer in answers for entity in answer.entities]
    assert entities
    assert all(0 < entity.probability <= 1 for entity in entities)
    assert json.dumps([answer.as_json() for answer in answers])


@pytest.mark.parametrize(("name", "said"), [("shared", "positions: shared"), ("untagged", "no tagger")])
def test_a_model_that_finds_no_entities_says_so_once_a_document_and_encodes_nothing(models, monkeypatch, name, said):
    predictor = Predictor(models[0] / name)
    monkeypatch.setattr(predictor._text_encoder, "vectors", lambda *_: pytest.fail("encoded"))
    [problem] = extract(predictor, [document("One two. " * 3)])
    assert said in problem.found


def test_a_document_of_no_unicode_is_a_problem_in_its_place(eager):
    good, faulty = document(PLAIN[0]), document("Ann \ud800 met Bob.")
    first, problem, last = extract(eager, [good, faulty, good])
    assert isinstance(problem, Problem)
    assert problem.found == "character 5 is half of a pair, no character"
    assert first == last == extract(eager, [good])[0]
