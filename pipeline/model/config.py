"""What a saved model is: its labels and its architecture, as config.json beside the weights; needs no TensorFlow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.params import Train

FILE = "config.json"
WEIGHTS = "weights.safetensors"  # beside it in a model folder
HINT = "run dvc repro train"


@dataclass(frozen=True)
class Config:
    """Everything that decides the network's shape, and the names behind its outputs."""

    relations: tuple[str, ...]  # R, in id order
    tags: tuple[str, ...]  # K, in id order
    width: int  # H of a word vector as the store has it
    n_layers: int  # encoder layers concatenated in it
    max_distance: int
    encoder: str  # fingerprint of the encoder that made the vectors
    tasks: tuple[str, ...]
    sharing: str
    positions: str
    position_width: int
    pooling: str
    layer_mix: str
    projection_width: int
    lstm_units: int
    dense_units: int
    input_dropout: float
    dropout: float

    @classmethod
    def of(cls, options: Train, **facts: object) -> Config:
        """The architecture that the train section asks for, given the facts of the data: labels, width, n_layers, ..."""
        fields = {field.name for field in dataclasses.fields(cls)} - facts.keys()
        return cls(**{name: getattr(options, name) for name in fields}, **facts)  # type: ignore[arg-type]

    @property
    def relation_sees_entities(self) -> bool:
        """Whether the relation head knows which words are the entities."""
        return self.positions != "none" or self.pooling != "max"

    def write(self, folder: Path) -> None:
        """Write config.json."""
        storage.write_json(folder / FILE, dataclasses.asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Config:
        """Read config.json.

        Raises: InputError where it is missing, damaged or another version's.
        """
        values = storage.read_json(folder / FILE, HINT)
        known = {field.name for field in dataclasses.fields(cls)}
        if values.keys() != known:
            different = ", ".join(sorted(values.keys() ^ known))
            raise InputError.of(folder / FILE, f"written by another version: {different}", HINT)
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})  # type: ignore[arg-type]
