"""Losses and their weights by output name, and the optimizer: how a network is compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.core.arrays import Floats, Ints
from pipeline.core.params import Train
from pipeline.core.tensorflow import tf

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def compile_network(net: tf.keras.Model, options: Train) -> None:
    """Declare losses and their weights by output name, and the optimizer."""
    losses: dict[str, Loss] = {"relation": cross_entropy(options.label_smoothing)}
    if "tags" in options.tasks:
        losses["tags"] = net.get_layer("tags").loss
    loss_weights = {name: getattr(options.loss_weights, name) for name in losses}
    if options.sharing == "soft" and "tags" in options.tasks:
        ours, theirs = (net.get_layer(f"{task}_lstm").weights for task in ("relation", "tags"))
        net.add_loss(lambda: options.sharing_weight * distance(ours, theirs, options.sharing_distance))
    optimizer = tf.keras.optimizers.Adam(options.learning_rate, weight_decay=options.weight_decay or None)
    net.compile(optimizer, loss=losses, loss_weights=loss_weights)
    # Variables that the first step made would have it traced a second time, which takes seconds.
    optimizer.build(net.trainable_variables)
    net.compiled_loss.build(net.output)


def cross_entropy(smoothing: float) -> Loss:
    """Of probabilities; a share of each target is spread evenly over all classes (label smoothing, Szegedy et al. 2016)."""

    def loss(truth: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        target = tf.one_hot(tf.reshape(truth, [-1]), output.shape[-1])
        return tf.keras.losses.categorical_crossentropy(target, output, label_smoothing=smoothing)

    return loss


def distance(ours: Sequence[tf.Variable], theirs: Sequence[tf.Variable], kind: str) -> tf.Tensor:
    """How far two BiLSTMs' weights lie apart: L2 (Duong et al. 2015) or L1; position rows that one of them lacks don't count."""
    shared = [(a[: min(a.shape[0], b.shape[0])], b[: min(a.shape[0], b.shape[0])]) for a, b in zip(ours, theirs, strict=True)]
    apart = [tf.abs(a - b) if kind == "l1" else tf.square(a - b) for a, b in shared]
    return tf.add_n([tf.reduce_sum(part) for part in apart])


def class_weights(relation_ids: Ints, n_relations: int, kind: str) -> Floats:
    """Each relation's weight in its loss: (R,) float32, 1 or inversely proportional to its count; a row's mean weight is 1.

    >>> class_weights(np.array([0, 0, 1, 1, 1, 1]), 3, "balanced").tolist()
    [1.5, 0.75, 0.0]
    """
    if kind == "none":
        return np.ones(n_relations, np.float32)
    counts = np.bincount(relation_ids, minlength=n_relations)
    shares = counts / len(relation_ids) * (counts > 0).sum()
    return np.divide(1, shares, out=np.zeros(n_relations), where=counts > 0).astype(np.float32)
