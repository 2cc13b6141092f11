"""What a model says of the rows of a split."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.core.arrays import Floats, Ints
from pipeline.core.prefetch import prefetch
from pipeline.model import viterbi
from pipeline.model.batches import Batch, Examples, by_length
from pipeline.model.config import Config

# Rows a batch: large enough to fill the cores, small enough for 100-word sentences to fit the caches' reach.
BATCH_ROWS = 128


@dataclass(frozen=True)
class Predictions:
    """What a model says, in row order."""

    probabilities: Floats  # (N, R)
    tag_ids: list[Ints] | None  # a row: (words of the window,); None without the tags head


class Network(Protocol):
    """What says something of rows: a RelationModel, or without TensorFlow a Frozen one."""

    config: Config
    workers: int  # threads that should call it at once

    @property
    def transitions(self) -> Floats:
        """(K, K) scores of the CRF, [from, to]."""

    def forward(self, inputs: Batch, /) -> dict[str, Floats]:
        """The outputs of one batch by name: relation (B, R), tags (B, T, K)."""


def predict(model: Network, examples: Examples, tags: bool = True) -> Predictions:
    """Probabilities and, if wanted, tags of every row; rows of like length share a batch, so that little is padding."""
    config = model.config
    probabilities = np.empty((len(examples), len(config.relations)), np.float32)
    tag_ids: list[Ints] = [np.empty(0, np.int64)] * len(examples)
    wants_tags = tags and "tags" in config.train.tasks
    transitions = model.transitions if wants_tags else None

    def ask(row_ids: Ints) -> tuple[Ints, Floats, Ints | None]:
        outputs = model.forward(examples.inputs(row_ids, config.inputs))
        lengths = examples.lengths[row_ids]
        paths = None if transitions is None else viterbi.decode(outputs["tags"], lengths, transitions, config.tags)
        return row_ids, outputs["relation"], paths

    batches = examples.batches(functools.partial(by_length, size=BATCH_ROWS))
    for row_ids, relation, paths in prefetch(ask, batches, model.workers):
        probabilities[row_ids] = relation
        for row_id, path in zip(row_ids, () if paths is None else paths, strict=paths is not None):
            tag_ids[row_id] = path[: examples.lengths[row_id]]
    return Predictions(probabilities, tag_ids if wants_tags else None)
