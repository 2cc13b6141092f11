"""The layers against stock Keras and their formulas."""

import numpy as np
import pytest

from pipeline.core.tensorflow import tf
from pipeline.model.layers import BiLSTM, EntityAttention, Lengths, Pool, WordVectors
from tests.support.layers import check_layer

RNG = np.random.default_rng(5)


def normal(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


def position_ids():
    """Of e1 and e2 in two sentences of 4 and 3 words, 5 inside the entity and 0 where padded."""
    return [tf.constant([[5, 5, 6, 7], [5, 6, 7, 0]]), tf.constant([[3, 4, 5, 5], [4, 5, 5, 0]])]


@pytest.mark.parametrize(("mix", "width", "n_weights"), [("concatenate", 8, 0), ("normalised", 8, 0), ("scalar", 4, 2)])
def test_the_word_vectors_are_a_sound_layer(mix, width, n_weights, tmp_path):
    inputs = {"words": tf.cast(normal(2, 3, 8), tf.float16)}
    check_layer(WordVectors(2, mix), inputs, tf.TensorSpec((2, 3, width)), n_weights, tmp_path)


def test_the_bilstm_is_a_sound_layer(tmp_path):
    inputs = {"blocks": [normal(3, 6, 5), normal(3, 6, 2)], "lengths": tf.constant([6, 2, 4])}
    check_layer(BiLSTM(4), inputs, tf.TensorSpec((3, 6, 8)), 6, tmp_path)


def test_the_lengths_are_a_sound_layer(tmp_path):
    check_layer(Lengths(), {"position_ids": position_ids()[0]}, tf.TensorSpec((2,), tf.int32), 0, tmp_path)


@pytest.mark.parametrize(("pieces", "entities", "width"), [(False, False, 3), (False, True, 9), (True, True, 15)])
def test_the_pool_is_a_sound_layer(pieces, entities, width, tmp_path):
    inputs = {"states": normal(2, 4, 3), "position_ids": position_ids()}
    check_layer(Pool(5, pieces, entities), inputs, tf.TensorSpec((2, width)), 0, tmp_path)


def test_the_attention_is_a_sound_layer(tmp_path):
    inputs = {"features": [normal(2, 4, 3), normal(2, 4, 2)], "position_ids": position_ids()}
    check_layer(EntityAttention(5, heads=2, units=6), inputs, tf.TensorSpec((2, 6)), 4, tmp_path)


def test_the_bilstm_gives_what_keras_gives_for_the_same_weights():
    blocks, lengths = [normal(3, 6, 5), normal(3, 6, 2)], tf.constant([6, 2, 4])
    ours = BiLSTM(4)
    ours(blocks, lengths=lengths)
    theirs = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(4, return_sequences=True))
    theirs.build((None, None, 7))
    theirs.set_weights(ours.get_weights())
    mask = tf.sequence_mask(lengths, 6)
    expected = theirs(tf.concat(blocks, axis=2), mask=mask)
    np.testing.assert_allclose(ours(blocks, lengths=lengths)[mask], expected[mask], atol=1e-6)


def test_the_bilstm_starts_from_the_biases_that_keras_starts_from():
    ours = BiLSTM(3)
    ours([normal(1, 2, 5)], lengths=tf.constant([2]))
    theirs = tf.keras.layers.LSTM(3)
    theirs.build((None, None, 5))
    np.testing.assert_array_equal(ours.weights[2], theirs.get_weights()[2])


def test_the_pool_looks_at_real_words_and_at_each_entity():
    states = tf.constant([[[-3.0], [-1.0], [-2.0], [9.0]]])
    ids = [tf.constant([[5, 5, 6, 0]]), tf.constant([[3, 4, 5, 0]])]
    pooled = Pool(5, pieces=False, entities=True)(states, position_ids=ids)
    assert pooled.numpy().tolist() == [[-1.0, -2.0, -2.0]]


def test_the_pieces_are_before_between_and_behind_the_entities_in_either_order():
    states = tf.constant([[[-3.0], [-1.0], [-2.0], [4.0], [-5.0], [9.0]]])
    first, second = tf.constant([[4, 5, 6, 7, 8, 0]]), tf.constant([[2, 3, 4, 5, 6, 0]])
    for ids in ([first, second], [second, first]):
        assert Pool(5, pieces=True, entities=False)(states, position_ids=ids).numpy().tolist() == [[-3.0, 4.0, -5.0]]


def test_a_piece_without_words_is_zero():
    states = tf.constant([[[-3.0], [-1.0], [9.0]]])
    ids = [tf.constant([[5, 6, 0]]), tf.constant([[4, 5, 0]])]
    assert Pool(5, pieces=True, entities=False)(states, position_ids=ids).numpy().tolist() == [[0.0, -1.0, 0.0]]


def test_the_attention_is_its_formula_and_padding_changes_nothing():
    states, embeddings, ids = normal(2, 4, 3), normal(2, 4, 2), position_ids()
    layer = EntityAttention(5, heads=2, units=6)
    means = layer([states, embeddings], position_ids=ids)
    words, entities, bias, scores = (weight.numpy() for weight in layer.weights)
    for row, length in enumerate((4, 3)):
        h, p = states[row, :length].numpy(), embeddings[row, :length].numpy()
        e1, e2 = (h[place[row, :length].numpy() == 5].mean(axis=0) for place in ids)
        hidden = np.tanh(np.concatenate([h, p], axis=1) @ words + np.concatenate([e1, e2]) @ entities + bias)
        weights = np.exp(hidden @ scores) / np.exp(hidden @ scores).sum(axis=0)
        np.testing.assert_allclose(means[row], (weights.T @ h).ravel(), atol=1e-5)


def test_the_scalar_mix_starts_as_the_mean_of_the_layers():
    words = normal(2, 3, 8)
    mixed = WordVectors(2, "scalar")(tf.cast(words, tf.float16))
    np.testing.assert_allclose(mixed, (words[:, :, :4] + words[:, :, 4:]) / 2, atol=1e-2)


def test_every_layer_of_a_normalised_word_is_what_keras_makes_of_it_whatever_its_scale():
    words = tf.cast(normal(2, 3, 8), tf.float16)
    scaled = words * tf.constant([1.0] * 4 + [0.02] * 4, tf.float16)
    theirs = tf.keras.layers.LayerNormalization(center=False, scale=False, epsilon=1e-6)
    for vectors in (words, scaled):
        halves = [theirs(tf.cast(half, tf.float32)) for half in tf.split(vectors, 2, axis=2)]
        np.testing.assert_allclose(WordVectors(2, "normalised")(vectors), tf.concat(halves, axis=2), atol=1e-5)
    np.testing.assert_allclose(*(WordVectors(2, "normalised")(vectors) for vectors in (words, scaled)), atol=0.02)


def test_a_word_without_pieces_stays_zero_when_normalised():
    assert not np.any(WordVectors(2, "normalised")(tf.zeros((1, 2, 8), tf.float16)))
