"""An exponential moving average of a network's weights (Polyak and Juditsky 1992), to be scored and kept in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from pipeline.core.tensorflow import tf, traced


class Average:
    """The average of variables that training goes on to change; without a decay it is the variables themselves."""

    def __init__(self, variables: Sequence[tf.Variable], decay: float) -> None:
        """Args: decay: the share of the average that a step leaves, 0 for no averaging."""
        self._decay = decay
        self._variables = list(variables) if decay else []
        self._others = [tf.Variable(variable, trainable=False) for variable in self._variables]
        self._n_steps = 0
        self._approach = traced(self._approach_by, tf.TensorSpec(()))

    def update(self) -> None:
        """Move the average towards the variables, after a step.

        A young average follows closely, or it would remember the initial weights: the decay of step n is at most
        (1 + n) / (10 + n), as in tf.train.ExponentialMovingAverage.
        """
        self._n_steps += 1
        if self._variables:
            decay = min(self._decay, (1 + self._n_steps) / (10 + self._n_steps))
            self._approach(tf.constant(1 - decay, tf.float32))

    def _approach_by(self, share: tf.Tensor) -> None:
        for average, variable in zip(self._others, self._variables, strict=True):
            average.assign_add(share * (variable - average))

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Within the block the variables hold the average."""
        self._swap()
        yield
        self._swap()

    def _swap(self) -> None:
        for variable, other in zip(self._variables, self._others, strict=True):
            held = variable.numpy()
            variable.assign(other)
            other.assign(held)
