"""TensorFlow for whoever needs it: quiet, and with its Keras loaded.

from pipeline.core.tensorflow import tf
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.core.stage import quiet

quiet()
import tensorflow as tf  # noqa: E402

__all__ = ["tf", "traced", "unconverted"]

# Keras is loaded at its first use, which is here: the TensorFlow models of transformers set TF_USE_LEGACY_KERAS when they are
# imported, and TensorFlow 2.15 cannot load its Keras after that.
_ = tf.keras.layers

# Python's own `if` and `for` never depend on a tensor in ours: TensorFlow need not rewrite them, which takes three seconds a start.
unconverted = tf.autograph.experimental.do_not_convert


def traced(function: Callable[[Any], Any], signature: Any) -> Any:
    """The tf.function of one argument of such a signature."""
    return tf.function(function, input_signature=[signature], autograph=False)
