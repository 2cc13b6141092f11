"""The predictor against the stages and Keras, which reach the same answers by another way."""

import dataclasses
import itertools
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pipeline import parse
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.words import load_tokenizer
from pipeline.model import predictions
from pipeline.model.batches import Examples
from pipeline.model.manifest import SavedModel
from pipeline.position import position
from pipeline.prediction import pairs, predictor, texts, types
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Entity, Prediction, Sentence
from pipeline.tag import tag
from tests.support import tiny
from tests.support.models import MARKED, MAX_LENGTH, PLAIN
from tests.support.project import ROOT


class Vectors:
    """The predictor's encoder under the store's interface, a sentence at a time."""

    def __init__(self, owner):
        self._owner = owner

    def find(self, words):
        self._sentences = words.to_pylist()
        return np.arange(len(words))

    def vectors(self, row):
        return self._owner._text_encoder.vectors([self._sentences[row]])[0]


def by_the_stages(owner, model, sentences):
    rows = [AnnotatedPair(str(n), "x:1", s.text, *s.entities, tiny.RELATIONS[0]) for n, s in enumerate(sentences)]
    table = position(
        tag(parse.parse(rows, load_tokenizer("en", "char"), True), "entity", [], "outer"), MAX_LENGTH, tiny.MAX_DISTANCE
    )
    return table, predictions.predict(model, Examples(table, Vectors(owner), tiny.RELATIONS))


@pytest.mark.parametrize("name", ["shared", "none"])
def test_marked_sentences_get_what_the_stages_and_keras_say(models, name):
    owner, sentences = Predictor(models[0] / name), list(map(Sentence.of, MARKED))
    table, expected = by_the_stages(owner, models[1][name], sentences)
    for row, answer in enumerate(owner.predict(sentences)):
        assert list(answer.words) == table["words"][row].as_py()
        assert (*answer.relations[0].e1.words, *answer.relations[0].e2.words) == tuple(
            table[column][row].as_py() for column in ("e1_start", "e1_end", "e2_start", "e2_end")
        )
        np.testing.assert_allclose(list(answer.relations[0].probabilities.values()), expected.probabilities[row], atol=1e-5)
        start, end = table["window_start"][row].as_py(), table["window_end"][row].as_py()
        assert answer.tags[start:end] == tuple(tiny.TAGS[tag_id] for tag_id in expected.tag_ids[row])
        assert set(answer.tags[:start] + answer.tags[end:]) <= {"O"}


def test_a_sentence_gets_the_same_answer_in_any_company(shared):
    sentences = list(map(Sentence.of, MARKED))
    assert shared.predict(sentences * 2) == [shared.predict([sentence])[0] for sentence in sentences] * 2


def test_no_sentences_get_no_answers(shared):
    assert shared.predict([]) == []


def test_the_spans_of_an_entity_name_its_characters_and_words(shared):
    [answer] = shared.predict([Sentence.of(MARKED[0])])
    e2 = answer.relations[0].e2
    assert (e2.text, answer.sentence.text[slice(*e2.characters)], answer.words[slice(*e2.words)]) == (
        "old house",
        "old house",
        ("old", "house"),
    )


def with_entities(owner, monkeypatch, spans):
    """Have the tagger find these words, as far as a text has them, whatever it says."""

    def given(tags, text, characters):
        return [Entity.of(Span(*span), text, characters) for span in spans if span[1] <= len(characters)]

    monkeypatch.setattr(texts, "tags_to_entities", given)
    return owner


def test_every_ordered_pair_of_entities_found_is_classified_as_if_it_were_marked(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1), (2, 4), (4, 5)])
    [answer] = free.predict([Sentence.of(PLAIN[0])])
    assert [(r.e1.words, r.e2.words) for r in answer.relations] == list(itertools.permutations([(0, 1), (2, 4), (4, 5)], 2))
    marked = [Sentence(PLAIN[0], (relation.e1.characters, relation.e2.characters)) for relation in answer.relations]
    assert [said.relations[0] for said in free.predict(marked)] == list(answer.relations)
    assert answer.message is None


