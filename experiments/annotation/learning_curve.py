"""Annotate a corpus again, a few rows at a time: what a model says of the test rows as it gets those that a strategy picks.

The first rows are drawn by the seed, the same for all strategies; the next ones are picked as `pipeline.review` picks from a pool.

    python -m experiments.annotation.learning_curve kernel uncertain 1 data/positioned data/embedded .../kernel-uncertain-1.json
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa

from experiments.kernel_model import Similarities
from experiments.runs import PARAMS, Kept, require_labels
from pipeline.annotation.selection import diverse, drawn, uncertain
from pipeline.core import params, storage
from pipeline.core.arrays import Bools, Doubles, Floats, Ints
from pipeline.core.constraints import Items
from pipeline.core.errors import InputError
from pipeline.core.labels import label_ids, relations_of
from pipeline.core.params import Rounds, Seed
from pipeline.core.schema import POSITION, PositionNotes
from pipeline.core.stage import Input, Output, log, run
from pipeline.core.storage import StageOutput
from pipeline.encoding.store import Store
from pipeline.evaluation import validation
from pipeline.model.batches import Examples
from pipeline.model.predictions import predict
from pipeline.model.trainer import Trainer
from pipeline.train import configure

HINT = "run make annotation"
Strategy = Literal["uncertain", "diverse", "random"]
Learner = Callable[[Bools], Floats]  # the rows that are trained on, to the probabilities of all rows: (N,) to (N, R)


@dataclass(frozen=True)
class Annotating:
    """The section of experiments/params.yaml."""

    seeds: Annotated[tuple[Seed, ...], Items(1, 100)]  # of what becomes of noise; each curve has its own
    first: Rounds  # in rows, as the next two
    step: Rounds
    last: Rounds
    steps: Rounds  # of the network's training, whatever the number of rows

    def sizes(self, n_rows: int) -> list[int]:
        """How many of the rows are annotated, step by step.

        >>> Annotating((1,), first=500, step=250, last=3000, steps=1).sizes(1100)
        [500, 750, 1000]
        """
        return [*range(self.first, min(self.last, n_rows) + 1, self.step)]


@dataclass(frozen=True)
class Curve(Kept):
    """What a model says of N test rows at each of K sizes."""

    hint = HINT
    learner: str
    strategy: str
    seed: int
    relations: tuple[str, ...]
    negative_label: str  # the one of them that stands for no relation
    gold_ids: tuple[int, ...]  # (N,)
    sizes: tuple[int, ...]  # (K,)
    predicted_ids: tuple[tuple[int, ...], ...]  # (K, N)


@dataclass(frozen=True)
class Corpus:
    """The rows of train, the pool, with their labels or others, and behind them those of test: N in all."""

    data: StageOutput[PositionNotes]
    train: pa.Table
    store: Store

    @cached_property
    def rows(self) -> pa.Table:
        """All of them, (N,)."""
        return pa.concat_tables([self.train, self.data.tables["test"]])

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """R, in order: those of all splits, as the network has them."""
        return relations_of(self.data.tables.values())

    @cached_property
    def labels(self) -> Ints:
        """(N,) relation ids."""
        return label_ids(self.rows["relation"], self.relations)


def by_kernel_model(corpus: Corpus, section: Annotating, seed: int) -> Learner:
    """The kernel model, which no seed changes."""
    alike, labels, n_relations = Similarities.of(corpus.rows, corpus.store), corpus.labels, len(corpus.relations)

    def learn(training: Bools) -> Floats:
        told = np.zeros((len(labels), n_relations), np.float32)
        told[~training] = alike.tell(training, labels, n_relations)
        return told

    return learn


def by_network(corpus: Corpus, section: Annotating, seed: int) -> Learner:
    """The network of params.yaml, its relation head alone, for as many steps at each size."""
    options = dataclasses.replace(params.read(params.Train), members=1, tasks=("relation",), epochs=section.steps)
    config = configure(options, corpus.data, corpus.store.description)
    trainer = Trainer(config, validation.score)
    everything, none = (Examples(rows, corpus.store, config.relations) for rows in (corpus.rows, corpus.rows.slice(0, 0)))

    def learn(training: Bools) -> Floats:
        trainer.reset(seed, math.ceil(section.steps / math.ceil(training.sum() / options.batch_size)))
        chosen = Examples(corpus.rows.filter(pa.array(training)), corpus.store, config.relations)
        trained = trainer.train(chosen, validation=none)  # so that the last epoch is kept
        return predict(trained.model, everything, tags=False).probabilities

    return learn


LEARNERS = {"kernel": by_kernel_model, "network": by_network}


def margins(probabilities: Floats) -> Doubles:
    """(N,) by how much the most probable relation is more probable than the next."""
    second, first = np.sort(probabilities.astype(np.float64), axis=1)[:, -2:].T
    return np.asarray(first - second)


def next_rows(strategy: Strategy, told: Floats, vectors: Floats, order: Ints, training: Bools, count: int) -> Ints:
    """The rows of the pool that are annotated next.

    Args: told: (N, R) probabilities; vectors: (P, H) of the pool; order: (P,) a random one; training: (N,).
    """
    left = np.flatnonzero(~training[: len(order)])
    if strategy == "uncertain":
        return left[uncertain(margins(told[left]), count)]
    if strategy == "diverse":
        return left[diverse(vectors[left], vectors[training[: len(order)]], count)]
    return order[~training[order]][:count]


def main(
    learner: Literal["kernel", "network"], strategy: Strategy, seed: int, positioned: Input, embedded: Input, curve: Output
) -> str:
    """Annotate a corpus again, a few rows at a time, and keep what the model says of test at each size."""
    began, section = time.perf_counter(), params.read(Annotating, PARAMS)
    data = storage.read(positioned, POSITION)
    require_labels(positioned, data.tables["test"])
    pool = data.tables["train"]
    corpus = Corpus(data, pool, Store.open(embedded))
    relations, labels = corpus.relations, corpus.labels
    if not (sizes := section.sizes(len(pool))):
        found = f"annotating.first is {section.first:,}, and train has {len(pool):,} rows"
        raise InputError.of(PARAMS, found, "lower it, or use a larger corpus")
    learn, order = LEARNERS[learner](corpus, section, seed), drawn(len(pool), len(pool), seed)
    vectors, training = corpus.store.means(pool["words"]), np.zeros(len(labels), bool)
    chosen, predicted = order[: section.first], []
    for size in sizes:
        training[chosen] = True
        told = learn(training)
        chosen = next_rows(strategy, told, vectors, order, training, section.step)
        predicted.append(told[len(pool) :].argmax(axis=1))
        log(f"{learner}, {strategy}, seed {seed}: {size:,} rows, accuracy {(predicted[-1] == labels[len(pool) :]).mean():.3f}")
    gold, said = tuple(labels[len(pool) :].tolist()), tuple(tuple(ids.tolist()) for ids in predicted)
    kept = Curve(learner, strategy, seed, relations, data.notes.negative_label, gold, tuple(sizes), said)
    kept.write(curve)
    return f"annotation: {len(predicted)} sizes, {learner}, {strategy}, seed {seed}, {time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    run(main)
