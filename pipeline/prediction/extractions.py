"""Entities and relations of plain text and whole documents: split into sentences, each answered by itself, put together again.

    [extraction] = extract(predictor, [Document("7", "line 7", "Ann founded Acme. She left it.", (), ())])
    extraction.as_json()    # {"text": ..., "entities": [...], "relations": [...], "message": None}

An entity has an id, its characters, a type where the model's tags have types, and the probability of just these words and this
type; a relation has the ids of its head and tail, and its name without a direction: that is in head and tail. Relations within a
sentence are looked for; a pair of which the model says that it has none is left out. Where the pair in one order and in the other
say the same relation, it is one, with the larger probability; a symmetric relation (`parse.symmetric`) is the same in both orders,
its head the first in reading order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from pipeline.core.errors import Problem
from pipeline.core.labels import parse_label, undirected
from pipeline.core.schema import Span
from pipeline.corpus import document as corpus
from pipeline.corpus.document import Document
from pipeline.corpus.excerpts import Excerpts
from pipeline.corpus.sentences import Segmenter, find_sentences, segment
from pipeline.prediction.types import DIGITS, Prediction, Relation, Sentence, half_of_a_pair, message

BATCH_CHARACTERS = 150_000  # of what is predicted at once: some 1,000 sentences
MOST_TOKENS = 100  # that a format gives as one sentence and that are taken as one: each two entities of a sentence are asked about


class FoundEntity(NamedTuple):
    """A stretch of a document, in characters; the probability is None where the entity was given."""

    id: str
    span: Span
    type: str | None
    probability: float | None


class FoundRelation(NamedTuple):
    """A relation of two entities by their ids; a label with a direction has e1, the head, first."""

    head: str
    tail: str
    label: str
    probability: float


@dataclass(frozen=True)
class Extraction:
    """What a model finds in a document.

    Args: document: without annotation; message: as a Prediction's; least_sure: the pair of the smallest margin, if any was asked
        about, its characters being those of its sentence.
    """

    document: Document
    entities: tuple[FoundEntity, ...]
    relations: tuple[FoundRelation, ...]
    message: str | None
    least_sure: Relation | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The extraction as a JSON object."""
        return {
            "text": self.document.text,
            "entities": [self._entity(entity) for entity in self.entities],
            "relations": [
                {"head": head, "tail": tail, "relation": undirected(label), "probability": round(probability, DIGITS)}
                for head, tail, label, probability in self.relations
            ],
            "message": self.message,
        }

    def _entity(self, entity: FoundEntity) -> dict[str, Any]:
        start, end = entity.span
        shown = {"id": entity.id, "text": self.document.text[start:end], "start": start, "end": end}
        kind = {"type": entity.type} if entity.type else {}
        sure = {} if entity.probability is None else {"probability": round(entity.probability, DIGITS)}
        return shown | kind | sure

    def annotated(self) -> Document:
        """The document with what was found."""
        entities = tuple(corpus.Entity(entity.id, (entity.span,), entity.type) for entity in self.entities)
        relations = tuple(corpus.Relation(head, tail, label) for head, tail, label, _ in self.relations)
        return replace(self.document, entities=entities, relations=relations, complete=True)


class Reader(Protocol):
    """What is needed of a Predictor."""

    segment: Segmenter

    def predict(self, sentences: Sequence[Sentence], /) -> list[Prediction | Problem]:
        """A prediction a sentence, in order."""


class _Part(NamedTuple):
    """A sentence of a document, and where it begins there."""

    start: int
    sentence: Sentence


class _Found(NamedTuple):
    """What is kept of a sentence's prediction, in characters of the document; relations name entities by their places."""

    entities: list[tuple[Span, str | None, float | None]]
    relations: dict[tuple[int, int, str], float]
    n_pairs: int
    n_too_far: int
    n_unknown: int
    sees_entities: bool
    least_sure: Relation | None


def extract(predictor: Reader, documents: Sequence[Document]) -> list[Extraction | Problem]:
    """What a model finds in each document, in order, or why it has no answer. Only what was found is kept of long documents."""
    problems = {row: problem for row, document in enumerate(documents) if (problem := half_of_a_pair(document.text))}
    readable = ((row, document) for row, document in enumerate(documents) if row not in problems)
    parts = ((row, part) for row, document in readable for part in _parts(document, predictor.segment))
    found: list[list[_Found]] = [[] for _ in documents]
    for batch in _batches(parts):
        sentences = list(dict.fromkeys(part.sentence for _, part in batch))  # equal sentences have equal answers
        answers = dict(zip(sentences, predictor.predict(sentences), strict=True))
        for row, part in batch:
            answer = answers[part.sentence]
            if isinstance(answer, Problem):
                problems.setdefault(row, answer)
            else:
                found[row].append(_found(answer, part.start, _places(answer)))
    return [problems.get(row) or _joined(document, found[row]) for row, document in enumerate(documents)]


