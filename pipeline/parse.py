"""Annotation files as rows of words: data/raw -> data/parsed.

Which rows are validation, and whether the corpus has problems, shows only when all is read. Until then the rows wait in a
scratch folder, so that no more than a batch of them is ever in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import outputs, params, ragged, storage
from pipeline.core.errors import InputError
from pipeline.core.labels import undirected
from pipeline.core.schema import PARSE, PARSED, SPLITS, ParseNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus.checks import Reading, SplitSummary, find_problems, merge, read_files, summarize
from pipeline.corpus.formats import READERS, Annotation
from pipeline.corpus.split import find_files
from pipeline.corpus.words import Tokenizer, find_words, load_tokenizer


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
    exclude = frozenset(settings.exclude)
    files, read = find_files(raw), READERS[settings.format]
    tokenize = load_tokenizer(settings.language, settings.segmenter)
    to_table = partial(parse, tokenize=tokenize, directed=settings.directed)

    with outputs.scratch_folder(parsed) as scratch:
        summaries = {}
        for split, paths in files.items():
            batches = _batched(read_files(paths, read))
            summaries[split] = _spill(scratch / split, batches, exclude, settings.seed, to_table)
        if problems := find_problems(summaries, exclude, settings.directed):
            raise InputError(problems)
        held_out = None if files["validation"] else _hold_out(summaries["train"], settings.validation_fraction)
        overlap = summaries["test"].n_shared(summaries["train"])
        notes = ParseNotes(settings.language, settings.segmenter, excluded=len(exclude), overlap=overlap)
        summaries.clear()  # its memory grows with the corpus, and writing needs some of its own
        counts = storage.write(parsed, PARSE, _splits(scratch, held_out), notes)
    return _closing_line(counts, notes, "its own files" if held_out is None else "train", time.perf_counter() - began)


def _closing_line(counts: dict[str, int], notes: ParseNotes, origin: str, seconds: float) -> str:
    rows = "{train:,} train, {validation:,} validation (from {origin}), {test:,} test".format(**counts, origin=origin)
    return f"parse: {rows}, {notes.excluded} excluded, {notes.overlap} of test have their text in train, {seconds:.1f} s"


def _batched(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """The readings in lists of BATCH_ROWS, the last one shorter."""
    iterator = iter(readings)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def _spill(
    path: Path,
    batches: Iterable[list[Reading]],
    exclude: Collection[str],
    seed: int,
    to_table: Callable[[list[Annotation]], pa.Table],
) -> SplitSummary:
    """Write the annotations of a split that are not excluded to an Arrow file, and return the summary of the split."""
    summaries = []
    with pa.ipc.new_file(str(path), PARSED) as file:
        for readings in batches:
            summaries.append(summarize(readings, exclude, seed))
            kept = [reading for reading in readings if isinstance(reading, Annotation) and reading.id not in exclude]
            if kept:
                file.write_table(to_table(kept))
    return merge(summaries)


def _hold_out(train: SplitSummary, fraction: float) -> NDArray[np.bool_]:
    """Which rows of train become validation.

    Raises: InputError where the fraction is so small that none does.
    """
    held_out = train.held_out(fraction)
    if not held_out.any():
        found = f"parse.validation_fraction {fraction:g} holds none of {len(held_out)} train rows out"
        raise InputError.of("params.yaml", found, "raise it, or put a validation file into data/raw")
    return held_out


def _splits(scratch: Path, held_out: NDArray[np.bool_] | None) -> dict[str, Iterator[pa.Table]]:
    """The tables of every split from the scratch folder; where rows of train are held out, these are validation."""
    files = {split: scratch / split for split in SPLITS}
    splits = {split: _tables(path) for split, path in files.items()}
    if held_out is not None:
        splits |= {"train": _tables(files["train"], ~held_out), "validation": _tables(files["train"], held_out)}
    return splits


def _tables(path: Path, mask: NDArray[np.bool_] | None = None) -> Iterator[pa.Table]:
    """The rows of an Arrow file, or only those where mask is true, a batch at a time."""
    with pa.OSFile(str(path)) as source:
        file, start = pa.ipc.open_file(source), 0
        for n in range(file.num_record_batches):
            table = pa.Table.from_batches([file.get_batch(n)])
            yield table if mask is None else table.filter(pa.array(mask[start : start + len(table)]))
            start += len(table)


if __name__ == "__main__":
    run(main)
