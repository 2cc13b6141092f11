"""How training rows are ranked for a person to look at their labels: as doubtful, and what that is compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from pipeline.annotation.held_out import HeldOut
from pipeline.annotation.selection import doubtful
from pipeline.core.arrays import Floats, Ints
from pipeline.core.labels import label_ids

Ranking = Callable[[Floats, Ints], Ints]


def least_probable(probabilities: Floats, given: Ints) -> Ints:
    """The rows by the probability of their label alone, which is by their loss."""
    return np.argsort(probabilities[np.arange(len(given)), given], kind="stable")


def largest_margin(probabilities: Floats, given: Ints) -> Ints:
    """The rows by how much another label is more probable."""
    own = probabilities[np.arange(len(given)), given]
    return np.argsort(own - probabilities.max(axis=1), kind="stable")


RANKINGS: dict[str, tuple[str, Ranking]] = {  # which predictions, and how they are ranked
    "doubtful": ("held_out", doubtful),
    "held-out probability": ("held_out", least_probable),
    "held-out margin": ("held_out", largest_margin),
    "plain loss": ("in_sample", least_probable),
}


def put_first(told: HeldOut, ranking: Ranking, count: int) -> list[str]:
    """The ids of the training rows that a ranking puts first, in its order."""
    of_train = told.rows["split"].to_numpy() == "train"
    rows = told.rows.filter(pa.array(of_train))
    order = ranking(told.probabilities[of_train], label_ids(rows["relation"], told.about.relations))
    ids: list[str] = rows["id"].take(pa.array(order[:count])).to_pylist()
    return ids
