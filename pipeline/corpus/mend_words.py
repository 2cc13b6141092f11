"""What of a document's words and text a format may not hold, and the document without it; words for a text that has none.

What finds gives a number; what mends gives a new document.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, join_words
from pipeline.corpus.words import Tokenizer, cut

LINE_ENDS = str.maketrans("\t\n\r", "   ")
UNFIT = re.compile(r"\A\s|\s\Z|[\t\n\r]")


def n_with_lines(document: Document) -> int:
    """1 where the text has a tab or a line end."""
    return int(document.text != document.text.translate(LINE_ENDS))


def without_lines(document: Document) -> Document:
    """The document with a blank for each tab and line end, so that all offsets stay."""
    return replace(document, text=document.text.translate(LINE_ENDS))


def is_wordless(document: Document) -> int:
    """1 where there is no word."""
    return int(not document.text.strip() or document.words == ())


def has_no_words(document: Document) -> int:
    """1 where words are not given."""
    return int(document.words is None)


def with_words(tokenize: Tokenizer) -> Callable[[Document], Document]:
    """Give a text spaCy's words, cut where entities and sentences begin and end; white space makes no word."""

    def mend(document: Document) -> Document:
        tokens = [Span(token.idx, token.idx + len(token)) for token in tokenize(document.text)]
        words = [word for word in _cut(tokens, _edges(document)) if not document.text[slice(*word)].isspace()]
        return replace(document, words=tuple(words))

    return mend


def _edges(document: Document) -> set[int]:
    """Every place where an entity or a sentence begins or ends."""
    spans = [*(document.sentences or ()), *(span for entity in document.entities for span in entity.spans)]
    return {edge for span in spans for edge in span}


def _inner_edges(document: Document) -> set[int]:
    """The edges that lie inside a word."""
    words = document.words or ()
    starts = [word.start for word in words]
    edges = _edges(document) - {edge for word in words for edge in word}
    return {edge for edge in edges if (place := bisect_left(starts, edge)) and edge < words[place - 1].end}


def _cut(words: Sequence[Span], edges: set[int]) -> Sequence[Span]:
    if not words or not edges:
        return words
    word_starts, word_ends = np.array(words, np.int64).T
    starts, ends = cut(word_starts, word_ends, np.array(sorted(edges), np.int64))
    return [Span(*word) for word in zip(starts.tolist(), ends.tolist(), strict=True)]


def n_cut(document: Document) -> int:
    """Edges of entities and sentences inside a word."""
    return len(_inner_edges(document))


def with_words_cut(document: Document) -> Document:
    """The document with its words cut at these edges."""
    return replace(document, words=tuple(_cut(document.words or (), _inner_edges(document))))


def n_unfit(document: Document) -> int:
    """Words that are blank, or have white space at their ends or a tab or a line end in them."""
    return sum(not word or bool(UNFIT.search(word)) for word in _texts(document))


def with_fit_words(document: Document) -> Document:
    """The document with these words split at their white space."""
    return replace(document, words=tuple(_fit_words(document)))


def _fit_words(document: Document) -> Iterator[Span]:
    for start, end in document.words or ():
        word = document.text[start:end]
        if UNFIT.search(word):
            yield from (Span(start + match.start(), start + match.end()) for match in re.finditer(r"\S+", word))
        elif word:
            yield Span(start, end)


def is_joined(document: Document) -> bool:
    """Whether the text is words with a blank between."""
    return document.words is not None and (document.text, document.words) == join_words(_texts(document))


def _texts(document: Document) -> list[str]:
    return [document.text[start:end] for start, end in document.words or ()]


def joined(document: Document) -> Document:
    """The document whose text is its words with a blank between.

    Raises: ValueError where an entity has no word.
    """
    text, words = join_words(_texts(document))
    starts, ends = [word.start for word in document.words or ()], [word.end for word in document.words or ()]

    def moved(span: Span) -> Span | None:
        first, after = bisect_left(starts, span.start), bisect_right(ends, span.end)
        return Span(words[first].start, words[after - 1].end) if first < after else None

    entities = []
    for entity in document.entities:
        spans = tuple(span for span in map(moved, entity.spans) if span)
        if not spans:
            raise ValueError(f"{document.source}: entity {entity.id} of document {document.id} has no word")
        entities.append(replace(entity, spans=spans))
    sentences = None if document.sentences is None else tuple(span for span in map(moved, document.sentences) if span)
    return replace(document, text=text, words=words, entities=tuple(entities), sentences=sentences)


def without_words(document: Document) -> Document:
    """The document as text alone."""
    return replace(document, words=None)


def n_sentences(document: Document) -> int:
    """Sentences where there are several."""
    return len(document.sentences or ()) if len(document.sentences or ()) > 1 else 0


def is_single(document: Document) -> int:
    """1 where the document is said to be one sentence."""
    return int(document.sentences is not None and len(document.sentences) <= 1)


def without_sentences(document: Document) -> Document:
    """The document as one stretch."""
    return replace(document, sentences=None)
