from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import BertWordPieceTokenizer

from pipeline.core.errors import InputError
from pipeline.encoding import pieces

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "ball", "[", "]", "se", "##p", "cl", "##s"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WordPiece tokenizer that, as some do, cuts and pads by itself."""
    path = tmp_path_factory.mktemp("tokenizer")
    tokenizer = BertWordPieceTokenizer({piece: index for index, piece in enumerate(VOCABULARY)})
    tokenizer.save(str(path / "tokenizer.json"))
    return path


def spelled(found: pieces.Pieces) -> list[str]:
    return [VOCABULARY[index] for index in found.ids]


def test_pieces_know_their_words(folder: Path) -> None:
    found = pieces.split_words(pieces.load_tokenizer(folder), [["playing", "ball"], ["ball", "playing"]])
    assert spelled(found) == ["play", "##ing", "ball", "ball", "play", "##ing"]
    assert found.words.tolist() == [0, 0, 1, 0, 1, 1]
    assert found.starts.tolist() == [0, 3, 6]
    assert found.n_words.tolist() == [2, 2]


def test_text_that_spells_a_special_piece_stays_text(folder: Path) -> None:
    found = pieces.split_words(pieces.load_tokenizer(folder), [["[SEP]", "[CLS]"]])
    assert spelled(found) == ["[", "se", "##p", "]", "[", "cl", "##s", "]"]
    assert found.words.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_words_may_have_no_pieces(folder: Path) -> None:
    found = pieces.split_words(pieces.load_tokenizer(folder), [["\x01", "ball"], ["\x01"]])
    assert found.words.tolist() == [1]
    assert found.starts.tolist() == [0, 1, 1]
    assert found.n_words.tolist() == [2, 1]


def test_no_sentences_have_no_pieces(folder: Path) -> None:
    found = pieces.split_words(pieces.load_tokenizer(folder), [])
    assert found.ids.tolist() == []
    assert found.starts.tolist() == [0]


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_missing_or_damaged_tokenizer_is_an_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match="tokenizer is missing or damaged"):
        pieces.load_tokenizer(tmp_path)


word_lengths = st.lists(st.integers(1, 4), min_size=1, max_size=60)


@given(word_lengths, st.integers(2, 12))
def test_strides_keep_every_piece_once_and_fit_the_limit(lengths: list[int], limit: int) -> None:
    words = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
    found = pieces.strides(words, limit)
    assert [piece for stride in found for piece in range(stride.keep_start, stride.keep_end)] == list(range(len(words)))
    for stride in found:
        assert 0 <= stride.start <= stride.keep_start <= stride.keep_end <= stride.end <= len(words)
        assert stride.end - stride.start <= limit


@given(word_lengths, st.integers(10, 16))
def test_strides_keep_words_whole_when_the_overlap_holds_one(lengths: list[int], limit: int) -> None:
    words = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
    for stride in pieces.strides(words, limit):
        if stride.keep_start > 0:
            assert words[stride.keep_start] != words[stride.keep_start - 1]


@given(st.integers(1, 80), st.integers(2, 12))
def test_a_word_of_one_piece_comes_from_the_stride_with_most_context(n_words: int, limit: int) -> None:
    found = pieces.strides(np.arange(n_words, dtype=np.int32), limit)
    for word in range(n_words):
        context = {s: min(word - s.start, s.end - 1 - word) for s in found if s.start <= word < s.end}
        # The text's own ends are no lack of context.
        context = {s: c if s.start > 0 and s.end < n_words else _open_context(word, s, n_words) for s, c in context.items()}
        kept = next(s for s in found if s.keep_start <= word < s.keep_end)
        assert context[kept] >= max(context.values()) - 1


def _open_context(word: int, stride: pieces.Stride, n_words: int) -> int:
    left = word - stride.start if stride.start > 0 else n_words
    right = stride.end - 1 - word if stride.end < n_words else n_words
    return min(left, right)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 7), st.integers(1, 20))
def test_batches_hold_every_sentence_once_at_one_length_within_the_budget(n_pieces: list[int], limit: int, budget: int) -> None:
    lengths = np.array(n_pieces, np.int64)
    found = list(pieces.batches(lengths, limit, budget))
    assert sorted(row for rows in found for row in rows.tolist()) == list(range(len(n_pieces)))
    for rows in found:
        (length,) = set(lengths[rows].tolist())
        assert len(rows) == 1 or (length <= limit and length * len(rows) <= budget)
    assert [lengths[rows[0]] for rows in found] == sorted(lengths[rows[0]] for rows in found)
