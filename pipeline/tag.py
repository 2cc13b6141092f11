"""Mark the two entities of every sentence as BIO tags: data/parsed -> data/tagged.

The scheme stands in pipeline/corpus/bio.py. Of entities that share a word BIO marks one: tag.overlap says which, or that they are
an error. A model without a tagger (train.tasks) needs no tags, so that nothing is an error then.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import ENTITIES, PARSE, TAG, ParseNotes, TagNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import StageOutput
from pipeline.corpus.bio import bio_ids, edges, find_problems, marked, tag_names


def tag(table: pa.Table, labels: str, types: list[str], overlap: str = "outer") -> pa.Table:
    """A parsed table with the column tag_ids.

    Args: labels, overlap: as in the section tag; types: of all entities, in the order of their classes.
    """
    n_words = ragged.lengths(table["words"])
    starts, ends = (edges(table, edge) for edge in ("start", "end"))
    ids = bio_ids(n_words, starts, ends, begin_ids(table, labels, types, overlap))
    return table.append_column("tag_ids", ragged.lists(ids, n_words))


def begin_ids(table: pa.Table, labels: str, types: list[str], overlap: str) -> Ints:
    """(N, 2) the id of each entity's B: every class takes two ids, O the first; 0 for an entity that is not tagged."""
    if labels == "type":
        known = pa.array(types, pa.string())
        classes = [pc.fill_null(pc.index_in(table[f"{entity}_type"], known), -1).to_numpy() for entity in ENTITIES]
    else:
        classes = [np.full(len(table), entity if labels == "role" else 0) for entity in range(2)]
    class_ids = np.stack(classes, axis=1).astype(np.int64)
    ids: Ints = np.where(marked(table, overlap) & (class_ids >= 0), 1 + 2 * class_ids, 0)
    return ids


def _types(parsed: StageOutput[ParseNotes]) -> list[str]:
    names = [f"{entity}_type" for entity in ENTITIES]
    columns = (column for batch in parsed.batches(columns=names) for column in batch.columns)
    return sorted({name for column in columns for name in pc.unique(column).to_pylist() if name is not None})


def main(parsed: Input, tagged: Output) -> str:
    """Mark the two entities of every sentence as BIO tags."""
    began = time.perf_counter()
    settings, tagger = params.read(params.Tag), "tags" in params.read(params.Train).tasks
    labels, overlap = settings.labels, settings.overlap
    source = storage.read(parsed, PARSE)
    types = _types(source) if labels == "type" else []
    problems: list[Problem] = []
    n_untagged = 0
    for batch in source.batches():
        problems += find_problems(batch, labels, overlap=overlap, tagger=tagger)
        n_untagged += int((begin_ids(batch, labels, types, overlap) == 0).sum())
    if problems:
        raise InputError(problems)
    splits = {split: (tag(batch, labels, types, overlap) for batch in source.batches(split)) for split in source.files}
    notes = TagNotes(**vars(source.notes), tags=tuple(tag_names(labels, types)), untagged=n_untagged)
    n_rows = sum(storage.write(tagged, TAG, splits, notes).values())
    untagged = f", {n_untagged:,} {'entity' if n_untagged == 1 else 'entities'} not tagged" if n_untagged else ""
    return f"tag: {n_rows:,} sentences, tags {' '.join(notes.tags)}{untagged}, {time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    run(main)
