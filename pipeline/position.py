"""Every word's relative position to both entities, and the window kept of a long sentence: data/tagged -> data/positioned.

Relative positions after Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network", section 3.3.2.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa

from pipeline.core import params, ragged, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import POSITION, TAG, PositionNotes
from pipeline.core.stage import Input, Output, run
from pipeline.core.word_spans import entity_edges
from pipeline.core.wording import counted
from pipeline.corpus.position_columns import find_problems, with_positions


def position(table: pa.Table, max_length: int, max_distance: int) -> pa.Table:
    """A tagged table with both entities' position ids and the window."""
    e1, e2 = np.moveaxis(entity_edges(table), 1, 0)
    return with_positions(table, e1, e2, max_length, max_distance)


def main(tagged: Input, positioned: Output) -> str:
    """Add every word's relative position to both entities, and the window kept of a long sentence."""
    began = time.perf_counter()
    settings = params.read(params.Position)
    source = storage.read(tagged, TAG)
    problems: list[Problem] = []
    n_windowed = 0
    for batch in source.batches():
        problems += find_problems(batch, settings.max_length)
        n_windowed += int((ragged.lengths(batch["words"]) > settings.max_length).sum())
    if problems:
        raise InputError(problems)
    splits = {
        split: (position(batch, settings.max_length, settings.max_distance) for batch in source.batches(split))
        for split in source.files
    }
    sentences = {split: source.sentence_batches(split) for split in source.sentence_files}
    notes = PositionNotes(**vars(source.notes), **vars(settings), windowed=n_windowed)
    n_rows = sum(storage.write(positioned, POSITION, splits, notes, sentences=sentences).values())
    seconds = time.perf_counter() - began
    return f"position: {counted(n_rows, 'sentence')}, {n_windowed} kept as a window of {settings.max_length} words, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
