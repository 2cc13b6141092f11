"""BIO tags, against the strict mode of seqeval, and the rows that have none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from pipeline.corpus.bio import bio_ids, find_problems, marked, tag_names
from pipeline.tag import tag
from tests.support.rows import parsed, with_spans

SPAN = st.tuples(st.integers(0, 7), st.integers(1, 4)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))
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
    table = with_spans(parsed("a [e1 b c] d [e2 e]"), (1, 3), (e2_start, e2_end))
    (problem,) = find_problems(table, "entity", "error")
    assert problem.source == "train.txt:1"
    assert "share a word" in problem.found
    assert "parse.exclude" in problem.hint
    assert "tag.overlap to outer or first" in problem.hint


@pytest.mark.parametrize(
    ("e1", "e2", "outer", "first"),
    [
        ((0, 5), (1, 3), "e1", "e1"),  # nested
        ((1, 3), (0, 5), "e2", "e2"),
        ((0, 2), (0, 5), "e2", "e2"),  # of one start
        ((2, 5), (0, 5), "e2", "e2"),  # of one end
        ((0, 3), (2, 7), "e2", "e1"),  # each holds words that the other lacks
        ((2, 7), (0, 3), "e1", "e2"),
        ((0, 3), (2, 5), "e1", "e1"),  # of one length
        ((2, 5), (0, 3), "e2", "e2"),
        ((1, 4), (1, 4), "e1", "e1"),  # the same words
        ((0, 2), (2, 4), "both", "both"),  # they touch
    ],
)
def test_of_entities_that_share_a_word_one_is_marked(e1: tuple[int, int], e2: tuple[int, int], outer: str, first: str) -> None:
    table = with_spans(parsed("[e1 a] b c d e f [e2 g]"), e1, e2)
    who = {(True, False): "e1", (False, True): "e2", (True, True): "both"}
    assert who[tuple(marked(table, "outer")[0].tolist())] == outer
    assert who[tuple(marked(table, "first")[0].tolist())] == first
    assert not list(find_problems(table, "entity", "outer"))


@given(SPAN, SPAN, st.sampled_from(["outer", "first"]))
def test_what_is_marked_is_found_again_and_nothing_else(e1: tuple[int, int], e2: tuple[int, int], overlap: str) -> None:
    table = with_spans(parsed("[e1 a] b c d e f g h i j [e2 k]"), e1, e2)
    names = tag_names("role", [])
    tags = [names[index] for index in tag(table, "role", [], overlap)["tag_ids"][0].as_py()]
    found = {(entity.tag, entity.start, entity.end) for entity in Entities([tags], IOB2).entities[0]}
    spans = [("E1", *e1), ("E2", *e2)]
    assert found == {span for span, is_marked in zip(spans, marked(table, overlap)[0], strict=True) if is_marked}


def test_an_entity_that_is_not_marked_needs_no_type() -> None:
    table = with_spans(parsed("a [e1 b c d] e [e2 f]", types=("Person", None)), (1, 4), (2, 3))
    assert not list(find_problems(table, "type", "outer"))
    assert len(list(find_problems(table, "type", "error"))) == 2


def test_a_missing_type_is_an_error_only_when_types_are_the_classes() -> None:
    table = parsed("[e1 Ada] left [e2 York]", types=("Person", None))
    assert not list(find_problems(table, "role", "error"))
    (problem,) = find_problems(table, "type", "error")
    assert "e2 has no type" in problem.found
