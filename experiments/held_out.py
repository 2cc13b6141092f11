"""Train a network a fold and a seed on the other folds, and keep what it says of the rows of the fold, which it never saw.

Rows of one document and rows of one text are in one fold. The seeds' probabilities are averaged, and with them those of a linear
model, if that is wanted. Where the tagger is trained on
sentences of which all entities are annotated, their entities get held-out probabilities too.

    python -m experiments.held_out doubtful data/positioned data/embedded experiments/doubtful/held_out
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash

from experiments import linear_probe
from experiments.runs import PARAMS
from pipeline.annotation.held_out import ENTITIES, ROWS, HeldOut, HeldOutDescription, place_columns
from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Bools, Floats, Ints
from pipeline.core.constraints import Between, Items
from pipeline.core.errors import InputError
from pipeline.core.labels import label_ids
from pipeline.core.params import Rounds, Seed, Share
from pipeline.core.schema import POSITION, SPLITS, PositionNotes
from pipeline.core.stage import Input, Output, log, run
from pipeline.core.storage import StageOutput
from pipeline.corpus.split import Keys, folds, group_keys, hold_out, text_key
from pipeline.encoding.store import Store
from pipeline.evaluation import validation
from pipeline.model import joint, viterbi
from pipeline.model.batches import COLUMNS, Examples, by_length
from pipeline.model.config import Config
from pipeline.model.marginals import entity_probabilities
from pipeline.model.predictions import BATCH_ROWS, predict
from pipeline.model.relation_model import RelationModel
from pipeline.model.spans import class_names, find_spans
from pipeline.model.trainer import Score, Trainer
from pipeline.model.workers import train_all
from pipeline.train import check_joint, configure

SPLIT_SEED = 0  # of the order in which texts are dealt out to the folds


@dataclass(frozen=True)
class Folds:
    """A section of experiments/params.yaml."""

    splits: Annotated[tuple[Literal["train", "validation", "test"], ...], Items(1, 3)]  # of which the labelled rows are taken
    folds: Annotated[int, Between(2, 100)]
    seeds: Annotated[tuple[Seed, ...], Items(1, 100)]
    epochs: Rounds | None  # without choosing the best; None: as train has it, the best chosen on validation_fraction
    validation_fraction: Share  # of the rows that a network is trained on
    linear_share: Annotated[float, Between(0, 1)]  # of a linear model in the probabilities, the rest being the networks'


@dataclass(frozen=True)
class Doubtful(Folds):
    """Few epochs: what a network has not yet learnt by heart."""


@dataclass(frozen=True)
class CrossValidate(Folds):
    """The whole training."""


SECTIONS: dict[str, type[Folds]] = {"doubtful": Doubtful, "crossvalidate": CrossValidate}


class EntityKey(NamedTuple):
    """An entity of a sentence, in words."""

    sentence: int
    start: int
    end: int
    class_id: int


class Told(NamedTuple):
    """What is said of the rows of a fold: (M, R) probabilities, and the probability of each entity of its sentences."""

    probabilities: Floats
    entities: dict[EntityKey, float]


@dataclass(frozen=True)
class Data:
    """The rows and sentences that are dealt out to folds; a process of its own reads them by itself."""

    positioned: Path
    embedded: Path
    section: Folds

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
        """The network: the train section with one member and the epochs of the experiment."""
        options = params.read(params.Train)
        check_joint(options, self.read)
        epochs = self.section.epochs or options.epochs
        patience = self.section.epochs or options.patience
        changed = dataclasses.replace(options, members=1, epochs=epochs, patience=patience)
        return configure(changed, self.read, self.store.description)

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


def held_out_fold(fold: int, data: Data) -> Told:
    """What networks trained on the other folds, one a seed, say of a fold: their mean."""
    others, own = data.fold_of != fold, data.fold_of == fold
    training, chosen_by, score = _training(data, others)
    testing, is_joint = data.examples(own), data.sentences is not None
    trainer = Trainer(data.config, score, joint=is_joint)
    told = []
    for seed in data.section.seeds:
        trainer.reset(seed)
        trained = trainer.train(training, chosen_by)
        told.append(_told(trained.model, testing))
        speed = f"{trained.sentences_per_second:,.0f} sentences/s"
        log(f"fold {fold + 1} of {data.section.folds}, seed {seed}: {len(training):,} examples, {speed}")
    entities: dict[EntityKey, float] = {}
    for of_seed in told:
        for key, probability in of_seed.entities.items():
            entities[key] = entities.get(key, 0.0) + probability / len(told)
    return Told(np.mean([of_seed.probabilities for of_seed in told], axis=0, dtype=np.float32), entities)


def _training(data: Data, others: Bools) -> tuple[Examples, Examples, Score]:
    """What a fold's network is trained on, what chooses its best epoch, and how."""
    if data.section.epochs is not None:
        epochs = itertools.count()
        one = np.zeros(len(others), bool)
        one[np.flatnonzero(others)[0]] = True
        return data.examples(others), data.examples(one), lambda model, examples: float(next(epochs))  # the last one is best
    keys, relations = data.groups
    held = np.zeros(len(others), bool)
    held[others] = hold_out(keys[others], relations[others], data.section.validation_fraction)
    return data.examples(others & ~held), data.examples(held), validation.score


