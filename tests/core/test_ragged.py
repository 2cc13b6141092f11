"""Rows of list columns, looked up where they lie."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import ragged

NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)
WORDS = st.lists(st.text(max_size=3), max_size=4)


@given(st.data(), st.sampled_from([(pa.int32(), NUMBERS), (pa.string(), WORDS)]))
def test_a_row_is_that_of_the_column_however_it_is_cut(data, kind):
    of_values, rows = kind
    chunks = data.draw(st.lists(st.lists(rows, max_size=4), max_size=4))
    column = pa.chunked_array([pa.array(chunk, pa.list_(of_values)) for chunk in chunks], pa.list_(of_values))
    start = data.draw(st.integers(0, len(column)))
    part = column.slice(start, data.draw(st.integers(0, len(column) - start)))
    looked_up = ragged.Rows(part)
    assert [looked_up.row(number).tolist() for number in range(len(part))] == part.to_pylist()
