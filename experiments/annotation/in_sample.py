"""What a network says of the rows that it was trained on: the plain loss, to rank labels without folds.

python -m experiments.annotation.in_sample .../noisy/random-10 data/embedded .../in_sample/random-10
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa

from pipeline.annotation.held_out import ENTITIES, ROWS, HeldOut, HeldOutDescription, place_columns
from pipeline.core import params, storage
from pipeline.core.schema import POSITION
from pipeline.core.stage import Input, Output, run
from pipeline.encoding.store import Store
from pipeline.evaluation.validation import score
from pipeline.model import joint
from pipeline.model.batches import Examples
from pipeline.model.predictions import predict
from pipeline.model.trainer import Trainer
from pipeline.train import configure


def main(positioned: Input, embedded: Input, told: Output) -> str:
    """Train as params.yaml has it and keep what the network says of its own training rows."""
    data, store = storage.read(positioned, POSITION), Store.open(embedded)
    options = dataclasses.replace(params.read(params.Train), members=1)
    config = configure(options, data, store.description)
    training, validation = (joint.examples(data, split, store, config) for split in ("train", "validation"))
    trained = Trainer(config, score, joint=training.tagged is not None).train(training, validation)
    rows = data.tables["train"]
    probabilities = predict(trained.model, Examples(rows, store, config.relations), tags=False).probabilities
    columns = {"relation": rows["relation"], "fold": np.zeros(len(rows), np.int32), "probabilities": [*probabilities]}
    about = HeldOutDescription(config.relations, config.negative_label, 1, (options.seed,))
    HeldOut(about, pa.table({**place_columns(rows, "train"), **columns}, ROWS), ENTITIES.empty_table()).write(told)
    return f"annotation: {len(rows):,} training rows, epoch {trained.best_epoch} of {trained.epochs}"


if __name__ == "__main__":
    run(main)
