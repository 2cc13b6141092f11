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
from pipeline.corpus.document import Document, join_words, stripped
from pipeline.corpus.words import Tokenizer, cut

LINE_ENDS = str.maketrans("\t\n\r", "   ")
UNFIT = re.compile(r"\A\s|\s\Z|[\t\n\r]")


def n_with_lines(document: Document) -> int:
    """1 where the text has a tab or a line end."""
    return int(document.text != document.text.translate(LINE_ENDS))


def without_lines(document: Document) -> Document:
    """The document with a blank for each tab and line end, so that all offsets stay."""
    return replace(document, text=document.text.translate(LINE_ENDS))


def n_padded(document: Document) -> int:
    """Entities that begin or end with white space."""
    return sum(given != fit for given, fit in zip(document.entities, trimmed(document).entities, strict=True))


def trimmed(document: Document) -> Document:
    """The document whose entities, each one stretch, begin and end with something else."""
    entities = (replace(each, spans=tuple(stripped(document.text, span) for span in each.spans)) for each in document.entities)
    return replace(document, entities=tuple(entities))


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


def untold(tokenize: Tokenizer) -> Callable[[Document], int]:
    """Whether a document has words that its text does not tell: neither spaCy's nor words with a blank between."""
    make = with_words(tokenize)

    def find(document: Document) -> int:
        return int(document.words is not None and not is_joined(document) and make(document).words != document.words)

    return find


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
    """The document with its words cut where an entity or a sentence begins or ends inside one."""
    return replace(document, words=tuple(_cut(document.words or (), _inner_edges(document))))


def n_blank(document: Document) -> int:
    """Words of white space, or of nothing."""
    return sum(not word.strip() for word in document.tokens)


def without_blank(document: Document) -> Document:
    """The document without words of white space, or of nothing."""
    return replace(document, words=tuple(word for word in document.words or () if document.text[slice(*word)].strip()))


def n_unfit(document: Document) -> int:
    """Words that are blank, or have white space at their ends or a tab or a line end in them."""
    return sum(not word or bool(UNFIT.search(word)) for word in document.tokens)


def with_fit_words(document: Document) -> Document:
    """The document without blank words, and with words of several parts split at their white space."""
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
    return document.words is not None and (document.text, document.words) == join_words(document.tokens)


def joined(document: Document) -> Document:
    """The document whose text is its words with a blank between.

    Raises: ValueError where an entity has no word.
    """
    text, words = join_words(document.tokens)
    return replace(_moved(document, words), text=text, words=words)


def n_loose(document: Document) -> int:
    """Entities and sentences that begin or end with something else than a word."""
    tight = tightened(document)
    pairs = [*zip(document.entities, tight.entities, strict=True)]
    unlike = set(document.sentences or ()) - set(tight.sentences or ())
    return sum(given != moved for given, moved in pairs) + len(unlike)


def tightened(document: Document) -> Document:
    """The document with each fragment and each sentence from its first word to its last one.

    Raises: ValueError where an entity has no word.
    """
    return _moved(document, document.words or ())


def _moved(document: Document, words: Sequence[Span]) -> Document:
    """The document's entities and sentences as the words in them, each at its place in `words`; sentences without words go."""
    given = document.words or ()
    starts, ends = [word.start for word in given], [word.end for word in given]

    def moved(spans: Sequence[Span]) -> tuple[Span, ...]:
        runs = [(bisect_left(starts, start), bisect_right(ends, end)) for start, end in spans]
        return tuple(Span(words[first].start, words[after - 1].end) for first, after in runs if first < after)

    entities = tuple(replace(entity, spans=moved(entity.spans)) for entity in document.entities)
    if empty := [entity.id for entity in entities if not entity.spans]:
        raise ValueError(f"{document.source}: entity {empty[0]} of document {document.id} has no word")
    return replace(document, entities=entities, sentences=None if document.sentences is None else moved(document.sentences))


def n_neighbours(document: Document) -> int:
    """Fragments with nothing but white space between them and the fragment before."""
    return sum(len(entity.spans) - len(_without_gaps(document.text, entity.spans)) for entity in document.entities)


def without_neighbours(document: Document) -> Document:
    """The document whose fragments with nothing but white space between them are one fragment."""
    entities = (replace(entity, spans=_without_gaps(document.text, entity.spans)) for entity in document.entities)
    return replace(document, entities=tuple(entities))


def _without_gaps(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """The fragments of an entity, those with nothing but white space between them as one.

    >>> _without_gaps("New York City", [Span(0, 3), Span(4, 8)])
    (Span(start=0, end=8),)
    """
    runs = [spans[0]]
    for span in spans[1:]:
        if text[runs[-1].end : span.start].strip():
            runs.append(span)
        else:
            runs[-1] = Span(runs[-1].start, span.end)
    return tuple(runs)


def without_words(document: Document) -> Document:
    """The document with its text, and no words."""
    return replace(document, words=None)


def n_sentences(document: Document) -> int:
    """The number of sentences where there are several, else 0."""
    return len(document.sentences or ()) if len(document.sentences or ()) > 1 else 0


def is_single(document: Document) -> int:
    """1 where the document is said to be one sentence."""
    return int(document.sentences is not None and len(document.sentences) <= 1)


def without_sentences(document: Document) -> Document:
    """The document without the borders of its sentences."""
    return replace(document, sentences=None)
