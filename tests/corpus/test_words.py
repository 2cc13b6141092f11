import itertools
import re
import sys

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.campaign.rounds import within
from pipeline.core.errors import InputError
from pipeline.corpus.words import LONGEST_CHUNK, find_words, load_tokenizer
from tests.support.project import ROOT

TOKENIZERS = {language: load_tokenizer(language, "char") for language in ("en", "zh", "de", "xx")}


def split(text, e1, e2, language="en"):
    """Words, starts, and the words of both entities of one text."""
    words, starts, counts, spans = find_words([text], np.array([[*e1, *e2]]), TOKENIZERS[language], [None])
    assert counts.tolist() == [len(words)]
    a, b, c, d = spans[0]
    return words, starts.tolist(), words[a:b], words[c:d]


def test_a_marker_glued_to_letters_cuts_the_token():
    words, starts, e1, e2 = split("a duel of dovesmoles.", (2, 6), (15, 20))
    assert words == ["a", "duel", "of", "doves", "moles", "."]
    assert starts == [0, 2, 7, 10, 15, 20]
    assert (e1, e2) == (["duel"], ["moles"])


def test_a_token_is_cut_at_both_ends_of_an_entity_and_between_two():
    assert split("xabcdy", (1, 3), (3, 5)) == (["x", "ab", "cd", "y"], [0, 1, 3, 5], ["ab"], ["cd"])


def test_nested_entities_keep_their_words():
    assert split("the New York Times", (4, 18), (4, 12))[2:] == (["New", "York", "Times"], ["New", "York"])


def test_white_space_makes_no_word_not_even_at_the_edge_of_an_entity():
    words, starts, e1, e2 = split("a  \t b\n c", (1, 6), (7, 9))
    assert (words, starts, e1, e2) == (["a", "b", "c"], [0, 5, 8], ["b"], ["c"])


def test_an_empty_token_makes_no_word():
    given = [[(0, 1), (2, 2), (3, 4), (4, 4)]]
    found = find_words(["a  b"], np.array([[0, 1, 3, 4]]), TOKENIZERS["en"], given)
    assert (found.words, found.spans.tolist()) == (["a", "b"], [[0, 1, 1, 2]])


def test_contractions_and_abbreviations_are_those_of_the_language():
    assert split("He doesn't eat in the U.S. now", (0, 2), (22, 26))[0] == ["He", "does", "n't", "eat", "in", "the", "U.S.", "now"]


def test_chinese_is_split_by_character():
    assert split("李雷 生于北京", (0, 2), (5, 7), "zh")[2:] == (["李", "雷"], ["北", "京"])


def test_texts_of_a_batch_are_split_as_each_alone():
    texts = ["ab cd", "   ef gh ", "U.S. now"]
    entities = np.array([[0, 1, 3, 5], [3, 5, 6, 8], [0, 4, 5, 8]])
    together = find_words(texts, entities, TOKENIZERS["en"], [None] * len(texts))
    alone = [find_words([text], row[None], TOKENIZERS["en"], [None]) for text, row in zip(texts, entities, strict=True)]
    assert together.words == [word for one in alone for word in one.words]
    for column in ("starts", "counts", "spans"):
        np.testing.assert_array_equal(getattr(together, column), np.concatenate([getattr(one, column) for one in alone]))


@st.composite
def texts_with_entities(draw):
    alphabet = st.one_of(st.sampled_from(" \t.,-'\"()$ab1é京😀\u200b\u00a0\u3000"), st.characters(exclude_categories=["Cs"]))
    text = draw(st.text(alphabet, min_size=1, max_size=40).filter(str.strip))
    solid = [i for i, character in enumerate(text) if not character.isspace()]

    def span():
        inside = draw(st.sampled_from(solid))
        return draw(st.integers(0, inside)), draw(st.integers(inside + 1, len(text)))

    return text, span(), span()


def slow_words(text, e1, e2, tokenize):
    """What find_words makes of one text, character by character: its tokens, cut at entity edges, without white space."""
    words, starts = [], []
    for token in tokenize(text):
        cuts = sorted({edge for edge in (*e1, *e2) if token.idx < edge < token.idx + len(token)})
        for start, end in itertools.pairwise([token.idx, *cuts, token.idx + len(token)]):
            if text[start:end].strip():
                words.append(text[start:end])
                starts.append(start)
    spans = [sum(start < edge for start in starts) for edge in (*e1, *e2)]
    return words, starts, spans


