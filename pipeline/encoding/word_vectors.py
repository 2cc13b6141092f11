"""Word vectors of sentences: pieces through the encoder, pooled to words.

A sentence past the encoder's limit runs as overlapping strides; a word without pieces (control characters) has the zero vector.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Floats, Ints, Vectors
from pipeline.core.errors import InputError
from pipeline.core.prefetch import prefetch
from pipeline.core.schema import ENCODER, EncoderDescription, VectorsDescription
from pipeline.encoding import pieces
from pipeline.encoding.inference import BACKENDS, Inference
from pipeline.encoding.pieces import Pieces

# The speed is tried on a batch of few pieces: a full one would take a good part of a small corpus' time.
PROBED_PIECES = 512


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


def word_vectors(encoder: WordEncoder, chunks: Iterable[tuple[Ints, Pieces]]) -> Iterator[tuple[Ints, Ints, Vectors]]:
    """Encode chunks of sentences, some batches ahead of what is taken.

    Args: chunks: the sentences' numbers and their pieces.
    Yields: a batch's (B,) sentence numbers, (B,) words a sentence and the (words of all B, H) vectors end to end.
    """

    def run(batch: tuple[Ints, Pieces, Ints]) -> tuple[Ints, Ints, Vectors]:
        numbers, sentences, rows = batch
        return numbers[rows], sentences.n_words[rows], encoder.vectors(sentences, rows)

    batches = (
        (numbers, sentences, rows)
        for numbers, sentences in chunks
        for rows in pieces.batches(np.diff(sentences.starts), encoder.limit, encoder.batch_pieces)
    )
    return prefetch(run, batches, encoder.inference.workers)


@dataclass(frozen=True)
class WordEncoder:
    """An encoder ready to run: pieces in, word vectors out."""

    inference: Inference
    description: EncoderDescription
    pooling: str
    batch_pieces: int

    @classmethod
    def load(cls, folder: Path, vectors: VectorsDescription, batch_pieces: int, threads: int | None = None) -> WordEncoder:
        """The encoder of a folder that was opened and so verified.

        Args: vectors: how they are to be made; batch_pieces: word pieces a batch; threads: of this process, all if None.
        Raises: InputError where it does not load, or is not what the description tells.
        """
        run = BACKENDS[vectors.backend](folder, vectors.precision, threads)
        encoder = cls(run, vectors.encoder, vectors.pooling, batch_pieces)
        special_ids, vocabulary = (*vectors.encoder.prefix_ids, *vectors.encoder.suffix_ids), encoder.inference.vocabulary
        if encoder.limit < 1 or (vocabulary is not None and max(special_ids, default=0) >= vocabulary):
            found = "its description leaves no room for pieces beside the special ones, or these are none of its own"
            raise InputError.of(folder, found, ENCODER.remake)
        encoder.hidden(np.zeros((1, 1), np.int32))
        return encoder

    @property
    def limit(self) -> int:
        """The most pieces of a sentence that fit beside the special ones."""
        return self.description.max_pieces - len(self.description.prefix_ids) - len(self.description.suffix_ids)

    def vectors(self, sentences: Pieces, rows: Ints) -> Vectors:
        """The (words of all B, H) float16 vectors of (B,) sentences of one length in pieces, end to end."""
        places = sentences.starts[rows][:, None] + np.arange(sentences.starts[rows[0] + 1] - sentences.starts[rows[0]])
        ids = sentences.ids[places]
        hidden = self._long(ids[0], sentences.words[places[0]]) if ids.shape[1] > self.limit else self.hidden(ids)
        n_words = sentences.n_words[rows]
        # The words of the batch's sentences are numbered on, so that the whole batch is pooled at once.
        words = sentences.words[places] + ragged.offsets(n_words)[:-1, None]
        return pool(hidden, words.reshape(-1), int(n_words.sum()), self.pooling).astype(np.float16)

    def hidden(self, ids: NDArray[np.int32]) -> Floats:
        """(B * P, H) of (B, P) ids, the special pieces added for the encoder and their vectors taken off.

        Raises: InputError where the encoder gives vectors of another shape.
        """
        prefix, suffix = self.description.prefix_ids, self.description.suffix_ids
        framed = np.pad(ids, ((0, 0), (len(prefix), len(suffix))))
        framed[:, : len(prefix)] = prefix
        framed[:, framed.shape[1] - len(suffix) :] = suffix
        hidden = self.inference.encode(np.ascontiguousarray(framed, np.int32))
        if hidden.shape != (*framed.shape, self.description.width):
            found = f"encoder {self.description.name} gives vectors {hidden.shape}, not {(*framed.shape, self.description.width)}"
            raise InputError.of("encoder", found, ENCODER.remake)
        return hidden[:, len(prefix) : len(prefix) + ids.shape[1]].reshape(-1, hidden.shape[2])

    def _long(self, ids: NDArray[np.int32], words: NDArray[np.int32]) -> Floats:
        """(P, H) of a sentence past the limit.

        Args: ids: (P,); words: (P,) the word of each piece.
        """
        strides = pieces.strides(words, self.limit)
        size = max(1, self.batch_pieces // self.limit)
        kept = []
        for start in range(0, len(strides), size):
            batch = strides[start : start + size]
            hidden = self.hidden(np.stack([ids[stride.start : stride.end] for stride in batch]))
            by_stride = hidden.reshape(len(batch), self.limit, -1)
            kept += [part[s.keep_start - s.start : s.keep_end - s.start] for part, s in zip(by_stride, batch, strict=True)]
        return np.concatenate(kept)


def expected_seconds(encoder: WordEncoder, sample: Pieces, n_sentences: int) -> float:
    """The inference of n_sentences like those of a sample, from the speed of a batch of the sample's median length."""
    n_pieces = np.diff(sample.starts)
    length = int(np.clip(np.median(n_pieces), 1, encoder.limit))
    batch = np.resize(sample.ids, (max(1, min(encoder.batch_pieces, PROBED_PIECES) // length), length))
    workers = encoder.inference.workers
    list(prefetch(encoder.hidden, [batch] * workers, workers))  # the first batch of a shape makes its kernels
    began = time.perf_counter()
    list(prefetch(encoder.hidden, [batch] * workers, workers))
    return (time.perf_counter() - began) / (workers * batch.size) * float(n_pieces.mean()) * n_sentences
