"""Padded batches from memory-mapped word vectors.

In: rows of the position stage and the embedding store. Out: dictionaries of arrays, each batch padded to its longest row. Only the
batch at hand is in memory, beside a few integers a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Ints, Vectors
from pipeline.core.labels import label_ids
from pipeline.core.prefetch import prefetch
from pipeline.model import reading_order
from pipeline.model.config import POSITION_IDS, SHAPE_IDS
from pipeline.model.shapes import shape_ids

Batch = dict[str, NDArray[np.generic]]
INPUTS = ("words", *POSITION_IDS, SHAPE_IDS)
COLUMNS = ("words", "relation", "tag_ids", *POSITION_IDS, "window_start", "window_end")  # what is read of a row
# Batches that are sorted by length together: enough that little is padding, few enough that batches stay mixed.
CHUNK_BATCHES = 50


class VectorStore(Protocol):
    """What batches need of a store of word vectors, such as encoding.store.Store."""

    def find(self, words: pa.ChunkedArray, /) -> Ints:
        """The store's row ids (N,) of sentences given as word lists."""

    def vectors(self, row_id: int, /) -> Vectors:
        """The vectors (T, H) of a whole sentence."""


class Examples:
    """Rows of a split with their word vectors, which are read when a batch is asked for.

    The network sees of each row the window that the position stage kept. T is the words of a batch's longest window.

    Attributes: lengths: (N,) words of each window; relation_ids: (N,), UNLABELLED_ID where a row has no label; tagged: (N,) whose
        tags are those of all entities, None where tags mark the pairs of the rows.
    """

    def __init__(self, table: pa.Table, store: VectorStore, relations: Sequence[str], tagged: Bools | None = None) -> None:
        """Args: table: N rows with the COLUMNS of the position stage; relations: R names in id order, all that occur in it."""
        self.tagged = tagged
        self._store = store
        self._store_ids = store.find(table["words"])
        self._words = table["words"]
        self._window_starts = table["window_start"].to_numpy().astype(np.int64)
        self.lengths: Ints = table["window_end"].to_numpy().astype(np.int64) - self._window_starts
        self.relation_ids = label_ids(table["relation"], relations)
        words = ragged.Rows(self._words)
        self._read: dict[str, Callable[[int], NDArray[Any]]] = {
            "words": self._vectors,
            SHAPE_IDS: lambda row: shape_ids(words.row(row)),
            **{name: ragged.Rows(table[name]).row for name in (*POSITION_IDS, "tag_ids")},
        }

    def __len__(self) -> int:
        return len(self.lengths)

    def batches(self, cut: Callable[[Ints], list[Ints]], rng: np.random.Generator | None = None) -> Iterator[Ints]:
        """Batches of row ids that have every row once, part by part where the vectors are more than reading_order.HELD_BYTES.

        Args: cut: batches of indices into lengths, given these; rng: draws the parts, which are otherwise the same each time.
        """
        for part in prefetch(self._loaded, self.parts(rng), workers=1):
            yield from (part[batch] for batch in cut(self.lengths[part]))

    def parts(self, rng: np.random.Generator | None = None) -> list[Ints]:
        """The row ids in parts (see reading_order), which depend on the corpus and not on how the store came to be."""
        n_words = ragged.lengths(self._words)  # whole sentences are read, whatever the windows
        vectors = self._vectors(0) if len(self) else np.empty((0, 0), np.float16)
        return reading_order.parts(self._store_ids, n_words * vectors.shape[1] * vectors.itemsize, rng)

    def inputs(self, row_ids: Ints, names: Sequence[str] = INPUTS) -> Batch:
        """What networks read: words (B, T, H) float16; e1_position_ids, e2_position_ids, shape_ids (B, T) int32; 0 where padded.

        Args: names: of what is wanted.
        """
        return {name: ragged.padded(self._windows(name, row_ids), 0) for name in names}

    def targets(self, row_ids: Ints) -> Batch:
        """What the network shall say, by output: relation (B,) int64, tags (B, T) int32 with -1 where padded."""
        return {"relation": self.relation_ids[row_ids], "tags": ragged.padded(self._windows("tag_ids", row_ids), -1)}

    def tag_ids(self, row_ids: Ints) -> Ints:
        """The tags of some rows' windows, end to end: (sum of T,)."""
        return np.concatenate([np.zeros(0, np.int64), *self._windows("tag_ids", row_ids)])

    def _windows(self, name: str, row_ids: Ints) -> list[NDArray[Any]]:
        """What the windows of rows have by a name, a value a word."""
        starts = self._window_starts[row_ids]
        windows = zip(row_ids.tolist(), starts.tolist(), (starts + self.lengths[row_ids]).tolist(), strict=True)
        return [self._read[name](row)[start:end] for row, start, end in windows]

    def _loaded(self, row_ids: Ints) -> Ints:
        """The same rows, once their vectors have been read as they lie in the store, and so are in memory."""
        for store_id in np.unique(self._store_ids[row_ids]):  # no list: of a million it takes 40 MB
            self._store.vectors(int(store_id)).view(np.uint16).max(initial=0)
        return row_ids

    def _vectors(self, row: int) -> Vectors:
        return self._store.vectors(int(self._store_ids[row]))


def by_length(lengths: Ints, size: int, n_words: float = math.inf) -> list[Ints]:
    """Batches of row ids in order of length, for prediction.

    Args: lengths: (N,) words; size: the most rows of a batch; n_words: its most words, padding among them; a longer row is a
        batch of its own.

    >>> [batch.tolist() for batch in by_length(np.array([5, 1, 4, 2]), size=2)]
    [[1, 3], [2, 0]]
    >>> [batch.tolist() for batch in by_length(np.array([5, 1, 9, 2]), size=3, n_words=6)]
    [[1, 3], [0], [2]]
    """
    order = np.argsort(lengths, kind="stable")
    cuts = [0]
    for place, length in enumerate(lengths[order].tolist()):
        n_rows = place + 1 - cuts[-1]
        if n_rows > size or (n_rows > 1 and n_rows * length > n_words):
            cuts.append(place)
    return np.split(order, cuts[1:]) if len(order) else []


def shuffled(lengths: Ints, size: int, rng: np.random.Generator) -> list[Ints]:
    """Batches of row ids for an epoch: in random order, each of rows of like length.

    Rows are shuffled, sorted by length within chunks of CHUNK_BATCHES batches and cut; then the batches are shuffled.

    Args: lengths: (N,) words; size: rows of a batch.
    """
    chunks = _cut(rng.permutation(len(lengths)), CHUNK_BATCHES * size)
    batches = [batch for chunk in chunks for batch in _cut(chunk[np.argsort(lengths[chunk], kind="stable")], size)]
    return [batches[index] for index in rng.permutation(len(batches))]


def _cut(row_ids: Ints, size: int) -> list[Ints]:
    return [row_ids[start : start + size] for start in range(0, len(row_ids), size)]
