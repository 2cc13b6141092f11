"""Fit a network on the training rows and keep the weights of the epoch that scores best on validation, else of the last."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.core import params
from pipeline.core.arrays import Floats, Ints
from pipeline.core.errors import InputError
from pipeline.core.labels import UNLABELLED_ID
from pipeline.core.params import Train
from pipeline.core.prefetch import prefetch
from pipeline.core.stage import progress
from pipeline.core.tensorflow import tf, traced
from pipeline.model.average import Average
from pipeline.model.batches import Batch, Examples, by_length, shuffled
from pipeline.model.config import Config
from pipeline.model.losses import class_weights, compile_network
from pipeline.model.network import build, input_specs, weights_by_name
from pipeline.model.predictions import BATCH_ROWS
from pipeline.model.relation_model import RelationModel

Step = tuple[Batch, Batch, Batch]  # inputs, targets and sample weights by name
DIVERGED_HINT = "lower train.learning_rate (0.001 is usual), or train.loss_weights and train.sharing_weight where these are large"
CHECKED_STEPS = 100  # a step waits for its loss when that is looked at
Score = Callable[[RelationModel, Examples], float]


@dataclass(frozen=True)
class Trained:
    """A model with its best epoch's weights, and how it got there."""

    model: RelationModel
    epochs: int
    best_epoch: int
    score: float | None  # of validation, in percent; None where there is none
    sentences_per_second: float  # of the median epoch's steps


@dataclass(frozen=True)
class Checkpoint:
    """The weights that an epoch reached."""

    epoch: int  # from 1
    score: float | None  # of validation, in percent; None where there is none
    weights: list[Floats]  # as Keras lists them


class Trainer:
    """A compiled network to train: again from other seeds too, without tracing its step anew, which takes seconds."""

    def __init__(self, config: Config, score: Score, joint: bool = False) -> None:
        """Build and compile the network.

        Args: score: chooses the best epoch by validation rows, in percent; joint: whether some examples train the tagger alone and
            others the relation head alone.
        """
        options = config.train
        tf.keras.utils.set_random_seed(options.seed)
        tf.config.experimental.enable_op_determinism()
        self._options = options
        self._score = score
        self._model = RelationModel(config)
        compile_network(self._model.network, options)
        self._step = compiled_step(self._model, joint)
        self._losses = compiled_step(self._model, joint, trains=False)

    def reset(self, seed: int, epochs: int | None = None) -> None:
        """Begin again, from the initial weights of another seed; dropout's draws go on from where they are.

        Args: epochs: from now on; None for as many as before.
        """
        tf.keras.utils.set_random_seed(seed)
        self._options = dataclasses.replace(self._options, seed=seed, epochs=epochs or self._options.epochs)
        net = self._model.network
        initial = weights_by_name(build(self._model.config))
        for name, variable in weights_by_name(net).items():
            variable.assign(initial[name])
        for variable in net.optimizer.variables:
            variable.assign(tf.zeros_like(variable))

    def train(
        self,
        training: Examples,
        validation: Examples,
        on_epoch: Callable[[dict[str, float]], None] | None = None,
    ) -> Trained:
        """Train until patience or epochs end: the same weights for the same arguments on the same machine.

        Args: validation: without rows, training goes on to the last epoch and keeps that; on_epoch: gets each epoch's losses by
            name and `sentences_per_second`, and of validation `validation_loss` of the averaged weights and `validation_score`.
        Returns: the model, which is the trainer's own: use it before the next training.
        """
        net, options = self._model.network, self._options
        feed = Feed(training, self._model.config, options)
        held_out = feed.of_others(validation)
        average = Average(net.trainable_variables, options.weight_averaging)
        best, speeds = Checkpoint(epoch=0, score=None, weights=[]), []
        for epoch in range(1, options.epochs + 1):
            began = time.perf_counter()
            losses = self._run_epoch(feed, average)
            speeds.append(len(training) / (time.perf_counter() - began))
            reached = self._checkpoint(epoch, average, validation)
            if best.score is None or reached.score is None or reached.score > best.score:  # the earlier of equals
                best = reached
            if on_epoch is not None:
                if reached.score is not None:
                    losses |= {"validation_loss": self._loss(held_out, average), "validation_score": reached.score}
                on_epoch({**losses, "sentences_per_second": speeds[-1]})
            if epoch - best.epoch >= options.patience:
                break
        net.set_weights(best.weights)
        return Trained(self._model, epoch, best.epoch, best.score, float(np.median(speeds)))

    def _run_epoch(self, feed: Feed, average: Average) -> dict[str, float]:
        """A step a batch, each followed by the average; the losses by name, means over the epoch.

        Keras gives the loss of a network's only head no name of its own: it gets it here.
        """
        self._model.network.reset_metrics()
        with progress(feed.n_rows, "sentences") as advance:
            for n_steps, (inputs, targets, sample_weights) in enumerate(feed.epoch(), 1):
                losses = self._step((inputs, targets, sample_weights))
                average.update()
                advance(len(targets["relation"]))
                if n_steps % CHECKED_STEPS == 0:
                    self._require_finite(losses)
        self._require_finite(losses)
        means = {name: float(loss) for name, loss in losses.items()}
        if len(self._options.tasks) == 1:
            means[f"{self._options.tasks[0]}_loss"] = means["loss"]
        return means

    def _require_finite(self, losses: dict[str, tf.Tensor]) -> None:
        """Raises: InputError where a loss is infinite or no number: training that diverged never comes back."""
        for name, loss in losses.items():
            if not math.isfinite(float(loss)):
                found = f"training diverged: {name} is {float(loss)} at train.learning_rate {self._options.learning_rate:g}"
                raise InputError.of(params.place("train", "learning_rate"), found, DIVERGED_HINT)

    def _loss(self, feed: Feed, average: Average) -> float:
        """The loss of rows under the averaged weights, without dropout, as training sums it."""
        self._model.network.reset_metrics()
        with average.in_place():
            for batch in feed.in_order():
                losses = self._losses(batch)
        return float(losses["loss"])

    def _checkpoint(self, epoch: int, average: Average, validation: Examples) -> Checkpoint:
        """The averaged weights after an epoch."""
        with average.in_place():
            score = self._score(self._model, validation) if len(validation) else None
            return Checkpoint(epoch, score, self._model.network.get_weights())