@settings(max_examples=75, deadline=None)
@given(st.lists(texts_with_entities(), min_size=1, max_size=3), st.sampled_from(sorted(TOKENIZERS)))
def test_words_are_the_tokens_cut_at_entity_edges_without_white_space(rows, language):
    tokenize = TOKENIZERS[language]
    found = find_words([text for text, _, _ in rows], np.array([[*e1, *e2] for _, e1, e2 in rows]), tokenize, [None] * len(rows))
    expected = [slow_words(*row, tokenize) for row in rows]
    assert found.words == [word for words, _, _ in expected for word in words]
    assert found.starts.tolist() == [start for _, starts, _ in expected for start in starts]
    assert found.counts.tolist() == [len(words) for words, _, _ in expected]
    assert found.spans.tolist() == [spans for _, _, spans in expected]


@settings(max_examples=75, deadline=None)
@given(st.lists(texts_with_entities(), min_size=1, max_size=3), st.sampled_from(sorted(TOKENIZERS)))
def test_words_reproduce_the_text_and_cover_the_entities_exactly(rows, language):
    texts = [text for text, _, _ in rows]
    found = find_words(texts, np.array([[*e1, *e2] for _, e1, e2 in rows]), TOKENIZERS[language], [None] * len(rows))
    ends = itertools.accumulate(found.counts.tolist())
    for (text, *entities), end, n, spans in zip(rows, ends, found.counts.tolist(), found.spans.tolist(), strict=True):
        words, starts = found.words[end - n : end], found.starts[end - n : end].tolist()
        covered = [i for word, start in zip(words, starts, strict=True) for i in range(start, start + len(word))]
        assert all(text.startswith(word, start) for word, start in zip(words, starts, strict=True))
        assert len(set(covered)) == len(covered)
        assert "".join(text[i] for i in range(len(text)) if i not in set(covered)).strip() == ""
        for (start, stop), (first, last) in zip(entities, (spans[:2], spans[2:]), strict=True):
            entity = {i for w in range(first, last) for i in range(starts[w], starts[w] + len(words[w]))}
            assert entity <= set(range(start, stop))
            assert all(text[i].isspace() for i in set(range(start, stop)) - entity)


@pytest.mark.parametrize(
    ("language", "segmenter", "found", "hint"),
    [
        ("engl", "char", "parse.language is 'engl', which spaCy does not know", "use one of: af, "),
        ("zh", "jieba", "parse.segmenter jieba needs a library that is not installed", "pip"),
        ("th", "char", "parse.language th needs a library that is not installed", "PyThaiNLP"),
    ],
)
def test_a_language_that_cannot_be_split_is_an_error_with_a_hint(language, segmenter, found, hint, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(InputError) as error:
        load_tokenizer(language, segmenter)
    (problem,) = error.value.problems
    assert problem.found == found
    assert hint in problem.hint


@pytest.mark.parametrize(
    "text", ["(" * 20_000, "'s" * 10_000, "a." * 10_000, "$" * 20_000, '"' * 20_000, "-" * 20_000, "x" * 100_000]
)
def test_a_text_without_white_space_is_split_in_time_that_grows_with_its_length(text):
    with within(2):
        words = split(f"a b {text}", (0, 1), (2, 3))[0]
    assert "".join(words) == f"ab{text}"


def test_a_long_chunk_is_split_as_its_pieces_and_the_text_around_it_as_ever():
    url = f"https://example.org/{'a' * LONGEST_CHUNK}"
    words = split(f"He doesn't see ({url}) in the U.S. now", (0, 2), (3, 10))[0]
    assert words[:6] == ["He", "does", "n't", "see", "(", url[: LONGEST_CHUNK - 1]]
    assert words[-5:] == [")", "in", "the", "U.S.", "now"]


def test_the_shipped_sentences_keep_the_tokens_of_spacy():
    lines = (ROOT / "data/raw/test.txt").read_text(encoding="utf-8").splitlines()
    texts = [re.sub("</?e[12]>", "", line.partition("\t")[2]) for line in lines if "\t" in line]
    plain = spacy.blank("en").tokenizer
    assert len(texts) == 297
    for text in [*texts, "x" * LONGEST_CHUNK, f"a  {'(' * LONGEST_CHUNK} b"]:
        assert [token.text for token in TOKENIZERS["en"](text)] == [token.text for token in plain(text)]
