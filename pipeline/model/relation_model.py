"""A network with the config that it was built from: in use, and on disk.

Loading needs no training code; what else lies in a model folder: manifest.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST
from pipeline.core.tensorflow import tf, traced
from pipeline.core.weights_file import read_floats, read_header
from pipeline.model.batches import Batch
from pipeline.model.config import Config
from pipeline.model.manifest import MODEL, SUMMARY, WEIGHTS
from pipeline.model.network import build, input_specs, members_of, weights_by_name


class RelationModel:
    """A network with its config and its compiled inference."""

    workers = 1  # threads that should call it: TensorFlow takes the cores itself

    def __init__(self, config: Config) -> None:
        """Build the network, with new weights."""
        self.config = config
        self.network = build(config)
        self._forward = traced(lambda inputs: self.network(inputs, training=False), input_specs(config))

    def forward(self, inputs: Batch) -> dict[str, Floats]:
        """The outputs of one batch by name: relation (B, R), tags (B, T, K)."""
        read = {name: inputs[name] for name in self.config.inputs}
        return {name: output.numpy() for name, output in self._forward(read).items()}

    @property
    def transitions(self) -> Floats:
        """(K, K) scores of the CRF, [from, to]; the members' mean."""
        scores: Floats = np.mean([member.get_layer("tags").transitions.numpy() for member in members_of(self.network)], axis=0)
        return scores

    def save(self, folder: Path) -> None:
        """Write the weights and the summary."""
        from safetensors.numpy import save_file

        save_file({name: np.asarray(weight) for name, weight in weights_by_name(self.network).items()}, folder / WEIGHTS)
        lines: list[str] = []
        self.network.summary(line_length=110, print_fn=lines.append)
        (folder / SUMMARY).write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, config: Config, folder: Path) -> RelationModel:
        """The Keras network of a model folder again, to look into or to train on; our own commands run the frozen one.

            saved = SavedModel.open(Path("models/relation"))
            network = RelationModel.load(saved.config, saved.folder).network

        Raises: InputError where the weights are missing or damaged, do not belong to the config, or are no numbers.
        """
        path = folder / WEIGHTS
        shapes = weight_shapes(config)
        if extra := read_header(path, MODEL.remake).keys() - shapes:
            found = f"the weights do not fit the network of the manifest: it has no {min(extra)[:80]!r}"
            raise InputError.of(path, found, MODEL.remake)
        saved = read_floats(path, shapes, MODEL.remake)
        model = cls(config)
        for name, variable in weights_by_name(model.network).items():
            variable.assign(saved[name])
        return model


def weight_shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """The shape of every weight of a config's network by name, without the memory that they would take.

    Raises: InputError where there is no such network.
    """
    try:
        with tf.Graph().as_default():  # where variables are described, not made
            tf.random.set_seed(0)  # a graph has a seed of its own, which dropout asks for once training has asked for determinism
            one = {name: tuple(weight.shape) for name, weight in weights_by_name(build(config.members[0])).items()}
    except (ValueError, TypeError, ArithmeticError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError.of(MANIFEST, f"no network can be built of the config: {reason}", MODEL.remake) from None
    return {f"{prefix}{name}": shape for prefix in config.weight_prefixes for name, shape in one.items()}
