"""Train a network a fold and a seed on the other folds, and keep what it says of the rows of the fold, which it never saw.

The seeds' probabilities are averaged, for doubts with those of a kernel model, which is wrong in other places. Where the tagger is
trained on sentences of which all entities are annotated, their entities get held-out probabilities too.

    python -m experiments.held_out doubtful data/positioned data/embedded experiments/doubtful/held_out
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from experiments.dealt_out import SECTIONS, CrossValidate, DealtOut, Doubtful
from experiments.kernel_model import Similarities
from experiments.runs import PARAMS
from pipeline.annotation.held_out import ENTITIES, ROWS, HeldOut, HeldOutDescription, place_columns
from pipeline.core import params, ragged
from pipeline.core.arrays import Bools, Floats, Ints
from pipeline.core.errors import InputError
from pipeline.core.stage import Input, Output, log, run
from pipeline.core.word_spans import characters
from pipeline.core.wording import counted
from pipeline.corpus.split import hold_out
from pipeline.evaluation import validation
from pipeline.model import viterbi
from pipeline.model.batches import Examples, by_length
from pipeline.model.marginals import entity_probabilities
from pipeline.model.predictions import BATCH_ROWS, predict
from pipeline.model.relation_model import RelationModel
from pipeline.model.spans import class_names, find_spans
from pipeline.model.trainer import Trainer
from pipeline.model.workers import train_all


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


class Said(NamedTuple):
    """What one network says of a fold: (M, R) probabilities of rows, and emissions (B, T, K) of its sentences, batch by batch."""

    probabilities: Floats
    emissions: list[Floats]
    transitions: Floats | None  # (K, K), None without sentences


def held_out_fold(fold: int, data: DealtOut) -> Told:
    """What networks trained on the other folds, one a seed, say of a fold: their mean."""
    others, own = data.fold_of != fold, data.fold_of == fold
    training, chosen_by = _training(data, others)
    testing, is_joint = data.examples(own), data.sentences is not None
    trainer = Trainer(data.config, validation.score, joint=is_joint)
    said = []
    for seed in data.section.seeds:
        trainer.reset(seed)
        trained = trainer.train(training, chosen_by)
        said.append(_said(trained.model, testing))
        speed = f"{trained.sentences_per_second:,.0f} sentences/s"
        log(f"fold {fold + 1} of {data.section.folds}, seed {seed}: {len(training):,} examples, {speed}")
    probabilities = np.mean([of_seed.probabilities for of_seed in said], axis=0, dtype=np.float32)
    return Told(probabilities, _entities(said, testing, data.config.tags))


def _training(data: DealtOut, others: Bools) -> tuple[Examples, Examples]:
    """What a fold's network is trained on, and what chooses its best epoch: no rows where the last one is kept."""
    held = np.zeros(len(others), bool)
    if isinstance(data.section, CrossValidate):
        keys, relations = data.groups
        held[others] = hold_out(keys[others], relations[others], data.section.validation_fraction)
    return data.examples(others & ~held), data.examples(held)


def _said(model: RelationModel, testing: Examples) -> Said:
    """What a model says of the rows of a fold, and of the words of its sentences."""
    tagged = _tagged(testing)
    probabilities = predict(model, testing, tags=False).probabilities[~tagged]
    emissions = [model.forward(testing.inputs(row_ids))["tags"] for row_ids in _batches(testing)]
    return Said(probabilities, emissions, model.transitions if emissions else None)


def _tagged(testing: Examples) -> Bools:
    return np.zeros(len(testing), bool) if testing.tagged is None else testing.tagged


def _batches(testing: Examples) -> list[Ints]:
    """The row ids of the sentences, batch by batch."""
    sentences = np.flatnonzero(_tagged(testing))
    return [sentences[batch] for batch in by_length(testing.lengths[sentences], BATCH_ROWS)]


def _entities(said: Sequence[Said], testing: Examples, tags: Sequence[str]) -> dict[EntityKey, float]:
    """The mean probability of each entity that is annotated or that any network finds, by all networks."""
    entities: dict[EntityKey, float] = {}
    first = np.argmax(_tagged(testing))  # the sentences stand behind the rows
    for number, row_ids in enumerate(_batches(testing)):
        lengths = testing.lengths[row_ids]
        networks = [(each.emissions[number], each.transitions) for each in said if each.transitions is not None]
        found = [viterbi.decode(emissions, lengths, transitions, tags) for emissions, transitions in networks]
        for tag_ids in (testing.targets(row_ids)["tags"].astype(np.int64), *found):
            by_start = np.mean(
                [entity_probabilities(emissions, lengths, transitions, tags, tag_ids) for emissions, transitions in networks],
                axis=0,
            )
            flat = np.concatenate([ids[:length] for ids, length in zip(tag_ids, lengths, strict=True)])
            for row, start, end, class_id in zip(*(column.tolist() for column in find_spans(flat, lengths)), strict=True):
                entities[EntityKey(int(row_ids[row] - first), start, end, class_id)] = float(by_start[row, start])
    return entities


