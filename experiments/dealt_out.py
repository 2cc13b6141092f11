"""The rows and sentences of an experiment dealt out to folds, those of one document and those of one text into one."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import xxhash

from pipeline.core import params, storage
from pipeline.core.arrays import Bools, Ints
from pipeline.core.constraints import Between, Items
from pipeline.core.labels import label_ids
from pipeline.core.params import Rounds, Seed
from pipeline.core.schema import POSITION, SPLITS, PositionNotes
from pipeline.core.storage import StageOutput
from pipeline.corpus.split import Keys, group_keys, text_key
from pipeline.encoding.store import Store
from pipeline.model import joint
from pipeline.model.batches import COLUMNS, Examples
from pipeline.model.config import Config
from pipeline.train import check_joint, configure

SPLIT_SEED = 0  # of the order in which texts are dealt out to the folds


@dataclass(frozen=True)
class Folds:
    """A section of experiments/params.yaml."""

    splits: Annotated[tuple[Literal["train", "validation", "test"], ...], Items(1, 3)]  # of which the labelled rows are taken
    folds: Annotated[int, Between(2, 100)]
    seeds: Annotated[tuple[Seed, ...], Items(1, 100)]


@dataclass(frozen=True)
class Doubtful(Folds):
    """A short training, without choosing the best epoch: what a network has not yet learnt by heart."""

    epochs: Rounds
    least_steps: Rounds  # more epochs on few rows
    kernel_share: Annotated[float, Between(0, 1)]  # of the kernel model in the probabilities, the rest being the networks'


@dataclass(frozen=True)
class CrossValidate(Folds):
    """The training that train asks for."""

    validation_fraction: Annotated[float, Between(0.01, 0.99)]  # of the rows that a network is trained on: chooses its best epoch


SECTIONS: dict[str, type[Doubtful] | type[CrossValidate]] = {"doubtful": Doubtful, "crossvalidate": CrossValidate}


@dataclass(frozen=True)
class DealtOut:
    """The rows and sentences that are dealt out to folds; a process of its own reads them by itself."""

    positioned: Path
    embedded: Path
    section: Doubtful | CrossValidate

    @cached_property
    def read(self) -> StageOutput[PositionNotes]:
        """The output of the position stage."""
        return storage.read(self.positioned, POSITION)

    @cached_property
    def store(self) -> Store:
        """The vectors."""
        return Store.open(self.embedded)

    @cached_property
    def config(self) -> Config:
        """The network: the train section with one member, for doubts a short training, of the tagger only where it is asked."""
        options = dataclasses.replace(params.read(params.Train), members=1)
        check_joint(options, self.read)
        if isinstance(self.section, Doubtful):
            n_steps = math.ceil(len(self.rows) * (1 - 1 / self.section.folds) / options.batch_size)  # of an epoch
            epochs = max(self.section.epochs, math.ceil(self.section.least_steps / n_steps))
            tasks = options.tasks if self.read.notes.entities == "all" else ("relation",)
            options = dataclasses.replace(options, epochs=epochs, patience=epochs, tasks=tasks)
        return configure(options, self.read, self.store.description)

    @property
    def splits(self) -> list[str]:
        """The splits that are taken, in their order."""
        return [split for split in SPLITS if split in self.section.splits and split in self.read.tables]

    @cached_property
    def rows(self) -> pa.Table:
        """(N,) labelled rows of the splits."""
        tables = [self.read.tables[split] for split in self.splits]
        return pa.concat_tables(table.filter(table["relation"].is_valid()) for table in tables)

    @cached_property
    def sentences(self) -> pa.Table | None:
        """The sentences with all entities, where they train the tagger; else None."""
        tables = [self.read.sentences[split] for split in self.splits if split in self.read.sentences]
        is_joint = self.read.notes.entities == "all" and "tags" in self.config.train.tasks
        return pa.concat_tables(tables) if is_joint and tables else None

    @cached_property
    def groups(self) -> tuple[Keys, Ints]:
        """(N + S,) group keys and relation ids of rows and sentences, which share documents and texts."""
        tables = [table.select(["text", "source"]) for table in (self.rows, self.sentences) if table is not None]
        both = pa.concat_tables(tables)
        texts = np.array([text_key(text, SPLIT_SEED) for text in both["text"].to_pylist()], np.uint64)
        documents = np.array([xxhash.xxh3_64_intdigest(source.encode()) for source in both["source"].to_pylist()], np.uint64)
        relations = label_ids(self.rows["relation"], self.config.relations)
        return group_keys(texts, documents), np.pad(relations, (0, len(both) - len(relations)), constant_values=-1)

    @cached_property
    def fold_of(self) -> Ints:
        """(N + S,) the fold of each row and sentence."""
        keys, relations = self.groups
        return folds(keys, relations, self.section.folds)

    def examples(self, chosen: Bools) -> Examples:
        """The chosen ones of rows and sentences (N + S,)."""
        n_rows = len(self.rows)
        rows = self.rows.select(COLUMNS).filter(pa.array(chosen[:n_rows]))
        if self.sentences is None:
            return Examples(rows, self.store, self.config.relations)
        sentences = joint.as_rows(self.sentences.filter(pa.array(chosen[n_rows:])), self.read.notes.max_distance)
        table = pa.concat_tables([rows, sentences])
        return Examples(table, self.store, self.config.relations, tagged=np.arange(len(table)) >= len(rows))


def folds(keys: Keys, relations: Ints, n: int) -> Ints:
    """Which of n folds each row belongs to: stratified by relation, rows with the same key in one fold.

    Args: keys, relations: (N,) as corpus.split.hold_out takes them.

    >>> folds(np.array([7, 3, 7, 5, 4], np.uint64), np.array([0, 0, 0, 1, 1]), 2).tolist()
    [1, 0, 1, 1, 0]
    """
    _, first, key = np.unique(keys, return_index=True, return_inverse=True)  # keys in their order, which is random
    by_relation = np.argsort(relations[first], kind="stable")
    fold = np.empty(len(first), np.int64)
    fold[by_relation] = np.arange(len(first)) % n  # on through the relations, so that the folds are of like size
    return fold[key]
