"""Pairs of found entities against all permutations, and their rows against those of the position stage."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.candidates import candidate_rows, ordered_pairs
from tests.support.rows import positioned

Entity = tuple[int, int, int]  # row, start, end


@st.composite
def entities(draw: st.DrawFn) -> list[Entity]:
    """Entities of a few sentences, apart and in reading order."""
    found = []
    for row in range(draw(st.integers(0, 3))):
        end = 0
        for _ in range(draw(st.integers(0, 5))):
            start = end + draw(st.integers(0, 3))
            end = start + draw(st.integers(1, 4))
            found.append((row, start, end))
    return found


@given(entities(), st.integers(1, 9))
def test_they_are_the_permutations_of_each_sentence_that_a_window_holds(found: list[Entity], max_length: int) -> None:
    expected = [
        (i, j)
        for i, j in itertools.permutations(range(len(found)), 2)
        if found[i][0] == found[j][0] and max(found[i][2], found[j][2]) - min(found[i][1], found[j][1]) <= max_length
    ]
    e1, e2 = ordered_pairs(*np.array(found, np.int64).reshape(-1, 3).T, max_length)
    assert list(zip(e1.tolist(), e2.tolist(), strict=True)) == expected


def test_their_rows_are_those_of_the_position_stage() -> None:
    words = " ".join(f"w{index}" for index in range(9))
    expected = positioned(f"a [e2 b c] {words} [e1 d] e {words}", "[e1 a] [e2 b c]", max_length=14)
    sentences = expected.take(pa.array([1, 0]))
    edges = {
        name: np.array([[*at] for at in zip(*(expected[f"{name}_{edge}"].to_pylist() for edge in ("start", "end")), strict=True)])
        for name in ("e1", "e2")
    }
    rows = candidate_rows(sentences, np.array([1, 0]), edges["e1"], edges["e2"], max_length=14, max_distance=10)
    names = [name for name in rows.schema.names if name != "relation"]
    assert rows.select(names).to_pylist() == expected.select(names).to_pylist()
    assert rows["relation"].null_count == 2
