"""BIO tags, against the strict mode of seqeval, and the rows that have none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from pipeline.corpus.bio import bio_ids, find_problems, tag_names
from tests.support.rows import parsed, with_column

gaps, lengths = st.integers(0, 4), st.integers(1, 4)


@given(gaps, lengths, gaps, lengths, gaps)
def test_seqeval_finds_the_spans_again(before: int, first: int, between: int, second: int, after: int) -> None:
    e2_start, e2_end, e1_start, e1_end, n_words = np.cumsum([before, first, between, second, after]).tolist()
    names = tag_names("role", [])
    ids = bio_ids(np.array([n_words]), np.array([[e1_start, e2_start]]), np.array([[e1_end, e2_end]]), np.array([[1, 3]]))
    found = {(e.tag, e.start, e.end) for e in Entities([[names[index] for index in ids]], IOB2).entities[0]}
    assert found == {("E1", e1_start, e1_end), ("E2", e2_start, e2_end)}


@pytest.mark.parametrize(("e2_start", "e2_end"), [(1, 3), (2, 3), (0, 4), (1, 2)])
def test_entities_that_share_a_word_are_an_error(e2_start: int, e2_end: int) -> None:
    table = with_column(with_column(parsed("a [e1 b c] d [e2 e]"), "e2_start", [e2_start]), "e2_end", [e2_end])
    (problem,) = find_problems(table, "entity")
    assert problem.source == "train.txt:1"
    assert "share a word" in problem.found
    assert "parse.exclude" in problem.hint


def test_a_missing_type_is_an_error_only_when_types_are_the_classes() -> None:
    table = parsed("[e1 Ada] left [e2 York]", types=("Person", None))
    assert not list(find_problems(table, "role"))
    (problem,) = find_problems(table, "type")
    assert "e2 has no type" in problem.found
