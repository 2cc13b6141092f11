"""Sentences as word pieces: flat ids, the word each piece belongs to, and the strides of sentences past the encoder's limit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER
from pipeline.encoding import untrusted_tokenizer
from pipeline.encoding.description import TOKENIZER


@dataclass(frozen=True)
class Pieces:
    """The pieces of N sentences end to end, without special ones."""

    ids: NDArray[np.int32]  # (all pieces,)
    words: NDArray[np.int32]  # (all pieces,) index of the word within its sentence
    starts: Ints  # (N + 1,) where each sentence begins
    n_words: Ints  # (N,)


def load_tokenizer(folder: Path, vocabulary: int | None = None) -> Tokenizer:
    """The tokenizer of models/encoder; text that spells a special piece ("[SEP]") stays text.

    Args: vocabulary: how many pieces the encoder has vectors of, where that is known.
    Raises: InputError where it is missing or damaged, is made to hurt, or has pieces past the vocabulary, for which OpenVINO
        reads some vector.
    """
    path = folder / TOKENIZER
    tokenizer = untrusted_tokenizer.load(path, ENCODER.remake)
    if vocabulary is not None and (last := max(tokenizer.get_vocab().values(), default=0)) >= vocabulary:
        found = f"the tokenizer has piece ids up to {last}, but the encoder {vocabulary} pieces"
        raise InputError.of(path, found, ENCODER.remake)
    tokenizer.encode_special_tokens = True
    return tokenizer


def split_words(tokenizer: Tokenizer, sentences: list[list[str]]) -> Pieces:
    """The pieces of sentences given as words.

    Raises: InputError where the tokenizer fails on them.
    """
    encodings = untrusted_tokenizer.encode(tokenizer, sentences)
    ids = [np.array(encoding.ids, np.int32) for encoding in encodings]
    words = [np.array(encoding.word_ids, np.int32) for encoding in encodings]
    empty = [np.zeros(0, np.int32)]
    return Pieces(
        np.concatenate(ids + empty),
        np.concatenate(words + empty),
        ragged.offsets(np.array([len(piece_ids) for piece_ids in ids], np.int64)),
        np.array([len(sentence) for sentence in sentences], np.int64),
    )


@dataclass(frozen=True)
class Stride:
    """A run of a long sentence's pieces that the encoder sees at once, and the part of it whose vectors are kept."""

    start: int
    end: int
    keep_start: int
    keep_end: int


def strides(words: NDArray[np.int32], limit: int) -> list[Stride]:
    """Cover a sentence with strides of at most `limit` pieces; a word is kept from the stride that gives it most context.

    Args: words: (P,) the word of each piece.

    >>> strides(np.arange(6), 4)
    [Stride(start=0, end=4, keep_start=0, keep_end=3), Stride(start=2, end=6, keep_start=3, keep_end=6)]
    """
    n_pieces = len(words)
    if n_pieces <= limit:
        return [Stride(0, n_pieces, 0, n_pieces)]
    starts = [*range(0, n_pieces - limit, max(1, limit // 2)), n_pieces - limit]
    begins = np.flatnonzero(np.diff(words)) + 1
    cuts = [0]
    for left, right in itertools.pairwise(starts):
        # Context on both sides is equal in the middle of an overlap; the cut moves from there to where a word begins, if one does.
        middle = max(cuts[-1], (left + limit + right) // 2)
        near = begins[(begins >= max(cuts[-1], right)) & (begins <= left + limit)]
        cuts.append(int(near[np.argmin(np.abs(near - middle))]) if len(near) else middle)
    return [
        Stride(start, start + limit, keep, next_keep)
        for start, keep, next_keep in zip(starts, cuts, [*cuts[1:], n_pieces], strict=True)
    ]


def batches(n_pieces: Ints, limit: int, budget: int) -> Iterator[Ints]:
    """Batches of sentences of one length, short ones first; a sentence past the limit is a batch of its own.

    Args: n_pieces: (N,) pieces a sentence; limit: the encoder's; budget: pieces a batch.
    Yields: (B,) sentences in the order given.

    >>> [rows.tolist() for rows in batches(np.array([3, 2, 3, 9, 3]), 8, 6)]
    [[1], [0, 2], [4], [3]]
    """
    order = np.argsort(n_pieces, kind="stable")
    lengths, firsts = np.unique(n_pieces[order], return_index=True)
    ends = np.append(firsts[1:], len(order))[: len(firsts)]
    for length, first, end in zip(lengths.tolist(), firsts, ends, strict=True):
        rows = order[first:end]
        size = 1 if length > limit else max(1, budget // max(1, length))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