def by_kernel_model(data: DealtOut) -> Floats:
    """(N, R) what kernel models say of the rows of the folds that they never saw."""
    n_rows, n_relations = len(data.rows), len(data.config.relations)
    fold_of, relations = data.fold_of[:n_rows], data.groups[1][:n_rows]
    alike = Similarities.of(data.rows, data.store)
    probabilities = np.empty((n_rows, n_relations), np.float32)
    for fold in range(data.section.folds):
        probabilities[fold_of == fold] = alike.tell(fold_of != fold, relations, n_relations)
    return probabilities


def gather(data: DealtOut, told: list[Told]) -> HeldOut:
    """What is said of all folds, in the order of rows and sentences."""
    n_rows, config = len(data.rows), data.config
    fold_of, of_sentences = data.fold_of[:n_rows], data.fold_of[n_rows:]
    probabilities = np.empty((n_rows, len(config.relations)), np.float32)
    entities: dict[EntityKey, float] = {}
    for fold, of_fold in enumerate(told):
        probabilities[fold_of == fold] = of_fold.probabilities
        sentences = np.flatnonzero(of_sentences == fold)
        entities |= {key._replace(sentence=int(sentences[key.sentence])): sure for key, sure in of_fold.entities.items()}
    if isinstance(data.section, Doubtful) and (share := np.float32(data.section.kernel_share)):
        probabilities = (1 - share) * probabilities + share * by_kernel_model(data)
    places = _places(data, "tables", n_rows)
    columns = {"relation": data.rows["relation"], "fold": fold_of.astype(np.int32), "probabilities": [*probabilities]}
    about = HeldOutDescription(config.relations, config.negative_label, data.section.folds, data.section.seeds)
    return HeldOut(about, pa.table({**places, **columns}, ROWS), _entity_table(data, entities))


def _places(data: DealtOut, name: Literal["tables", "sentences"], n: int) -> dict[str, pa.Array]:
    """The columns of PLACE of all rows or of all sentences."""
    of_splits = []
    for split in data.splits:
        if (table := getattr(data.read, name).get(split)) is not None:
            labelled = table.filter(table["relation"].is_valid()) if name == "tables" else table
            of_splits.append(pa.table(place_columns(labelled, split)))
    joined = pa.concat_tables(of_splits)
    return {column: joined[column] for column in joined.column_names}


def _entity_table(data: DealtOut, entities: dict[EntityKey, float]) -> pa.Table:
    """The entities of all sentences, in reading order."""
    if data.sentences is None:
        return ENTITIES.empty_table()
    places = pa.table(_places(data, "sentences", len(data.sentences)))
    lengths = ragged.lengths(data.sentences["words"])
    gold = find_spans(pa.chunked_array(data.sentences["tag_ids"]).combine_chunks().flatten().to_numpy(), lengths)
    annotated = set(zip(*(column.tolist() for column in gold), strict=True))
    keys = sorted(entities)
    classes = class_names(data.config.tags)
    sentences, starts, ends, _ = np.array(keys, np.int64).reshape(-1, 4).T
    edges = characters(data.sentences, sentences, np.stack([starts, ends], axis=1))
    columns = {
        "start": edges[:, 0],
        "end": edges[:, 1],
        "type": [classes[key.class_id] for key in keys],
        "annotated": [tuple(key) in annotated for key in keys],
        "probability": [entities[key] for key in keys],
    }
    placed = places.take(pa.array(sentences))
    return pa.table({**{name: placed[name] for name in placed.column_names}, **columns}, ENTITIES)


def main(experiment: Literal["doubtful", "crossvalidate"], positioned: Input, embedded: Input, held_out: Output) -> str:
    """Keep what networks that never saw a row say of it."""
    began = time.perf_counter()
    data = DealtOut(positioned, embedded, params.read(SECTIONS[experiment], PARAMS))
    n_groups = len(np.unique(data.groups[0]))
    if n_groups < data.section.folds:
        found = f"{data.section.folds} folds, and {n_groups} documents and texts that are apart from each other"
        raise InputError.of(PARAMS, found, f"lower {experiment}.folds, or add annotations to data/raw")
    told = train_all(range(data.section.folds), partial(held_out_fold, data=DealtOut(positioned, embedded, data.section)))
    gather(data, told).write(held_out)
    rows, networks = counted(len(data.rows), "row"), counted(data.section.folds * len(data.section.seeds), "network")
    return f"{experiment}: {rows} held out of {networks}, {time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    run(main)
