"""A store of drawn vectors, for the tests of what is done with it: no encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import storage
from pipeline.core.arrays import Vectors
from pipeline.encoding import store
from pipeline.encoding.store import Store

WIDTH = 3

WORDS = [["a", "b"], ["ab"], ["café", "", "c"], ["b", "a", "b", "a"]]


def column(words: list[list[str]]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(words, pa.list_(pa.string()))])


def keys(*words: list[str], fingerprint: str = "now") -> pa.Array:
    return store.keys(column(list(words)), fingerprint)


def vectors_of(words: list[str]) -> Vectors:
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
