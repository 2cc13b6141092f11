"""A trained model on disk: its network, and how text becomes the network's inputs. Needs no TensorFlow.

weights.safetensors         the Keras network's weights by name
network.xml, network.bin    the same network frozen for OpenVINO
summary.txt, curves/        its layers, its training: for people
manifest.json               a ModelDescription, and every file's checksum, so that files of two models never pass for one
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pipeline.core import manifests
from pipeline.core.constraints import Line, OneOf
from pipeline.core.manifests import Kind
from pipeline.core.schema import ChineseSegmenter, PositionNotes, VectorsDescription
from pipeline.model.config import Config, Label, Size

TypePairs = tuple[tuple[str, ...], ...]
WEIGHTS, NETWORK, SUMMARY, CURVES = "weights.safetensors", "network.xml", "summary.txt", "curves"


@dataclass(frozen=True)
class ModelDescription:
    """What a model folder's manifest tells."""

    config: Config
    language: Annotated[str, Line(20)]
    segmenter: Annotated[str, OneOf(get_args(ChineseSegmenter))]
    max_length: Size  # words of a sentence that the network saw
    vectors: VectorsDescription
    # What follows is newer than the first release.
    entities: Literal["pair", "all"] = "pair"  # what the tagger learnt to mark: see tag.entities
    symmetric: tuple[Label, ...] = ()  # relations of which both orders of a pair are one, e1 the first in reading order
    type_pairs: tuple[tuple[Label, ...], ...] | None = None  # types of e1 and e2 that any relation has; None: ask about all

    @classmethod
    def of(
        cls, config: Config, notes: PositionNotes, vectors: VectorsDescription, type_pairs: TypePairs | None = None
    ) -> ModelDescription:
        """The description of a model that was trained on these rows and vectors."""
        about = (notes.language, notes.segmenter, notes.max_length)
        return cls(config, *about, vectors, notes.entities, notes.symmetric, type_pairs)


MODEL = Kind("model", 2, ModelDescription, "run dvc repro train, or copy the whole model folder again")


@dataclass(frozen=True)
class SavedModel:
    """A model folder that was opened, and so verified."""

    folder: Path
    description: ModelDescription

    @classmethod
    def open(cls, folder: Path) -> SavedModel:
        """Read the manifest and compare every file with it.

        Raises: InputError where it is missing, of another version or damaged, or a file is missing or another model's.
        """
        description, _ = manifests.open_sealed(folder, MODEL)
        return cls(folder, description)

    @property
    def config(self) -> Config:
        """What decides the network."""
        return self.description.config
