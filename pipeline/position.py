"""Every word's relative position to both entities, and the window kept of a long sentence: data/tagged -> data/positioned.

Relative positions after Zeng et al. 2014, "Relation Classification via Convolutional Deep Neural Network", section 3.3.2.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import params, ragged, storage
from pipeline.errors import InputError, Problem, or_exclude
from pipeline.ragged import Ints
from pipeline.schema import CONTRACTS
from pipeline.stage import arguments, run

PADDING_ID = 0


def relative_positions(n_words: Ints, starts: Ints, ends: Ints, max_distance: int) -> NDArray[np.int32]:
    """Distance of every word to its sentence's entity [start, end), 0 inside it, for N sentences end to end.

    Args: n_words, starts, ends: (N,) in words.
    Returns: (sum of n_words,) int32, clipped to [-max_distance, max_distance]: negative left of the entity, positive right of it.

    >>> relative_positions(np.array([6]), np.array([2]), np.array([4]), 2).tolist()
    [-2, -1, 0, 0, 1, 2]
    """
    word = ragged.indices(n_words)
    start, last = np.repeat(starts, n_words), np.repeat(ends - 1, n_words)
    distance = np.minimum(word - start, 0) + np.maximum(word - last, 0)
    clipped: NDArray[np.int32] = np.clip(distance, -max_distance, max_distance).astype(np.int32)
    return clipped


def position_ids(distances: NDArray[np.int32], max_distance: int) -> NDArray[np.int32]:
    """Distances as ids 1 .. 2 max_distance + 1; 0 is left to padding.

    >>> position_ids(np.array([-2, 0, 2], np.int32), 2).tolist()
    [1, 3, 5]
    """
    ids: NDArray[np.int32] = distances + np.int32(max_distance + 1)
    return ids


def windows(n_words: Ints, first: Ints, last: Ints, max_length: int) -> tuple[Ints, Ints]:
    """The window [start, end) kept of N sentences: the whole sentence, or max_length words with [first, last) in the middle.

    Args: n_words: (N,) words a sentence; first, last: (N,) the start of the earlier entity and the end of the later one.

    >>> start, end = windows(np.array([5, 9, 9]), np.array([0, 4, 0]), np.array([5, 6, 2]), 5)
    >>> start.tolist(), end.tolist()
    ([0, 3, 0], [5, 8, 5])
    """
    width = np.minimum(n_words, max_length)
    start = np.clip(first - (width - (last - first)) // 2, 0, n_words - width)
    return start, start + width


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
        name, extent = table["id"][row].as_py(), int(last[row] - first[row])
        yield Problem(
            table["source"][row].as_py(),
            f"row {name}: the entities span {extent} words, more than position.max_length {max_length}",
            f"raise position.max_length to {extent}{or_exclude(name)}",
        )


def _extent(table: pa.Table) -> tuple[Ints, Ints]:
    """(N,) the start of the earlier entity and (N,) the end of the later one."""
    columns = {name: table[name].to_numpy().astype(np.int64) for name in ("e1_start", "e2_start", "e1_end", "e2_end")}
    return np.minimum(columns["e1_start"], columns["e2_start"]), np.maximum(columns["e1_end"], columns["e2_end"])


def main(argv: list[str]) -> str:
    """Position data/tagged into data/positioned."""
    began = time.perf_counter()
    source, target = map(Path, arguments(argv, "tagged positioned"))
    settings = params.read(params.Position)
    tagged = storage.read(source, CONTRACTS["tag"])
    problems: list[Problem] = []
    longer = 0
    for batch in tagged.batches():
        problems += find_problems(batch, settings.max_length)
        longer += int((ragged.lengths(batch["words"]) > settings.max_length).sum())
    if problems:
        raise InputError(problems)
    splits = {
        split: (position(batch, settings.max_length, settings.max_distance) for batch in tagged.batches(split))
        for split in tagged.files
    }
    notes = {**tagged.notes, "max_length": settings.max_length, "max_distance": settings.max_distance, "windowed": longer}
    rows = storage.write(target, CONTRACTS["position"], splits, tagged.labels, notes)
    seconds = time.perf_counter() - began
    return f"position: {sum(rows.values()):,} sentences, {longer} kept as a window of {settings.max_length} words, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
