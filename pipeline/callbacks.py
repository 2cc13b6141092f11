"""Keras callbacks of the train stage: validation with best weights kept, and averaged weights."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from pipeline.params import Train
from pipeline.stage import quiet

quiet()
import tensorflow as tf  # noqa: E402

SCORE = "validation_score"
Logs = dict[str, float]


class Validate(tf.keras.callbacks.Callback):  # type: ignore[misc]
    """Scores each epoch, keeps the best one's weights, stops after `patience` epochs without a better one, and keeps time."""

    def __init__(self, score: Callable[[], float], n_rows: int, options: Train) -> None:
        super().__init__()
        self._score = score
        self._n_rows = n_rows
        self._options = options
        self.best, self.best_epoch = float("-inf"), 0
        self.seconds: list[float] = []

    @property
    def sentences_per_second(self) -> float:
        """Training speed of the median epoch."""
        return self._n_rows / float(np.median(self.seconds))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Score, keep the best, decide whether to stop, and tell of the epoch where no bar does."""
        self.seconds.append(time.perf_counter() - self._started)
        logs[SCORE] = self._score()
        if logs[SCORE] > self.best:
            self.best, self.best_epoch = logs[SCORE], epoch + 1
            self._weights = self.model.get_weights()
        self.model.stop_training = epoch + 1 - self.best_epoch >= self._options.patience
        if not sys.stderr.isatty():
            speed = self._n_rows / self.seconds[-1]
            figures = f"loss {logs['loss']:.3f}, validation score {logs[SCORE]:.2f}, {speed:,.0f} sentences/s"
            sys.stderr.write(f"epoch {epoch + 1} of {self._options.epochs}: {figures}\n")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Return to the best epoch."""
        self.model.set_weights(self._weights)


class Average(tf.keras.callbacks.Callback):  # type: ignore[misc]
    """An exponential moving average of the weights (Polyak and Juditsky 1992), in their place between epochs."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self._decay = decay
        self._n_steps = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the average at the initial weights."""
        self._weights = self.model.trainable_variables
        self._others = [tf.Variable(weight, trainable=False) for weight in self._weights]
        self._update = tf.function(self._approach)

    def _approach(self, share: tf.Tensor) -> None:
        for average, weight in zip(self._others, self._weights, strict=True):
            average.assign_add(share * (weight - average))

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the average."""
        # A young average follows closely, or it would remember the initial weights.
        self._n_steps += 1
        self._update(tf.constant(1 - min(self._decay, (1 + self._n_steps) / (10 + self._n_steps)), tf.float32))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Go on training from the last step's weights."""
        if epoch:
            self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Show the average to the callbacks that follow."""
        self._swap()

    def _swap(self) -> None:
        for weight, other in zip(self._weights, self._others, strict=True):
            held = weight.numpy()
            weight.assign(other)
            other.assign(held)
