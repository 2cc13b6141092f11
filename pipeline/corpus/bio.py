"""BIO tags of two entities a sentence, and the rows that have none.

The scheme is IOB2 (Ramshaw and Marcus 1995, as CoNLL-2003 uses it): B on an entity's first word, I on its others, O elsewhere.
Entities that touch stay apart, since each begins with its own B. Of entities that share a word BIO marks one: tag.overlap says
which, or that they are an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import ENTITIES, OUTSIDE, at_row
from pipeline.core.word_spans import entity_edges

Number = TypeVar("Number", int, Ints)


def tag_names(labels: str, types: list[str]) -> list[str]:
    """The tags of a labelling in the order of their ids, O first.

    >>> tag_names("entity", [])
    ['O', 'B', 'I']
    >>> tag_names("role", [])
    ['O', 'B-E1', 'I-E1', 'B-E2', 'I-E2']
    >>> tag_names("type", ["Person"])
    ['O', 'B-Person', 'I-Person']
    """
    classes = {"entity": [""], "role": ["-E1", "-E2"], "type": [f"-{name}" for name in types]}[labels]
    return [OUTSIDE, *(prefix + name for name in classes for prefix in "BI")]


def bio_ids(n_words: Ints, starts: Ints, ends: Ints, begin_ids: Ints) -> NDArray[np.int32]:
    """Tag ids of N sentences, end to end.

    Args: n_words: (N,) words a sentence; starts, ends: (N, 2) the spans of e1 and e2, in words; begin_ids: (N, 2) the id of B for
        each entity, whose I is the next id, 0 for an entity that is not marked. Those that are share no word.
    Returns: (sum of n_words,) int32, 0 for O.

    >>> bio_ids(np.array([5]), np.array([[3, 0]]), np.array([[4, 2]]), np.array([[1, 3]])).tolist()
    [3, 4, 0, 1, 0]
    """
    word = ragged.indices(n_words)
    ids = np.zeros(len(word), np.int32)
    for entity in range(2):
        start, end, begin = (np.repeat(column[:, entity], n_words) for column in (starts, ends, begin_ids))
        inside = (start <= word) & (word < end) & (begin > 0)
        ids[inside] = (begin + (word > start))[inside]
    return ids


def marked(table: pa.Table, overlap: str) -> Bools:
    """(N, 2) which entities of a parsed table have tags: both, or one of two that share a word.

    Args: overlap: see `rank`; of two that are the same words it is e1.
    """
    starts, ends = np.moveaxis(entity_edges(table), 2, 0)
    first, second = (e1 - e2 for e1, e2 in (number.T for number in rank(starts, ends, overlap)))
    e1_wins = (first < 0) | ((first == 0) & (second <= 0))
    alone = ~_share_a_word(starts, ends)
    wins: Bools = np.stack([alone | e1_wins, alone | ~e1_wins], axis=1)
    return wins


def rank(starts: Number, ends: Number, overlap: str) -> tuple[Number, Number]:
    """By what one of several entities that share a word is chosen, the least first: of one entity, or of many in arrays.

    Args: overlap: first: the one that begins first, of one start the longer; else the longer, of one length the one that begins
        first.

    >>> rank(3, 5, "first"), rank(3, 5, "outer")
    ((3, -2), (-2, 3))
    """
    return (starts, starts - ends) if overlap == "first" else (starts - ends, starts)


def find_problems(table: pa.Table, labels: str, overlap: str) -> Iterator[Problem]:
    """The rows of a parsed table that have no BIO form.

    Args: labels, overlap: as in the section tag.
    """
    if overlap == "error":
        yield from find_overlaps(table)
    if labels == "type":
        is_marked = marked(table, overlap) | (overlap == "error")
        for entity, needed in zip(ENTITIES, is_marked.T, strict=True):
            for row in np.flatnonzero(needed & table[f"{entity}_type"].is_null().to_numpy()).tolist():
                hint = f"annotate {entity}_type, or set tag.labels to entity or role in params.yaml"
                found = f"{entity} has no type, which tag.labels: type needs"
                yield at_row(Problem(found, hint, "type-missing"), table, row).or_exclude()


def find_overlaps(table: pa.Table) -> Iterator[Problem]:
    """The rows of a parsed table whose entities share a word, which no labelling expresses."""
    starts, ends = np.moveaxis(entity_edges(table), 2, 0)
    for row in np.flatnonzero(_share_a_word(starts, ends)).tolist():
        spans = " and ".join(f"{e} [{starts[row, i]}, {ends[row, i]})" for i, e in enumerate(ENTITIES))
        found = f"{spans} share a word, which BIO tags cannot express"
        hint = "mark entities that share no word, or set tag.overlap to outer or first, which tags one of them, in params.yaml"
        yield at_row(Problem(found, hint, "entities-overlap"), table, row).or_exclude()


def _share_a_word(starts: Ints, ends: Ints) -> Bools:
    """(N,) whether the entities of a row share a word. Args: starts, ends: (N, 2) in words."""
    shared: Bools = starts.max(axis=1) < ends.min(axis=1)
    return shared
