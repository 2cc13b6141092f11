"""TensorFlow for whoever needs it: quiet, and with its Keras loaded.

from pipeline.core.tensorflow import tf
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.core.stage import quiet

quiet()
import tensorflow as tf  # noqa: E402

__all__ = ["tf", "traced", "unconverted"]

# Keras is loaded at its first use, which is here: the TensorFlow models of transformers set TF_USE_LEGACY_KERAS when they are
# imported, and TensorFlow 2.15 cannot load its Keras after that.
_ = tf.keras.layers

Function = TypeVar("Function", bound=Callable[..., Any])


def unconverted(function: Function) -> Function:
    """The function with its own Python: no `if` or `for` of ours asks a tensor, and rewriting them takes three seconds a start."""
    plain: Function = tf.autograph.experimental.do_not_convert(function)
    return plain


def traced(function: Callable[[Any], Any], signature: Any) -> Any:
    """The tf.function of one argument of such a signature."""
    return tf.function(function, input_signature=[signature], autograph=False)
