"""Pairs of entities and the windows that the network sees them in: which pairs are asked about, and the inputs of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.core.arrays import Bools, Ints
from pipeline.core.schema import Span
from pipeline.corpus import positions
from pipeline.corpus.candidates import ordered_pairs
from pipeline.model.batches import Batch
from pipeline.model.config import SHAPE_IDS
from pipeline.model.shapes import shape_id
from pipeline.prediction.texts import Text
from pipeline.prediction.types import Entity


@dataclass(frozen=True)
class Pair:
    """Two entities of a text, in the order that is asked about."""

    text: Text
    e1: Entity
    e2: Entity

    @property
    def extent(self) -> Span:
        """From the start of the earlier entity to the end of the later one, in words."""
        e1, e2 = self.e1.words, self.e2.words
        return Span(min(e1.start, e2.start), max(e1.end, e2.end))

    @property
    def n_words(self) -> int:
        """How many words a window needs to hold both."""
        return self.extent.end - self.extent.start


@dataclass(frozen=True)
class Window:
    """A pair and the words of its text that the network sees."""

    pair: Pair
    words: Span

    @property
    def n_words(self) -> int:
        """How many words the network sees."""
        return self.words.end - self.words.start


def candidate_pairs(text: Text, entities: Sequence[Entity], max_length: int) -> list[Pair]:
    """The ordered pairs of entities that a window of max_length words holds, in the order of itertools.permutations.

    Args: entities: of the text, in reading order and apart.
    """
    edges = np.array([entity.words for entity in entities], np.int64).reshape(-1, 2)
    e1, e2 = ordered_pairs(np.zeros(len(edges), np.int64), edges[:, 0], edges[:, 1], max_length)
    return [Pair(text, entities[one], entities[other]) for one, other in zip(e1.tolist(), e2.tolist(), strict=True)]


def windows_around(pairs: Sequence[Pair], max_length: int) -> list[Window]:
    """A window a pair, of at most max_length words, with the pair in its middle as far as the text reaches."""
    extents = np.array([pair.extent for pair in pairs], np.int64).reshape(-1, 2)
    n_words = np.array([len(pair.text.words) for pair in pairs], np.int64)
    starts, ends = positions.windows(n_words, extents[:, 0], extents[:, 1], max_length)
    return [Window(pair, Span(start, end)) for pair, start, end in zip(pairs, starts.tolist(), ends.tolist(), strict=True)]


def inputs(windows: Sequence[Window], max_distance: int) -> Batch:
    """What networks read, as batches.Examples makes it of rows.

    Returns: words (B, T, H) float16; e1_position_ids, e2_position_ids and shape_ids (B, T) int32; 0 where padded.
    """
    lengths = np.array([window.n_words for window in windows], np.int64)
    real = np.arange(lengths.max()) < lengths[:, None]  # (B, T)
    vectors = np.concatenate([window.pair.text.vectors[slice(*window.words)] for window in windows])
    words = np.zeros((*real.shape, vectors.shape[1]), np.float16)
    words[real] = vectors
    shapes = np.zeros(real.shape, np.int32)
    shapes[real] = [shape_id(word) for window in windows for word in window.pair.text.words[slice(*window.words)]]
    starts = np.array([window.words.start for window in windows], np.int64)[:, None]
    e1 = np.array([window.pair.e1.words for window in windows], np.int64) - starts
    e2 = np.array([window.pair.e2.words for window in windows], np.int64) - starts
    return {
        "words": words,
        "e1_position_ids": _position_ids(e1, real, max_distance),
        "e2_position_ids": _position_ids(e2, real, max_distance),
        SHAPE_IDS: shapes,
    }


def _position_ids(spans: Ints, real: Bools, max_distance: int) -> NDArray[np.int32]:
    """The (B, T) ids of words' distances to an entity.

    Args: spans: (B, 2) start and end of the entity within its window; real: (B, T) where the window has words.
    """
    distances = positions.relative_positions(real.sum(axis=1), spans[:, 0], spans[:, 1], max_distance)
    ids = np.full(real.shape, positions.PADDING_ID, np.int32)
    ids[real] = positions.position_ids(distances, max_distance)
    return ids
