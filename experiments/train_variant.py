"""Train one variant on a share of the training rows, once a seed; keep what each model says of the test rows.

The seed decides the initial weights, the order of the rows, which of them are taken and how the control's tags are shuffled: the
same for every variant, so that variants can be compared seed by seed.

    python -m experiments.train_variant hard 100 .../positioned .../embedded .../runs/hard-100.json
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from experiments.runs import PARAMS, REFERENCE_PARAMS, Experiment, Run, require_labels
from experiments.variants import SHUFFLED, train_section
from pipeline.core import params, ragged, storage
from pipeline.core.errors import InputError
from pipeline.core.params import Train
from pipeline.core.schema import POSITION
from pipeline.core.stage import Input, Output, log
from pipeline.core.stage import run as run_command
from pipeline.corpus.split import hold_out, text_key
from pipeline.encoding.store import Store
from pipeline.evaluation import scored_split, scorer
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.validation import score
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.predictions import predict
from pipeline.model.trainer import Trainer
from pipeline.train import configure


def share_of(table: pa.Table, share: float, seed: int) -> pa.Table:
    """A stratified share of the rows, at least one a relation; a smaller share is part of a larger one of the same seed."""
    keys = np.array([text_key(text, seed) for text in table["text"].to_pylist()], np.uint64)
    relations = table["relation"].combine_chunks().dictionary_encode().indices.to_numpy()
    return table.filter(pa.array(~hold_out(keys, relations, 1 - share)))


def shuffle_tags(table: pa.Table, seed: int) -> pa.Table:
    """The rows with each sentence's tags in random order."""
    tag_ids = table["tag_ids"]
    lengths = ragged.lengths(tag_ids)
    values = pa.chunked_array([chunk.flatten() for chunk in tag_ids.chunks]).to_numpy()
    order = np.lexsort((np.random.default_rng(seed).random(len(values)), np.repeat(np.arange(len(lengths)), lengths)))
    return table.set_column(
        table.column_names.index("tag_ids"), table.schema.field("tag_ids"), ragged.lists(values[order], lengths)
    )


@dataclass(frozen=True)
class SeedResult:
    """What one seed's training led to."""

    n_rows: int  # that it was trained on
    best_epoch: int
    validation: float  # macro-F1 in percent, of the best epoch
    test: ScoredSplit


def train_seeds(
    variant: str, percent: int, seeds: Sequence[int], config: Config, tables: Mapping[str, pa.Table], store: Store
) -> list[SeedResult]:
    """Train the variant once a seed and predict the test rows; tables: by split."""
    if not len(tables["validation"]):
        hint = "set a share aside: each variant is taken at its best epoch"
        raise InputError.of(params.FILE, "parse.validation_fraction is 0", hint)
    validation, test = (Examples(tables[split], store, config.relations) for split in ("validation", "test"))
    trainer = Trainer(config, score)
    results = []
    for seed in seeds:
        rows = share_of(tables["train"], percent / 100, seed)
        rows = shuffle_tags(rows, seed) if variant == SHUFFLED else rows
        trainer.reset(seed)
        trained = trainer.train(Examples(rows, store, config.relations), validation)
        said = predict(trained.model, test)
        scored = scored_split.join_predictions(
            tables["test"], said.probabilities, said.tag_ids, config.relations, config.tags, config.negative_label
        )
        reached = cast(float, trained.score)  # there are validation rows
        results.append(SeedResult(len(rows), trained.best_epoch, reached, scored))
        log(f"{variant}, {len(rows):,} rows, seed {seed}: validation macro-F1 {reached:.2f} at epoch {trained.best_epoch}")
    return results


def run_of(variant: str, percent: int, seeds: tuple[int, ...], config: Config, results: Sequence[SeedResult]) -> Run:
    """What is kept of a variant's seeds; results: one a seed."""
    return Run(
        variant=variant,
        percent=percent,
        n_rows=results[0].n_rows,
        relations=config.relations,
        negative_label=config.negative_label,
        gold_ids=tuple(results[0].test.gold_ids.tolist()),
        seeds=seeds,
        predicted_ids=tuple(tuple(result.test.predicted_ids.tolist()) for result in results),
        entities=tuple(entity_counts(result.test) for result in results) if "tags" in config.train.tasks else None,
        positions_visible=config.tagger_sees_positions,
        best_epochs=tuple(result.best_epoch for result in results),
        validation=tuple(round(result.validation, 4) for result in results),
    )


def entity_counts(scored: ScoredSplit) -> tuple[int, ...]:
    """Correct, predicted and gold entities of the test rows (see scorer)."""
    counts = scorer.entity_counts(scored.gold_tags, scored.predicted_tags or [])
    return tuple(int(count) for count in counts.sum(axis=(0, 2)))


def main(variant: str, percent: int, positioned: Input, embedded: Input, run: Output) -> str:
    """Train a variant on a share of the training rows, once a seed, and keep what each model says of the test rows."""
    began = time.perf_counter()
    experiment = params.read(Experiment, PARAMS)
    data, store = storage.read(positioned, POSITION), Store.open(embedded)
    require_labels(positioned, data.tables["test"])
    config = configure(train_section(variant, percent, params.read(Train, REFERENCE_PARAMS), experiment), data, store.description)
    results = train_seeds(variant, percent, experiment.seeds, config, data.tables, store)
    run_of(variant, percent, experiment.seeds, config, results).write(run)
    return f"train_variant: {variant}, {percent}% of the rows, {len(results)} seeds, {time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    run_command(main)
