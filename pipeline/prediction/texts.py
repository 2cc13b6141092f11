"""Sentences as the network knows them: split into words and encoded, as the stages did it with what the model was trained on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.core import ragged
from pipeline.core.arrays import Floats, Vectors
from pipeline.core.schema import Span
from pipeline.corpus.words import find_words, load_tokenizer
from pipeline.encoding import pieces
from pipeline.encoding.inference import Ids
from pipeline.encoding.word_vectors import word_vectors
from pipeline.model.manifest import SavedModel
from pipeline.prediction import trained_encoder
from pipeline.prediction.types import Entity, Sentence, tags_to_entities

NOT_MARKED = (Span(0, 0), Span(0, 0))


@dataclass(frozen=True)
class Text:
    """A sentence with its T words and their vectors."""

    sentence: Sentence
    words: tuple[str, ...]
    characters: tuple[Span, ...]  # of each word
    marked: tuple[Entity, Entity] | None  # e1 and e2
    vectors: Vectors  # (T, H)

    def entity(self, words: Span) -> Entity:
        """The entity of a span of words."""
        return Entity.of(words, self.sentence.text, self.characters)

    def entities(self, tags: Sequence[str]) -> tuple[Entity, ...]:
        """The entities of (T,) names of BIO tags."""
        return tuple(tags_to_entities(tags, self.sentence.text, self.characters))


class TextEncoder:
    """Makes texts of sentences, with a model's encoder and tokenizers."""

    def __init__(self, folder: Path, model: SavedModel, threads: int | None = None) -> None:
        """Load the encoder from its folder, and the tokenizers.

        Args: threads: of this process, all if None.
        Raises: InputError where a file is missing or damaged, or the encoder is not the one that the model was trained on.
        """
        self._encoder = trained_encoder.load(folder, model, threads)
        self._split_pieces = pieces.load_tokenizer(folder, self._encoder.inference.vocabulary)
        self.tokenize = load_tokenizer(model.description.language, model.description.segmenter)

    def encode(self, sentences: Sequence[Sentence], before_batch: Callable[[], None] = lambda: None) -> list[Text]:
        """A text a sentence, in order; its words begin and end where its marked entities do.

        Args: before_batch: called by threads before each batch; may raise.
        """
        if not sentences:
            return []
        edges = np.array([np.ravel(sentence.entities or NOT_MARKED) for sentence in sentences], np.int64)
        given = [each.words for each in sentences]
        words, starts, counts, spans = find_words([each.text for each in sentences], edges, self.tokenize, given)
        characters = [Span(start, start + len(word)) for word, start in zip(words, starts.tolist(), strict=True)]
        bounds = list(itertools.pairwise(ragged.offsets(counts).tolist()))
        vectors = self.vectors([words[start:end] for start, end in bounds], before_batch)
        return [
            _text(sentence, words[start:end], characters[start:end], entity_edges, of_words)
            for sentence, (start, end), entity_edges, of_words in zip(sentences, bounds, spans.tolist(), vectors, strict=True)
        ]

    def vectors(self, sentences: list[list[str]], before_batch: Callable[[], None] = lambda: None) -> list[Vectors]:
        """The (T, H) vectors of each sentence, given as its words."""
        inference = self._encoder.inference

        def encode(ids: Ids) -> Floats:
            before_batch()
            return inference.encode(ids)

        encoder = replace(self._encoder, inference=replace(inference, encode=encode))
        chunk = np.arange(len(sentences)), pieces.split_words(self._split_pieces, sentences)
        by_row: dict[int, Vectors] = {}
        for rows, n_words, vectors in word_vectors(encoder, [chunk]):
            by_row.update(zip(rows.tolist(), np.split(vectors, np.cumsum(n_words)[:-1]), strict=True))
        return [by_row[row] for row in range(len(sentences))]


def _text(sentence: Sentence, words: list[str], characters: list[Span], entity_edges: list[int], vectors: Vectors) -> Text:
    """Args: entity_edges: start and end of e1, then of e2, in words; without meaning where no entities are marked."""
    marked = None
    if sentence.entities:
        start_1, end_1, start_2, end_2 = entity_edges
        e1 = Entity.of(Span(start_1, end_1), sentence.text, characters)
        e2 = Entity.of(Span(start_2, end_2), sentence.text, characters)
        marked = (e1, e2)
    return Text(sentence, tuple(words), tuple(characters), marked, vectors)
