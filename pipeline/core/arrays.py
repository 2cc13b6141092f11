"""The array types that all subjects share, by what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]  # ids, counts, offsets
Floats = NDArray[np.float32]  # what an encoder or a network computes
Doubles = NDArray[np.float64]  # counts that are summed and the scores made of them
Vectors = NDArray[np.float16]  # word vectors as the store keeps them, (..., H)
