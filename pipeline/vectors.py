"""Word vectors of sentences: pieces through the encoder, pooled to words.

A sentence past the encoder's limit runs as overlapping strides; a word without pieces (control characters) has the zero vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline import pieces, ragged
from pipeline.backend import Encode
from pipeline.encoder import Description
from pipeline.pieces import Pieces
from pipeline.prefetch import prefetch
from pipeline.ragged import Ints

Floats = NDArray[np.float32]
Vectors = NDArray[np.float16]


def pool(hidden: Floats, words: NDArray[np.int32], n_words: int, pooling: str) -> Floats:
    """Vectors of words from those of their pieces.

    Args: hidden: (P, H); words: (P,) the word of each piece, ascending; pooling: mean or first.
    Returns: (n_words, H) float32, zeros for a word without pieces.

    >>> pool(np.array([[1.0], [3.0], [5.0]], np.float32), np.array([0, 0, 2]), 3, "mean").tolist()
    [[2.0], [0.0], [5.0]]
    """
    firsts = np.flatnonzero(np.diff(words, prepend=-1))
    if len(firsts) == n_words == len(words):
        return hidden
    vectors = np.zeros((n_words, hidden.shape[1]), np.float32)
    if len(firsts) and pooling == "first":
        vectors[words[firsts]] = hidden[firsts]
    elif len(firsts):
        counts = np.diff(firsts, append=len(words))[:, None].astype(np.float32)
        vectors[words[firsts]] = np.add.reduceat(hidden, firsts, axis=0) / counts
    return vectors


@dataclass(frozen=True)
class WordEncoder:
    """An encoder ready to run: piece ids in, word vectors out."""

    encode: Encode
    description: Description
    pooling: str
    batch_pieces: int

    @property
    def limit(self) -> int:
        """The most pieces of a sentence that fit beside the special ones."""
        return self.description.max_pieces - len(self.description.prefix_ids) - len(self.description.suffix_ids)

    def batches(self, sentences: Pieces) -> Iterator[tuple[Ints, Vectors]]:
        """Word vectors of N sentences, a batch at a time, short sentences first.

        Yields: (B,) the sentences of the batch, and the (words of all B, H) float16 vectors end to end.
        """
        for rows, hidden in prefetch(self._infer(sentences)):
            length = len(hidden) // len(rows)
            n_words = sentences.n_words[rows]
            # The words of the batch's sentences are numbered on, so that the whole batch is pooled at once.
            words = sentences.words[sentences.starts[rows][:, None] + np.arange(length)] + ragged.starts(n_words)[:-1, None]
            yield rows, pool(hidden, words.reshape(-1), int(n_words.sum()), self.pooling).astype(np.float16)

    def _infer(self, sentences: Pieces) -> Iterator[tuple[Ints, Floats]]:
        for length, rows in pieces.batches(np.diff(sentences.starts), self.limit, self.batch_pieces):
            if length > self.limit:
                yield rows, self._long(sentences, int(rows[0]))
            else:
                ids = sentences.ids[sentences.starts[rows][:, None] + np.arange(length)]
                yield rows, self._hidden(ids)

    def _long(self, sentences: Pieces, row: int) -> Floats:
        """(P, H) of a sentence past the limit."""
        ids, words = sentences.of(row)
        strides = pieces.strides(words, self.limit)
        hidden = self._hidden(np.stack([ids[stride.start : stride.end] for stride in strides]))
        by_stride = hidden.reshape(len(strides), self.limit, -1)
        kept = [part[s.keep_start - s.start : s.keep_end - s.start] for part, s in zip(by_stride, strides, strict=True)]
        return np.concatenate(kept)

    def _hidden(self, ids: NDArray[np.int32]) -> Floats:
        """(B * P, H) of (B, P) ids, the special pieces added for the encoder and their vectors taken off."""
        prefix, suffix = self.description.prefix_ids, self.description.suffix_ids
        framed = np.pad(ids, ((0, 0), (len(prefix), len(suffix))))
        framed[:, : len(prefix)] = prefix
        framed[:, framed.shape[1] - len(suffix) :] = suffix
        hidden = self.encode(np.ascontiguousarray(framed, np.int32))
        return hidden[:, len(prefix) : len(prefix) + ids.shape[1]].reshape(-1, hidden.shape[2])
