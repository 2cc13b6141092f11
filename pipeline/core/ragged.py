"""Flat arrays of ragged rows: values of all rows end to end, and each row's length."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core.arrays import Ints


def offsets(lengths: Ints) -> Ints:
    """Where each row begins in the flat array, and its end: (N + 1,).

    >>> offsets(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def indices(lengths: Ints) -> Ints:
    """Each value's index within its row: (sum of lengths,).

    >>> indices(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(int(lengths.sum())) - np.repeat(offsets(lengths)[:-1], lengths)


def lengths(column: pa.ChunkedArray) -> Ints:
    """The length of every list of a list column: (N,)."""
    counts: Ints = pc.list_value_length(column).to_numpy().astype(np.int64)
    return counts


def lists(values: NDArray[np.int32], row_lengths: Ints) -> pa.ListArray:
    """A list<int32> array from flat values."""
    return pa.ListArray.from_arrays(pa.array(offsets(row_lengths), pa.int32()), pa.array(values, pa.int32()))
