"""Mark the two entities of every sentence as BIO tags: data/parsed -> data/tagged.

The scheme is IOB2 (Ramshaw and Marcus 1995, as CoNLL-2003 uses it): B on an entity's first word, I on its others, O elsewhere.
Entities that touch stay apart, since each begins with its own B. Entities that share a word have no BIO form and are errors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import PARSE, TAG, ParseNotes, TagNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import StageOutput

ENTITIES = ("e1", "e2")


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
    return ["O", *(prefix + name for name in classes for prefix in "BI")]


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


def tag(table: pa.Table, labels: str, types: list[str]) -> pa.Table:
    """A parsed table with the column tag_ids."""
    n_words = ragged.lengths(table["words"])
    starts, ends = (_columns(table, edge) for edge in ("start", "end"))
    ids = bio_ids(n_words, starts, ends, _begin_ids(table, labels, types))
    return table.append_column("tag_ids", ragged.lists(ids, n_words))


def _columns(table: pa.Table, name: str) -> Ints:
    columns: Ints = np.stack([table[f"{entity}_{name}"].to_numpy() for entity in ENTITIES], axis=1).astype(np.int64)
    return columns


def _begin_ids(table: pa.Table, labels: str, types: list[str]) -> Ints:
    """(N, 2) the id of each entity's B: every class takes two ids, O the first."""
    if labels == "type":
        known = pa.array(types, pa.string())
        classes = [pc.index_in(table[f"{entity}_type"], known).to_numpy() for entity in ENTITIES]
    else:
        classes = [np.full(len(table), entity if labels == "role" else 0) for entity in range(2)]
    ids: Ints = 1 + 2 * np.stack(classes, axis=1).astype(np.int64)
    return ids


def find_problems(table: pa.Table, labels: str) -> Iterator[Problem]:
    """The rows that have no BIO form under a labelling."""
    starts, ends = _columns(table, "start"), _columns(table, "end")
    shared = np.maximum(*starts.T) < np.minimum(*ends.T)
    for row in np.flatnonzero(shared).tolist():
        spans = " and ".join(f"{e} [{starts[row, i]}, {ends[row, i]})" for i, e in enumerate(ENTITIES))
        found = f"{spans} share a word, which BIO tags cannot express"
        yield _at_row(Problem(found, "mark entities that share no word", "entities-overlap"), table, row)
    if labels == "type":
        for entity in ENTITIES:
            for row in np.flatnonzero(table[f"{entity}_type"].is_null().to_numpy()).tolist():
                hint = f"annotate {entity}_type, or set tag.labels to entity or role in params.yaml"
                found = f"{entity} has no type, which tag.labels: type needs"
                yield _at_row(Problem(found, hint, "type-missing"), table, row)


def _at_row(problem: Problem, table: pa.Table, row: int) -> Problem:
    """The problem placed at a row of a table, whose id begins what was found."""
    row_id, source = table["id"][row].as_py(), table["source"][row].as_py()
    return replace(problem, found=f"row {row_id}: {problem.found}").at(source, row_id=row_id).or_exclude()


def _types(parsed: StageOutput[ParseNotes]) -> list[str]:
    names = [f"{entity}_type" for entity in ENTITIES]
    columns = (column for batch in parsed.batches(columns=names) for column in batch.columns)
    return sorted({name for column in columns for name in pc.unique(column).to_pylist() if name is not None})


def main(parsed: Input, tagged: Output) -> str:
    """Mark the two entities of every sentence as BIO tags."""
    began = time.perf_counter()
    labels = params.read(params.Tag).labels
    source = storage.read(parsed, PARSE)
    problems = [problem for batch in source.batches() for problem in find_problems(batch, labels)]
    if problems:
        raise InputError(problems)
    types = _types(source) if labels == "type" else []
    splits = {split: (tag(batch, labels, types) for batch in source.batches(split)) for split in source.files}
    notes = TagNotes(**vars(source.notes), tags=tuple(tag_names(labels, types)))
    rows = storage.write(tagged, TAG, splits, notes)
    return f"tag: {sum(rows.values()):,} sentences, tags {' '.join(notes.tags)}, {time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    run(main)
