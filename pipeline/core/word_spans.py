"""Spans of words of a table of rows: those of their entities, and the characters that words cover."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.schema import ENTITIES


def entity_edges(table: pa.Table) -> Ints:
    """(N, 2, 2) start and end of e1 and of e2 of each row, in words."""
    columns = [table[f"{entity}_{edge}"].to_numpy() for entity in ENTITIES for edge in ("start", "end")]
    edges: Ints = np.stack(columns, axis=1).astype(np.int64).reshape(-1, 2, 2)
    return edges


def entity_characters(table: pa.Table) -> Ints:
    """(N, 2, 2) start and end of e1 and of e2 of each row, in characters of its text."""
    return characters(table, np.arange(len(table))[:, None], entity_edges(table))


def characters(table: pa.Table, rows: Ints, spans: Ints) -> Ints:
    """(..., 2) start and end of spans in characters of their texts.

    Args: rows: (...) the row of each; spans: (..., 2) half-open, in words.

    >>> table = pa.table({"words": [["a"], ["Ann", "left"]], "starts": [[0], [2, 6]]})
    >>> characters(table, np.array([0, 1, 1]), np.array([[0, 1], [0, 1], [0, 2]])).tolist()
    [[0, 1], [2, 5], [2, 10]]
    """
    starts = pc.list_flatten(table["starts"]).to_numpy()
    ends = starts + pc.utf8_length(pc.list_flatten(table["words"])).to_numpy()
    begin, end = np.moveaxis(spans, -1, 0) + ragged.offsets(ragged.lengths(table["words"]))[rows]
    edges: Ints = np.stack([starts[begin], ends[end - 1]], axis=-1).astype(np.int64)
    return edges