def of_marked(document: Document, prediction: Prediction) -> Extraction:
    """The marked pair of a sentence as a document's entities, with their relation unless it is the negative label."""
    [relation] = prediction.relations
    return _joined(document, [_found(replace(prediction, entities=(relation.e1, relation.e2)), 0, [(0, 1)])])


def _parts(document: Document, segmenter: Segmenter) -> Iterator[_Part]:
    """The sentences of a document that have a word."""
    segmented = segment(_split(document, segmenter), segmenter)
    excerpts = Excerpts(document, segmented.words, {})
    for part in map(excerpts.of_run, segmented.sentences):
        words = None if part.words is None else tuple(Span(*word) for word in part.words)
        if part.text.strip() and words != ():
            yield _Part(part.start, Sentence(part.text, None, words))


def _split(document: Document, segmenter: Segmenter) -> Document:
    """A document whose tokens are too many for one sentence with the sentences that its text has, of whole tokens."""
    if document.sentences is not None or len(document.words or ()) <= MOST_TOKENS:
        return document
    begins = {start for start, _ in document.words or ()}
    starts = [start for start in segmenter(document.text).starts if start in begins]
    return replace(document, sentences=find_sentences(document, starts))


def _batches(parts: Iterable[tuple[int, _Part]]) -> Iterator[list[tuple[int, _Part]]]:
    """Parts of BATCH_CHARACTERS at most, or a longer one alone."""
    batch: list[tuple[int, _Part]] = []
    n_characters = 0
    for row, part in parts:
        n_characters += len(part.sentence.text)
        if batch and n_characters > BATCH_CHARACTERS:
            yield batch
            batch, n_characters = [], len(part.sentence.text)
        batch.append((row, part))
    if batch:
        yield batch


def _places(prediction: Prediction) -> list[tuple[int, int]]:
    """The places of e1 and e2 of each relation among the entities found."""
    place = {entity.words: number for number, entity in enumerate(prediction.entities or ())}
    return [(place[relation.e1.words], place[relation.e2.words]) for relation in prediction.relations]


def _found(prediction: Prediction, start: int, places: Sequence[tuple[int, int]]) -> _Found:
    """Args: start: of the sentence in its document, in characters; places: of e1 and e2 of each relation among the entities."""
    entities = prediction.entities or ()
    relations: dict[tuple[int, int, str], float] = {}
    for relation, (head, tail) in zip(prediction.relations, places, strict=True):
        if relation.name != prediction.negative_label:
            name, direction = parse_label(relation.name)
            is_second = entities[tail].words < entities[head].words
            is_turned = direction == "e2,e1" or (name in prediction.symmetric and is_second)
            key = (tail, head, f"{name}(e1,e2)" if direction else name) if is_turned else (head, tail, relation.name)
            relations[key] = max(relations.get(key, 0.0), relation.probabilities[relation.name])
    spans = [Span(start + entity.characters.start, start + entity.characters.end) for entity in entities]
    return _Found(
        [(span, entity.type, entity.probability) for span, entity in zip(spans, entities, strict=True)],
        relations,
        prediction.n_pairs,
        prediction.n_too_far,
        prediction.n_unknown,
        prediction.sees_entities,
        _least_sure(prediction.relations),
    )


def _least_sure(relations: Iterable[Relation]) -> Relation | None:
    return min(relations, key=lambda relation: relation.margin, default=None)


def _joined(document: Document, found: Sequence[_Found]) -> Extraction:
    """The extraction of a document from what was found in its sentences."""
    entities: list[FoundEntity] = []
    relations: list[FoundRelation] = []
    for part in found:
        ids = [f"T{number}" for number in range(len(entities) + 1, len(entities) + len(part.entities) + 1)]
        entities += [FoundEntity(entity_id, *entity) for entity_id, entity in zip(ids, part.entities, strict=True)]
        relations += [FoundRelation(ids[head], ids[tail], label, sure) for (head, tail, label), sure in part.relations.items()]
    counts = (sum(part.n_pairs for part in found), sum(part.n_too_far for part in found), sum(part.n_unknown for part in found))
    said = message(len(entities), *counts, sees_entities=all(part.sees_entities for part in found))
    least_sure = _least_sure(part.least_sure for part in found if part.least_sure)
    return Extraction(document, tuple(entities), tuple(relations), said, least_sure)
