"""The variants of the model: what each changes in the train section of the reference network (reference/params.yaml)."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.runs import Experiment
from pipeline.core.params import LossWeights, Train

SHUFFLED = "shuffled"  # the control: its tags say nothing of the entities
REFERENCE = "hard"  # the reference network as it stands

# Whether and how the two tasks share, and what the shared layer sees.
VARIANTS: dict[str, dict[str, Any]] = {
    "single": {"tasks": ("relation",)},
    REFERENCE: {},
    "soft": {"sharing": "soft"},
    SHUFFLED: {},
    "single-relation": {"tasks": ("relation",), "positions": "relation"},
    "hard-relation": {"positions": "relation"},
    "single-none": {"tasks": ("relation",), "positions": "none"},
    "hard-none": {"positions": "none"},
}

# Other choices of the train section, each changed alone.
OPTIONS: dict[str, dict[str, Any]] = {
    "soft-l1": {"sharing": "soft", "sharing_distance": "l1", "sharing_weight": 0.0005},  # about as strong at first as l2 at 0.01
    "entities": {"pooling": "max+entities"},
    "attention": {"pooling": "max+entities+attention"},
    "projection": {"projection_width": 256},
    "wide-positions": {"position_width": 32},
    "input-dropout": {"input_dropout": 0.5},
    "light-tags": {"loss_weights": LossWeights(relation=1.0, tags=0.1)},
    "balanced": {"class_weights": "balanced"},
    "smoothing": {"label_smoothing": 0.1},
    "no-averaging": {"weight_averaging": 0.0},
    "long-averaging": {"weight_averaging": 0.999},
    "weight-decay": {"weight_decay": 0.01},
}


def train_section(variant: str, percent: int, base: Train, experiment: Experiment) -> Train:
    """The variant's train section: every variant has the same budget, patience and one member, and keeps its best epoch.

    Args: percent: of the training rows; base: the reference network's section.
    """
    varied = dataclasses.replace(base, **(VARIANTS | OPTIONS)[variant], members=1)
    return dataclasses.replace(varied, epochs=experiment.epochs_on(percent), patience=experiment.patience_on(percent))
