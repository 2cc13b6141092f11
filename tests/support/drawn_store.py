"""A store of drawn vectors, for the tests of what is done with it: no encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import manifests
from pipeline.core.arrays import Vectors
from pipeline.core.schema import VECTORS, EncoderDescription, VectorsDescription
from pipeline.encoding import store
from pipeline.encoding.store import Shard, Store

WIDTH = 3
ENCODER = EncoderDescription(
    name="drawn",
    revision=None,
    weights_sha256="0" * 64,
    layers=(-2, -1),
    width=WIDTH,
    max_pieces=16,
    prefix_ids=(2,),
    suffix_ids=(3,),
    fingerprint="f" * 64,
)
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
    manifests.describe(folder, VECTORS, VectorsDescription(ENCODER, "openvino", "float32", "mean", fingerprint))
    return Store.open(folder)


def shards(folder: Path) -> list[Shard]:
    """All of a folder, of every fingerprint."""
    return list(map(Shard.open, store.shard_paths(folder)))


def assert_holds(folder: Path, *words: list[str]) -> None:
    found = opened(folder)
    for sentence, row in zip(words, found.find(column(list(words))), strict=True):
        assert np.array_equal(found.vectors(int(row)), vectors_of(sentence))
