"""Parts of documents that become rows: a run of sentences with its words and, where all are annotated, its entities."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.schema import Mention, Span
from pipeline.corpus.document import Document, Entity, stripped
from pipeline.corpus.formats.row_problems import text_problem, type_problem
from pipeline.corpus.words import Stretches

END = itemgetter(1)


class Excerpt(NamedTuple):
    """A part of a document.

    Args: start: its first character in the document; words: in characters of the part, None where they are split later;
        mentions: in reading order, None where the document names those of a pair alone.
    """

    start: int
    text: str
    words: Stretches | None
    mentions: tuple[Mention, ...] | None


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """A sentence of which all entities are annotated."""

    id: str
    source: str  # file:line of the document
    document: str  # the document's id
    excerpt: Excerpt


class DocumentSentences(NamedTuple):
    """The sentences of a document, what is wrong with entities that no relation has, and how many reach over sentences."""

    sentences: tuple[AnnotatedSentence, ...]
    problems: tuple[Problem, ...]
    n_across: int


class Excerpts:
    """The excerpts of a document, each made once: its sentences and all pairs of a run share one."""

    def __init__(self, document: Document, words: Stretches | None, names: Mapping[str, str]) -> None:
        """Args: words: the document's, as sentences.segment gives them; names: new names of types."""
        self.document = document
        self.words = words
        self.names = names
        self._of_run: dict[Span, Excerpt] = {}

    def of(self, run: Span, cover: Span) -> Excerpt:
        """The excerpt of a run of sentences; white space at its ends is cut off, but none that belongs to an entity.

        Args: cover: the characters of the entities that must be in it.
        """
        part = self.of_run(run)
        is_inside = part.start <= cover.start and cover.end <= part.start + len(part.text)
        return part if is_inside else self._made(run, cover)

    def of_run(self, run: Span) -> Excerpt:
        """The excerpt of a run of sentences."""
        if run not in self._of_run:
            self._of_run[run] = self._made(run, None)
        return self._of_run[run]

    @cached_property
    def covers(self) -> list[Span]:
        """The stretch of each entity, without the white space at its own ends."""
        return [stripped(self.document.text, entity.cover) for entity in self.document.entities]

    @cached_property
    def _placed(self) -> list[tuple[int, int]]:
        """Where each entity begins and its number, in the order of the text."""
        return sorted((cover.start, number) for number, cover in enumerate(self.covers))

    def _made(self, run: Span, cover: Span | None) -> Excerpt:
        """A run of sentences without the white space around; a text that is one sentence stays as it is.

        Args: cover: as `of` takes it.
        """
        start, end = run
        whole = self.document.text
        if run != (0, len(whole)):
            text = whole[start:end]
            end = max(start + len(text.rstrip()), cover.end if cover else 0)
            start = min(start + len(text) - len(text.lstrip()), cover.start if cover else end)
        text = whole[start:end]
        if self.words is None:
            return Excerpt(start, text, None, None)
        inside = self.words[bisect_right(self.words, start, key=END) : bisect_left(self.words, (end,))]
        if text != whole:
            inside = [(max(first, start) - start, min(after, end) - start) for first, after in inside]
        return Excerpt(start, text, inside, self._mentions(start, end, inside) if self.document.complete else None)

    def _mentions(self, start: int, end: int, words: Stretches) -> tuple[Mention, ...]:
        """The entities that lie between two characters of the document, but for the white space at their own ends.

        Those that hold no word are problems, not mentions. The same words with the same type are one, however many annotators have
        marked them.
        """
        begin_here = self._placed[bisect_left(self._placed, (start,)) : bisect_left(self._placed, (end,))]
        found = []
        for number in sorted(number for _, number in begin_here):
            cover = self.covers[number]
            first, after = bisect_left(words, (cover.start - start,)), bisect_left(words, (cover.end - start,))
            if cover.end <= end and first < after:
                found.append(Mention(first, after, renamed_type(self.document.entities[number], self.names)))
        return tuple(sorted(dict.fromkeys(found), key=lambda mention: mention[:2]))


def find_annotated(sentences: Sequence[Span], excerpts: Excerpts) -> DocumentSentences:
    """The sentences of a document of which all entities are annotated; none of a document of one pair."""
    document, words = excerpts.document, excerpts.words
    if not document.complete or words is None:
        return DocumentSentences((), (), 0)
    texts = [part for part in map(excerpts.of_run, sentences) if part.words]
    ids = [document.id] if len(texts) == 1 else [f"{document.id}#{number}" for number in range(1, len(texts) + 1)]
    related = document.related
    problems = [
        problem.at(document.source, row_id=f"{document.id}:{entity.id}")
        for entity in document.entities
        if entity.id not in related and (problem := entity_problem(document, entity, entity.id, words))
    ]
    rows = []
    for row_id, part in zip(ids, texts, strict=True):
        if problem := text_problem(part.text):
            problems.append(problem.at(document.source, row_id=row_id).or_exclude())
        else:
            rows.append(AnnotatedSentence(row_id, document.source, document.id, part))
    n_across = sum(len(sentences_of(sentences, cover)) > 1 for cover in excerpts.covers) if len(sentences) > 1 else 0
    return DocumentSentences(tuple(rows), tuple(problems), n_across)


def sentences_of(sentences: Sequence[Span], cover: Span) -> Sequence[Span]:
    """The sentences that hold a stretch."""
    return sentences[bisect_left(sentences, (cover.start + 1,)) - 1 : bisect_left(sentences, (cover.end,))]


def entity_problem(document: Document, entity: Entity, name: str, words: Stretches | None) -> Problem | None:
    """What is wrong with an entity, whether or not a relation has it.

    Args: name: what the problem calls the entity, such as e1; words: the document's, as sentences.segment gives them.
    """
    if not document.text[slice(*entity.cover)].strip():
        return Problem(f"entity {entity.id} is blank", "annotate a word", "entity-empty")
    if words is not None and not _holds_a_word(entity, words):
        return Problem(f"entity {entity.id} holds none of the document's tokens", "annotate a token", "entity-empty")
    return type_problem(name, entity.type) if entity.type is not None else None


def renamed_type(entity: Entity, names: Mapping[str, str]) -> str | None:
    """The new name of an entity's type, or the old one where it has no other."""
    return names.get(entity.type, entity.type) if entity.type else None


def _holds_a_word(entity: Entity, words: Stretches) -> bool:
    """Whether any word lies in an entity, at least in part."""
    last = bisect_left(words, (entity.cover.end,)) - 1  # that begins before its end
    return last >= 0 and words[last][1] > entity.cover.start
