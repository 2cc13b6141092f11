"""Relative positions and windows, against what they say word by word."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.positions import PADDING_ID, inside_id, n_ids, position_ids, relative_positions, windows


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
    assert ids.max() < n_ids(5)


def test_a_word_inside_the_entity_has_the_id_of_distance_0() -> None:
    assert position_ids(np.array([0], np.int32), 5).tolist() == [inside_id(5)]


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_window_keeps_both_entities_and_all_the_context_that_fits(n_words: int, max_length: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, n_words - 1))
    last = data.draw(st.integers(first + 1, min(n_words, first + max_length)))
    (start,), (end,) = windows(np.array([n_words]), np.array([first]), np.array([last]), max_length)
    assert 0 <= start <= first < last <= end <= n_words
    assert end - start == min(n_words, max_length)


def test_the_context_of_a_window_is_even_on_both_sides() -> None:
    (start,), (end,) = windows(np.array([20]), np.array([9]), np.array([11]), 6)
    assert (start, end) == (7, 13)
