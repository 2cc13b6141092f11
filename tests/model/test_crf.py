"""The CRF and its decoder against brute force over all K^T paths."""

import itertools
import runpy
import subprocess
import sys

import numpy as np
import pytest

from pipeline.core.tensorflow import tf
from pipeline.model import crf as crf_module
from pipeline.model import viterbi
from pipeline.model.crf import CRF
from tests.support.layers import check_layer

TAGS = ("O", "B-E1", "I-E1", "B-E2", "I-E2")
RNG = np.random.default_rng(3)
TRANSITIONS = RNG.normal(size=(5, 5)).astype(np.float32)
LENGTHS = np.arange(30) % 5 + 1
EMISSIONS = RNG.normal(size=(30, 5, 5)).astype(np.float32)


def path_score(emissions, path):
    moves = itertools.pairwise(path)
    return sum(emissions[word, tag] for word, tag in enumerate(path)) + sum(TRANSITIONS[move] for move in moves)


def permitted(path):
    """BIO by its definition: an I goes on an entity of its class."""
    tags = [TAGS[tag] for tag in path]
    return all(
        not tag.startswith("I") or (index and tags[index - 1][1:] == tag[1:] and tags[index - 1] != "O")
        for index, tag in enumerate(tags)
    )


def paths(length):
    return list(itertools.product(range(5), repeat=length))


@pytest.fixture(scope="module")
def crf():
    layer = CRF(5, name="tags")
    layer.transitions.assign(TRANSITIONS)
    return layer


def padded_tags(rows):
    tags = np.full((len(rows), max(map(len, rows))), -1)
    for padded, row in zip(tags, rows, strict=True):
        padded[: len(row)] = row
    return tags


def test_the_crf_is_a_sound_layer(tmp_path):
    gold = padded_tags([RNG.integers(0, 5, length) for length in LENGTHS])

    def loss(layer, emissions):
        return tf.reduce_mean(layer.loss(gold, emissions))

    check_layer(CRF(5), {"states": tf.constant(EMISSIONS)}, tf.TensorSpec((30, 5, 5)), 3, tmp_path, loss)


def test_the_loss_is_the_negative_log_likelihood_over_all_paths_for_every_length(crf):
    gold = [RNG.integers(0, 5, length) for length in LENGTHS]
    losses = crf.loss(padded_tags(gold), EMISSIONS).numpy()
    for loss, emissions, tags, length in zip(losses, EMISSIONS, gold, LENGTHS, strict=True):
        scores = np.array([path_score(emissions, path) for path in paths(length)], np.float64)
        assert loss == pytest.approx(np.log(np.exp(scores).sum()) - path_score(emissions, tuple(tags)), abs=1e-4)


def test_without_tensorflow_addons_the_loss_is_the_same(crf, monkeypatch):
    gold = padded_tags([RNG.integers(0, 5, length) for length in LENGTHS])
    expected = crf.loss(gold, EMISSIONS)
    monkeypatch.setattr(crf_module, "addons", None)
    np.testing.assert_allclose(crf.loss(gold, EMISSIONS), expected, rtol=1e-6)


@pytest.mark.parametrize("n_words", [1, 2, 60])
def test_our_log_likelihood_and_its_gradients_are_those_of_tensorflow_addons(n_words):
    lengths = np.arange(40) % (n_words + 1)
    tag_ids = RNG.integers(0, 5, (40, n_words))
    emissions, transitions = tf.constant(RNG.normal(size=(40, n_words, 5)) * 3), tf.constant(RNG.normal(size=(5, 5)))

    @tf.function
    def with_gradients(log_likelihood):
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            likelihood = log_likelihood(emissions, tag_ids, lengths, transitions)
        return likelihood, *tape.gradient(likelihood, [emissions, transitions], unconnected_gradients="zero")

    ours = with_gradients(crf_module.log_likelihood)
    theirs = with_gradients(lambda *arguments: crf_module.addons(*arguments)[0])
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_the_module_loads_without_tensorflow_addons(monkeypatch):
    monkeypatch.delitem(sys.modules, "pipeline.model.crf")
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    monkeypatch.setitem(sys.modules, "tensorflow_addons.text", None)
    assert runpy.run_module("pipeline.model.crf")["addons"] is None


def test_decoding_finds_the_best_permitted_path_for_every_length():
    decoded = viterbi.decode(EMISSIONS, LENGTHS, TRANSITIONS, TAGS)
    for path, emissions, length in zip(decoded, EMISSIONS, LENGTHS, strict=True):
        best = max(filter(permitted, paths(length)), key=lambda path: path_score(emissions, path))
        assert path.tolist() == [*best, *[viterbi.PADDING] * (5 - length)]


def test_decoding_never_breaks_bio_however_high_the_forbidden_scores():
    emissions = EMISSIONS + 100 * np.isin(np.arange(5), [2, 4]).astype(np.float32)
    for path, length in zip(viterbi.decode(emissions, LENGTHS, TRANSITIONS, TAGS), LENGTHS, strict=True):
        assert permitted(path[:length])


def test_every_pair_of_prefixes_has_a_rule():
    assert viterbi.FOLLOWS.keys() == set(itertools.product(["start", "O", "B", "I"], ["O", "B", "I"]))


def test_padding_changes_neither_loss_nor_decoding(crf):
    gold = RNG.integers(0, 5, (30, 5))
    wide = np.concatenate([EMISSIONS, RNG.normal(size=(30, 7, 5)) * 50], axis=1).astype(np.float32)
    full = np.full(30, 5)
    wide_gold = np.pad(gold, ((0, 0), (0, 7)), constant_values=-1)
    np.testing.assert_allclose(crf.loss(wide_gold, wide), crf.loss(gold, EMISSIONS), rtol=1e-5)
    narrow = viterbi.decode(EMISSIONS, full, TRANSITIONS, TAGS)
    assert (viterbi.decode(wide, full, TRANSITIONS, TAGS)[:, :5] == narrow).all()


def test_decoding_needs_no_tensorflow():
    code = "import sys, pipeline.model.viterbi, pipeline.model.config; assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
