"""TensorFlow for whoever needs it: quiet, and with its Keras loaded.

from pipeline.core.tensorflow import tf
"""

from __future__ import annotations

from pipeline.core.stage import quiet

quiet()
import tensorflow as tf  # noqa: E402

__all__ = ["tf"]

# Keras is loaded at its first use, which is here: the TensorFlow models of transformers set TF_USE_LEGACY_KERAS when they are
# imported, and TensorFlow 2.15 cannot load its Keras after that.
_ = tf.keras.layers
