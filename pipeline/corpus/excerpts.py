"""Parts of documents that become rows: a run of sentences with its words and, where all are annotated, its entities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.core.arrays import Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import Mention, Span
from pipeline.corpus.document import Document, Entity
from pipeline.corpus.formats.row_problems import type_problem


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document.

    Args: start: its first character in the document; words: (T, 2) start and end of each, in characters of the part, None where
        they are split later; mentions: in reading order, None where the document names those of a pair alone.
    """

    start: int
    text: str
    words: Ints | None
    mentions: tuple[Mention, ...] | None


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """A sentence of which all entities are annotated."""

    id: str
    source: str  # file:line of the document
    document: str  # the document's id
    excerpt: Excerpt


@dataclass(frozen=True)
class DocumentSentences:
    """The sentences of a document, what is wrong with entities that no relation has, and how many reach over sentences."""

    sentences: tuple[AnnotatedSentence, ...]
    problems: tuple[Problem, ...]
    n_across: int


def excerpt(document: Document, run: Span, cover: Span | None, words: Ints | None, names: Mapping[str, str]) -> Excerpt:
    """A run of sentences without the white space around; a text that is one sentence stays as it is.

    Args: cover: what has to be in it; words: the document's, as sentences.segment gives them; names: new names of types.
    """
    start, end = run
    if run != (0, len(document.text)):
        text = document.text[start:end]
        end = max(start + len(text.rstrip()), cover.end if cover else 0)
        start = min(start + len(text) - len(text.lstrip()), cover.start if cover else end)
    text = document.text[start:end]
    if words is None:
        return Excerpt(start, text, None, None)
    first, after = np.searchsorted(words[:, 1], start, side="right"), np.searchsorted(words[:, 0], end)
    inside = np.clip(words[first:after], start, end) - start
    return Excerpt(start, text, inside, _mentions(document, start, end, inside, names) if document.complete else None)


def excerpts_of(document: Document, words: Ints | None, names: Mapping[str, str]) -> Callable[[Span, Span], Excerpt]:
    """A function from a run of sentences, and what has to be in it, to its excerpt; all pairs of a run share one."""

    @cache
    def of_run(run: Span) -> Excerpt:
        return excerpt(document, run, None, words, names)

    def cut(run: Span, cover: Span) -> Excerpt:
        part = of_run(run)
        is_inside = part.start <= cover.start and cover.end <= part.start + len(part.text)
        return part if is_inside else excerpt(document, run, cover, words, names)

    return cut


def _mentions(document: Document, start: int, end: int, words: Ints, names: Mapping[str, str]) -> tuple[Mention, ...]:
    """The entities that lie between two characters of a document; those that hold no word are problems, not mentions."""
    entities = [entity for entity in document.entities if start <= entity.cover.start and entity.cover.end <= end]
    edges = np.array([entity.cover for entity in entities], np.int64).reshape(-1, 2) - start
    spans = np.searchsorted(words[:, 0], edges)
    found = [
        Mention(first, after, renamed_type(entity, names))
        for entity, (first, after) in zip(entities, spans.tolist(), strict=True)
        if first < after
    ]
    return tuple(sorted(found, key=lambda mention: mention[:2]))


def find_annotated(
    document: Document, sentences: Sequence[Span], words: Ints | None, names: Mapping[str, str]
) -> DocumentSentences:
    """The sentences of a document of which all entities are annotated; none of a document of one pair."""
    if not document.complete or words is None:
        return DocumentSentences((), (), 0)
    cut = [excerpt(document, sentence, None, words, names) for sentence in sentences]
    texts = [part for part in cut if part.words is not None and len(part.words)]
    ids = [document.id] if len(texts) == 1 else [f"{document.id}#{number}" for number in range(1, len(texts) + 1)]
    related = {entity_id for relation in document.relations for entity_id in (relation.head, relation.tail)}
    problems = [
        problem.at(document.source, row_id=f"{document.id}:{entity.id}")
        for entity in document.entities
        if entity.id not in related and (problem := entity_problem(document, entity, entity.id, words))
    ]
    starts = np.array([sentence.start for sentence in sentences], np.int64)
    covers = np.array([entity.cover for entity in document.entities], np.int64).reshape(-1, 2)
    n_across = (np.searchsorted(starts, covers[:, 0], "right") != np.searchsorted(starts, covers[:, 1], "left")).sum()
    rows = [AnnotatedSentence(row_id, document.source, document.id, part) for row_id, part in zip(ids, texts, strict=True)]
    return DocumentSentences(tuple(rows), tuple(problems), int(n_across))


def entity_problem(document: Document, entity: Entity, name: str, words: Ints | None) -> Problem | None:
    """What is wrong with an entity, whether or not a relation has it.

    Args: name: what its type is called by; words: the document's, as sentences.segment gives them.
    """
    if not document.text[slice(*entity.cover)].strip():
        return Problem(f"entity {entity.id} is blank", "annotate a word", "entity-empty")
    if words is not None and not _holds_a_word(entity, words):
        return Problem(f"entity {entity.id} holds none of the document's tokens", "annotate a token", "entity-empty")
    return type_problem(name, entity.type) if entity.type is not None else None


def renamed_type(entity: Entity, names: Mapping[str, str]) -> str | None:
    """The new name of an entity's type, or the old one where it has no other."""
    return names.get(entity.type, entity.type) if entity.type else None


def _holds_a_word(entity: Entity, words: Ints) -> bool:
    """Whether any word lies in an entity, at least in part."""
    return bool(((words[:, 0] < entity.cover.end) & (words[:, 1] > entity.cover.start)).any())