def test_pairs_that_no_window_holds_are_counted(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1), (2, 3), (MAX_LENGTH, MAX_LENGTH + 1)])
    [answer] = free.predict([Sentence.of(PLAIN[1])])
    assert (answer.n_pairs, answer.n_too_far) == (4, 2)
    assert "2 ordered pairs lie further apart" in answer.message


def test_a_document_of_many_entities_has_no_pair_built_that_no_window_holds(free, monkeypatch):
    built = []
    pair = pairs.Pair
    monkeypatch.setattr(pairs, "Pair", lambda *parts: built.append(1) or pair(*parts))
    with_entities(free, monkeypatch, [(n, n + 1) for n in range(0, 400, 4)])
    [answer] = free.predict([Sentence.of("one two three four " * 100)])
    assert len(built) == answer.n_pairs == 2 * (99 + 98)
    assert answer.n_too_far == 100 * 99 - answer.n_pairs


def test_pairs_of_types_without_a_known_relation_are_counted_and_said(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1), (2, 4)])
    monkeypatch.setattr(free, "_type_pairs", frozenset({("Org", "Loc")}))
    [answer] = free.predict([Sentence.of(PLAIN[0])])
    assert (answer.relations, answer.n_pairs, answer.n_unknown) == ((), 0, 2)
    assert answer.message == "2 ordered pairs have types of which no relation is known"


MANY = "one two three four five six " * 20


@pytest.fixture
def many(free, monkeypatch):
    """A model that finds an entity in every third word."""
    return with_entities(free, monkeypatch, [(n, n + 1) for n in range(0, 120, 3)])


def test_the_pairs_of_many_texts_are_asked_about_in_slices_and_get_the_same(many, monkeypatch):
    sentences = [Sentence.of(MANY + end) for end in ("once", "twice")]
    expected = many.predict(sentences)
    sizes, ask = [], many._ask
    monkeypatch.setattr(many, "_ask", lambda pairs, *rest: sizes.append(len(pairs)) or ask(pairs, *rest))
    monkeypatch.setattr(predictor, "SLICE_PAIRS", 100)
    answers = many.predict(sentences)
    assert max(sizes) == 100
    assert [(a.entities, a.n_pairs, a.n_too_far) for a in answers] == [(e.entities, e.n_pairs, e.n_too_far) for e in expected]
    for answer, other in zip(answers, expected, strict=True):
        assert [(r.e1, r.e2, r.name) for r in answer.relations] == [(r.e1, r.e2, r.name) for r in other.relations]


def test_of_plain_text_the_relations_are_kept_and_the_least_sure_pair(many, monkeypatch):
    [every] = many.predict([Sentence.of(MANY)])
    said = [relation for relation in every.relations if relation.name != "Other"]
    assert 0 < len(said) <= len(every.relations) <= len(said) + 1
    monkeypatch.setattr(many, "config", dataclasses.replace(many.config, negative_label=said[0].name))
    [answer] = many.predict([Sentence.of(MANY)])
    assert answer.n_pairs == every.n_pairs > len(answer.relations)
    assert min(r.margin for r in answer.relations) == min(r.margin for r in every.relations)


def test_a_sentence_of_too_many_pairs_is_an_error_of_its_own(many, monkeypatch):
    monkeypatch.setattr(pairs, "MOST_PAIRS", 100)
    problem, answer = many.predict([Sentence.of(MANY), Sentence.of("one two three four")])
    assert "ordered pairs of entities that could be related, more than 100" in problem.found
    assert answer.n_pairs == 2


def test_an_unmarked_sentence_of_too_many_characters_is_an_error_of_its_own_before_it_is_encoded(many, monkeypatch):
    monkeypatch.setattr(types, "MOST_CHARACTERS", 20)
    monkeypatch.setattr(many, "encode", lambda sentences: [] if not sentences else pytest.fail("it was encoded"))
    [problem] = many.predict([Sentence.of("word " * 5)])
    assert problem.found == "a sentence has 25 characters, more than 20"


