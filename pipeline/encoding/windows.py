"""The unit of work of embedding: a window of new sentences and an encoder -> complete shards of the store.

A window's shards hold its sentences alone and depend on nothing but these, the encoder and the sizes of batch and shard. So a
window may be done anywhere and any number of times: where the encoder computes the same bits, it gives the same files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipeline.core import params, ragged
from pipeline.core.arrays import Ints, Vectors
from pipeline.core.errors import InputError
from pipeline.encoding import pieces, store
from pipeline.encoding.pieces import Pieces
from pipeline.encoding.word_vectors import WordEncoder, word_vectors

# New sentences are sorted by length within windows, so that few are in memory and yet batches of one length are full; and are
# tokenized in chunks of a window, small enough that inference starts at once.
WINDOW_SENTENCES = 16_384
CHUNK_SENTENCES = 2_048
INFINITE = 0x7C00  # the exponent bits of a float16, all set: infinity, or no number


@dataclass(frozen=True)
class Window:
    """Sentences that are embedded together."""

    keys: pa.Array  # (N,) binary(16), as the store finds them
    words: pa.ListArray  # (N,) list<string>


@dataclass(frozen=True)
class Embedded:
    """Sentences and the vectors of their words."""

    keys: pa.Array  # (N,)
    n_words: Ints  # (N,)
    vectors: Vectors  # (sum of n_words, H), end to end


def windows(batches: Iterable[pa.ListArray], keys: pa.Array, new: Ints) -> Iterator[Window]:
    """The new sentences in order, whole batches' of them together in windows of about one size, as few as WINDOW_SENTENCES allows.

    Of one size, so that two workers with two windows end at once.

    Args: batches: all sentences in order, some at a time; keys: (N,) theirs; new: (M,) the numbers of those wanted, ascending.
    """
    n_windows = max(1, -(-len(new) // WINDOW_SENTENCES))
    held: list[Window] = []
    for part in _new_of_each(batches, keys, new):
        held.append(part)
        if sum(len(part.keys) for part in held) >= len(new) / n_windows:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _new_of_each(batches: Iterable[pa.ListArray], keys: pa.Array, new: Ints) -> Iterator[Window]:
    """The new sentences of every batch that has some."""
    first = 0  # the number of the batch's first sentence
    for words in batches:
        start, end = np.searchsorted(new, [first, first + len(words)])
        if start < end:
            numbers = new[start:end]
            yield Window(keys.take(pa.array(numbers)), words.take(pa.array(numbers - first)))
        first += len(words)


def _joined(parts: list[Window]) -> Window:
    return Window(pa.concat_arrays([part.keys for part in parts]), pa.concat_arrays([part.words for part in parts]))


def embed_window(window: Window, encoder: WordEncoder, tokenizer: Tokenizer) -> Iterator[Embedded]:
    """A window's sentences with their vectors, a batch at a time, the same batches in the same order for the same arguments."""
    for rows, n_words, vectors in word_vectors(encoder, chunks(window.words, tokenizer)):
        if (vectors.view(np.uint16) & INFINITE).max(initial=0) == INFINITE:
            found = "the encoder gives values that float16 cannot hold, or no numbers"
            place = params.place("encoder", "layers")
            raise InputError.of(place, found, "take other encoder.layers, embed.precision float32, or another encoder")
        yield Embedded(window.keys.take(pa.array(rows)), n_words, vectors)


def chunks(words: pa.ListArray, tokenizer: Tokenizer) -> Iterator[tuple[Ints, Pieces]]:
    """Sentences by length, CHUNK_SENTENCES at a time.

    Args: words: (N,) list<string>.
    Yields: a chunk's (C,) places among the N, and its pieces.
    """
    order = np.argsort(ragged.lengths(words), kind="stable")
    for start in range(0, len(order), CHUNK_SENTENCES):
        rows = order[start : start + CHUNK_SENTENCES]
        yield rows, pieces.split_words(tokenizer, words.take(pa.array(rows)).to_pylist())


def write_shards(folder: Path, fingerprint: str, batches: Iterable[Embedded], shard_words: int) -> Iterator[int]:
    """Gather a window's batches into shards of at least shard_words words, the last one of what is left.

    Yields: the number of sentences of each batch taken in.
    """
    held: list[Embedded] = []
    n_held = 0
    for batch in batches:
        held.append(batch)
        n_held += len(batch.vectors)
        if n_held >= shard_words:
            _write_shard(folder, fingerprint, held)
            held, n_held = [], 0
        yield len(batch.keys)
    if held:
        _write_shard(folder, fingerprint, held)


def _write_shard(folder: Path, fingerprint: str, batches: list[Embedded]) -> None:
    keys = pa.concat_arrays([batch.keys for batch in batches])
    n_words = np.concatenate([batch.n_words for batch in batches])
    store.write_shard(folder, fingerprint, keys, n_words, np.concatenate([batch.vectors for batch in batches]))
