"""A predictor without a model, for the tests of what is around one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.sentences import segmenter_of
from pipeline.corpus.words import Tokenizer, load_tokenizer
from pipeline.prediction.types import Entity, Prediction, Relation, Sentence, tags_to_entities


@cache
def english() -> Tokenizer:
    return load_tokenizer("en", "char")


class StandIn:
    """A predictor that knows blanks alone; where nothing is marked it finds the capitalised words, which it is sure of by half."""

    version = "stand-in-1"

    def __init__(self) -> None:
        self.tokenize = english()
        self.segment = segmenter_of(self.tokenize)
        self.before_batch: Callable[[], None] = lambda: None

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        return [self._answer(sentence) for sentence in sentences]

    def _answer(self, sentence: Sentence) -> Prediction | Problem:
        words = sentence.text.split()
        starts = [sum(len(word) + 1 for word in words[:n]) for n in range(len(words))]
        characters = [Span(start, start + len(word)) for start, word in zip(starts, words, strict=True)]
        tags = tuple("B" if word.istitle() else "O" for word in words)
        if "refuse" in words:
            return Problem("a word is refused", "leave it out", source="sentence")
        entities = tuple(replace(each, probability=0.5) for each in tags_to_entities(tags, sentence.text, characters))
        pairs = [(e1, e2) for e1 in entities for e2 in entities if e1 != e2]
        if sentence.entities:
            spans = [
                [n for n, span in enumerate(characters) if span.start < e.end and e.start < span.end] for e in sentence.entities
            ]
            e1, e2 = (Entity.of(Span(ids[0], ids[-1] + 1), sentence.text, characters) for ids in spans)
            pairs = [(e1, e2)]
        relations = tuple(Relation(*pair, {"Other": 0.25, "Uses(e2,e1)": 0.75}) for pair in pairs)
        return Prediction(sentence, tuple(words), tags, entities, relations, len(relations), negative_label="Other")
