"""What a model says of the rows of a split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.arrays import Floats, Ints
from pipeline.model import viterbi
from pipeline.model.batches import Examples, by_length
from pipeline.model.relation_model import RelationModel

# Rows a batch: large enough to fill the cores, small enough for 100-word sentences to fit the caches' reach.
BATCH_ROWS = 128


@dataclass(frozen=True)
class Predictions:
    """What a model says, in row order."""

    probabilities: Floats  # (N, R)
    tag_ids: list[Ints] | None  # a row: (words of the window,); None without the tags head


def predict(model: RelationModel, examples: Examples, tags: bool = True) -> Predictions:
    """Probabilities and, if wanted, tags of every row; rows of like length share a batch, so that little is padding."""
    config = model.config
    probabilities = np.empty((len(examples), len(config.relations)), np.float32)
    tag_ids: list[Ints] = [np.empty(0, np.int64)] * len(examples)
    for row_ids in by_length(examples.lengths, BATCH_ROWS):
        outputs = model.forward(examples.inputs(row_ids))
        probabilities[row_ids] = outputs["relation"]
        if tags and "tags" in outputs:
            lengths = examples.lengths[row_ids]
            paths = viterbi.decode(outputs["tags"], lengths, model.transitions, config.tags)
            for row_id, path, length in zip(row_ids, paths, lengths, strict=True):
                tag_ids[row_id] = path[:length]
    return Predictions(probabilities, tag_ids if tags and "tags" in config.train.tasks else None)
