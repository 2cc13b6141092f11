"""Sentences split into words and encoded."""

import numpy as np
import pytest

from pipeline.core.schema import Span
from pipeline.model.manifest import SavedModel
from pipeline.prediction.texts import TextEncoder
from pipeline.prediction.types import Sentence


@pytest.fixture(scope="module")
def encoder(models):
    return TextEncoder(models[0] / "encoder", SavedModel.open(models[0] / "shared"))


def test_no_sentences_make_no_texts(encoder):
    assert encoder.encode([]) == []


def test_every_word_has_its_characters_and_a_vector(encoder):
    [text] = encoder.encode([Sentence.of("The cat  sat.")])
    assert text.words == ("The", "cat", "sat", ".")
    assert text.characters == (Span(0, 3), Span(4, 7), Span(9, 12), Span(12, 13))
    assert len(text.vectors) == 4


def test_words_are_cut_where_a_marked_entity_begins_or_ends(encoder):
    [text] = encoder.encode([Sentence.of("the <e1>re</e1>builder <e2>sat</e2>")])
    assert text.words == ("the", "re", "builder", "sat")
    assert [(entity.text, entity.words, entity.characters) for entity in text.marked] == [
        ("re", (1, 2), (4, 6)),
        ("sat", (3, 4), (14, 17)),
    ]


def test_a_sentence_without_marks_makes_a_text_without_marked_entities(encoder):
    assert encoder.encode([Sentence.of("the cat sat")])[0].marked is None


def test_a_text_is_the_same_alone_and_among_others(encoder):
    sentences = [
        Sentence.of("a <e1>cat</e1> <e2>sat</e2> there"),
        Sentence.of("the cat"),
        Sentence.of("<e2>it</e2> <e1>is</e1> so"),
    ]
    for text, sentence in zip(encoder.encode(sentences), sentences, strict=True):
        [alone] = encoder.encode([sentence])
        assert (text.words, text.characters, text.marked) == (alone.words, alone.characters, alone.marked)
        np.testing.assert_array_equal(text.vectors, alone.vectors)
