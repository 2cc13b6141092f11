"""Padded batches from memory-mapped word vectors.

In: rows of the position stage and the embedding store. Out: dictionaries of arrays, each batch padded to its longest row. Only the
batch at hand is in memory, beside three integers a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints

Batch = dict[str, NDArray[np.generic]]
# Batches that are sorted by length together: enough that little is padding, few enough that batches stay mixed.
CHUNK_BATCHES = 50


class Vectors(Protocol):
    """The part of store.Store that batches need."""

    def find(self, words: pa.ChunkedArray) -> Ints:
        """(N,) row ids of sentences."""

    def vectors(self, row: int) -> NDArray[np.float16]:
        """(T, H) of a whole sentence."""


class Examples:
    """Rows of a split with their word vectors, which are read when a batch is asked for."""

    def __init__(self, table: pa.Table, store: Vectors, relations: Sequence[str]) -> None:
        """Args: table: (N,) rows of the position stage; relations: names in id order, all that occur in the table."""
        self._store = store
        self._sentences = store.find(table["words"])
        self._starts = table["window_start"].to_numpy().astype(np.int64)
        self.lengths: Ints = table["window_end"].to_numpy().astype(np.int64) - self._starts
        self.relation_ids: Ints = pc.index_in(table["relation"], pa.array(relations, pa.string())).to_numpy().astype(np.int64)
        self._columns = {
            name: pc.list_flatten(table[name]).to_numpy() for name in ("e1_position_ids", "e2_position_ids", "tag_ids")
        }
        self._flat_starts = ragged.offsets(ragged.lengths(table["words"]))[:-1] + self._starts

    def __len__(self) -> int:
        return len(self.lengths)

    def inputs(self, rows: Ints) -> Batch:
        """What the network reads: words (B, T, H) float16, e1_position_ids and e2_position_ids (B, T) int32; 0 where padded."""
        starts, lengths = self._starts[rows], self.lengths[rows]
        views = [self._store.vectors(int(sentence)) for sentence in self._sentences[rows]]
        words = np.zeros((len(rows), int(lengths.max()), views[0].shape[1]), np.float16)
        for padded, view, start, length in zip(words, views, starts.tolist(), lengths.tolist(), strict=True):
            padded[:length] = view[start : start + length]
        ids = {name: self._padded(name, rows, 0) for name in ("e1_position_ids", "e2_position_ids")}
        return {"words": words, **ids}

    def targets(self, rows: Ints) -> Batch:
        """What the network shall say, by output: relation (B,) int64, tags (B, T) int32 with -1 where padded."""
        return {"relation": self.relation_ids[rows], "tags": self._padded("tag_ids", rows, -1)}

    def _padded(self, name: str, rows: Ints, padding: int) -> NDArray[np.int32]:
        """The windows of a column: (B, T) int32."""
        values, words = self._columns[name], np.arange(self.lengths[rows].max())
        places = np.minimum(self._flat_starts[rows][:, None] + words, len(values) - 1)
        return np.where(words < self.lengths[rows][:, None], values[places], np.int32(padding))


def by_length(lengths: Ints, size: int, n_words: float = math.inf) -> list[Ints]:
    """Batches of row ids in order of length, for prediction.

    Args: size: the most rows of a batch; n_words: its most words, padding among them; a longer row is a batch of its own.

    >>> [batch.tolist() for batch in by_length(np.array([5, 1, 4, 2]), size=2)]
    [[1, 3], [2, 0]]
    >>> [batch.tolist() for batch in by_length(np.array([5, 1, 9, 2]), size=3, n_words=6)]
    [[1, 3], [0], [2]]
    """
    order = np.argsort(lengths, kind="stable")
    cuts = [0]
    for place, length in enumerate(lengths[order].tolist()):
        rows = place + 1 - cuts[-1]
        if rows > size or (rows > 1 and rows * length > n_words):
            cuts.append(place)
    return np.split(order, cuts[1:]) if len(order) else []


def shuffled(lengths: Ints, size: int, rng: np.random.Generator) -> list[Ints]:
    """Batches of row ids for an epoch: in random order, each of rows of like length.

    Rows are shuffled, sorted by length within chunks of CHUNK_BATCHES batches and cut; then the batches are shuffled.
    """
    chunks = _cut(rng.permutation(len(lengths)), CHUNK_BATCHES * size)
    batches = [batch for chunk in chunks for batch in _cut(chunk[np.argsort(lengths[chunk], kind="stable")], size)]
    return [batches[index] for index in rng.permutation(len(batches))]


def _cut(rows: Ints, size: int) -> list[Ints]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
