"""The trained network as an OpenVINO model, for prediction without TensorFlow: network.xml and network.bin.

Frozen as the encoder is, and proven equal to Keras when it is written. A row's outputs are the same bits in any batch, padded or
not (tests/model/test_frozen.py). Decoding reads the CRF's transitions from weights.safetensors.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core import openvino_model, params
from pipeline.core.arrays import Floats, Ints
from pipeline.core.errors import InputError
from pipeline.core.openvino_model import FrozenModel
from pipeline.core.positions import PADDING_ID, position_ids
from pipeline.core.weights_file import read_floats
from pipeline.model.batches import Batch
from pipeline.model.config import POSITION_IDS, SHAPE_IDS, Config
from pipeline.model.manifest import MODEL, NETWORK, WEIGHTS
from pipeline.model.shapes import SHAPES

if TYPE_CHECKING:
    from pipeline.model.relation_model import RelationModel

TRANSITIONS = "transitions"
PROOF_LENGTHS = ([2], [9, 9], [31, 17, 4])
# Probabilities and emissions; float32 sums in another order differ by some 1e-6.
PROOF_DIFFERENCE = 1e-4


def freeze(model: RelationModel, folder: Path) -> float:
    """Write a network into its model folder, frozen and proven.

    Returns: the largest difference to Keras.
    Raises: InputError where the frozen network says something else than Keras.
    """
    from pipeline.core.tensorflow import tf, traced
    from pipeline.model.network import input_specs

    def forward(inputs: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        outputs = model.network(inputs, training=False)
        # The conversion keeps the order of outputs, not their names.
        return [outputs[task] for task in model.config.train.tasks]

    openvino_model.write(traced(forward, input_specs(model.config)), folder / NETWORK)
    return prove(model, Frozen(model.config, folder), folder)


def prove(model: RelationModel, frozen: Frozen, folder: Path) -> float:
    """Compare a frozen network with Keras on drawn batches.

    Returns: the largest difference, of values above 1 as a share of the largest.
    Raises: InputError where it exceeds PROOF_DIFFERENCE, or Keras itself gives no numbers.
    """
    rng = np.random.default_rng(0)
    differences = []
    for lengths in PROOF_LENGTHS:
        batch = _drawn(model.config, np.array(lengths), rng)
        real = np.asarray(batch["e1_position_ids"], np.int32) > 0
        ours, theirs = frozen.forward(batch), model.forward(batch)
        for task, expected in theirs.items():
            if not np.isfinite(expected).all():
                hint = "lower train.learning_rate, train.loss_weights or train.weight_decay"
                place = params.place("train", "learning_rate")
                raise InputError.of(place, "the trained network gives infinite values", hint)
            words = real if task == "tags" else slice(None)
            differences.append(_difference(ours[task][words], expected[words]))
    difference = float(np.max(differences))  # not a number where any is none, which Python's max may pass over
    if not difference <= PROOF_DIFFERENCE:
        found = f"the frozen network differs from Keras by {difference:.1e}"
        raise InputError.of(folder, found, "a bug of the OpenVINO conversion for this architecture: please report it")
    return difference


def _difference(ours: Floats, theirs: Floats) -> float:
    """The largest difference, relative to the largest value where that is above 1."""
    return float(np.abs(ours - theirs).max() / max(1.0, float(np.abs(theirs).max())))


def _drawn(config: Config, lengths: Ints, rng: np.random.Generator) -> Batch:
    """Random sentences of these lengths, e1 their first word and e2 their last."""
    word, reach = np.arange(lengths.max()), config.max_distance
    real = word < lengths[:, None]
    distances = [word - np.zeros_like(lengths)[:, None], word - (lengths - 1)[:, None]]
    clipped = [np.clip(distance, -reach, reach).astype(np.int32) for distance in distances]
    ids = [np.where(real, position_ids(distance, reach), np.int32(PADDING_ID)) for distance in clipped]
    words = rng.normal(size=(*real.shape, config.width)) * real[:, :, None]
    shapes = np.where(real, rng.integers(1, len(SHAPES), real.shape, np.int32, endpoint=True), 0)
    return {"words": words.astype(np.float16), **dict(zip(POSITION_IDS, ids, strict=True)), SHAPE_IDS: shapes.astype(np.int32)}


class Frozen:
    """A frozen network that runs; threads may share it."""

    def __init__(self, config: Config, folder: Path, threads: int | None = None) -> None:
        """Args: threads: of this process, all if None.

        Raises: InputError where the frozen network is missing or damaged, or is not of the config.
        """
        self.config = config
        warm_up = self._by_name(_drawn(config, np.array([2]), np.random.default_rng(0)))
        self._path = folder / NETWORK
        self._model = FrozenModel.load(self._path, MODEL.remake, warm_up, threads=threads)
        self.forward(_drawn(config, np.array([2]), np.random.default_rng(0)))
        self.workers = self._model.workers  # threads that should call it at once

    @cached_property
    def transitions(self) -> Floats:
        """(K, K) scores of the CRF, [from, to]; the members' mean."""
        return transitions(self.config, self._path.parent)

    def forward(self, inputs: Batch) -> dict[str, Floats]:
        """The outputs of one batch by name: relation (B, R), tags (B, T, K).

        Raises: InputError where the network gives others.
        """
        n_rows, n_words = inputs["e1_position_ids"].shape
        shapes = {"relation": (n_rows, len(self.config.relations)), "tags": (n_rows, n_words, len(self.config.tags))}
        # The conversion adds an input that the network does not read (positions: none) as one more output behind these.
        outputs: dict[str, Floats] = dict(zip(self.config.train.tasks, self._model(self._by_name(inputs)), strict=False))
        given = {task: (output.shape, output.dtype) for task, output in outputs.items()}
        if given != {task: (shapes[task], np.dtype(np.float32)) for task in self.config.train.tasks}:
            raise InputError.of(self._path, "the frozen network is not the one that the manifest tells of", MODEL.remake)
        return outputs

    def _by_name(self, inputs: Batch) -> Batch:
        """A batch's inputs as the conversion named them."""
        return {f"{name}:0": inputs[name] for name in self.config.inputs}


def transitions(config: Config, folder: Path) -> Floats:
    """(K, K) scores of the saved CRF, [from, to]; the members' mean.

    Raises: InputError where they are missing, of another shape, or no numbers.
    """
    shape: tuple[int, ...] = (len(config.tags), len(config.tags))
    shapes = {f"{prefix}{TRANSITIONS}": shape for prefix in config.weight_prefixes}
    scores: Floats = np.mean(list(read_floats(folder / WEIGHTS, shapes, MODEL.remake).values()), axis=0)
    return scores
