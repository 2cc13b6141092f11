"""The words of annotated sentences: spaCy's tokens, cut where an entity begins or ends inside one.

With the cuts, markers glued to letters or hyphens stay exact. White space makes no word.
"""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Callable
from itertools import compress
from typing import Any, NamedTuple, cast

import numpy as np

from pipeline.core import ragged
from pipeline.core.errors import InputError
from pipeline.core.ragged import Ints

Tokenizer = Callable[[str], Any]  # text -> spacy.tokens.Doc

# Full, spaCy's cache stops taking chunks of text; at its default of 10,000 SemEval is tokenized at a third of the speed.
CACHED_CHUNKS = 200_000
PKUSEG_MODEL = "spacy_ontonotes"


class Words(NamedTuple):
    """The words of N texts, end to end.

    Shapes: words, starts: (sum of T,), a start is the word's first character in its text; counts: (N,) words a text;
    spans: (N, 4) start and end of e1, then of e2, in words.
    """

    words: list[str]
    starts: Ints
    counts: Ints
    spans: Ints


def find_words(texts: list[str], entities: Ints, tokenize: Tokenizer) -> Words:
    """Split texts into words that begin and end where their entities do.

    Args: entities: (N, 4) start and end of e1, then of e2, in characters; each holds more than white space.
    """
    from spacy.attrs import IDX, LENGTH

    shifts = ragged.starts(np.fromiter(map(len, texts), np.int64))[:-1]
    tokens = [tokenize(text).to_array([IDX, LENGTH]) for text in texts]
    n_tokens = np.fromiter(map(len, tokens), np.int64)
    starts, lengths = np.concatenate(tokens).astype(np.int64).T
    starts = starts + np.repeat(shifts, n_tokens)
    edges = entities + shifts[:, None]
    starts, ends = cut(starts, starts + lengths, edges.ravel())

    joined = "".join(texts)
    words = [joined[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    solid = np.array([not word.isspace() for word in words], bool)
    starts = starts[solid]
    first = np.append(np.searchsorted(starts, shifts), len(starts))
    counts = np.diff(first)
    spans = np.searchsorted(starts, edges) - first[:-1, None]
    return Words(list(compress(words, solid)), starts - np.repeat(shifts, counts), counts, spans)


def cut(starts: Ints, ends: Ints, edges: Ints) -> tuple[Ints, Ints]:
    """Cut tokens [start, end) at every edge that lies inside one.

    >>> starts, ends = cut(np.array([0, 6]), np.array([5, 9]), np.array([2, 6]))
    >>> list(zip(starts.tolist(), ends.tolist()))
    [(0, 2), (2, 5), (6, 9)]
    """
    token = np.searchsorted(starts, edges, side="right") - 1
    inside = (token >= 0) & (starts[token] < edges) & (edges < ends[token])
    cuts = np.unique(edges[inside])
    return np.sort(np.concatenate([starts, cuts])), np.sort(np.concatenate([ends, cuts]))


def load_tokenizer(language: str, segmenter: str) -> Tokenizer:
    """SpaCy's tokenizer of a language.

    Args: segmenter: how Chinese is split; other languages have no choice.
    Raises: InputError where spaCy doesn't know the language, or a library it needs is not installed.
    """
    import spacy

    if language not in (known := _languages()):
        found = f"parse.language is {language!r}, which spaCy does not know"
        raise InputError.of("params.yaml", found, f"use one of: {', '.join(known)}")
    config = {"nlp": {"tokenizer": {"segmenter": segmenter}}} if language == "zh" else {}
    logging.getLogger("jieba").setLevel(logging.WARNING)
    try:
        tokenizer: Any = spacy.blank(language, config=config).tokenizer
        if config and segmenter == "pkuseg":
            tokenizer.initialize(pkuseg_model=PKUSEG_MODEL)
    except ImportError as error:
        wanted = f"parse.segmenter {segmenter}" if config else f"parse.language {language}"
        raise InputError.of("params.yaml", f"{wanted} needs a library that is not installed", str(error)) from None
    except OSError as error:
        hint = "pkuseg fetches its model once: connect, or unpack it on another machine and copy its folder ~/.pkuseg here"
        raise InputError.of("params.yaml", f"parse.segmenter pkuseg has no model {PKUSEG_MODEL} ({error})", hint) from None
    if hasattr(tokenizer, "max_cache_size"):
        tokenizer.max_cache_size = CACHED_CHUNKS
    return cast(Tokenizer, tokenizer)


def _languages() -> list[str]:
    import spacy.lang

    return sorted(module.name for module in pkgutil.iter_modules(spacy.lang.__path__) if module.ispkg)
