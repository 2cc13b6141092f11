"""Probabilities of entities against the sum over all tag sequences."""

import itertools

import numpy as np
import pytest

from pipeline.model import viterbi
from pipeline.model.marginals import entity_probabilities

TAGS = ["O", "B-X", "I-X", "B-Y", "I-Y"]


def entities(names):
    """(start, end, class) of a sequence of tags."""
    found = []
    for start, name in enumerate(names):
        if name.startswith("B"):
            end = start + 1
            while end < len(names) and names[end].startswith("I"):
                end += 1
            found.append((start, end, name[1:]))
    return found


def by_all_sequences(emissions, transitions, tags):
    """The probability of every entity that any permitted sequence has."""
    starts, steps = viterbi.permitted(tags)
    shares, total = {}, 0.0
    for path in itertools.product(range(len(tags)), repeat=len(emissions)):
        if starts[path[0]] and all(steps[pair] for pair in itertools.pairwise(path)):
            score = sum(emissions[word, tag] for word, tag in enumerate(path))
            share = np.exp(score + sum(transitions[pair] for pair in itertools.pairwise(path)))
            total += share
            for entity in entities([tags[tag] for tag in path]):
                shares[entity] = shares.get(entity, 0.0) + share
    return {entity: share / total for entity, share in shares.items()}


@pytest.mark.parametrize("tags", [["O", "B", "I"], TAGS])
@pytest.mark.parametrize("seed", range(5))
def test_an_entity_is_as_probable_as_all_sequences_that_have_it(tags, seed):
    rng = np.random.default_rng(seed)
    lengths = np.array([5, 1, 3])
    emissions = rng.normal(size=(3, 5, len(tags))).astype(np.float32)
    transitions = rng.normal(size=(len(tags), len(tags))).astype(np.float32)
    tag_ids = viterbi.decode(emissions, lengths, transitions, tags)
    found = entity_probabilities(emissions, lengths, transitions, tags, tag_ids)
    n_entities = 0
    for row, length in enumerate(lengths):
        expected = by_all_sequences(emissions[row, :length], transitions, tags)
        begun = entities([tags[tag] for tag in tag_ids[row, :length]])
        n_entities += len(begun)
        assert np.flatnonzero(found[row]).tolist() == [start for start, _, _ in begun]
        np.testing.assert_allclose([found[row, each[0]] for each in begun], [expected[each] for each in begun], rtol=1e-6)
    assert n_entities > 0


def test_an_entity_that_emissions_make_sure_has_probability_1():
    emissions = np.full((1, 2, 3), -200, np.float32)
    emissions[0, [0, 1], [1, 2]] = 200
    found = entity_probabilities(emissions, np.array([2]), np.zeros((3, 3), np.float32), ["O", "B", "I"], np.array([[1, 2]]))
    assert found.tolist() == [[1.0, 0.0]]
