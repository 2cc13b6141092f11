"""Which words a tokenizer makes of nothing but its piece for the unknown (known_words.py has what is told of them)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tokenizers import Tokenizer
from tokenizers.models import Unigram

from pipeline.core import ragged
from pipeline.encoding import pieces
from pipeline.encoding.known_words import N_EXAMPLES, KnownWords

BATCH_SENTENCES, SENTENCE_WORDS = 128, 64  # distinct words are tokenized as if they were sentences


def count_words(tokenizer: Tokenizer, sentences: Iterable[pa.ListArray]) -> KnownWords:
    """Count the words of sentences, and those that are unknown; each distinct word is tokenized once.

    Args: sentences: some at a time, list<string>.
    Raises: InputError where the tokenizer fails on them.
    """
    counts: Counter[str] = Counter()
    for some in sentences:
        distinct, n_times = pc.value_counts(some.flatten()).flatten()
        for word, count in zip(distinct.to_pylist(), n_times.to_pylist(), strict=True):
            counts[word] += count
    unknown = Counter({word: counts[word] for word in unknown_words(tokenizer, list(counts))})
    examples = tuple(word for word, _ in unknown.most_common(N_EXAMPLES))
    return KnownWords(counts.total(), unknown.total(), examples)


def unknown_words(tokenizer: Tokenizer, words: list[str]) -> Iterator[str]:
    """Those of some words that have pieces, and all of them the one for the unknown; none where the tokenizer has no such piece."""
    unknown_id = _unknown_id(tokenizer)
    size = BATCH_SENTENCES * SENTENCE_WORDS
    for start in range(0, len(words) if unknown_id is not None else 0, size):
        batch = words[start : start + size]
        of_batch = pieces.split_words(
            tokenizer, [batch[first : first + SENTENCE_WORDS] for first in range(0, len(batch), SENTENCE_WORDS)]
        )
        of_word = of_batch.words + np.repeat(ragged.offsets(of_batch.n_words)[:-1], np.diff(of_batch.starts))
        n_pieces = np.bincount(of_word, minlength=len(batch))
        n_unknown = np.bincount(of_word[of_batch.ids == unknown_id], minlength=len(batch))
        yield from (batch[word] for word in np.flatnonzero((n_pieces > 0) & (n_pieces == n_unknown)))


def _unknown_id(tokenizer: Tokenizer) -> int | None:
    """The id of the piece for the unknown, if there is one; Unigram alone tells it in its JSON alone."""
    if isinstance(tokenizer.model, Unigram):
        number: int | None = json.loads(tokenizer.to_str())["model"]["unk_id"]
        return number
    piece = tokenizer.model.unk_token
    return None if piece is None else tokenizer.token_to_id(piece)
