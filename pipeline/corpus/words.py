"""The words of annotated sentences: spaCy's tokens, cut where an entity begins or ends inside one.

With the cuts, markers glued to letters or hyphens stay exact. White space makes no word, nor does an empty token.
"""

from __future__ import annotations

import logging
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import compress
from typing import Any, NamedTuple, cast

import numpy as np

from pipeline.core import params, ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError

Tokenizer = Callable[[str], Any]  # text -> spacy.tokens.Doc
Stretches = Sequence[tuple[int, int]]  # half-open, in characters, in order

# Full, spaCy's cache stops taking chunks of text; at its default of 10,000 SemEval is tokenized at a third of the speed.
CACHED_CHUNKS = 200_000
PKUSEG_MODEL = "spacy_ontonotes"
# spaCy's rules take time that grows with the square of a chunk's length where it begins or ends in many of their affixes.
LONGEST_CHUNK = 200
LONG_CHUNK = re.compile(rf"(?<!\S)\S{{{LONGEST_CHUNK + 1},}}")


class Words(NamedTuple):
    """The words of N texts, end to end.

    Shapes: words, starts: (sum of T,), a start is the word's first character in its text; counts: (N,) words a text;
    spans: (N, 4) start and end of e1, then of e2, in words.
    """

    words: list[str]
    starts: Ints
    counts: Ints
    spans: Ints


def find_words(texts: Sequence[str], entities: Ints, tokenize: Tokenizer, given: Sequence[Stretches | None]) -> Words:
    """Split texts into words that begin and end where their entities do.

    The texts are split as one long text, so that all cuts and spans come of a few calls of NumPy.

    Args: entities: (N, 4) start and end of e1, then of e2, in characters; each holds more than white space. given: for each text
        the tokens it has already; None for those that are to be split.
    """
    text_starts = ragged.offsets(np.fromiter(map(len, texts), np.int64))[:-1]
    edges = entities + text_starts[:, None]
    token_starts, token_ends = _tokens(texts, text_starts, tokenize, given)
    cut_starts, cut_ends = cut(token_starts, token_ends, edges.ravel())
    words, word_starts = _without_white_space("".join(texts), cut_starts, cut_ends)

    first_words = np.searchsorted(word_starts, text_starts)
    counts = np.diff(first_words, append=len(words))
    spans = np.searchsorted(word_starts, edges) - first_words[:, None]
    return Words(words, word_starts - np.repeat(text_starts, counts), counts, spans)


def _tokens(texts: Sequence[str], text_starts: Ints, tokenize: Tokenizer, given: Sequence[Stretches | None]) -> tuple[Ints, Ints]:
    """The starts and the ends of all tokens, in characters of the long text.

    Args: text_starts: (N,) where each text begins in the long text.
    """
    from spacy.attrs import IDX, LENGTH

    def split(text: str) -> Ints:
        tokens: Ints = tokenize(text).to_array([IDX, LENGTH]).astype(np.int64)  # a spaCy document would take far more memory
        tokens[:, 1] += tokens[:, 0]
        return tokens

    of_texts = [
        split(text) if words is None else np.array(words, np.int64).reshape(-1, 2) for text, words in zip(texts, given, strict=True)
    ]
    tokens = np.concatenate(of_texts) + np.repeat(text_starts, [len(of_text) for of_text in of_texts])[:, None]
    return tokens[:, 0], tokens[:, 1]


def _without_white_space(text: str, starts: Ints, ends: Ints) -> tuple[list[str], Ints]:
    """The stretches [start, end) of a text that are more than white space, and their starts."""
    stretches = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    is_word = np.array([bool(stretch.strip()) for stretch in stretches], bool)
    return list(compress(stretches, is_word)), starts[is_word]


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


def lazy_tokenizer(language: str, segmenter: str) -> Tokenizer:
    """A tokenizer that is loaded when it is first needed, which takes a second; see load_tokenizer."""
    load = cache(load_tokenizer)

    def tokenize(text: str) -> Any:
        return load(language, segmenter)(text)

    return tokenize


def load_tokenizer(language: str, segmenter: str) -> Tokenizer:
    """SpaCy's tokenizer of a language.

    Args: segmenter: how Chinese is split; other languages have no choice.
    Raises: InputError where spaCy doesn't know the language, or a library it needs is not installed.
    """
    import spacy
    import spacy.tokenizer
    from spacy.attrs import IS_PUNCT

    if language not in (known := _languages()):
        found = f"parse.language is {language!r}, which spaCy does not know"
        raise InputError.of(params.place("parse", "language"), found, f"use one of: {', '.join(known)}")
    config = {"nlp": {"tokenizer": {"segmenter": segmenter}}} if language == "zh" else {}
    logging.getLogger("jieba").setLevel(logging.WARNING)
    try:
        tokenizer: Any = spacy.blank(language, config=config).tokenizer
        if config and segmenter == "pkuseg":
            tokenizer.initialize(pkuseg_model=PKUSEG_MODEL)
    except ImportError as error:
        wanted = f"parse.segmenter {segmenter}" if config else f"parse.language {language}"
        place = params.place("parse", "segmenter" if config else "language")
        raise InputError.of(place, f"{wanted} needs a library that is not installed", str(error)) from None
    except OSError as error:
        hint = "pkuseg fetches its model once: connect, or unpack it on another machine and copy its folder ~/.pkuseg here"
        place = params.place("parse", "segmenter")
        raise InputError.of(place, f"parse.segmenter pkuseg has no model {PKUSEG_MODEL} ({error})", hint) from None
    if isinstance(tokenizer, spacy.tokenizer.Tokenizer):
        tokenizer.max_cache_size = CACHED_CHUNKS
        of_words = tokenizer.vocab.lex_attr_getters  # what spaCy finds out of every new word takes a tenth of parse
        tokenizer.vocab.lex_attr_getters = {IS_PUNCT: of_words[IS_PUNCT]}  # which the ends of sentences need
        return _bounded(tokenizer)
    return cast(Tokenizer, tokenizer)


def _bounded(tokenizer: Any) -> Tokenizer:
    """The tokenizer with long chunks cut, so that its time grows with the length of a text and no faster."""
    from spacy.tokens import Doc

    def tokenize(text: str) -> Any:
        if not LONG_CHUNK.search(text):
            return tokenizer(text)
        tokens = [token for piece in _pieces(text) for token in tokenizer(piece)]
        return Doc(tokenizer.vocab, [token.text for token in tokens], [bool(token.whitespace_) for token in tokens])

    return tokenize


def _pieces(text: str) -> Iterator[str]:
    """A text cut inside its long chunks, after every LONGEST_CHUNK characters of one."""
    cuts = [
        place for chunk in LONG_CHUNK.finditer(text) for place in range(chunk.start() + LONGEST_CHUNK, chunk.end(), LONGEST_CHUNK)
    ]
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        yield text[start:end]


def _languages() -> list[str]:
    import spacy.lang

    return sorted(module.name for module in pkgutil.iter_modules(spacy.lang.__path__) if module.ispkg)
