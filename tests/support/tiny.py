"""A tiny corpus with vectors, what is known of both, and the options and config of a tiny network."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from pipeline.core import params, storage
from pipeline.core.arrays import Floats, Ints, Vectors
from pipeline.core.params import Train
from pipeline.core.schema import POSITION, SPLITS, EncoderDescription, VectorsDescription
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from tests.support.project import REFERENCE
from tests.support.rows import POSITION_NOTES, positioned

WIDTH = 8
MAX_DISTANCE = 10
TAGS = ("O", "B", "I")
RELATIONS = ("A(e1,e2)", "A(e2,e1)", "Other")
SENTENCES = (
    "the [e1 cat] sat on [e2 mats]",
    "[e1 rain] made [e2 the great flood] rise and rise again for days",
    "so [e1 it] [e2 is]",
    "a long walk from [e1 the old house] to the new [e2 red barn] ended",
)
NOTES = dataclasses.replace(POSITION_NOTES, tags=TAGS, max_distance=MAX_DISTANCE)
ENCODER = EncoderDescription(
    name="fake",
    revision=None,
    weights_sha256="0" * 64,
    layers=(-2, -1),
    width=WIDTH,
    max_pieces=16,
    prefix_ids=(2,),
    suffix_ids=(3,),
    fingerprint="e" * 64,
)
VECTORS = VectorsDescription(ENCODER, "openvino", "float32", "mean", fingerprint="f" * 64)


class FakeStore:
    """An embedding store of random vectors, the same for the same word."""

    description = VECTORS

    def __init__(self) -> None:
        self._sentences: list[list[str]] = []

    def find(self, words: pa.ChunkedArray) -> Ints:
        """(N,) row ids of sentences, all of them new to the store."""
        self._sentences += words.to_pylist()
        return np.arange(len(words)) + len(self._sentences) - len(words)

    def means(self, words: pa.ChunkedArray) -> Floats:
        """(N, WIDTH) the mean word vector of each sentence."""
        return np.array([self.vectors(row).mean(axis=0, dtype=np.float32) for row in self.find(words).tolist()], np.float32)

    def vectors(self, row_id: int) -> Vectors:
        """(T, WIDTH) of a sentence."""
        seeds = [sum(word.encode()) for word in self._sentences[row_id]]
        drawn = np.array([np.random.default_rng(seed).normal(size=WIDTH) for seed in seeds])
        return drawn.astype(np.float16)


def table(copies: int = 1) -> pa.Table:
    """Rows of the position stage: the sentences, several times over, their relations in turn, all with the id 1."""
    rows = [
        positioned(sentence, relation=RELATIONS[index % 3], max_distance=MAX_DISTANCE) for index, sentence in enumerate(SENTENCES)
    ]
    return pa.concat_tables(rows * copies)


def examples(copies: int = 1) -> Examples:
    """The table's rows with their vectors."""
    return Examples(table(copies), FakeStore(), RELATIONS)


def options(**changes: Any) -> Train:
    """The reference network's train section, made small, with changes."""
    small: dict[str, Any] = {"lstm_units": 4, "dense_units": 4, "batch_size": 4, "epochs": 2, "position_width": 2}
    return dataclasses.replace(params.read(Train, REFERENCE), **{**small, **changes})


def config(vectors: VectorsDescription = VECTORS, **changes: Any) -> Config:
    """The network that these options ask for on the tiny corpus, with its own vectors or others."""
    return Config.of(options(**changes), RELATIONS, NOTES, vectors)


def write_project(folder: Path, train: Train, copies: int, without: Collection[str] = (), **sections: dict[str, Any]) -> None:
    """What the train stage reads beside the store: params.yaml, with other sections, and `positioned`, every split alike.

    Args: without: splits that have no rows.
    """
    section = {**dataclasses.asdict(train), "tasks": list(train.tasks)}
    (folder / params.FILE).write_text(yaml.safe_dump({"train": section, **sections}))
    storage.write(folder / "positioned", POSITION, {split: [] if split in without else [table(copies)] for split in SPLITS}, NOTES)
