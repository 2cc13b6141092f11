"""A tiny corpus with vectors, and the settings of a tiny network, for the tests of feeding, model and training."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import params
from pipeline.core.params import Train
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from tests.support.project import ROOT
from tests.support.rows import positioned

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


class FakeStore:
    """The store's interface: random vectors, a word's the same in every sentence, a row for each sentence looked up."""

    width = WIDTH
    n_layers = 2
    fingerprint = "fake"
    description: ClassVar = {"encoder": {}, "backend": "openvino", "precision": "float32", "pooling": "mean"}

    def __init__(self) -> None:
        self._words: list[list[str]] = []

    def find(self, words: pa.ChunkedArray) -> NDArray[np.int64]:
        first = len(self._words)
        self._words += words.to_pylist()
        return np.arange(first, len(self._words))

    def vectors(self, row: int) -> NDArray[np.float16]:
        generators = [np.random.default_rng(sum(word.encode())) for word in self._words[row]]
        return np.array([generator.normal(size=WIDTH) for generator in generators], np.float16)


def table(copies: int = 1) -> pa.Table:
    """The sentences, several times over, their relations in turn, all with the id 1."""
    kinds = [
        positioned(sentence, relation=RELATIONS[index % 3], max_distance=MAX_DISTANCE) for index, sentence in enumerate(SENTENCES)
    ]
    return pa.concat_tables(kinds * copies)


def examples(copies: int = 1) -> Examples:
    return Examples(table(copies), FakeStore(), RELATIONS)


def options(**changes: Any) -> Train:
    """The committed train section, made small, with changes."""
    small: dict[str, Any] = {"lstm_units": 4, "dense_units": 4, "batch_size": 4, "epochs": 2, "position_width": 2}
    return dataclasses.replace(params.read(Train, ROOT / "params.yaml"), **{**small, **changes})


def config(**changes: Any) -> Config:
    facts: dict[str, Any] = {
        "relations": RELATIONS,
        "tags": TAGS,
        "width": WIDTH,
        "n_layers": 2,
        "max_distance": MAX_DISTANCE,
        "encoder": "fake",
    }
    return Config.of(options(**changes), **facts)
