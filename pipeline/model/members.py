"""Train the networks of a model, each from a seed of its own, in processes beside each other where there are cores for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.core import storage
from pipeline.core.arrays import Floats
from pipeline.core.schema import POSITION
from pipeline.encoding.store import Store
from pipeline.model import joint
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.network import members_of, weights_by_name
from pipeline.model.relation_model import RelationModel
from pipeline.model.trainer import Score, Trainer
from pipeline.model.workers import train_all

Figures = dict[str, float]  # of an epoch, by name
TOLD = ("loss", "validation_score")  # of them, as an epoch ends


@dataclass(frozen=True)
class Data:
    """Where a process of its own finds the rows and their vectors."""

    positioned: Path
    embedded: Path

    def examples(self, config: Config) -> tuple[Examples, Examples]:
        """The rows of train and of validation."""
        data, store = storage.read(self.positioned, POSITION), Store.open(self.embedded)
        training, validation = (joint.examples(data, split, store, config) for split in ("train", "validation"))
        return training, validation


@dataclass(frozen=True)
class Member:
    """One network's weights by name, and how it got there."""

    weights: dict[str, Floats]
    best_epoch: int
    curve: tuple[Figures, ...]  # an epoch each


def train(config: Config, data: Data, score: Score) -> tuple[RelationModel, list[Member]]:
    """Train every member of a config, as many at once as there are cores.

    Args: score: chooses each member's best epoch by validation; a function at the top of a module, for other processes to find.
    Returns: the model that averages them, and the members in order.
    """
    members = train_all(config.members, partial(_train_one, data=data, score=score))
    model = RelationModel(config)
    for network, member in zip(members_of(model.network), members, strict=True):
        for name, variable in weights_by_name(network).items():
            variable.assign(member.weights[name])
    return model, members


def _train_one(config: Config, data: Data, score: Score) -> Member:
    training, validation = data.examples(config)
    curve: list[Figures] = []

    def tell(figures: Figures) -> None:
        curve.append(figures)
        said = [f"{name.replace('_', ' ')} {figures[name]:.3f}" for name in TOLD if name in figures]
        said.append(f"{figures['sentences_per_second']:,.0f} sentences/s")
        sys.stderr.write(f"seed {config.train.seed}, epoch {len(curve)}: {', '.join(said)}\n")

    trained = Trainer(config, score, joint=training.tagged is not None).train(training, validation, tell)
    weights = {name: variable.numpy() for name, variable in weights_by_name(trained.model.network).items()}
    return Member(weights, trained.best_epoch, tuple(curve))
