"""Pairs of entities and the windows that the network sees them in: which pairs are asked about, and the inputs of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.core import positions
from pipeline.core.arrays import Bools, Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.candidates import ordered_pairs
from pipeline.model.batches import Batch
from pipeline.model.config import SHAPE_IDS
from pipeline.model.shapes import shape_id
from pipeline.prediction.texts import Text
from pipeline.prediction.types import SOURCE, SPLIT_IT, Entity

MOST_PAIRS = 100_000  # of a sentence: what has more than a thousand entities is a table, or made to keep a server busy


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


@dataclass(frozen=True)
class Candidates:
    """Ordered pairs of entities of a text, each built when it is come to: those of a long text would take all memory.

    Args: e1, e2: (P,) the indices of both entities.
    """

    text: Text
    entities: Sequence[Entity]
    e1: Ints
    e2: Ints

    def __len__(self) -> int:
        return len(self.e1)

    def __iter__(self) -> Iterator[Pair]:
        for one, other in zip(self.e1, self.e2, strict=True):
            yield Pair(self.text, self.entities[one], self.entities[other])

    def of_types(self, pairs: Collection[tuple[str | None, ...]] | None) -> Candidates:
        """Those whose types, of e1 and e2, are among these; all of them for None."""
        if pairs is None:
            return self
        types = [entity.type for entity in self.entities]
        is_among = np.array([(types[e1], types[e2]) in pairs for e1, e2 in zip(self.e1, self.e2, strict=True)], bool)
        return replace(self, e1=self.e1[is_among], e2=self.e2[is_among])

    def too_many(self) -> Problem | None:
        """What is said of a text of which no relation is looked for, if so."""
        found = f"a sentence has {len(self):,} ordered pairs of entities that could be related, more than {MOST_PAIRS:,}"
        return Problem(found, SPLIT_IT, source=SOURCE) if len(self) > MOST_PAIRS else None


def candidate_pairs(text: Text, entities: Sequence[Entity], max_length: int) -> Candidates:
    """The ordered pairs of entities that a window of max_length words holds, in the order of itertools.permutations.

    Args: entities: of the text, in reading order and apart.
    """
    edges = np.array([entity.words for entity in entities], np.int64).reshape(-1, 2)
    return Candidates(text, entities, *ordered_pairs(np.zeros(len(edges), np.int64), edges[:, 0], edges[:, 1], max_length))


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
