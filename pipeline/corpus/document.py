"""A document: what annotation formats are read into and written from; pairs.py makes rows of documents.

Offsets are half-open [start, end) in Unicode characters of the text. A format that gives tokens keeps them: they are the words, and
the text is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any

from pipeline.core.errors import Problem
from pipeline.core.schema import Span


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text, or several fragments of it that are one entity."""

    id: str  # within its document
    spans: tuple[Span, ...]  # in reading order, sharing no character
    type: str | None = None

    @property
    def cover(self) -> Span:
        """The shortest stretch that holds all fragments."""
        return self.spans[0] if len(self.spans) == 1 else Span(self.spans[0].start, self.spans[-1].end)


@dataclass(frozen=True, slots=True)
class Relation:
    """A labelled pair of entities."""

    head: str  # an entity's id
    tail: str
    label: str | None  # None where the pair is marked and its relation is not told
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its entities and the relations between them."""

    id: str
    source: str  # file:line where it begins
    text: str
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]
    words: tuple[Span, ...] | None = None  # where the format gives tokens
    sentences: tuple[Span, ...] | None = None  # where the format gives them
    complete: bool = True  # all entities of the text are annotated, not those of one pair alone
    meta: Mapping[str, Any] = field(default_factory=dict)  # what else the format said of it

    @property
    def symmetric(self) -> frozenset[str]:
        """The relations that the format says have no direction."""
        named = self.meta.get("symmetric", ())
        return frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list | tuple) else frozenset()

    @property
    def related(self) -> frozenset[str]:
        """The ids of the entities that a relation has as its head or its tail."""
        return frozenset(entity_id for relation in self.relations for entity_id in (relation.head, relation.tail))

    @property
    def tokens(self) -> list[str]:
        """The words as strings; none where the format gives none."""
        return [self.text[start:end] for start, end in self.words or ()]

    def entity(self, entity_id: str) -> Entity:
        """An entity by its id.

        Raises: KeyError where there is none.
        """
        return {entity.id: entity for entity in self.entities}[entity_id]


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a file holds and its annotator left out: a task skipped, an answer rejected. It is no mistake, and it is counted."""

    source: str  # file:line where it begins
    row_id: str
    reason: str  # in words that complete "left out: ..."
    document: Document | None = field(default=None, compare=False)  # its text without any annotation, where it has one


@dataclass(frozen=True, eq=False)
class Misannotated(Problem):
    """A problem of a document whose text can be read: what needs no annotation goes on with that."""

    document: Document | None = None  # without annotation


def problems_of(row: str, row_id: str, problems: Iterable[Problem], unannotated: Document | None) -> Iterator[Problem]:
    """All that is wrong with a document, which begins at `row`; each at its own place, if it has one.

    Args: unannotated: the document without annotation, where its text can be read.
    """
    for problem in problems:
        placed = problem.at(problem.source or row, row, row_id)
        yield placed if unannotated is None else Misannotated(**vars(placed), document=unannotated)


def needs(document: Document) -> frozenset[str]:
    """What a format must hold to hold a document, in the words of its HOLDS; nothing of meta and ids, which never block.

    >>> sorted(needs(Document("1", "a:1", "Ann left.", (Entity("a", (Span(0, 3),)),), ())))
    ['empty', 'free', 'text', 'untyped']
    """
    related = document.related
    held = {
        "text": not is_of_tokens(document),
        "words": document.words is not None,
        "sentences": document.sentences is not None,
        "types": any(entity.type is not None for entity in document.entities),
        "untyped": any(entity.type is None for entity in document.entities),
        "fragments": any(len(entity.spans) > 1 for entity in document.entities),
        "free": any(entity.id not in related for entity in document.entities),
        "many": len(document.relations) > 1,
        "empty": not document.relations,
        "unlabelled": any(relation.label is None for relation in document.relations),
        "annotators": any(relation.annotator is not None for relation in document.relations),
    }
    return frozenset(word for word, needed in held.items() if needed)


def is_of_tokens(document: Document) -> bool:
    """Whether the text of a document is its tokens with a blank between, and nothing else."""
    return document.words is not None and document.text == " ".join(document.tokens)


def require_held(document: Document, holds: frozenset[str]) -> None:
    """Raises: ValueError where a format cannot hold a document whole, or its ids do not tell its entities apart."""
    lost = needs(document) - holds
    if lost:
        raise ValueError(f"{document.source}: the format cannot hold {', '.join(sorted(lost))} of document {document.id}")
    ids = {entity.id for entity in document.entities}
    if len(ids) < len(document.entities) or document.related - ids:
        raise ValueError(f"{document.source}: document {document.id} has an id for two entities, or a relation of one it lacks")


def require_pair(document: Document) -> tuple[Entity, Entity, Relation]:
    """The head, the tail and the relation of a document of one pair.

    Raises: ValueError where it is another document.
    """
    if len(document.relations) != 1 or len(document.entities) != 2:
        raise ValueError(f"{document.source}: document {document.id} is not one pair of entities")
    (relation,) = document.relations
    return document.entity(relation.head), document.entity(relation.tail), relation


def join_words(words: Sequence[str], between: str = " ") -> tuple[str, tuple[Span, ...]]:
    """The text that tokens make, and the stretch of each in it.

    >>> join_words(["New", "York", "."])
    ('New York .', (Span(start=0, end=3), Span(start=4, end=8), Span(start=9, end=10)))
    """
    return _joined(tuple(words), between)


@lru_cache(1)  # in formats of a pair a row, a document stands in many rows, one after the other
def _joined(words: tuple[str, ...], between: str) -> tuple[str, tuple[Span, ...]]:
    lengths = [len(word) for word in words]
    steps = [length + len(between) for length in lengths]
    starts = accumulate(steps, initial=0)
    return between.join(words), tuple([Span(start, start + length) for start, length in zip(starts, lengths, strict=False)])


def word_span(words: Sequence[Span], start: int, end: int) -> Span:
    """The characters of the words [start, end).

    >>> word_span([Span(0, 3), Span(4, 8), Span(9, 10)], 0, 2)
    Span(start=0, end=8)
    """
    return Span(words[start].start, words[end - 1].end)


def word_runs(document: Document) -> dict[str, list[Span]]:
    """The words [start, end) that make the fragments of each entity, by its id.

    Raises: ValueError where an entity begins or ends inside a word.
    """
    words = document.words or ()
    last = len(words) - 1
    starts = {word.start: last - index for index, word in enumerate(reversed(words))}  # of two at one place the first
    ends = {word.end: index for index, word in enumerate(words, 1)}
    runs: dict[str, list[Span]] = {}
    for entity in document.entities:
        if any(span.start not in starts or span.end not in ends for span in entity.spans):
            raise ValueError(f"{document.source}: the entity {entity.id} of document {document.id} is no run of whole words")
        runs[entity.id] = [Span(starts[span.start], ends[span.end]) for span in entity.spans]
    return runs


def stripped(text: str, span: Span) -> Span:
    """A stretch of a text without the white space at its ends.

    >>> stripped("Yahoo! He left.", Span(0, 7))
    Span(start=0, end=6)
    """
    inside = text[slice(*span)]
    end = span.start + len(inside.rstrip())
    return Span(end - len(inside.strip()), end)
