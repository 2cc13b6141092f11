"""Relative positions and windows, against what they say word by word, and the rows that no window holds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.positions import PADDING_ID, find_problems, position_ids, relative_positions, windows
from pipeline.position import position
from pipeline.tag import tag
from tests.support.rows import parsed, with_spans

SPAN = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


def distances(n_words: int, start: int, end: int, limit: int) -> list[int]:
    return relative_positions(np.array([n_words]), np.array([start]), np.array([end]), limit).tolist()


@given(st.integers(1, 30), st.data())
def test_a_distance_counts_the_words_to_the_nearest_word_of_the_entity(n_words: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, n_words - 1))
    end = data.draw(st.integers(start + 1, n_words))
    by_hand = [min((word - inside for inside in range(start, end)), key=abs) for word in range(n_words)]
    assert distances(n_words, start, end, 99) == by_hand


def test_distances_are_clipped_on_both_sides() -> None:
    assert distances(9, 4, 5, 2) == [-2, -2, -2, -1, 0, 1, 2, 2, 2]


@given(st.lists(st.integers(-5, 5), min_size=1))
def test_no_real_word_has_the_padding_id(values: list[int]) -> None:
    ids = position_ids(np.array(values, np.int32), 5)
    assert ids.min() > PADDING_ID
    assert ids.max() <= 11


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_window_keeps_both_entities_and_all_the_context_that_fits(n_words: int, max_length: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, n_words - 1))
    last = data.draw(st.integers(first + 1, min(n_words, first + max_length)))
    (start,), (end,) = windows(np.array([n_words]), np.array([first]), np.array([last]), max_length)
    assert 0 <= start <= first < last <= end <= n_words
    assert end - start == min(n_words, max_length)


@given(SPAN, SPAN, st.integers(7, 12))
def test_entities_may_nest_overlap_and_be_the_same(e1: tuple[int, int], e2: tuple[int, int], max_length: int) -> None:
    table = with_spans(parsed("[e1 a] b c d e f g h i [e2 j]"), e1, e2)
    [row] = position(tag(table, "entity", [], "outer"), max_length, max_distance=99).to_pylist()
    too_far = [*find_problems(table, max_length)]
    assert bool(too_far) == (max(e1[1], e2[1]) - min(e1[0], e2[0]) > max_length)
    if not too_far:
        assert row["window_start"] <= min(e1[0], e2[0]) < max(e1[1], e2[1]) <= row["window_end"]
    for name, span in (("e1", e1), ("e2", e2)):
        inside = [word for word, id_ in enumerate(row[f"{name}_position_ids"]) if id_ == 99 + 1]
        assert inside == list(range(*span))


def test_the_context_of_a_window_is_even_on_both_sides() -> None:
    (start,), (end,) = windows(np.array([20]), np.array([9]), np.array([11]), 6)
    assert (start, end) == (7, 13)


def test_entities_further_apart_than_the_window_are_an_error_naming_the_row() -> None:
    (problem,) = find_problems(parsed("[e1 a] b c d [e2 e]", "[e1 a] [e2 b]"), max_length=4)
    assert problem.source == "train.txt:1"
    assert "span 5 words" in problem.found
    assert "raise position.max_length to 5" in problem.hint
