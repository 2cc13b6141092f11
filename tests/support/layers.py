"""What Keras expects of any layer, checked as keras-hub's run_layer_test does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.tensorflow import tf

Loss = Callable[[Any, tf.Tensor], tf.Tensor]  # of a layer and its output: a scalar


def mean_square(layer: Any, output: tf.Tensor) -> tf.Tensor:
    """A loss that any output has."""
    return tf.reduce_mean(tf.square(tf.cast(output, tf.float32)))


def check_layer(
    layer: Any, inputs: Mapping[str, Any], expected: tf.TensorSpec, n_weights: int, folder: Path, loss: Loss = mean_square
) -> None:
    """Everything below, of a layer that was not called yet.

    Args:
        inputs: the arguments of `call` by name, tensors or lists of them.
        expected: shape and dtype of the output, which is of rows, or of rows and words, and then of something.
        n_weights: how many weight arrays it has, all of them trainable.
        folder: where it is saved.
        loss: what a training step lowers; it must depend on every weight.
    """
    check_config(layer)
    check_output(layer, inputs, expected)
    assert len(layer.weights) == len(layer.trainable_weights) == n_weights
    check_open_shapes(layer, inputs, expected)
    check_saving(layer, inputs, folder)
    check_training_step(layer, inputs, loss)


def check_config(layer: Any) -> None:
    """The config is JSON, and makes a layer of the same config."""
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    assert type(layer).from_config(config).get_config() == config


def check_output(layer: Any, inputs: Mapping[str, Any], expected: tf.TensorSpec) -> None:
    """The output's shape and dtype, and that it is finite."""
    output = layer(**inputs)
    assert tuple(output.shape) == tuple(expected.shape)
    assert output.dtype == expected.dtype
    assert np.isfinite(output.numpy()).all()


def check_open_shapes(layer: Any, inputs: Mapping[str, Any], expected: tf.TensorSpec) -> None:
    """A call that is traced for any number of rows and words knows its output's rank, last dimension and dtype."""
    traced = tf.function(layer.__call__).get_concrete_function(**tf.nest.map_structure(_open, dict(inputs)))
    assert traced.output_shapes.rank == len(expected.shape)
    assert len(expected.shape) == 1 or traced.output_shapes[-1] == expected.shape[-1]
    assert traced.output_dtypes == expected.dtype


def check_saving(layer: Any, inputs: Mapping[str, Any], folder: Path) -> None:
    """A Keras model of this layer alone is saved, config and weights, and says the same when it is loaded."""
    symbols = {name: tf.nest.map_structure(_symbol, value) for name, value in inputs.items()}
    model = tf.keras.Model(symbols, layer(**symbols))
    path = folder / "model.keras"
    model.save(path)
    loaded = tf.keras.models.load_model(path, custom_objects={type(layer).__name__: type(layer)}, compile=False)
    np.testing.assert_array_equal(loaded(dict(inputs)), model(dict(inputs)))
    for again, weight in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(again, weight)


def check_training_step(layer: Any, inputs: Mapping[str, Any], loss: Loss) -> None:
    """A step down the gradient moves every weight and lowers the loss."""
    if not layer.trainable_weights:
        return
    before = [weight.numpy() for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        first = loss(layer, layer(**inputs, training=True))
    gradients = tape.gradient(first, layer.trainable_weights)
    tf.keras.optimizers.SGD(0.01).apply_gradients(zip(gradients, layer.trainable_weights, strict=True))
    moved = [(weight.numpy() != old).any() for weight, old in zip(layer.trainable_weights, before, strict=True)]
    assert all(moved)
    assert loss(layer, layer(**inputs, training=True)) < first


def _open(tensor: tf.Tensor) -> tf.TensorSpec:
    """A tensor's spec, any number of rows and words."""
    return tf.TensorSpec([None, None, *tensor.shape[2:]][: len(tensor.shape)], tensor.dtype)


def _symbol(tensor: tf.Tensor) -> Any:
    return tf.keras.Input(_open(tensor).shape[1:], dtype=tensor.dtype)
