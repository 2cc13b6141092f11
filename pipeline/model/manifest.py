"""What a model folder needs besides its weights to predict from plain text, as manifest.json; needs no TensorFlow.

It records how the training text became vectors, and a checksum a file, so that files of two models never pass for one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.model import config

FILE = "manifest.json"
FILES = (config.FILE, config.WEIGHTS, "network.xml", "network.bin")


@dataclass(frozen=True)
class Manifest:
    """How a sentence became the network's inputs, and which files make the model."""

    language: str
    segmenter: str
    max_length: int  # words of a sentence that the network saw
    encoder: dict[str, Any]  # what encoder.json says of it
    backend: str
    precision: str
    pooling: str
    files: dict[str, str]  # the checksum of each of FILES

    @classmethod
    def of(cls, folder: Path, notes: Mapping[str, Any], embedding: Mapping[str, Any]) -> Manifest:
        """The manifest of a folder whose files are written.

        Args: notes: of the position stage; embedding: the store's description.
        """
        return cls(
            **{name: notes[name] for name in ("language", "segmenter", "max_length")},
            **{name: embedding[name] for name in ("encoder", "backend", "precision", "pooling")},
            files={name: storage.checksum(folder / name) for name in FILES},
        )

    def write(self, folder: Path) -> None:
        """Write manifest.json."""
        storage.write_json(folder / FILE, dataclasses.asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read manifest.json and check the files that it names.

        Raises: InputError where it is missing or another version's, and for every file that is missing or another model's.
        """
        values = storage.read_json(folder / FILE, config.HINT)
        known = {field.name for field in dataclasses.fields(cls)}
        if values.keys() != known:
            different = ", ".join(sorted(values.keys() ^ known))
            raise InputError.of(folder / FILE, f"written by another version: {different}", config.HINT)
        manifest = cls(**values)
        for name, written in manifest.files.items():
            path = folder / name
            if not path.is_file() or storage.checksum(path) != written:
                found = f"missing, damaged or of another model than {FILE}"
                raise InputError.of(path, found, f"copy the whole model folder, or {config.HINT}")
        return manifest
