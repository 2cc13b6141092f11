"""Windows of new sentences, and the shards made of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipeline.encoding import pieces, store, windows
from pipeline.encoding.store import Shard
from pipeline.encoding.windows import Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder
from tests.support.embedding import DESCRIPTION, SENTENCES, stand_in, words_of, write_encoder

SHARD_WORDS = 100
WORDS = [words_of(sentence) for sentence in SENTENCES]


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    write_encoder(tmp_path, DESCRIPTION)
    return pieces.load_tokenizer(tmp_path / "models/encoder")


def window_of(sentences: list[list[str]]) -> Window:
    words = pa.array(sentences, pa.list_(pa.string()))
    return Window(store.keys(pa.chunked_array([words]), "now"), words)


def shards_of(folder: Path, sentences: list[list[str]], tokenizer: Tokenizer, batch_pieces: int = 64) -> list[Path]:
    """Embed a window into a folder's store; the shards there then."""
    encoder = WordEncoder(stand_in(folder, "float32"), DESCRIPTION, "mean", batch_pieces)
    counts = write_shards(folder, "now", embed_window(window_of(sentences), encoder, tokenizer), SHARD_WORDS)
    assert sum(counts) == len(sentences)
    return store.shard_paths(folder)


def reference(batches: list[list[int]], new: set[int], size: float) -> list[list[int]]:
    """Windows by a loop over sentences: one ends with the batch in which it is full, and at the end."""
    full: list[list[int]] = []
    window: list[int] = []
    for batch in batches:
        window += [number for number in batch if number in new]
        if len(window) >= size:
            full.append(window)
            window = []
    return full + [window] * bool(window)


@settings(deadline=None)  # the first example imports
@given(st.lists(st.integers(0, 6), max_size=8), st.sets(st.integers(0, 47)), st.integers(1, 12))
def test_windows_hold_the_new_of_whole_batches_until_they_are_full(lengths: list[int], wanted: set[int], size: int) -> None:
    ends = np.cumsum(lengths, dtype=int).tolist()
    batches = [list(range(end - length, end)) for end, length in zip(ends, lengths, strict=True)]
    new = sorted(number for number in wanted if number < sum(lengths))
    words = [pa.array([[str(number)] for number in batch], pa.list_(pa.string())) for batch in batches]
    keys = pa.array([b"%016d" % number for number in range(sum(lengths))], store.KEY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WINDOW_SENTENCES", size)
        made = list(windows.windows(words, keys, np.array(new, np.int64)))
    n_windows = -(-len(new) // size)
    expected = reference(batches, wanted, len(new) / n_windows if new else 1)
    assert [[int(word) for (word,) in window.words.to_pylist()] for window in made] == expected
    assert [[int(key) for key in window.keys.to_pylist()] for window in made] == expected


def test_windows_are_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW_SENTENCES", 16)
    words = [pa.array([[str(number)]], pa.list_(pa.string())) for number in range(20)]
    keys = pa.array([b"%016d" % number for number in range(20)], store.KEY)
    assert [len(window.keys) for window in windows.windows(words, keys, np.arange(20))] == [10, 10]


def test_chunks_hold_every_sentence_once_by_length(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "CHUNK_SENTENCES", 7)
    made = list(windows.chunks(pa.array(WORDS), tokenizer))
    rows = np.concatenate([rows for rows, _ in made]).tolist()
    assert rows == sorted(range(len(WORDS)), key=lambda row: len(WORDS[row]))
    assert [chunk.n_words.tolist() for _, chunk in made] == [[len(WORDS[row]) for row in rows] for rows, _ in made]


def test_a_window_done_twice_gives_the_same_shards_anywhere(tmp_path: Path, tokenizer: Tokenizer) -> None:
    once = shards_of(tmp_path / "here", WORDS, tokenizer)
    assert shards_of(tmp_path / "here", WORDS, tokenizer) == once
    elsewhere = shards_of(tmp_path / "elsewhere", WORDS, tokenizer)
    assert [path.name for path in elsewhere] == [path.name for path in once]
    assert len(once) > 1


def test_the_shards_of_a_window_do_not_depend_on_the_windows_before_it(tmp_path: Path, tokenizer: Tokenizer) -> None:
    alone = shards_of(tmp_path / "alone", WORDS[20:], tokenizer)
    before = shards_of(tmp_path / "both", WORDS[:20], tokenizer)
    both = shards_of(tmp_path / "both", WORDS[20:], tokenizer)
    assert {path.name for path in both} == {path.name for path in alone + before}


def test_a_shard_is_full_but_for_the_last_of_its_window(tmp_path: Path, tokenizer: Tokenizer) -> None:
    n_words = sorted(len(Shard.open(path).vectors) for path in shards_of(tmp_path, WORDS, tokenizer, batch_pieces=1))
    longest = max(map(len, WORDS))
    assert all(SHARD_WORDS <= n < SHARD_WORDS + longest for n in n_words[1:])
    assert sum(n_words) == sum(map(len, WORDS))


def test_every_key_of_a_window_gets_as_many_vectors_as_its_sentence_has_words(tmp_path: Path, tokenizer: Tokenizer) -> None:
    shards = map(Shard.open, shards_of(tmp_path, WORDS, tokenizer))
    n_words = {key: n for shard in shards for key, n in zip(shard.keys.to_pylist(), shard.n_words.tolist(), strict=True)}
    assert n_words == dict(zip(window_of(WORDS).keys.to_pylist(), map(len, WORDS), strict=True))
