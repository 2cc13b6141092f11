from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.campaign.rounds import within
from pipeline.corpus.split import group_keys, hold_out, text_key


def keys(texts, seed=13):
    return np.array([text_key(text, seed) for text in texts], np.uint64)


ROWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=80)


@given(ROWS, st.floats(0, 1), st.integers(-5, 5))
def test_the_same_text_stays_on_one_side_and_every_relation_stays_in_train(rows, fraction, seed):
    texts, relations = zip(*((str(text), relation) for text, relation in rows), strict=True)
    held = hold_out(keys(texts, seed), np.array(relations), fraction)
    first = {}
    for text, side in zip(texts, held.tolist(), strict=True):
        assert first.setdefault(text, side) == side
    assert {relation for relation, side in zip(relations, held.tolist(), strict=True) if not side} == set(relations)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_rows_that_texts_and_documents_link_share_the_smallest_key(rows):
    texts, documents = (np.array(column, np.uint64) for column in zip(*rows, strict=True))
    expected = texts.copy()
    for _ in rows:
        for column in (texts, documents):
            for value in column:
                expected[column == value] = expected[column == value].min()
    assert group_keys(texts, documents).tolist() == expected.tolist()


def test_every_relation_gives_its_share():
    relations = np.repeat([0, 1, 2], [1000, 100, 4])
    held = hold_out(keys(map(str, range(1104))), relations, 0.1)
    assert Counter(relations[held].tolist()) == {0: 100, 1: 10}


def test_nothing_is_held_out_at_fraction_zero():
    assert not hold_out(keys("abcdef"), np.zeros(6, int), 0).any()


def test_another_seed_holds_other_rows_out():
    texts, relations = [str(i) for i in range(100)], np.zeros(100, int)
    assert (hold_out(keys(texts, 1), relations, 0.5) != hold_out(keys(texts, 2), relations, 0.5)).any()


def test_the_rows_of_a_seed_are_the_same_everywhere():
    held = hold_out(keys("abcdefghij", 13), np.zeros(10, int), 0.3)
    assert "".join(text for text, side in zip("abcdefghij", held, strict=True) if side) == "dfj"


def test_an_added_row_moves_almost_no_other_row():
    texts = [str(i) for i in range(1001)]
    before = hold_out(keys(texts[:1000]), np.zeros(1000, int), 0.1)
    after = hold_out(keys(texts), np.zeros(1001, int), 0.1)
    assert (before != after[:1000]).sum() <= 1


def slow_hold_out(keys, relations, fraction):
    """What hold_out says, relation by relation."""
    _, first, text = np.unique(keys, return_index=True, return_inverse=True)
    n_rows = np.bincount(text)
    held = np.zeros(len(first), bool)
    for relation in np.unique(relations):
        texts = np.flatnonzero(relations[first] == relation)
        middle = np.cumsum(n_rows[texts]) - n_rows[texts] / 2
        held[texts[:-1]] = middle[:-1] < fraction * n_rows[texts].sum()
    for relation in set(relations.tolist()) - set(relations[~held[text]].tolist()):
        held[text[relations.tolist().index(relation)]] = False
    return held[text]


@given(ROWS, st.floats(0, 1))
def test_the_rows_of_all_relations_are_those_of_each_relation_alone(rows, fraction):
    texts, relations = zip(*((str(text), relation) for text, relation in rows), strict=True)
    drawn = keys(texts), np.array(relations), fraction
    np.testing.assert_array_equal(hold_out(*drawn), slow_hold_out(*drawn))


def test_a_hundred_thousand_relations_take_no_longer_than_a_few():
    with within(2):
        hold_out(np.arange(200_000, dtype=np.uint64), np.arange(200_000) % 100_000, 0.1)
