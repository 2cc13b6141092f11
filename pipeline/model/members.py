"""Train the networks of a model, each from a seed of its own, in processes beside each other where there are cores for it.

Beside each other, because a step is made of many small operations: two networks on a core each are sooner done than one after the
other on two.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from pipeline.core import storage
from pipeline.core.arrays import Floats
from pipeline.core.schema import POSITION
from pipeline.core.stage import quiet
from pipeline.core.tensorflow import tf
from pipeline.encoding.store import Store
from pipeline.model import joint
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.network import members_of, weights_by_name
from pipeline.model.relation_model import RelationModel
from pipeline.model.trainer import Score, Trainer

Figures = dict[str, float]  # of an epoch, by name


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
    members = _train_all(config.members, partial(_train_one, data=data, score=score))
    model = RelationModel(config)
    for network, member in zip(members_of(model.network), members, strict=True):
        for name, variable in weights_by_name(network).items():
            variable.assign(member.weights[name])
    return model, members


def _train_all(configs: Sequence[Config], train_one: Callable[[Config], Member]) -> list[Member]:
    n_cores = len(os.sched_getaffinity(0))
    n_workers = min(len(configs), n_cores)
    if n_workers == 1:
        return [train_one(config) for config in configs]
    # Not forked: TensorFlow's threads would be lost.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, spawned, _begin_worker, (n_cores // n_workers,)) as pool, _ended_together():
        return list(pool.map(train_one, configs))


def _train_one(config: Config, data: Data, score: Score) -> Member:
    training, validation = data.examples(config)
    curve: list[Figures] = []

    def tell(figures: Figures) -> None:
        curve.append(figures)
        said = f"seed {config.train.seed}, epoch {len(curve)}: validation score {figures['validation_score']:.3f}"
        sys.stderr.write(f"{said}, {figures['sentences_per_second']:,.0f} sentences/s\n")

    trained = Trainer(config, score, joint=training.tagged is not None).train(training, validation, tell)
    weights = {name: variable.numpy() for name, variable in weights_by_name(trained.model.network).items()}
    return Member(weights, trained.best_epoch, tuple(curve))


def _begin_worker(n_threads: int) -> None:
    """Set up a process that trains members: its share of the cores; Ctrl-C is its parent's to answer; it ends with its parent."""
    quiet()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _ended_together() -> Iterator[None]:
    """Within the block an error ends the other processes too: a pool would wait for what they are at."""
    try:
        yield
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
