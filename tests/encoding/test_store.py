"""The store alone, with drawn vectors: no encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.encoding import store, upkeep
from pipeline.encoding.store import Shard, Store
from tests.support.drawn_store import ENCODER, WORDS, assert_holds, column, keys, opened, shards, vectors_of, write
from tests.support.windows import VECTORS


def test_sentences_are_found_over_shards_by_their_words(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    assert_holds(tmp_path, *WORDS[::-1], WORDS[0])
    found = opened(tmp_path)
    assert (found.description.encoder, found.description.fingerprint) == (ENCODER, "now")


def test_vectors_are_views_of_the_mapped_file(tmp_path: Path) -> None:
    write(tmp_path, *WORDS)
    vectors = opened(tmp_path).vectors(0)
    assert not vectors.flags.owndata
    assert not vectors.flags.writeable


def test_missing_sentences_are_an_error_that_counts_them(tmp_path: Path) -> None:
    write(tmp_path, WORDS[0])
    with pytest.raises(InputError, match="2 of 3 sentences have no vectors"):
        opened(tmp_path).find(column(WORDS[:3]))


def test_vectors_of_another_fingerprint_are_not_found(tmp_path: Path) -> None:
    write(tmp_path, *WORDS, fingerprint="before")
    assert opened(tmp_path).find_keys(keys(*WORDS)).tolist() == [-1] * 4


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=4), max_size=4), st.lists(st.sampled_from("abcdefg")))
def test_a_key_is_found_where_it_is_first(held: list[list[str]], wanted: list[str]) -> None:
    def drawn(letters: list[str]) -> pa.Array:
        return pa.array([letter.encode() * 16 for letter in letters], store.KEY)

    n_words, nothing = np.zeros(5, np.int64), np.zeros((0, 4), np.float16)
    shards = [Shard(Path("drawn"), "now", drawn(letters), n_words, nothing, n_words) for letters in held]
    in_order = [letter for letters in held for letter in letters]
    expected = [in_order.index(letter) if letter in in_order else -1 for letter in wanted]
    assert Store(Path("drawn"), VECTORS, shards).find_keys(drawn(wanted)).tolist() == expected


def test_a_store_whose_vectors_are_no_longer_those_written_does_not_open(tmp_path: Path) -> None:
    path = write(tmp_path, *WORDS)
    content, written = path.read_bytes(), np.concatenate([vectors_of(words) for words in WORDS]).tobytes()
    path.write_bytes(content.replace(written, written[::-1]))
    with pytest.raises(InputError, match=f"{path.name}: a damaged shard"):
        opened(tmp_path)


texts = st.lists(st.lists(st.text("ab\0é", max_size=3), max_size=4), max_size=6)


@given(texts)
def test_keys_are_equal_where_words_are_and_only_there(words: list[list[str]]) -> None:
    found = keys(*words).to_pylist()
    for one, key in zip(words, found, strict=True):
        for other, other_key in zip(words, found, strict=True):
            assert (key == other_key) == (one == other)


@given(texts, st.integers(0, 6), st.integers(0, 6))
def test_keys_do_not_depend_on_slices_and_chunks(words: list[list[str]], start: int, cut: int) -> None:
    whole = pa.array(words, pa.list_(pa.string()))
    cut_up = pa.chunked_array([whole[:cut], whole[cut:]], pa.list_(pa.string()))
    assert store.keys(cut_up.slice(start), "now").to_pylist() == keys(*words).to_pylist()[start:]


def test_keys_depend_on_the_fingerprint() -> None:
    assert keys(WORDS[0]) != keys(WORDS[0], fingerprint="other")


def test_a_shard_is_named_by_its_checksum(tmp_path: Path) -> None:
    path = write(tmp_path, *WORDS)
    assert path.stem == checksum(path)
    assert [shard.path for shard in upkeep.discard_unusable(tmp_path)] == [path]


def test_words_of_zero_vectors_are_counted(tmp_path: Path) -> None:
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, -1, 0]], np.float16)
    path = store.write_shard(tmp_path, "now", keys(["\x01", "a", "\x02"], ["b"], []), np.array([3, 1, 0]), vectors)
    assert Shard.open(path).n_empty.tolist() == [2, 0, 0]
    assert upkeep.summary(shards(tmp_path), keys(["\x01", "a", "\x02"]), "now").words_without_pieces == 2


def test_the_mean_of_a_sentence_is_that_of_its_words(tmp_path: Path) -> None:
    write(tmp_path, *WORDS)
    found = opened(tmp_path)
    means = np.array([vectors_of(words).astype(np.float64).mean(axis=0) for words in WORDS[::-1]])
    np.testing.assert_allclose(found.means(column(WORDS[::-1])), means, rtol=1e-5)
