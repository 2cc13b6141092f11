import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity
from pipeline.corpus.sentences import outside, segment, segmenter_of
from pipeline.corpus.words import load_tokenizer


@pytest.fixture(scope="module")
def split():
    return segmenter_of(load_tokenizer("en", "char"))


def document(text, *spans, **more):
    return Document("1", "", text, tuple(Entity(str(n), span) for n, span in enumerate(spans)), (), **more)


def texts(document, split):
    return [document.text[slice(*span)] for span in segment(document, split).sentences]


def test_spacy_s_rules_end_sentences(split):
    assert texts(document("Ada wrote. Did Eve? Yes!"), split) == ["Ada wrote. ", "Did Eve? ", "Yes!"]


def test_chinese_is_split_too():
    assert texts(document("他来了。她走了！"), segmenter_of(load_tokenizer("zh", "char"))) == ["他来了。", "她走了！"]


def test_given_sentences_are_kept_and_cover_the_text(split):
    given_ = document(" A b. C d.", sentences=(Span(1, 5), Span(6, 10)))
    assert texts(given_, split) == [" A b. ", "C d."]


def test_a_document_of_one_pair_is_one_sentence(split):
    assert texts(document("One. Two.", complete=False), split) == ["One. Two."]


def test_a_sentence_that_would_end_inside_an_entity_is_joined_with_the_next(split):
    assert texts(document("He met. Dr. No. Then left.", (Span(8, 14),)), split) == ["He met. ", "Dr. No. ", "Then left."]


def test_the_gap_between_fragments_may_hold_a_sentence_s_end(split):
    assert texts(document("Ada left. Eve left.", (Span(0, 3), Span(10, 13))), split) == ["Ada left. ", "Eve left."]


def test_an_empty_text_has_no_sentence(split):
    assert segment(document(""), split).sentences == ()


def test_tokens_of_nothing_are_no_words():
    tokens = document("a  b", words=(Span(0, 1), Span(1, 2), Span(2, 2), Span(3, 4)), sentences=(Span(0, 4),))
    assert segment(tokens, lambda text: pytest.fail("it has words")).words == [(0, 1), (3, 4)]


def test_a_text_of_white_space_is_one_sentence(split):
    assert texts(document(" \n "), split) == [" \n "]


@given(
    st.text("ab. !?\n", max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6),
)
def test_sentences_cover_the_text_and_cut_no_fragment(split, text, pieces):
    spans = [Span(start, min(start + length, len(text))) for start, length in pieces if start < len(text)]
    sentences = segment(document(text, *((span,) for span in spans)), split).sentences
    assert "".join(text[slice(*sentence)] for sentence in sentences) == text
    assert not any(span.start < sentence.start < span.end for span in spans for sentence in sentences)


@given(st.lists(st.integers(0, 30)), st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))))
def test_outside_agrees_with_a_look_at_every_fragment(places, pieces):
    fragments = [(start, start + length) for start, length in pieces]
    expected = [place for place in places if not any(start < place < end for start, end in fragments)]
    assert outside(np.array(places, np.int64), np.array(fragments, np.int64).reshape(-1, 2)).tolist() == expected


def test_time_grows_with_the_text_and_not_its_square(split):
    def seconds(n_sentences):
        text = "Ada wrote it. " * n_sentences
        spans = [(Span(start, start + 3),) for start in range(0, len(text), 14)]
        began = time.process_time()
        assert len(segment(document(text, *spans), split).sentences) == n_sentences
        return time.process_time() - began

    seconds(100)
    assert min(seconds(40_000) for _ in range(2)) < 32 * seconds(5_000)
