"""What is compared: the variants of the model, the pairs of them that the claim is about, and what a run says of one."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import storage
from pipeline.core.params import Count, LossWeights

PARAMS = Path("experiments/claim/params.yaml")
HINT = "run make claim"

# What each variant changes in the train section of params.yaml. A control: shuffled's tags say nothing of the entities.
VARIANTS: dict[str, dict[str, Any]] = {
    "single": {"tasks": ("relation",)},
    "hard": {},
    "soft": {"sharing": "soft"},
    "shuffled": {},
    "single-relation": {"tasks": ("relation",), "positions": "relation"},
    "hard-relation": {"positions": "relation"},
    "single-none": {"tasks": ("relation",), "positions": "none"},
    "hard-none": {"positions": "none"},
}
SHUFFLED = "shuffled"

# Other choices of the train section, each changed alone: experiments/options compares them with hard, which is params.yaml as it
# stands.
OPTIONS: dict[str, dict[str, Any]] = {
    "soft-l1": {"sharing": "soft", "sharing_distance": "l1", "sharing_weight": 0.0005},  # about as strong at first as l2 at 0.01
    "entities": {"pooling": "max+entities"},
    "attention": {"pooling": "max+entities+attention"},
    "scalar-mix": {"layer_mix": "scalar"},
    "projection": {"projection_width": 256},
    "wide-positions": {"position_width": 32},
    "input-dropout": {"input_dropout": 0.5},
    "light-tags": {"loss_weights": LossWeights(relation=1.0, tags=0.1)},
    "learned-weights": {"loss_weights": "learned"},
    "balanced": {"class_weights": "balanced"},
    "smoothing": {"label_smoothing": 0.1},
    "no-averaging": {"weight_averaging": 0.0},
    "long-averaging": {"weight_averaging": 0.999},
    "cosine": {"schedule": "cosine"},
    "weight-decay": {"weight_decay": 0.01},
}

# Ours, theirs and the claim that ours beats theirs, in words.
COMPARISONS = {
    ("hard", "single"): "multi-task (hard sharing) beats single-task",
    ("soft", "single"): "multi-task (soft sharing) beats single-task",
    ("shuffled", "single"): "multi-task with shuffled tags (control) beats single-task",
    ("hard", "shuffled"): "true tags beat shuffled tags",
    ("hard-relation", "single-relation"): "multi-task beats single-task, positions hidden from the shared layer",
    ("hard-none", "single-none"): "multi-task beats single-task, no positions",
}
CLAIM = next(iter(COMPARISONS))  # the article's
CLAIMED_POINTS = 2.0  # of macro-F1, the article's figure


@dataclass(frozen=True)
class Claim:
    """The claim's own section of experiments/claim/params.yaml."""

    corpus: str
    seeds: tuple[int, ...]
    epochs: Count

    def epochs_on(self, percent: int) -> int:
        """The budget on a share of the training rows: fewer rows get more epochs, though fewer steps."""
        return round(self.epochs / math.sqrt(percent / 100))


@dataclass(frozen=True)
class Run:
    """What a variant, trained on a share of the training rows, says of N test rows; one entry a seed in the lists."""

    variant: str
    percent: int  # of the training rows
    n_rows: int  # that it was trained on, with the first seed
    relations: list[str]
    gold_ids: list[int]  # (N,)
    seeds: list[int]
    predicted_ids: list[list[int]]  # (S, N)
    entities: list[list[int]] | None  # (S, 3) correct, predicted and gold; None without a tagger
    positions_visible: bool  # to the tagger
    best_epochs: list[int]
    validation: list[float]  # macro-F1 in percent

    def write(self, path: Path) -> None:
        """Write the run as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: Path) -> Run:
        """Read a run.

        Raises: InputError where it is missing or damaged.
        """
        return cls(**storage.read_json(path, HINT))
