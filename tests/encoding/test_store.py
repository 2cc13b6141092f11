"""The store alone, with drawn vectors: no encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.encoding import store
from pipeline.encoding.store import Shard, Store

WIDTH = 3
WORDS = [["a", "b"], ["ab"], ["café", "", "c"], ["b", "a", "b", "a"]]


def column(words: list[list[str]]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(words, pa.list_(pa.string()))])


def keys(*words: list[str], fingerprint: str = "now") -> pa.Array:
    return store.keys(column(list(words)), fingerprint)


def vectors_of(words: list[str]) -> np.ndarray:
    """Vectors that tell whose they are."""
    return np.array([[len(word), index + 1, ord(word[0]) if word else 1] for index, word in enumerate(words)], np.float16)


def write(folder: Path, *words: list[str], fingerprint: str = "now") -> Path:
    vectors = np.concatenate([vectors_of(sentence) for sentence in words])
    lengths = np.array([len(sentence) for sentence in words], np.int64)
    return store.write_shard(folder, fingerprint, keys(*words, fingerprint=fingerprint), lengths, vectors)


def opened(folder: Path, fingerprint: str = "now") -> Store:
    storage.write_json(folder / "encoder.json", {"fingerprint": fingerprint, "width": WIDTH, "encoder": {"layers": [-2, -1]}})
    return Store.open(folder)


def assert_holds(folder: Path, *words: list[str]) -> None:
    found = opened(folder)
    for sentence, row in zip(words, found.find(column(list(words))), strict=True):
        assert np.array_equal(found.vectors(int(row)), vectors_of(sentence))


def test_sentences_are_found_over_shards_by_their_words(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    assert_holds(tmp_path, *WORDS[::-1], WORDS[0])
    found = opened(tmp_path)
    assert (found.width, found.n_layers, found.fingerprint) == (WIDTH, 2, "now")


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
    assert path.stem == storage.checksum(path)
    assert list(store.discard_unusable(tmp_path)) == []


def test_words_of_zero_vectors_are_counted(tmp_path: Path) -> None:
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, -1, 0]], np.float16)
    path = store.write_shard(tmp_path, "now", keys(["\x01", "a", "\x02"], ["b"], []), np.array([3, 1, 0]), vectors)
    assert Shard.open(path).n_empty.tolist() == [2, 0, 0]
    assert store.summary(tmp_path, keys(["\x01", "a", "\x02"]), "now")["words_without_pieces"] == 2


@pytest.mark.parametrize("place", [8, 200, -200, -8])
def test_a_flipped_byte_is_found_named_and_removed(tmp_path: Path, place: int) -> None:
    whole, damaged = write(tmp_path, WORDS[0]), write(tmp_path, WORDS[1])
    content = bytearray(damaged.read_bytes())
    content[place] ^= 1
    damaged.write_bytes(content)
    (line,) = store.discard_unusable(tmp_path)
    assert str(damaged) in line
    assert store.shard_paths(tmp_path) == [whole]


def test_a_truncated_shard_is_found_named_and_removed(tmp_path: Path) -> None:
    path = write(tmp_path, *WORDS)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged shard"):
        opened(tmp_path)
    (line,) = store.discard_unusable(tmp_path)
    assert str(path) in line
    assert store.shard_paths(tmp_path) == []


def test_a_half_written_shard_is_never_read(tmp_path: Path) -> None:
    whole = write(tmp_path, *WORDS)
    partial = tmp_path / "shards" / "shard.partial"
    partial.write_bytes(whole.read_bytes()[:300])
    assert_holds(tmp_path, *WORDS)
    assert list(store.discard_unusable(tmp_path)) == []
    assert not partial.exists()


def test_a_shard_of_another_format_is_named_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FORMAT", "1")
    write(tmp_path, *WORDS)
    monkeypatch.undo()
    (line,) = store.discard_unusable(tmp_path)
    assert "another version" in line


def test_stale_vectors_stay_up_to_the_share(tmp_path: Path) -> None:
    write(tmp_path, *WORDS)  # 2 + 1 + 3 + 4 words
    assert store.sweep(tmp_path, keys(WORDS[2], WORDS[0]), "now", max_stale=0.5) == 0
    assert_holds(tmp_path, *WORDS)


def test_stale_vectors_go_beyond_the_share_and_live_ones_stay(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    write(tmp_path, *WORDS, fingerprint="before")
    assert store.sweep(tmp_path, keys(WORDS[0], WORDS[3]), "now", max_stale=0.5) == 14
    assert_holds(tmp_path, WORDS[0], WORDS[3])
    found = store.summary(tmp_path, keys(WORDS[0], WORDS[3]), "now")
    assert (found["words"], found["share_stale"], found["words_by_fingerprint"]) == (6, 0.0, {"now": 6})


def test_a_sentence_held_twice_is_stale_once(tmp_path: Path) -> None:
    write(tmp_path, WORDS[0])
    write(tmp_path, *WORDS[:2])
    assert store.sweep(tmp_path, keys(*WORDS[:2]), "now", max_stale=0.0) == len(WORDS[0])
    assert_holds(tmp_path, *WORDS[:2])


def test_a_sweep_that_removes_nothing_rewrites_nothing(tmp_path: Path) -> None:
    live, _ = write(tmp_path, WORDS[0]), write(tmp_path, *WORDS[1:])
    before = live.stat().st_mtime_ns
    store.sweep(tmp_path, keys(WORDS[0]), "now", max_stale=0.0)
    assert store.shard_paths(tmp_path) == [live]
    assert live.stat().st_mtime_ns == before


@pytest.mark.parametrize("n_steps", range(6))
def test_a_sweep_killed_at_any_step_loses_nothing_and_ends_the_same(
    tmp_path: Path, n_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps are the renames and removals of files."""
    live = [WORDS[0], WORDS[3]]
    write(tmp_path, *WORDS[:2])
    write(tmp_path, *WORDS[2:])
    write(tmp_path, ["stale"])
    left = iter(range(n_steps))

    def stop(method: str) -> None:
        original = getattr(Path, method)

        def step(self: Path, *arguments: object, **options: object) -> object:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return original(self, *arguments, **options)

        monkeypatch.setattr(Path, method, step)

    stop("rename")
    stop("unlink")
    try:
        store.sweep(tmp_path, keys(*live), "now", max_stale=0.0)
    except KeyboardInterrupt:
        assert n_steps < 5
    else:
        assert n_steps == 5
    monkeypatch.undo()
    assert list(store.discard_unusable(tmp_path)) == []
    assert_holds(tmp_path, *live)
    store.sweep(tmp_path, keys(*live), "now", max_stale=0.0)
    assert_holds(tmp_path, *live)
    assert store.summary(tmp_path, keys(*live), "now")["rows"] == 2


def test_the_summary_of_an_empty_store(tmp_path: Path) -> None:
    found = store.summary(tmp_path / "none", keys(*WORDS), "now")
    assert (found["rows"], found["share_reused"], found["share_stale"]) == (0, 0.0, 0.0)


def test_the_summary_counts_what_the_corpus_uses(tmp_path: Path) -> None:
    write(tmp_path, *WORDS[:2])
    path = write(tmp_path, ["x", "y", "z"], fingerprint="before")
    found = store.summary(tmp_path, keys(WORDS[0], WORDS[1], WORDS[2], WORDS[0]), "now")
    assert (found["shards"], found["rows"], found["words"]) == (2, 3, 6)
    assert found["share_reused"] == 0.75
    assert found["share_stale"] == 0.5
    assert found["words_by_fingerprint"] == {"now": 3, "before": 3}
    assert found["bytes"] > path.stat().st_size