def test_a_marked_sentence_of_many_characters_is_seen_in_its_window(many, monkeypatch):
    monkeypatch.setattr(types, "MOST_CHARACTERS", 20)
    [answer] = many.predict([Sentence.of("<e1>one</e1> two <e2>three</e2>" + " word" * 5)])
    assert len(answer.relations) == 1


def test_a_prediction_ends_between_two_batches_when_it_is_told_to(many, monkeypatch):
    batches = []

    def leave():
        batches.append(1)
        if len(batches) == 3:
            raise TimeoutError

    monkeypatch.setattr(many, "before_batch", leave)
    with pytest.raises(TimeoutError):
        many.predict([Sentence.of(MANY)] * 10)
    assert len(batches) < 20


def test_a_batch_of_long_texts_is_cut_by_words_and_gives_the_same(free, monkeypatch):
    sentences = [Sentence.of(text * 6) for text in PLAIN]
    expected = free.predict(sentences)
    sizes = []
    forward = free._network.forward
    monkeypatch.setattr(free._network, "forward", lambda batch: sizes.append(batch["e1_position_ids"].shape) or forward(batch))
    monkeypatch.setattr(predictor, "BATCH_WORDS", 20)
    assert free.predict(sentences) == expected
    assert all(rows == 1 or rows * words <= 20 for rows, words in sizes)


def test_a_sentence_of_one_entity_says_that_there_is_no_pair(free, monkeypatch):
    with_entities(free, monkeypatch, [(0, 1)])
    answers = free.predict([Sentence.of(PLAIN[0]), Sentence.of(PLAIN[1])])
    assert [answer.relations for answer in answers] == [(), ()]
    assert answers[0].message == "no pair found: the tagger found 1 entity"


def test_the_tagger_of_unmarked_text_sees_the_whole_sentence(free):
    [answer] = free.predict([Sentence.of(PLAIN[1])])
    assert len(answer.tags) == len(answer.words) > MAX_LENGTH


def test_marked_and_unmarked_sentences_keep_their_order(free):
    sentences = [Sentence.of(text) for text in (MARKED[0], PLAIN[0], MARKED[1], PLAIN[1])]
    assert [answer.sentence for answer in free.predict(sentences)] == sentences


def test_a_tagger_that_sees_positions_finds_nothing_in_unmarked_text(shared):
    [problem] = shared.predict([Sentence.of(PLAIN[0])])
    assert isinstance(problem, Problem)
    assert "positions: shared" in problem.found


def test_a_model_that_does_not_see_the_entities_says_so_of_every_relation(models, free, monkeypatch):
    sentences = [Sentence.of(MARKED[0]), Sentence.of(PLAIN[0])]
    with_entities(free, monkeypatch, [(0, 1), (2, 4)])
    assert [answer.message for answer in free.predict(sentences)] == [None, None]
    answers = Predictor(models[0] / "blind").predict(sentences)
    there, back = answers[1].relations
    assert there.probabilities == back.probabilities
    assert all("max+entities" in answer.message for answer in answers)


def test_a_model_without_a_tagger_answers_marked_sentences_alone(models):
    owner = Predictor(models[0] / "untagged")
    marked, unmarked = owner.predict([Sentence.of(MARKED[0]), Sentence.of(PLAIN[0])])
    assert (marked.tags, marked.entities, marked.as_json()["tags"]) == (None, None, None)
    assert "no tagger" in unmarked.found


def test_entities_further_apart_than_the_window_are_a_problem_of_their_sentence(shared):
    far = Sentence.of("<e1>One</e1> two three four five six seven eight nine <e2>ten</e2>")
    answer, problem = shared.predict([Sentence.of(MARKED[0]), far])
    assert isinstance(answer, Prediction)
    assert "span 10 words, more than the 9" in problem.found


