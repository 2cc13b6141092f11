"""Train one variant on a share of the training rows, once a seed; keep what each model says of the test rows.

The seed decides the initial weights, the order of the rows, which of them are taken and how the control's tags are shuffled: the
same for every variant, so that variants can be compared seed by seed.

    python -m experiments.claim.run hard 100 .../positioned .../embedded .../runs/hard-100.json
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from experiments.claim.settings import OPTIONS, PARAMS, SHUFFLED, VARIANTS, Claim, Run
from pipeline.core import params, ragged, storage
from pipeline.core.params import Train
from pipeline.core.schema import CONTRACTS
from pipeline.core.stage import arguments, log, run
from pipeline.corpus.split import hold_out, text_key
from pipeline.encoding.store import Store
from pipeline.evaluation import scored_split, scorer
from pipeline.evaluation.scored_split import Outcome
from pipeline.evaluation.validation import score
from pipeline.model.batches import Examples
from pipeline.model.predictions import predict
from pipeline.model.trainer import Trained, Trainer
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


def options_of(variant: str, percent: int, base: Train, claim: Claim) -> Train:
    """The variant's training options: every variant has the same budget, keeps its best epoch and is not stopped early."""
    epochs = claim.epochs_on(percent)
    return dataclasses.replace(base, **(VARIANTS | OPTIONS)[variant], epochs=epochs, patience=epochs)


def main(argv: list[str]) -> str:
    """Train and test every seed of a variant."""
    began = time.perf_counter()
    variant, share, *paths = arguments(argv, "variant percent positioned embedded run")
    percent, (positioned, embedded, output) = int(share), map(Path, paths)
    claim = params.read(Claim, PARAMS)
    options = options_of(variant, percent, params.read(Train), claim)
    folder, store = storage.read(positioned, CONTRACTS["position"]), Store.open(embedded)
    config = configure(options, folder, store)
    validation, test = (Examples(folder.tables[split], store, config.relations) for split in ("validation", "test"))
    trainer = Trainer(config, options, round(len(folder.tables["train"]) * percent / 100), score)
    seeds: list[tuple[Outcome, Trained, int]] = []
    for seed in claim.seeds:
        rows = share_of(folder.tables["train"], percent / 100, seed)
        rows = shuffle_tags(rows, seed) if variant == SHUFFLED else rows
        trainer.reset(seed)
        trained = trainer.train(Examples(rows, store, config.relations), validation)
        said = predict(trained.model, test)
        joined = scored_split.join(folder.tables["test"], said.probabilities, said.tag_ids, config.relations, config.tags)
        seeds.append((joined, trained, len(rows)))
        log(f"{variant}, {len(rows):,} rows, seed {seed}: validation macro-F1 {trained.score:.2f} at epoch {trained.best_epoch}")
    outcomes = [joined for joined, _, _ in seeds]
    Run(
        variant=variant,
        percent=percent,
        n_rows=seeds[0][2],
        relations=list(config.relations),
        gold_ids=outcomes[0].gold_ids.tolist(),
        seeds=list(claim.seeds),
        predicted_ids=[joined.predicted_ids.tolist() for joined in outcomes],
        entities=[entity_counts(joined) for joined in outcomes] if "tags" in config.tasks else None,
        positions_visible=config.positions == "shared",
        best_epochs=[trained.best_epoch for _, trained, _ in seeds],
        validation=[round(trained.score, 4) for _, trained, _ in seeds],
    ).write(output)
    return f"claim: {variant}, {percent}% of the rows, {len(seeds)} seeds, {time.perf_counter() - began:.0f} s"


def entity_counts(joined: Outcome) -> list[int]:
    """Correct, predicted and gold entities of the test rows (see scorer)."""
    counts = scorer.entity_counts(joined.gold_tags, joined.predicted_tags or [])
    return [int(count) for count in counts.sum(axis=(0, 2))]


if __name__ == "__main__":
    run(main)
