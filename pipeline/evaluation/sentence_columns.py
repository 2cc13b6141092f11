"""The test sentences of the report, a list a column: all of them, or mistakes and a sample where they would take too much room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import ragged
from pipeline.core.arrays import Floats, Ints
from pipeline.core.labels import UNLABELLED_ID
from pipeline.core.untrusted import shown
from pipeline.core.word_spans import characters, entity_characters
from pipeline.evaluation import calibration
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.slices import Slices
from pipeline.model.spans import find_spans

MOST_BYTES = 10_000_000  # of all sentences of a report
ROW_BYTES = 150  # about what a sentence takes beside its text
RIGHT_SHARE = 0.2  # of the room that right sentences have at least, where not all fit
N_LIKELY = 5  # relations whose probabilities are told
NO_SLICE = -1
ROWS_AT_ONCE = 1_000  # whose probabilities are copied


def columns(test: ScoredSplit, table: pa.Table, cuts: Mapping[str, Slices], tags: Sequence[str], seed: int) -> dict[str, Any]:
    """The columns of M sentences.

    Args: test, table: all N test rows, with labels or without; cuts: those with labels cut in every way; tags: names by id;
        seed: of the sample.
    """
    rows = chosen(test, sizes_of(table), seed)
    taken = table.take(pa.array(rows))
    e1, e2 = np.moveaxis(entity_characters(taken), 1, 0).tolist()
    likely, probabilities = most_likely(test.probabilities, rows)
    return {
        "row": rows.tolist(),
        "id": taken["id"].to_pylist(),
        **places(taken["source"].to_pylist()),
        "text": [shown(text) for text in taken["text"].to_pylist()],
        "e1": e1,
        "e2": e2,
        "gold": test.gold_ids[rows].tolist(),
        "predicted": likely[:, 0].tolist(),
        "likely": likely.tolist(),
        "permille": np.rint(probabilities * 1000).astype(int).tolist(),
        "bin": calibration.bin_ids(probabilities[:, 0]).tolist(),
        "slices": [numbers[rows].tolist() for numbers in slice_numbers(test, cuts)],
        "gold_spans": _spans(taken, [test.gold_tags[row] for row in rows], tags),
        "predicted_spans": _spans(taken, [test.predicted_tags[row] for row in rows], tags) if test.predicted_tags else None,
    }


def sizes_of(table: pa.Table) -> Ints:
    """(N,) about how much room each row takes."""
    sizes: Ints = pc.binary_length(table["text"].cast(pa.large_string())).to_numpy() + ROW_BYTES
    return sizes


def chosen(test: ScoredSplit, sizes: Ints, seed: int, most_bytes: int = MOST_BYTES) -> Ints:
    """The numbers of the rows to show, in order: all, or as many as fit, of every confusion of two labels one before any has two.

    Where not all fit, right rows have RIGHT_SHARE of the room, or what mistakes leave of it. Of a pair of labels it is a sample.

    Args: sizes: (N,) of each row.
    """
    if sizes.sum() <= most_bytes:
        return np.arange(len(sizes))
    predicted_ids = test.predicted_ids
    order = np.random.default_rng(seed).permutation(len(sizes))
    pairs = test.gold_ids[order] * len(test.labels) + predicted_ids[order]
    order = order[np.argsort(_rank_within(pairs), kind="stable")]
    is_right = test.gold_ids[order] == predicted_ids[order]
    wrong, right = order[~is_right], order[is_right]
    kept = _fitting(wrong, sizes, most_bytes - min(most_bytes * RIGHT_SHARE, sizes[right].sum()))
    kept = np.concatenate([kept, _fitting(right, sizes, most_bytes - sizes[kept].sum())])
    return np.sort(kept)


def most_likely(probabilities: Floats, rows: Ints) -> tuple[Ints, Floats]:
    """(M, N_LIKELY) ids of the most probable relations of some rows, of equals the first before, and their probabilities."""
    n_likely = min(N_LIKELY, probabilities.shape[1])
    ids, shares = np.empty((len(rows), n_likely), np.int64), np.empty((len(rows), n_likely), np.float32)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        left = probabilities[rows[part]]
        each = np.arange(len(left))
        for rank in range(n_likely):
            ids[part, rank] = left.argmax(axis=1)
            shares[part, rank] = left[each, ids[part, rank]]
            left[each, ids[part, rank]] = -1
    return ids, shares


def _fitting(rows: Ints, sizes: Ints, room: float) -> Ints:
    """The first rows that fit."""
    fitting: Ints = rows[np.cumsum(sizes[rows]) <= room]
    return fitting


def _rank_within(groups: Ints) -> Ints:
    """(N,) how many of the same group stand before each entry."""
    order = np.argsort(groups, kind="stable")
    _, counts = np.unique(groups[order], return_counts=True)
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = ragged.indices(counts)
    return ranks


def places(sources: Sequence[str]) -> dict[str, Any]:
    """Sources as names of files, each once, and a file and a line a source.

    >>> places(["a.txt:1", "a.txt:4"])
    {'files': ['a.txt'], 'file': [0, 0], 'line': ['1', '4']}
    """
    parts = [source.rpartition(":") for source in sources]
    files = list(dict.fromkeys(file for file, _, _ in parts))
    number = {file: n for n, file in enumerate(files)}
    return {"files": files, "file": [number[file] for file, _, _ in parts], "line": [line for _, _, line in parts]}


def slice_numbers(test: ScoredSplit, cuts: Mapping[str, Slices]) -> list[Ints]:
    """Of each cut (N,) the number of each row's slice, NO_SLICE of rows without a label."""
    labelled = np.flatnonzero(test.gold_ids != UNLABELLED_ID)
    numbers = []
    for slices in cuts.values():
        own = np.full(len(test.row_ids), NO_SLICE)
        for number, rows in enumerate(slices.values()):
            own[labelled[rows]] = number
        numbers.append(own)
    return numbers


def _spans(table: pa.Table, tagged: Sequence[Sequence[str]], tags: Sequence[str]) -> list[list[int]]:
    """The entities that tags mark in each row: start, end, in characters, and class, end to end.

    Args: tagged: a name a word; tags: names by id.
    """
    tag_id = {name: n for n, name in enumerate(tags)}
    ids = np.array([tag_id[name] for row in tagged for name in row], np.int64)
    spans = find_spans(ids, ragged.lengths(table["words"]))
    edges = characters(table, spans.rows, np.stack([spans.starts, spans.ends], axis=1))
    triples = np.column_stack([edges, spans.class_ids]).tolist()
    by_row: list[list[int]] = [[] for _ in tagged]
    for row, triple in zip(spans.rows.tolist(), triples, strict=True):
        by_row[row] += triple
    return by_row
