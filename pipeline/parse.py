"""Annotation files as rows of words: data/raw -> data/parsed.

Which rows are validation, and whether the corpus has problems, shows only when all is read. Until then the rows wait in a
scratch folder, so that no more than a batch of them is ever in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import outputs, params, ragged, storage
from pipeline.core.arrays import Bools
from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import undirected
from pipeline.core.params import Exclusion
from pipeline.core.schema import PARSE, PARSED, SPLITS, ParseNotes
from pipeline.core.stage import Input, Output, log, run
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus import bio, positions
from pipeline.corpus.checks import CheckedCorpus, check_corpus
from pipeline.corpus.formats import READERS, Annotation
from pipeline.corpus.split import find_files
from pipeline.corpus.summary import Reading, SplitSummary, merge, read_files, summarize
from pipeline.corpus.words import Tokenizer, find_words, load_tokenizer

EXCLUDED = "excluded.jsonl"  # the rows that parse.exclude leaves out, in the folder of those that stay


def parse(annotations: list[Annotation], tokenize: Tokenizer, directed: bool) -> pa.Table:
    """A table of PARSED, one row an annotation."""
    entities = np.array([[*row.e1, *row.e2] for row in annotations], np.int64)
    words, starts, counts, spans = find_words([row.text for row in annotations], entities, tokenize)
    columns = {
        "id": [row.id for row in annotations],
        "source": [row.source for row in annotations],
        "text": [row.text for row in annotations],
        "words": pa.ListArray.from_arrays(pa.array(ragged.offsets(counts), pa.int32()), pa.array(words, pa.string())),
        "starts": ragged.lists(starts.astype(np.int32), counts),
        **dict(zip(("e1_start", "e1_end", "e2_start", "e2_end"), spans.T, strict=True)),
        "e1_type": [row.e1_type for row in annotations],
        "e2_type": [row.e2_type for row in annotations],
        "relation": [row.relation if directed else undirected(row.relation) for row in annotations],
    }
    return pa.table(columns, PARSED)


def main(raw: Input, parsed: Output) -> str:
    """Parse annotation files into rows of words."""
    began = time.perf_counter()
    params.check()
    settings = params.read(params.Parse)
    files = find_files(raw)
    with outputs.scratch_folder(parsed) as scratch:
        corpus = _read(scratch, files, settings)
        if corpus.problems:
            raise InputError([*corpus.problems, *_later_problems(scratch, corpus)])
        for line in corpus.shared_ids():
            log(f"parse: {line}")
        held_out = None if files["validation"] else _hold_out(corpus.summaries["train"], settings.validation_fraction)
        overlap = corpus.summaries["test"].n_shared(corpus.summaries["train"])
        notes = ParseNotes(settings.language, settings.segmenter, corpus.excluded_by, overlap, settings.negative_label, {}, ())
        splits = _splits(scratch, corpus.summaries, held_out)
        lists = {EXCLUDED: corpus.left_out} if corpus.left_out else {}
        corpus.summaries.clear()  # its memory grows with the corpus, and writing needs some of its own
        counts = storage.write(parsed, PARSE, splits, notes, lists)
    return _closing_line(counts, notes, "its own files" if held_out is None else "train", time.perf_counter() - began)


def _closing_line(counts: dict[str, int], notes: ParseNotes, origin: str, seconds: float) -> str:
    rows = "{train:,} train, {validation:,} validation (from {origin}), {test:,} test".format(**counts, origin=origin)
    return f"parse: {rows}, {notes.excluded} excluded, {notes.overlap} of test have their text in train, {seconds:.1f} s"


def _read(scratch: Path, files: Mapping[str, list[Path]], settings: params.Parse) -> CheckedCorpus:
    """Read the files of all splits into the scratch folder, and check what they hold."""
    tokenize = load_tokenizer(settings.language, settings.segmenter)
    to_table = partial(parse, tokenize=tokenize, directed=settings.directed)
    summaries = {}
    for split, paths in files.items():
        batches = _batched(read_files(paths, READERS[settings.format]))
        summaries[split] = _spill(scratch / split, batches, settings, to_table)
    return check_corpus(summaries, settings.exclude, settings.directed)


def _batched(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """The readings in lists of BATCH_ROWS, the last one shorter."""
    iterator = iter(readings)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def _spill(
    path: Path, batches: Iterable[list[Reading]], settings: params.Parse, to_table: Callable[[list[Annotation]], pa.Table]
) -> SplitSummary:
    """Write the annotations of a split to an Arrow file, and return the summary of the split."""
    summaries = []
    seeks_overlaps = Exclusion("entities-overlap") in settings.exclude  # offsets may give them, which only the tag stage refuses
    with pa.ipc.new_file(str(path), PARSED) as file:
        for readings in batches:
            summary = summarize(readings, settings.seed)
            if annotations := [reading for reading in readings if isinstance(reading, Annotation)]:
                table = to_table(annotations)
                file.write_table(table)
                if seeks_overlaps:
                    summary = replace(summary, problems=(*summary.problems, *bio.find_overlaps(table)))
            summaries.append(summary)
    return merge(summaries)


def _later_problems(scratch: Path, corpus: CheckedCorpus) -> Iterator[Problem]:
    """What the next stages would refuse of the rows that could be read, so that one run tells all."""
    labels, max_length = params.read(params.Tag).labels, params.read(params.Position).max_length
    for split, summary in corpus.summaries.items():
        for table in _tables(scratch / split, summary.is_kept):
            yield from bio.find_problems(table, labels)
            yield from positions.find_problems(table, max_length)


def _hold_out(train: SplitSummary, fraction: float) -> Bools:
    """Which rows of train become validation.

    Raises: InputError where the fraction is so small that none does.
    """
    held_out = train.held_out(fraction)
    if not held_out.any():
        found = f"parse.validation_fraction {fraction:g} holds none of {len(held_out)} train rows out"
        raise InputError.of("params.yaml", found, "raise it, or put a validation file into data/raw")
    return held_out


def _splits(scratch: Path, summaries: Mapping[str, SplitSummary], held_out: Bools | None) -> dict[str, Iterator[pa.Table]]:
    """The tables of every split from the scratch folder, without the rows left out.

    Args: held_out: (N,) which of the N rows of train that are not left out are validation; None where validation has files.
    """
    kept = {split: summary.is_kept for split, summary in summaries.items()}
    splits = {split: _tables(scratch / split, kept[split]) for split in SPLITS}
    if held_out is not None:
        for split, chosen in (("train", ~held_out), ("validation", held_out)):
            mask = kept["train"].copy()
            mask[mask] = chosen
            splits[split] = _tables(scratch / "train", mask)
    return splits


def _tables(path: Path, mask: Bools) -> Iterator[pa.Table]:
    """The rows of an Arrow file where mask is true, a batch at a time."""
    with pa.OSFile(str(path)) as source:
        file, start = pa.ipc.open_file(source), 0
        for n in range(file.num_record_batches):
            table = pa.Table.from_batches([file.get_batch(n)])
            is_chosen = mask[start : start + len(table)]
            yield table if is_chosen.all() else table.filter(pa.array(is_chosen))
            start += len(table)


if __name__ == "__main__":
    run(main)