def _told(model: RelationModel, testing: Examples) -> Told:
    """What a model says of the rows of a fold, and of the entities of its sentences."""
    tagged = np.zeros(len(testing), bool) if testing.tagged is None else testing.tagged
    probabilities = predict(model, testing, tags=False).probabilities[~tagged]
    entities: dict[EntityKey, float] = {}
    sentences = np.flatnonzero(tagged)
    for batch in by_length(testing.lengths[sentences], BATCH_ROWS):
        row_ids, lengths = sentences[batch], testing.lengths[sentences[batch]]
        emissions = model.forward(testing.inputs(row_ids))["tags"]
        decoded = viterbi.decode(emissions, lengths, model.transitions, model.config.tags)
        found = np.where(np.arange(emissions.shape[1]) < lengths[:, None], np.stack([*decoded]), -1)
        for tag_ids in (testing.targets(row_ids)["tags"].astype(np.int64), found):
            by_start = entity_probabilities(emissions, lengths, model.transitions, model.config.tags, tag_ids)
            flat = np.concatenate([ids[:length] for ids, length in zip(tag_ids, lengths, strict=True)])
            for row, start, end, class_id in zip(*(column.tolist() for column in find_spans(flat, lengths)), strict=True):
                entities[EntityKey(int(batch[row]), start, end, class_id)] = float(by_start[row, start])
    return Told(probabilities, entities)


def by_linear_model(data: Data) -> Floats:
    """(N, R) what linear models say of the rows of the folds that they never saw, the mean over the seeds."""
    fold_of, (_, relations) = data.fold_of[: len(data.rows)], data.groups
    labels, described = relations[: len(data.rows)], linear_probe.features(data.rows, data.store)
    probabilities = np.zeros((len(labels), len(data.config.relations)), np.float32)
    for fold in range(data.section.folds):
        own = fold_of == fold
        for seed in data.section.seeds:
            told = linear_probe.predict(described[~own], labels[~own], described[own], probabilities.shape[1], seed)
            probabilities[own] += told / len(data.section.seeds)
    return probabilities


def gather(data: Data, told: list[Told]) -> HeldOut:
    """What is said of all folds, in the order of rows and sentences."""
    n_rows, config = len(data.rows), data.config
    fold_of, of_sentences = data.fold_of[:n_rows], data.fold_of[n_rows:]
    probabilities = np.empty((n_rows, len(config.relations)), np.float32)
    entities: dict[EntityKey, float] = {}
    for fold, of_fold in enumerate(told):
        probabilities[fold_of == fold] = of_fold.probabilities
        sentences = np.flatnonzero(of_sentences == fold)
        entities |= {key._replace(sentence=int(sentences[key.sentence])): sure for key, sure in of_fold.entities.items()}
    if share := np.float32(data.section.linear_share):
        probabilities = (1 - share) * probabilities + share * by_linear_model(data)
    places = _places(data, "tables", n_rows)
    columns = {"relation": data.rows["relation"], "fold": fold_of.astype(np.int32), "probabilities": [*probabilities]}
    about = HeldOutDescription(config.relations, config.negative_label, data.section.folds, data.section.seeds)
    return HeldOut(about, pa.table({**places, **columns}, ROWS), _entity_table(data, entities))


def _places(data: Data, name: Literal["tables", "sentences"], n: int) -> dict[str, pa.Array]:
    """The columns of PLACE of all rows or of all sentences."""
    of_splits = []
    for split in data.splits:
        if (table := getattr(data.read, name).get(split)) is not None:
            labelled = table.filter(table["relation"].is_valid()) if name == "tables" else table
            of_splits.append(pa.table(place_columns(labelled, split)))
    joined = pa.concat_tables(of_splits)
    return {column: joined[column] for column in joined.column_names}


def _entity_table(data: Data, entities: dict[EntityKey, float]) -> pa.Table:
    """The entities of all sentences, in reading order."""
    if data.sentences is None:
        return ENTITIES.empty_table()
    places = pa.table(_places(data, "sentences", len(data.sentences)))
    lengths = ragged.lengths(data.sentences["words"])
    gold = find_spans(pa.chunked_array(data.sentences["tag_ids"]).combine_chunks().flatten().to_numpy(), lengths)
    annotated = set(zip(*(column.tolist() for column in gold), strict=True))
    keys = sorted(entities)
    starts, words, classes = data.sentences["starts"], data.sentences["words"], class_names(data.config.tags)
    columns = {
        "start": [starts[key.sentence][key.start].as_py() for key in keys],
        "end": [starts[key.sentence][key.end - 1].as_py() + len(words[key.sentence][key.end - 1].as_py()) for key in keys],
        "type": [classes[key.class_id] for key in keys],
        "annotated": [tuple(key) in annotated for key in keys],
        "probability": [entities[key] for key in keys],
    }
    placed = places.take(pa.array([key.sentence for key in keys], pa.int64()))
    return pa.table({**{name: placed[name] for name in placed.column_names}, **columns}, ENTITIES)


def main(experiment: Literal["doubtful", "crossvalidate"], positioned: Input, embedded: Input, held_out: Output) -> str:
    """Keep what networks that never saw a row say of it."""
    began = time.perf_counter()
    data = Data(positioned, embedded, params.read(SECTIONS[experiment], PARAMS))
    n_groups = len(np.unique(data.groups[0]))
    if n_groups < data.section.folds:
        found = f"{data.section.folds} folds, and {n_groups} documents and texts that are apart from each other"
        raise InputError.of(PARAMS, found, f"lower {experiment}.folds, or add annotations to data/raw")
    told = train_all(range(data.section.folds), partial(held_out_fold, data=Data(positioned, embedded, data.section)))
    gather(data, told).write(held_out)
    n_networks = data.section.folds * len(data.section.seeds)
    return f"{experiment}: {len(data.rows):,} rows held out of {n_networks} networks, {time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    run(main)
