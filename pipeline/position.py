"""Every word's relative position to both entities, and the window kept of a long sentence: data/tagged -> data/positioned.

Relative positions after Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network", section 3.3.2.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import POSITION, TAG, PositionNotes
from pipeline.core.stage import Input, Output, run
from pipeline.corpus.positions import position_ids, relative_positions, windows


def position(table: pa.Table, max_length: int, max_distance: int) -> pa.Table:
    """A tagged table with both entities' position ids and the window."""
    n_words = ragged.lengths(table["words"])
    for entity in ("e1", "e2"):
        start, end = (table[f"{entity}_{edge}"].to_numpy().astype(np.int64) for edge in ("start", "end"))
        ids = position_ids(relative_positions(n_words, start, end, max_distance), max_distance)
        table = table.append_column(f"{entity}_position_ids", ragged.lists(ids, n_words))
    for name, column in zip(("window_start", "window_end"), windows(n_words, *_extent(table), max_length), strict=True):
        table = table.append_column(name, pa.array(column, pa.int32()))
    return table


def find_problems(table: pa.Table, max_length: int) -> Iterator[Problem]:
    """The rows whose entities are further apart than the window is wide."""
    first, last = _extent(table)
    for row in np.flatnonzero(last - first > max_length).tolist():
        row_id, extent = table["id"][row].as_py(), int(last[row] - first[row])
        found = f"row {row_id}: the entities span {extent} words, more than position.max_length {max_length}"
        problem = Problem(found, f"raise position.max_length to {extent}", "entities-far-apart")
        yield problem.at(table["source"][row].as_py(), row_id=row_id).or_exclude()


def _extent(table: pa.Table) -> tuple[Ints, Ints]:
    """(N,) the start of the earlier entity and (N,) the end of the later one."""
    columns = {name: table[name].to_numpy().astype(np.int64) for name in ("e1_start", "e2_start", "e1_end", "e2_end")}
    return np.minimum(columns["e1_start"], columns["e2_start"]), np.maximum(columns["e1_end"], columns["e2_end"])


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
    notes = PositionNotes(**vars(source.notes), **vars(settings), windowed=n_windowed)
    n_rows = sum(storage.write(positioned, POSITION, splits, notes).values())
    seconds = time.perf_counter() - began
    return f"position: {n_rows:,} sentences, {n_windowed} kept as a window of {settings.max_length} words, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
