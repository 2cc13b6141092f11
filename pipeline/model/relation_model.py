"""A network with the config that it was built from: in use, and on disk.

Loading needs no training code; what else lies in a model folder: manifest.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.core.tensorflow import tf
from pipeline.model.batches import Batch
from pipeline.model.config import Config
from pipeline.model.manifest import MODEL, SUMMARY, WEIGHTS
from pipeline.model.network import build, input_specs, weights_by_name

Floats = NDArray[np.float32]


class RelationModel:
    """A network with its config and its compiled inference."""

    def __init__(self, config: Config) -> None:
        """Build the network, with new weights."""
        self.config = config
        self.network = build(config)
        self._forward = tf.function(lambda inputs: self.network(inputs, training=False), input_signature=[input_specs(config)])

    def forward(self, inputs: Batch) -> dict[str, Floats]:
        """The outputs of one batch by name: relation (B, R), tags (B, T, K)."""
        return {name: output.numpy() for name, output in self._forward(inputs).items()}

    @property
    def transitions(self) -> Floats:
        """(K, K) scores of the CRF, [from, to]."""
        scores: Floats = self.network.get_layer("tags").transitions.numpy()
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
        """Read the weights that `save` wrote.

        Raises: InputError where they are missing or damaged, or do not belong to the config.
        """
        model = cls(config)
        saved = _read_weights(folder / WEIGHTS)
        variables = weights_by_name(model.network)
        shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
        if shapes != {name: array.shape for name, array in saved.items()}:
            raise InputError.of(folder / WEIGHTS, "the weights do not fit the network of the manifest", MODEL.remake)
        for name, variable in variables.items():
            variable.assign(saved[name])
        return model


def _read_weights(path: Path) -> dict[str, Floats]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights: dict[str, Floats] = load_file(path)
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", MODEL.remake) from None
    except SafetensorError as error:
        raise InputError.of(path, f"damaged ({error})", MODEL.remake) from None
    return weights