def compiled_step(model: RelationModel, joint: bool = False, trains: bool = True) -> Callable[[Step], dict[str, tf.Tensor]]:
    """Keras' own training step, or its test step, traced once: its shapes are open.

    Not `fit`, whose tf.data feed costs milliseconds a batch.
    """
    specs = {"relation": tf.TensorSpec((None,), tf.int64), "tags": tf.TensorSpec((None, None), tf.int32)}
    targets = {task: specs[task] for task in model.config.train.tasks}
    sample_weights = {task: tf.TensorSpec((None,), tf.float32) for task in (targets if joint else ["relation"])}
    network = model.network
    signature = (input_specs(model.config), targets, sample_weights)
    step: Callable[[Step], dict[str, tf.Tensor]] = traced(network.train_step if trains else network.test_step, signature)
    return step


class Feed:
    """Epochs of training batches, each made ahead of the step that needs it."""

    def __init__(self, examples: Examples, config: Config, options: Train) -> None:
        self._examples = examples
        self._read, self._tasks = config.inputs, config.train.tasks
        labelled = examples.relation_ids[examples.relation_ids != UNLABELLED_ID]
        self._class_weights = class_weights(labelled, len(config.relations), options.class_weights)
        self._size = options.batch_size
        self._rng = np.random.default_rng(options.seed)

    def of_others(self, examples: Examples) -> Feed:
        """A feed of other examples, whose relations weigh what they do here."""
        feed = copy.copy(self)
        feed._examples = examples
        return feed

    @property
    def n_rows(self) -> int:
        """Rows of an epoch."""
        return len(self._examples)

    def epoch(self) -> Iterator[Step]:
        """The batches of the next epoch."""
        cut = functools.partial(shuffled, size=self._size, rng=self._rng)
        return prefetch(self._batch, self._examples.batches(cut, self._rng), workers=1)

    def in_order(self) -> Iterator[Step]:
        """The same batches each time, rows of like length together."""
        return prefetch(self._batch, self._examples.batches(functools.partial(by_length, size=BATCH_ROWS)), workers=1)

    def _batch(self, row_ids: Ints) -> Step:
        inputs, targets = self._examples.inputs(row_ids, self._read), self._examples.targets(row_ids)
        sample_weights = self._sample_weights(row_ids)
        batch = inputs, {task: targets[task] for task in self._tasks}, sample_weights
        tensors: Step = tf.nest.map_structure(tf.convert_to_tensor, batch)
        return tensors

    def _sample_weights(self, row_ids: Ints) -> Batch:
        """The weight of each row in each loss: (B,) float32, 0 where it says nothing of the task."""
        relation_ids = self._examples.relation_ids[row_ids]
        weights = {"relation": np.where(relation_ids == UNLABELLED_ID, np.float32(0), self._class_weights[relation_ids])}
        if self._examples.tagged is not None:
            weights["tags"] = self._examples.tagged[row_ids].astype(np.float32)
        return {task: over_weighted_rows(weights[task]) for task in weights}


def over_weighted_rows(weights: Floats) -> Floats:
    """Weights (B,) under which the mean over a batch is that over its rows with a weight; all 0 where none has one.

    >>> over_weighted_rows(np.array([0, 1, 1, 0], np.float32)).tolist()
    [0.0, 2.0, 2.0, 0.0]
    """
    return weights * np.float32(len(weights) / max(1, np.count_nonzero(weights)))
