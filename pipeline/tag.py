"""Mark the two entities of every sentence as BIO tags: data/parsed -> data/tagged.

The scheme stands in pipeline/corpus/bio.py. Of entities that share a word BIO marks one: tag.overlap says which, or that they are
an error. A model without a tagger (train.tasks) needs no tags, so that nothing is an error then. What is `auto` goes by the rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import ENTITIES, PARSE, TAG, ParseNotes, TagNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import StageOutput
from pipeline.core.word_spans import entity_edges
from pipeline.core.wording import counted
from pipeline.corpus.bio import bio_ids, find_problems, marked, tag_names
from pipeline.corpus.mention_tags import find_mention_problems, tag_mentions, which_entities


def tag(table: pa.Table, labels: str, types: list[str], overlap: str) -> pa.Table:
    """A parsed table with the column tag_ids.

    Args: labels, overlap: as in the section tag; types: of all entities, in the order of their classes.
    """
    n_words = ragged.lengths(table["words"])
    starts, ends = np.moveaxis(entity_edges(table), 2, 0)
    ids = bio_ids(n_words, starts, ends, begin_ids(table, labels, types, overlap))
    return table.append_column("tag_ids", ragged.lists(ids, n_words))


def tag_all(table: pa.Table, labels: str, types: list[str], overlap: str) -> pa.Table:
    """A table of sentences with the column tag_ids, which marks all their entities."""
    return table.append_column(
        "tag_ids", ragged.lists(tag_mentions(table, labels, types, overlap).ids, ragged.lengths(table["words"]))
    )


def tag_rows(table: pa.Table, labels: str, types: list[str], overlap: str, entities: str) -> pa.Table:
    """A parsed table with the column tag_ids: it marks the pair, or under `entities: all` all entities where all are annotated."""
    of_pairs = tag(table, labels, types, overlap)
    is_complete = table["entities"].is_valid().to_numpy()
    if entities == "pair" or not is_complete.any():
        return of_pairs
    of_all = tag_all(table, labels, types, overlap)
    ids = np.where(
        np.repeat(is_complete, ragged.lengths(table["words"])),
        pc.list_flatten(of_all["tag_ids"]).to_numpy(),
        pc.list_flatten(of_pairs["tag_ids"]).to_numpy(),
    )
    return table.append_column("tag_ids", ragged.lists(ids, ragged.lengths(table["words"])))


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


def _settled(settings: params.Tag, parsed: StageOutput[ParseNotes]) -> tuple[params.Tag, list[str]]:
    """The settings without `auto`, and the types that the tags name.

    All entities are tagged where training has sentences with all; by type where each that trains a tagger has one.
    """
    settings = replace(settings, entities=which_entities(settings.entities, "train" in parsed.sentence_files))
    if settings.labels not in ("auto", "type"):
        return settings, []
    of_pairs = _types(c for batch in parsed.batches(columns=[f"{entity}_type" for entity in ENTITIES]) for c in batch.columns)
    trained = of_pairs
    if settings.entities == "all":
        lists = (batch["entities"] for batch in parsed.sentence_batches(columns=["entities"]))
        trained = _types(pc.struct_field(pc.list_flatten(mentions), "type") for mentions in lists)
    if settings.labels == "auto" and (not trained or None in trained):
        return replace(settings, labels="entity"), []
    return replace(settings, labels="type"), sorted(name for name in of_pairs | trained if name is not None)


def _types(columns: Iterable[pa.ChunkedArray]) -> set[str | None]:
    """The types of entities, None among them where some have none."""
    return {name for column in columns for name in pc.unique(column).to_pylist()}


def main(parsed: Input, tagged: Output) -> str:
    """Mark the entities of every sentence as BIO tags."""
    began = time.perf_counter()
    train, source = params.read(params.Train), storage.read(parsed, PARSE)
    settings, types = _settled(params.read(params.Tag), source)
    labels, overlap, entities = settings.labels, settings.overlap, settings.entities
    params.require_fit(settings, train)
    n_untagged = _check(source, settings, types, "tags" in train.tasks)
    splits = {
        split: (tag_rows(batch, labels, types, overlap, entities) for batch in source.batches(split)) for split in source.files
    }
    sentences = {
        split: (tag_all(batch, labels, types, overlap) for batch in source.sentence_batches(split))
        for split in (source.sentence_files if entities == "all" else ())
    }
    notes = TagNotes(
        **vars(source.notes),
        tags=tuple(tag_names(labels, types)),
        entities="all" if entities == "all" else "pair",
        untagged=n_untagged,
    )
    n_rows = sum(storage.write(tagged, TAG, splits, notes, sentences=sentences).values())
    untagged = f", {counted(n_untagged, 'entity', 'entities')} not tagged" if n_untagged else ""
    return f"tag: {counted(n_rows, 'sentence')}, tags {' '.join(notes.tags)}{untagged}, {time.perf_counter() - began:.1f} s"


def _check(source: StageOutput[ParseNotes], settings: params.Tag, types: list[str], tagger: bool) -> int:
    """How many entities have no tags, of those that train a tagger: all of the sentences, or the pairs of the rows.

    Raises: InputError with all that has no BIO form.
    """
    labels, overlap = settings.labels, settings.overlap
    problems: list[Problem] = []
    n_untagged = 0
    if settings.entities == "all":
        for batch in source.sentence_batches():
            problems += find_mention_problems(batch, labels, overlap) if tagger else ()
            n_untagged += int(tag_mentions(batch, labels, types, overlap).n_untagged.sum())
    else:
        for batch in source.batches():
            problems += find_problems(batch, labels, overlap) if tagger else ()
            n_untagged += int((begin_ids(batch, labels, types, overlap) == 0).sum())
    if problems:
        raise InputError(problems)
    return n_untagged


if __name__ == "__main__":
    run(main)
