"""Mark the two entities of every sentence as BIO tags: data/parsed -> data/tagged.

The scheme stands in pipeline/corpus/bio.py. Entities that share a word have no BIO form and are errors.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.core.schema import ENTITIES, PARSE, TAG, ParseNotes, TagNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import StageOutput
from pipeline.corpus.bio import bio_ids, edges, find_problems, tag_names


def tag(table: pa.Table, labels: str, types: list[str]) -> pa.Table:
    """A parsed table with the column tag_ids."""
    n_words = ragged.lengths(table["words"])
    starts, ends = (edges(table, edge) for edge in ("start", "end"))
    ids = bio_ids(n_words, starts, ends, _begin_ids(table, labels, types))
    return table.append_column("tag_ids", ragged.lists(ids, n_words))


def _begin_ids(table: pa.Table, labels: str, types: list[str]) -> Ints:
    """(N, 2) the id of each entity's B: every class takes two ids, O the first."""
    if labels == "type":
        known = pa.array(types, pa.string())
        classes = [pc.index_in(table[f"{entity}_type"], known).to_numpy() for entity in ENTITIES]
    else:
        classes = [np.full(len(table), entity if labels == "role" else 0) for entity in range(2)]
    ids: Ints = 1 + 2 * np.stack(classes, axis=1).astype(np.int64)
    return ids


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
