"""The network against stock Keras layers, its options, and its life on disk."""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.core.tensorflow import tf
from pipeline.model import network
from pipeline.model.config import WEIGHTS
from pipeline.model.layers import BiLSTM, EntityAttention, Pool, WordVectors
from tests.support import tiny
from tests.support.project import ROOT

RNG = np.random.default_rng(5)


def normal(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


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
    pooled = Pool(5, entities=True)(states, position_ids=ids)
    assert pooled.numpy().tolist() == [[-1.0, -2.0, -2.0]]


def test_the_attention_is_its_formula_and_padding_changes_nothing():
    states, embeddings, ids = (
        normal(2, 4, 3),
        normal(2, 4, 2),
        [tf.constant([[5, 5, 6, 7], [5, 6, 7, 0]]), tf.constant([[3, 4, 5, 5], [4, 5, 5, 0]])],
    )
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


def test_the_projection_narrows_what_the_bilstm_reads():
    plain, narrow = (network.Model(tiny.config(projection_width=width, positions="none")).network for width in (0, 3))
    rows = [net.get_layer("shared_lstm").widths for net in (plain, narrow)]
    assert rows == [[tiny.WIDTH], [3]]
    assert [layer.name for layer in plain.layers if layer.name == "projection"] == []


@pytest.mark.parametrize("positions", ["shared", "relation", "none"])
@pytest.mark.parametrize("sharing", ["hard", "soft"])
@pytest.mark.parametrize("tasks", [("relation", "tags"), ("relation",)])
@pytest.mark.parametrize("pooling", ["max", "max+entities", "max+entities+attention"])
def test_every_architecture_names_its_outputs_by_task(positions, sharing, tasks, pooling):
    config = tiny.config(positions=positions, sharing=sharing, tasks=tasks, pooling=pooling, layer_mix="scalar")
    outputs = network.Model(config).forward(tiny.examples().inputs(np.arange(4)))
    assert set(outputs) == set(tasks)
    assert outputs["relation"].shape == (4, 3)


@pytest.mark.parametrize("sharing", ["hard", "soft"])
@pytest.mark.parametrize(("positions", "sees"), [("shared", True), ("relation", False), ("none", False)])
def test_the_tagger_sees_positions_only_when_they_are_shared(sharing, positions, sees):
    model = network.Model(tiny.config(sharing=sharing, positions=positions))
    inputs = tiny.examples().inputs(np.arange(4))
    moved = {**inputs, "e2_position_ids": np.where(inputs["e2_position_ids"] > 0, 3, 0).astype(np.int32)}
    changed = not np.allclose(model.forward(inputs)["tags"], model.forward(moved)["tags"])
    assert changed == sees


def test_predictions_come_in_row_order_one_tag_a_word_and_do_not_depend_on_the_batch(monkeypatch):
    model, examples = network.Model(tiny.config()), tiny.examples()
    together = network.predict(model, examples)
    monkeypatch.setattr(network, "PREDICT_ROWS", 1)
    alone = network.predict(model, examples)
    np.testing.assert_allclose(together.probabilities, alone.probabilities, atol=1e-6)
    assert [len(tags) for tags in together.tag_ids] == examples.lengths.tolist()
    assert all((a == b).all() for a, b in zip(together.tag_ids, alone.tag_ids, strict=True))


def test_without_the_tags_head_there_are_no_tags():
    assert network.predict(network.Model(tiny.config(tasks=("relation",))), tiny.examples()).tag_ids is None


def test_a_new_process_predicts_the_same_without_the_training_code(tmp_path):
    model = network.Model(tiny.config(sharing="soft", layer_mix="scalar"))
    network.save(model, tmp_path)
    expected = network.predict(model, tiny.examples())
    np.savez(tmp_path / "expected.npz", probabilities=expected.probabilities, tag_ids=np.concatenate(expected.tag_ids))
    code = """if True:
        import sys, pathlib, numpy as np
        from pipeline.model import network
        from tests.support import tiny
        folder = pathlib.Path(sys.argv[1])
        said, expected = network.predict(network.load(folder), tiny.examples()), np.load(folder / "expected.npz")
        assert (said.probabilities == expected["probabilities"]).all()
        assert (np.concatenate(said.tag_ids) == expected["tag_ids"]).all()
        assert "pipeline.train" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)


def test_weights_that_do_not_fit_the_config_are_an_error(tmp_path):
    network.save(network.Model(tiny.config()), tmp_path)
    tiny.config(lstm_units=5).write(tmp_path)
    with pytest.raises(InputError, match="do not fit"):
        network.load(tmp_path)


def test_truncated_weights_are_an_error(tmp_path):
    network.save(network.Model(tiny.config()), tmp_path)
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged"):
        network.load(tmp_path)


def test_a_missing_model_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        network.load(tmp_path)
