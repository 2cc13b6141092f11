"""Flat arrays of ragged rows: values of all rows end to end, and each row's length."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

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


def padded(rows: Sequence[NDArray[Any]], fill: int) -> NDArray[Any]:
    """Rows (T, ...) of one type as one array (N, the longest T, ...), filled up behind.

    >>> padded([np.array([5]), np.array([6, 7])], -1).tolist()
    [[5, -1], [6, 7]]
    """
    array = np.full((len(rows), max(map(len, rows)), *rows[0].shape[1:]), fill, rows[0].dtype)
    for place, row in zip(array, rows, strict=True):
        place[: len(row)] = row
    return array


class Rows:
    """The rows of a list column, each looked up where it lies, such as in a mapped file: nothing of them is held."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        """Args: column: lists of numbers or of strings without nulls."""
        self._starts = [chunk.offsets.to_numpy() for chunk in column.chunks]
        values = [chunk.values for chunk in column.chunks]
        self._values = values if pa.types.is_string(column.type.value_type) else [array.to_numpy() for array in values]
        self._first_rows: list[int] = offsets(np.array([len(chunk) for chunk in column.chunks], np.int64)).tolist()

    def row(self, number: int) -> Any:
        """A row's values: a view, an array of numpy or of Arrow's strings."""
        chunk = bisect_right(self._first_rows, number) - 1
        starts, place = self._starts[chunk], number - self._first_rows[chunk]
        return self._values[chunk][starts[place] : starts[place + 1]]