@pytest.mark.parametrize("name", ["manifest.json", "weights.safetensors", "network.xml", "network.bin"])
def test_a_file_of_another_model_is_an_error(models, tmp_path, name):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copy(models[0] / "none" / name, tmp_path / "model" / name)
    with pytest.raises(InputError, match=r"missing, damaged or changed since manifest\.json was written"):
        Predictor(tmp_path / "model", models[0] / "encoder")


@pytest.mark.parametrize("name", ["nowhere", "README.md"])
def test_a_missing_model_folder_is_an_error(name):
    with pytest.raises(InputError, match=r"(?s)no such folder.*models/relation"):
        Predictor(ROOT / name)


def test_a_moved_model_with_its_encoder_inside_needs_neither_the_project_nor_tensorflow(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copytree(models[0] / "encoder", tmp_path / "model" / "encoder")
    code = """if True:
        import sys
        from pathlib import Path
        from pipeline import predict
        assert predict.main(Path("model"), text=sys.argv[1]) == 0
        assert not sys.modules.keys() & {"tensorflow", "transformers", "datasets"}, "slow imports"
    """
    command = [sys.executable, "-c", code, MARKED[0]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # as if the package were installed
    ended = subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    said = json.loads(ended.stdout)
    assert said["relation"] in tiny.RELATIONS
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("name", "told"), [("Other", "Other"), ("NA", None)])
def test_the_negative_label_is_told_where_the_model_knows_it(models, name, told):
    owner = Predictor(models[0] / "shared")
    owner.config = dataclasses.replace(owner.config, negative_label=name)
    [marked, plain] = owner.predict([Sentence.of(MARKED[0]), Sentence("a b c", (Span(0, 3), Span(2, 3)))])
    assert (marked.negative_label, plain.negative_label) == (told, told)


def test_entities_of_the_same_words_are_an_error(shared):
    problem, answer = shared.predict([Sentence("the old cat", (Span(4, 7), Span(4, 8))), Sentence.of(MARKED[0])])
    assert (problem.found, problem.kind) == ("e1 and e2 are the same words", "entities-identical")
    assert isinstance(answer, Prediction)


def test_entities_may_nest_and_overlap(shared):
    spans = [(Span(0, 11), Span(4, 7)), (Span(4, 11), Span(0, 7))]
    for e1, e2 in spans:
        [answer] = shared.predict([Sentence("the old cat sat", (e1, e2))])
        assert (answer.relations[0].e1.characters, answer.relations[0].e2.characters) == (e1, e2)


def test_the_models_config_is_what_was_saved(models, shared):
    assert shared.config == SavedModel.open(models[0] / "shared").config == models[1]["shared"].config


@pytest.mark.parametrize(
    ("faulty", "found"),
    [
        (Sentence("Ann met Bo", (Span(0, 3), Span(8, 99))), "e2 is at characters 8 to 99 of 10"),
        (Sentence("Ann met Bo", (Span(0, 0), Span(8, 10))), "e1 is at characters 0 to 0 of 10"),
        (Sentence("Ann met Bo", (Span(-3, -1), Span(8, 10))), "e1 is at characters -3 to -1 of 10"),
        (Sentence("Ann met Bo", (Span(3, 4), Span(8, 10))), "e1 is at characters 3 to 4 of 10"),
        (Sentence(""), "the text is blank"),
        (Sentence("Ann \ud800"), "character 5 is half of a pair, no character"),
    ],
)
def test_a_sentence_that_no_reader_made_has_its_problem_in_its_place(shared: Predictor, faulty: Sentence, found: str) -> None:
    good = Sentence.of("<e1>Ann</e1> met <e2>Bo</e2>")
    first, problem, last = shared.predict([good, faulty, good])
    assert isinstance(problem, Problem)
    assert problem.found == found
    assert isinstance(first, Prediction)
    assert first == last


def test_what_ends_a_prediction_early_is_asked_before_the_encoder_runs(shared: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    class EndedError(Exception):
        pass

    def end() -> None:
        raise EndedError

    monkeypatch.setattr(shared, "before_batch", end)
    with pytest.raises(EndedError):
        shared.encode([Sentence.of("Ann met Bo")])
