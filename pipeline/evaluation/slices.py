"""Where a model is strong and weak: its test rows cut by what may make them hard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.labels import label_ids, parse_label
from pipeline.core.word_spans import entity_edges

Slices = dict[str, list[int]]  # row numbers by slice, slices in reading order, those without rows left out
DIRECTIONS = ("e1,e2", "e2,e1", "none")
ORDERS = ("e1 first", "e2 first")
SEEN = ("neither seen in training", "one seen in training", "both seen in training")
ROWS_AT_ONCE = 10_000  # whose entities are put together


def words_between(table: pa.Table) -> Ints:
    """(N,) words between the entities of each row, 0 where they touch or overlap."""
    starts, ends = np.moveaxis(entity_edges(table), 2, 0)
    between: Ints = np.maximum(0, starts.max(axis=1) - ends.min(axis=1))
    return between


def n_words(table: pa.Table) -> Ints:
    """(N,) words of each sentence."""
    return ragged.lengths(table["words"])


def longer_entity(table: pa.Table) -> Ints:
    """(N,) words of each row's longer entity."""
    longer: Ints = np.diff(entity_edges(table)).max(axis=(1, 2))
    return longer


# A cut by number: its measure, the least number, and the largest of each bin but the last, which is open.
NUMBERS = {
    "words between the entities": (words_between, 0, (0, 2, 5, 10)),
    "words of the sentence": (n_words, 1, (10, 20, 30, 40)),
    "words of the longer entity": (longer_entity, 1, (1, 2)),
}


def cut(test: pa.Table, train: pa.Table) -> dict[str, Slices]:
    """The test rows that have a label cut in every way, as if there were no others: slices by the name of the cut.

    Args: test, train: rows of the position stage; train tells which entity strings the model has seen.
    """
    if test["relation"].null_count:
        test = test.filter(test["relation"].is_valid())
    cuts = {}
    for name, (measure, least, edges) in NUMBERS.items():
        bins = [bin_name(number, least, edges) for number in (*edges, edges[-1] + 1)]
        cuts[name] = _slices(np.searchsorted(edges, measure(test)), bins)
    labels = test["relation"].unique().to_pylist()
    directions = np.array([DIRECTIONS.index(parse_label(label).direction or "none") for label in labels], np.int64)
    cuts["direction"] = _slices(directions[label_ids(test["relation"], labels)], DIRECTIONS)
    cuts["order of the entities"] = _slices(_e2_first(test), ORDERS)
    cuts["entity strings"] = _slices(_n_seen(test, seen={string for e in ("e1", "e2") for string in _strings(train, e)}), SEEN)
    return cuts


def bin_name(number: int, least: int, edges: Sequence[int]) -> str:
    """Name the bin of a number.

    >>> [bin_name(number, 0, (0, 2, 5)) for number in (0, 1, 5, 6)]
    ['0', '1 to 2', '3 to 5', '6 or more']
    """
    low = least
    for edge in edges:
        if number <= edge:
            return f"{low} to {edge}" if low < edge else str(edge)
        low = edge + 1
    return f"{low} or more"


def _slices(numbers: Ints, names: Sequence[str]) -> Slices:
    """Gather the rows of each slice.

    Args: numbers: (N,) of each row's slice; names: of the slices in reading order.
    """
    rows = {name: np.flatnonzero(numbers == number).tolist() for number, name in enumerate(names)}
    return {name: own for name, own in rows.items() if own}


def _e2_first(table: pa.Table) -> Ints:
    """(N,) whether e2 is before e1, as 0 or 1."""
    e1_start, e1_end, e2_start, e2_end = entity_edges(table).reshape(-1, 4).T
    return np.where(e1_start == e2_start, e2_end < e1_end, e2_start < e1_start).astype(np.int64)


def _n_seen(table: pa.Table, seen: Set[str]) -> Ints:
    """(N,) how many of each row's two entity strings are among some."""
    e1, e2 = (np.fromiter((string in seen for string in _strings(table, e)), np.int64, len(table)) for e in ("e1", "e2"))
    return e1 + e2


def _strings(table: pa.Table, entity: str) -> Iterator[str]:
    """The words of an entity of each row, without regard to case."""
    for batch in table.select(["words", f"{entity}_start", f"{entity}_end"]).to_batches(max_chunksize=ROWS_AT_ONCE):
        words, start, end = batch["words"], batch[f"{entity}_start"].to_numpy(), batch[f"{entity}_end"].to_numpy()
        first = ragged.offsets(pc.list_value_length(words).to_numpy())[:-1] + start
        lengths = (end - start).astype(np.int64)
        taken = words.flatten().take(pa.array(np.repeat(first, lengths) + ragged.indices(lengths)))
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(ragged.offsets(lengths), pa.int32()), taken), " ")
        yield from (string.casefold() for string in joined.to_pylist())
