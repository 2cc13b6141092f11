"""The linear-chain CRF head (Lafferty et al. 2001): the only module that imports tensorflow-addons.

Another CRF replaces this one by offering the same three things: a layer from states to emissions, its `transitions` and its `loss`.
Decoding needs neither: see viterbi.py.
"""

from __future__ import annotations

from typing import Any

from pipeline.core.tensorflow import tf

# isort: split
# TensorFlow, which it imports, must be quiet by then.
from tensorflow_addons.text import crf_log_likelihood


class CRF(tf.keras.layers.Layer):  # type: ignore[misc]
    """Emission scores of every word, with the transition scores that its loss and the decoder share."""

    def __init__(self, n_tags: int, **options: Any) -> None:
        """Args: n_tags: K."""
        super().__init__(**options)
        self.n_tags = n_tags
        self.emissions = tf.keras.layers.Dense(n_tags, name="emissions")
        self.transitions = self.add_weight("transitions", (n_tags, n_tags), initializer="glorot_uniform")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n_tags": self.n_tags}

    def call(self, states: tf.Tensor) -> tf.Tensor:
        """States (B, T, width) to emissions (B, T, K)."""
        return self.emissions(states)

    def loss(self, tag_ids: tf.Tensor, emissions: tf.Tensor) -> tf.Tensor:
        """Negative log-likelihood of each row's tags; belongs into `compile(loss={"tags": crf.loss})`.

        Args: tag_ids: (B, T) integers, negative where padded; emissions: (B, T, K).
        Returns: (B,) float32.
        """
        tag_ids = tf.cast(tag_ids, tf.int32)
        lengths = tf.reduce_sum(tf.cast(tag_ids >= 0, tf.int32), axis=1)
        likelihood, _ = crf_log_likelihood(emissions, tf.maximum(tag_ids, 0), lengths, self.transitions)
        return -likelihood
