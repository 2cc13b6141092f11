"""The linear-chain CRF head (Lafferty et al. 2001): the only module that imports tensorflow-addons.

Where that is not installed, our own `log_likelihood` takes its place, equal to 1e-6. Another CRF replaces this one by offering the
same three things: a layer from states to emissions, its `transitions` and its `loss`. Decoding needs neither: see viterbi.py.
"""

from __future__ import annotations

from typing import Any

from pipeline.core.tensorflow import tf

# isort: split
# TensorFlow, which it imports, must be quiet by then.
try:
    from tensorflow_addons.text import crf_log_likelihood as addons
except ImportError:  # it is at its end of life, for Python 3.11 and TensorFlow 2.15 at most
    addons = None


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
        arguments = emissions, tf.maximum(tag_ids, 0), lengths, self.transitions
        return -(log_likelihood(*arguments) if addons is None else addons(*arguments)[0])


def log_likelihood(emissions: tf.Tensor, tag_ids: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor) -> tf.Tensor:
    """Log-likelihood of each row's tags, the same as that of tensorflow-addons: the score of their path less that of all paths.

    Args: emissions: (B, T, K); tag_ids: (B, T) from 0 to K - 1; lengths: (B,) words that are no padding; transitions: (K, K).
    Returns: (B,), 0 for a row without words.
    """
    is_word = tf.sequence_mask(lengths, tf.shape(emissions)[1])
    on_tags = tf.gather(emissions, tag_ids, axis=2, batch_dims=2)
    between = tf.gather_nd(transitions, tf.stack([tag_ids[:, :-1], tag_ids[:, 1:]], axis=2))
    zero = tf.zeros([], emissions.dtype)
    path = tf.reduce_sum(tf.where(is_word, on_tags, zero), 1) + tf.reduce_sum(tf.where(is_word[:, 1:], between, zero), 1)
    all_paths = tf.reduce_logsumexp(_forward(emissions, is_word, transitions), axis=1)
    return path - tf.where(lengths > 0, all_paths, zero)


def _forward(emissions: tf.Tensor, is_word: tf.Tensor, transitions: tf.Tensor) -> tf.Tensor:
    """(B, K) log-sum of the scores of all paths that end in each tag at a row's last word (the forward algorithm, Rabiner 1989)."""

    def step(alphas: tf.Tensor, word: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        emission, is_word = word
        return tf.where(is_word[:, None], emission + tf.reduce_logsumexp(alphas[:, :, None] + transitions, axis=1), alphas)

    words = tf.transpose(emissions, [1, 0, 2])[1:], tf.transpose(is_word)[1:]
    return tf.foldl(step, words, initializer=emissions[:, 0])
