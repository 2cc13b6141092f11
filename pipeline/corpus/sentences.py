"""The sentences of documents: as the format gives them, else as spaCy's rules find them, none ending inside an entity.

A document of one pair is one sentence, and so is its text: the format chose it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from pipeline.core.arrays import Ints
from pipeline.core.schema import Span
from pipeline.corpus.document import Document
from pipeline.corpus.words import load_tokenizer

Splitter = Callable[[str], Ints]  # text -> where its sentences begin, in characters


def find_sentences(document: Document, split: Splitter) -> tuple[Span, ...]:
    """The sentences of a document, which cover its text from end to end.

    Where a sentence would begin inside a fragment of an entity, it is joined with the one before. Takes time in proportion to the
    text and the entities, but for sorting these.

    Returns: half-open stretches of characters; none of an empty text.
    """
    if document.sentences is not None:
        starts = np.array([sentence.start for sentence in document.sentences], np.int64)
    elif document.complete:
        starts = split(document.text)
    else:
        starts = np.array([], np.int64)
    fragments = np.array([span for entity in document.entities for span in entity.spans], np.int64).reshape(-1, 2)
    later = outside(np.unique(starts)[1:], fragments)  # the first sentence begins with the text
    end = len(document.text)
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


def load_splitter(language: str, segmenter: str) -> Splitter:
    """SpaCy's rules for the ends of sentences: after . ! ? and their like in all scripts, and the marks that close behind these.

    Args: language, segmenter: as words.load_tokenizer takes them.
    Raises: InputError where spaCy doesn't know the language, or a library it needs is not installed.
    """
    from spacy.pipeline import Sentencizer

    tokenize, sentencizer = load_tokenizer(language, segmenter), Sentencizer()

    def split(text: str) -> Ints:
        doc = sentencizer(tokenize(text))
        return np.array([token.idx for token in doc if token.is_sent_start], np.int64)

    return split
