"""Entities from the tags of words: BIO (Ramshaw and Marcus 1995), and BILOU and BIOES, which tell its last or only word too.

Each tag is O, or a position and the entity's type: B-Person, I-Person. The schemes share their letters' meaning, so that one table
reads all of them, and a file needs not say which it is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.schema import OUTSIDE
from pipeline.corpus.document import Document, word_runs

BEGINS = frozenset("BUS")  # begin, unit, single
CONTINUES = frozenset("ILME")  # inside, last, middle, end
CLOSES = frozenset("ULSE")  # no word after it continues the entity
SCHEME = "a tag is O, or B- for the first word of an entity and I- for its others (or the letters of BILOU or BIOES), and its type"


class Run(NamedTuple):
    """The words [start, end) that are one entity, and its type where the tags tell it."""

    start: int
    end: int
    type: str | None


class BadTag(NamedTuple):
    """The word whose tag cannot be read, and why."""

    word: int
    problem: Problem


def runs(tags: Sequence[str]) -> Iterator[Run | BadTag]:
    """The entities that the tags of T words mark, in their order, and the tags that mark none.

    >>> list(runs(["B-Per", "I-Per", "O", "U-Loc", "B"]))
    [Run(start=0, end=2, type='Per'), Run(start=3, end=4, type='Loc'), Run(start=4, end=5, type=None)]
    """
    entity: Run | None = None  # the one that the next word may continue
    for index, tag in enumerate(tags):
        position, type_ = split_tag(tag) if tag != OUTSIDE else (OUTSIDE, None)
        if entity and position in CONTINUES and type_ == entity.type:
            entity = entity._replace(end=index + 1)
        else:
            if entity:
                yield entity
            entity = Run(index, index + 1, type_) if position in BEGINS else None
            if position != OUTSIDE and not entity:
                yield BadTag(index, _problem(tag, position))
        if entity and position in CLOSES:
            yield entity
            entity = None
    if entity:
        yield entity


def entity_runs(document: Document) -> dict[str, Run]:
    """The words that are each entity, by its id.

    Raises: ValueError where an entity begins or ends inside a word, or has fragments.
    """
    of_words = word_runs(document)
    if several := [entity_id for entity_id, spans in of_words.items() if len(spans) > 1]:
        raise ValueError(f"{document.source}: the entity {several[0]} of document {document.id} has fragments")
    return {entity.id: Run(*of_words[entity.id][0], entity.type) for entity in document.entities}


def split_tag(tag: str) -> tuple[str, str | None]:
    """The position and the type of a tag; the position is empty where the tag is of no scheme.

    >>> split_tag("B-Per-Son"), split_tag("B"), split_tag("Person")
    (('B', 'Per-Son'), ('B', None), ('', None))
    """
    position, dash, type_ = tag.partition("-")
    if position in BEGINS | CONTINUES and bool(dash) == bool(type_):
        return position, type_ or None
    return "", None


def _problem(tag: str, position: str) -> Problem:
    if not position:
        return Problem(f"{tag!r} is no tag", SCHEME, "tag-impossible")
    return Problem(f"{tag} continues no entity of its type", SCHEME, "tag-impossible")


def bio(n_words: int, entities: Sequence[Run]) -> list[str]:
    """The BIO tags of T words: the reverse of `runs`.

    Raises: ValueError where two entities share a word, which tags cannot say.

    >>> bio(4, [Run(0, 2, "Per"), Run(2, 3, None)])
    ['B-Per', 'I-Per', 'B', 'O']
    """
    tags = [OUTSIDE] * n_words
    for start, end, type_ in entities:
        if any(tag != OUTSIDE for tag in tags[start:end]):
            raise ValueError(f"the entity of the words {start} to {end} shares a word with another one")
        ending = "" if type_ is None else f"-{type_}"
        tags[start:end] = [f"B{ending}", *[f"I{ending}"] * (end - start - 1)]
    return tags


def bio_with_last(n_words: int, entities: Sequence[Run], last: str, only: str) -> list[str]:
    """The tags of T words that tell the last word of an entity and its only one too: with L and U BILOU, with E and S BIOES.

    Raises: ValueError where two entities share a word.

    >>> bio_with_last(4, [Run(0, 2, "Per"), Run(2, 3, None)], "L", "U")
    ['B-Per', 'L-Per', 'U', 'O']
    """
    tags = bio(n_words, entities)
    for start, end, _ in entities:
        tags[end - 1] = (only if end - start == 1 else last) + tags[end - 1][1:]
    return tags


def like(tags: Iterable[str], n_words: int, entities: Sequence[Run]) -> list[str]:
    """The tags of T words in the scheme of other tags: BIO unless these tell last words.

    >>> like(["U-Loc"], 1, [Run(0, 1, "Per")])
    ['U-Per']
    """
    positions = {split_tag(tag)[0] for tag in tags}
    for last, only in ("LU", "ES"):
        if positions & {last, only}:
            return bio_with_last(n_words, entities, last, only)
    return bio(n_words, entities)
