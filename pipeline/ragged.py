"""Flat arrays of ragged rows: values of all rows end to end, and each row's length."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def starts(lengths: Ints) -> Ints:
    """Where each row begins in the flat array, and its end: (N + 1,).

    >>> starts(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def indices(lengths: Ints) -> Ints:
    """Each value's index within its row: (sum of lengths,).

    >>> indices(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(int(lengths.sum())) - np.repeat(starts(lengths)[:-1], lengths)


def lengths(column: pa.ChunkedArray) -> Ints:
    """The length of every list of a list column: (N,)."""
    counts: Ints = pc.list_value_length(column).to_numpy().astype(np.int64)
    return counts


def take(column: pa.ChunkedArray, rows: Ints) -> pa.Array:
    """Rows of a column, in the order asked for; ChunkedArray.take copies the whole column first.

    >>> take(pa.chunked_array([["a", "b"], ["c", "d"]]), np.array([3, 0, 2])).to_pylist()
    ['d', 'a', 'c']
    """
    order = np.argsort(rows, kind="stable")
    firsts = starts(np.array([len(chunk) for chunk in column.chunks], np.int64))
    edges = np.searchsorted(rows[order], firsts)
    parts = [
        chunk.take(pa.array(rows[order[start:end]] - first))
        for chunk, first, start, end in zip(column.chunks, firsts, edges, edges[1:], strict=False)
        if start < end
    ]
    return pa.concat_arrays(parts or [pa.array([], column.type)]).take(pa.array(np.argsort(order)))


def lists(values: NDArray[np.int32], row_lengths: Ints) -> pa.ListArray:
    """A list<int32> array from flat values."""
    return pa.ListArray.from_arrays(pa.array(starts(row_lengths), pa.int32()), pa.array(values, pa.int32()))
