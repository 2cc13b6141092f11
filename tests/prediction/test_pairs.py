"""Pairs of entities, their windows, and the inputs of the network."""

import itertools

import numpy as np
import pytest

from pipeline.core.schema import Span
from pipeline.model.shapes import shape_id
from pipeline.prediction.pairs import Pair, candidate_pairs, inputs, windows_around
from pipeline.prediction.texts import Text
from pipeline.prediction.types import Sentence

MAX_LENGTH = 9
MAX_DISTANCE = 2


def text_of(n_words, width=3):
    """A text of words of one character, of several shapes, and random vectors."""
    words = tuple(itertools.islice(itertools.cycle("xX1."), n_words))
    characters = tuple(Span(n, n + 1) for n in range(n_words))
    vectors = np.random.default_rng(n_words).normal(size=(n_words, width)).astype(np.float16)
    return Text(Sentence("".join(words)), words, characters, None, vectors)


def entities_of(text, *spans):
    return [text.entity(Span(*span)) for span in spans]


@pytest.mark.parametrize("seed", range(20))
def test_candidate_pairs_are_those_of_all_pairs_that_a_window_holds(seed):
    edges = np.sort(np.random.default_rng(seed).choice(40, 16, replace=False)).tolist()
    text = text_of(40)
    entities = entities_of(text, *zip(edges[::2], edges[1::2], strict=True))
    every = [Pair(text, *both) for both in itertools.permutations(entities, 2)]
    held = [pair for pair in every if pair.n_words <= MAX_LENGTH]
    assert [(pair.e1, pair.e2) for pair in candidate_pairs(text, entities, MAX_LENGTH)] == [(pair.e1, pair.e2) for pair in held]


def test_a_text_without_entities_has_no_candidate_pairs():
    assert list(candidate_pairs(text_of(4), [], MAX_LENGTH)) == []


def test_no_pairs_have_no_windows():
    assert windows_around([], MAX_LENGTH) == []


def test_a_window_has_its_pair_in_the_middle_whichever_entity_stands_first():
    text = text_of(20)
    left, right = entities_of(text, (8, 9), (10, 12))
    windows = windows_around([Pair(text, left, right), Pair(text, right, left)], 8)
    assert [window.words for window in windows] == [(6, 14), (6, 14)]


def test_a_short_text_is_seen_whole():
    text = text_of(4)
    [window] = windows_around([Pair(text, *entities_of(text, (0, 1), (3, 4)))], MAX_LENGTH)
    assert window.words == (0, 4)


@pytest.fixture
def batch():
    """The inputs of a window of 5 words within 7, and of a text of 3 words."""
    long, short = text_of(7), text_of(3)
    asked = [Pair(long, *entities_of(long, (2, 3), (5, 7))), Pair(short, *entities_of(short, (2, 3), (0, 1)))]
    windows = windows_around(asked, 5)
    assert [window.words for window in windows] == [(2, 7), (0, 3)]
    return long, short, inputs(windows, MAX_DISTANCE)


def test_the_words_of_a_window_are_its_part_of_the_texts_vectors(batch):
    long, short, made = batch
    np.testing.assert_array_equal(made["words"], [long.vectors[2:7], [*short.vectors, [0] * 3, [0] * 3]])


def test_the_shapes_of_a_windows_words_are_those_that_training_reads(batch):
    long, short, made = batch
    assert made["shape_ids"].tolist() == [[shape_id(word) for word in long.words[2:7]], [*map(shape_id, short.words), 0, 0]]


def test_position_ids_count_from_the_entity_within_the_window_and_pad_with_0(batch):
    _, _, made = batch
    assert made["e1_position_ids"].tolist() == [[3, 4, 5, 5, 5], [1, 2, 3, 0, 0]]
    assert made["e2_position_ids"].tolist() == [[1, 1, 2, 3, 3], [3, 4, 5, 0, 0]]
