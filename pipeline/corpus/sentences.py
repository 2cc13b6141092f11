"""The sentences and words of documents: as the format gives them, else as spaCy's rules find them.

No sentence ends inside an entity.

A document of one pair is one sentence, and so is its text: the format chose it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress, pairwise
from operator import add
from typing import Any, NamedTuple

import numpy as np

from pipeline.core.arrays import Ints
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, is_of_tokens
from pipeline.corpus.words import Stretches, Tokenizer, cut


class Segments(NamedTuple):
    """The words of a text in order, half-open, and where its sentences begin, all in characters."""

    words: Stretches
    starts: Sequence[int]


Segmenter = Callable[[str], Segments]


class Segmented(NamedTuple):
    """The sentences of a document, half-open and from end to end of its text, and its words, None where they are split later."""

    sentences: tuple[Span, ...]
    words: Stretches | None


def segment(document: Document, find_segments: Segmenter) -> Segmented:
    """Split a document into sentences and words, each as the format gives them, else as spaCy finds them.

    Tokens without a text of their own and without sentences are one sentence: formats of tokens have a sentence a document. A
    document of one pair gets no words but those that its format gives: many of them are split at once, by words.find_words. The
    others are cut where their entities begin and end, so that all pairs of a sentence have the same words.
    """
    words: Stretches | None = document.words
    starts: Sequence[int] | None = None if document.sentences is None else [start for start, _ in document.sentences]
    if document.complete and (words is None or (starts is None and not is_of_tokens(document))):
        found = find_segments(document.text)
        words = found.words if words is None else words
        starts = found.starts if starts is None else starts
    if document.complete and words:
        text = document.text
        words = [(start, end) for start, end in _cut_at_entities(document, words) if text[start:end].strip()]
    return Segmented(find_sentences(document, starts or ()), words)


def _cut_at_entities(document: Document, words: Stretches) -> Stretches:
    """The words, cut where an entity begins or ends inside one; most documents have none to cut."""
    edges = [edge for entity in document.entities for span in entity.spans for edge in span]
    before = [words[max(bisect_left(words, (edge,)) - 1, 0)] for edge in edges]  # the last that begins left of it
    if not any(start < edge < end for edge, (start, end) in zip(edges, before, strict=True)):
        return words
    old_starts, old_ends = np.array(words, np.int64).T
    starts, ends = cut(old_starts, old_ends, np.array(edges, np.int64))
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def find_sentences(document: Document, starts: Sequence[int]) -> tuple[Span, ...]:
    """The sentences of a document, which cover its text from end to end.

    Where a sentence would begin inside a fragment of an entity, it is joined with the one before. Takes time in proportion to the
    text and the entities, but for sorting these.

    Args: starts: where the sentences begin, in characters; the first begins with the text, wherever it is said to begin.
    Returns: half-open stretches of characters; none of an empty text.
    """
    end = len(document.text)
    if len(starts) < 2:
        return (Span(0, end),) if end else ()
    fragments = np.array([span for entity in document.entities for span in entity.spans], np.int64).reshape(-1, 2)
    later = outside(np.unique(np.array(starts, np.int64))[1:], fragments)
    edges = [0, *later[later < end].tolist(), end]
    return tuple(Span(*edge) for edge in pairwise(edges)) if end else ()


def outside(places: Ints, fragments: Ints) -> Ints:
    """The places that are not inside a fragment; its two ends are not inside.

    Args: places: in characters; fragments: (F, 2) start and end of each, in any order; they may nest and overlap.

    >>> outside(np.array([0, 3, 5, 8]), np.array([[4, 6], [0, 3]])).tolist()
    [0, 3, 8]
    """
    if not len(fragments):
        return places
    starts, ends = fragments[np.argsort(fragments[:, 0])].T
    reach = np.concatenate([[0], np.maximum.accumulate(ends)])  # how far the fragments before each one go
    return places[reach[np.searchsorted(starts, places)] <= places]


def segmenter_of(tokenize: Tokenizer) -> Segmenter:
    """The tokens of a tokenizer, and spaCy's rules for the ends of sentences.

    A sentence ends after . ! ? and their like in all scripts, and the marks that close behind these.
    """
    from spacy.attrs import IDX, LENGTH, SENT_START

    @cache
    def load_sentencizer() -> Any:
        from spacy.pipeline import Sentencizer  # takes a third of a second, and formats of one pair do without

        return Sentencizer()

    def find_segments(text: str) -> Segments:
        tokens, sentencizer = tokenize(text), load_sentencizer()
        starts, lengths = tokens.to_array([IDX, LENGTH]).T.tolist()
        words = list(zip(starts, map(add, starts, lengths), strict=True))
        if sentencizer.punct_chars.isdisjoint(text[:-1]):  # nothing ends a sentence before the text does
            return Segments(words, starts[:1])
        begins = sentencizer(tokens).to_array([SENT_START]).ravel()
        return Segments(words, list(compress(starts, begins == 1)))

    return find_segments
