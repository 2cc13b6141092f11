"""BIO tags of two entities a sentence, and the rows that have none.

The scheme is IOB2 (Ramshaw and Marcus 1995, as CoNLL-2003 uses it): B on an entity's first word, I on its others, O elsewhere.
Entities that touch stay apart, since each begins with its own B. Entities that share a word have no BIO form.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import ENTITIES, OUTSIDE, at_row


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

    Args: n_words: (N,) words a sentence; starts, ends: (N, 2) the spans of e1 and e2, in words, sharing none;
        begin_ids: (N, 2) the id of B for each entity, whose I is the next id.
    Returns: (sum of n_words,) int32, 0 for O.

    >>> bio_ids(np.array([5]), np.array([[3, 0]]), np.array([[4, 2]]), np.array([[1, 3]])).tolist()
    [3, 4, 0, 1, 0]
    """
    word = ragged.indices(n_words)
    ids = np.zeros(len(word), np.int32)
    for entity in range(2):
        start, end, begin = (np.repeat(column[:, entity], n_words) for column in (starts, ends, begin_ids))
        inside = (start <= word) & (word < end)
        ids[inside] = (begin + (word > start))[inside]
    return ids


def edges(table: pa.Table, name: str) -> Ints:
    """(N, 2) where e1 and e2 start or end, in words, of a parsed table.

    Args: name: "start" or "end".
    """
    columns: Ints = np.stack([table[f"{entity}_{name}"].to_numpy() for entity in ENTITIES], axis=1).astype(np.int64)
    return columns


def find_problems(table: pa.Table, labels: str) -> Iterator[Problem]:
    """The rows of a parsed table that have no BIO form under a labelling."""
    yield from find_overlaps(table)
    if labels == "type":
        for entity in ENTITIES:
            for row in np.flatnonzero(table[f"{entity}_type"].is_null().to_numpy()).tolist():
                hint = f"annotate {entity}_type, or set tag.labels to entity or role in params.yaml"
                found = f"{entity} has no type, which tag.labels: type needs"
                yield at_row(Problem(found, hint, "type-missing"), table, row).or_exclude()


def find_overlaps(table: pa.Table) -> Iterator[Problem]:
    """The rows of a parsed table whose entities share a word, which no labelling expresses."""
    starts, ends = edges(table, "start"), edges(table, "end")
    shared = np.maximum(*starts.T) < np.minimum(*ends.T)
    for row in np.flatnonzero(shared).tolist():
        spans = " and ".join(f"{e} [{starts[row, i]}, {ends[row, i]})" for i, e in enumerate(ENTITIES))
        found = f"{spans} share a word, which BIO tags cannot express"
        yield at_row(Problem(found, "mark entities that share no word", "entities-overlap"), table, row).or_exclude()
