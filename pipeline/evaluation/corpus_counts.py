"""What the rows of the splits are: how many have each label, how long they are, how far apart their entities are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.labels import label_ids
from pipeline.core.schema import SPLITS
from pipeline.evaluation.slices import words_between

LONGEST = 60  # words that have a bar of their own; all longer ones share the last


def counts(splits: Mapping[str, pa.Table], labels: Sequence[str]) -> dict[str, Any]:
    """Rows, the sentences they are in, rows by label and by words of the sentence and between the entities, of each split.

    Args: splits: rows of the position stage; labels: R, in id order.
    """
    return {
        "rows": {split: len(splits[split]) for split in SPLITS},
        "sentences": {split: pc.count_distinct(splits[split]["text"]).as_py() for split in SPLITS},
        "labels": {split: _labels(splits[split], labels) for split in SPLITS},
        "words": {split: _histogram(ragged.lengths(splits[split]["words"])) for split in SPLITS},
        "distance": {split: _histogram(words_between(splits[split])) for split in SPLITS},
    }


def _labels(table: pa.Table, labels: Sequence[str]) -> list[int]:
    """Rows of each label, and at the end those without one."""
    counted: list[int] = np.bincount(label_ids(table["relation"], labels) % (len(labels) + 1), minlength=len(labels) + 1).tolist()
    return counted


def _histogram(numbers: Ints) -> list[int]:
    """Rows by number from 0, the last of LONGEST or more."""
    counted: list[int] = np.bincount(np.minimum(numbers, LONGEST), minlength=LONGEST + 1).tolist()
    return counted
