"""Training speed of the reference model, beside a bare Keras BiLSTM and a straightforward Keras script. Prints JSON.

A synthetic corpus with the sentence lengths of SemEval-2010 Task 8 is written as an embedding store. Three trainers take turns,
so that a noisy machine troubles all alike; each figure is the median round's sentences a second.

- pipeline: `pipeline.train`'s feed and compiled network, rows read from the memory-mapped store.
- bare: `Bidirectional(LSTM(128))`, max pool, softmax, on the pipeline's own batches, resident as float32 of the same width (784):
  no position embeddings, no CRF, no reading, so no gradient for the inputs.
- naive: the reference model of stock Keras layers and the CRF of tensorflow-addons; all rows padded to 40 words, resident as
  float32, `model.fit` on arrays. It masks padding in the CRF alone and cuts sentences to 40 words: both spare it work.

    python -m benchmarks.train [--rounds 5] [--rows 2560]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.corpus import MAX_DISTANCE
from benchmarks.measure import seconds
from pipeline.core import manifests, params
from pipeline.core.params import Train
from pipeline.core.schema import POSITIONED, VECTORS, EncoderDescription, PositionNotes, VectorsDescription
from pipeline.core.tensorflow import tf
from pipeline.encoding.store import Store, keys, write_shard
from pipeline.model import losses, trainer
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.relation_model import RelationModel

WIDTH, N_RELATIONS, TAGS, PADDED_WORDS = 768, 19, ("O", "B", "I"), 40
REFERENCE = Path("experiments/reference/params.yaml")
NOTES = PositionNotes(
    language="en",
    segmenter="char",
    excluded_by={},
    overlap=0,
    negative_label=params.Parse.negative_label,
    symmetric=(),
    counts={},
    findings=(),
    tags=TAGS,
    entities="pair",
    untagged=0,
    max_length=100,
    max_distance=MAX_DISTANCE,
    windowed=0,
)
ENCODER = EncoderDescription(
    name="synthetic",
    revision=None,
    weights_sha256="synthetic",
    layers=(-2, -1),
    width=WIDTH,
    max_pieces=512,
    prefix_ids=(101,),
    suffix_ids=(102,),
    fingerprint="synthetic",
)
DRAWN = VectorsDescription(ENCODER, "openvino", "float32", "mean", fingerprint="synthetic")


def synthetic(folder: Path, n_rows: int) -> tuple[pa.Table, Store]:
    """Rows as the position stage writes them, lengths as SemEval's (mean 19, 5 to 90), and a store of random vectors for them."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(6, 19.2 / 6, n_rows), 5, 90).astype(int)
    rows = []
    for row, length in enumerate(lengths.tolist()):
        e1, e2 = sorted(rng.choice(length, 2, replace=False).tolist())
        distances = [np.clip(np.arange(length) - start, -MAX_DISTANCE, MAX_DISTANCE) for start in (e1, e2)]
        rows.append(
            {
                "words": [str(row), *["word"] * (length - 1)],
                "e1_position_ids": distances[0] + MAX_DISTANCE + 1,
                "e2_position_ids": distances[1] + MAX_DISTANCE + 1,
                "tag_ids": np.isin(np.arange(length), [e1, e2]).astype(np.int32),
                "window_start": 0,
                "window_end": length,
                "relation": f"relation {rng.integers(N_RELATIONS):02}",
            }
        )
    table = pa.Table.from_pylist(rows, pa.schema([POSITIONED.field(name) for name in rows[0]]))
    vectors = rng.standard_normal((int(lengths.sum()), WIDTH), dtype=np.float32).astype(np.float16)
    write_shard(folder, DRAWN.fingerprint, keys(table["words"], DRAWN.fingerprint), lengths, vectors)
    manifests.describe(folder, VECTORS, DRAWN)
    return table, Store.open(folder)


def pipeline_epoch(examples: Examples, config: Config, options: Train) -> Callable[[], object]:
    """The train stage's own epoch, without validation."""
    feed, model = trainer.Feed(examples, config, options), RelationModel(config)
    losses.compile_network(model.network, options)
    step = trainer.compiled_step(model)
    return lambda: [step(batch) for batch in feed.epoch()]


def bare_epoch(examples: Examples, config: Config, options: Train) -> Callable[[], object]:
    """Steps of a bare BiLSTM on resident batches of the pipeline's shapes."""
    layers = tf.keras.layers
    width = WIDTH + 2 * options.position_width
    net = tf.keras.Sequential(
        [
            tf.keras.Input((None, width)),
            layers.Bidirectional(layers.LSTM(options.lstm_units, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(N_RELATIONS, activation="softmax"),
        ]
    )
    optimizer, loss = tf.keras.optimizers.Adam(), tf.keras.losses.SparseCategoricalCrossentropy()

    def step(features: tf.Tensor, relation_ids: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            value = loss(relation_ids, net(features, training=True))
        optimizer.apply_gradients(zip(tape.gradient(value, net.trainable_variables), net.trainable_variables, strict=True))

    def resident(inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        words = tf.cast(inputs["words"], tf.float32)
        return tf.concat([words, words[:, :, : width - WIDTH]], axis=2)

    batches = [(resident(inputs), targets["relation"]) for inputs, targets, _ in trainer.Feed(examples, config, options).epoch()]
    compiled = tf.function(step, input_signature=[tf.TensorSpec((None, None, width)), tf.TensorSpec((None,), tf.int64)])
    return lambda: [compiled(*batch) for batch in batches]


def naive_epoch(examples: Examples, config: Config, options: Train) -> Callable[[], object]:
    """The reference model as one would first write it."""
    import tensorflow_addons as tfa

    rows = np.arange(len(examples))
    inputs, targets = examples.inputs(rows), examples.targets(rows)

    def padded(array: NDArray[Any], fill: int) -> NDArray[Any]:
        shape = [(0, 0), (0, max(0, PADDED_WORDS - array.shape[1])), *[(0, 0)] * (array.ndim - 2)]
        return np.pad(array, shape, constant_values=fill)[:, :PADDED_WORDS]

    arrays = [padded(inputs["words"].astype(np.float32), 0), *(padded(inputs[f"e{n}_position_ids"], 0) for n in (1, 2))]
    layers = tf.keras.layers
    words = layers.Input((PADDED_WORDS, WIDTH))
    ids = [layers.Input((PADDED_WORDS,), dtype="int32") for _ in range(2)]
    positions = [layers.Embedding(2 * MAX_DISTANCE + 2, options.position_width)(entity) for entity in ids]
    joined = layers.Concatenate()([words, *positions])
    states = layers.Bidirectional(layers.LSTM(options.lstm_units, return_sequences=True))(joined)
    hidden = layers.Dense(options.dense_units, activation="relu")(layers.GlobalMaxPooling1D()(states))
    relation = layers.Dense(N_RELATIONS, activation="softmax", name="relation")(layers.Dropout(options.dropout)(hidden))
    emissions = layers.Dense(len(TAGS), name="tags")(states)
    transitions = tf.Variable(tf.zeros((len(TAGS), len(TAGS))))

    def crf_loss(tag_ids: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        lengths = tf.math.count_nonzero(tag_ids + 1, axis=1)
        return -tfa.text.crf_log_likelihood(scores, tf.maximum(tag_ids, 0), lengths, transitions)[0]

    net = tf.keras.Model([words, *ids], [relation, emissions])
    net.transitions = transitions
    net.compile("adam", loss={"relation": "sparse_categorical_crossentropy", "tags": crf_loss})
    answers = {"relation": targets["relation"], "tags": padded(targets["tags"], -1)}
    return lambda: net.fit(arrays, answers, batch_size=options.batch_size, verbose=0)


def measure(epochs: dict[str, Callable[[], object]], rounds: int, n_rows: int) -> dict[str, float]:
    """Sentences a second of each trainer's median round; the first round, which traces, is left out."""
    walls: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(rounds + 1):
        for name, epoch in epochs.items():
            walls[name].append(float(seconds(epoch)[0]))
    return {name: n_rows / float(np.median(taken[1:])) for name, taken in walls.items()}


def speeds(rounds: int, n_rows: int) -> dict[str, Any]:
    """Sentences a second of the three trainers."""
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(1)
    options = params.read(Train, REFERENCE)
    with tempfile.TemporaryDirectory() as folder:
        table, store = synthetic(Path(folder), n_rows)
        relations = tuple(f"relation {index:02}" for index in range(N_RELATIONS))
        config = Config.of(options, relations, NOTES, store.description)
        examples = Examples(table, store, relations)
        makers = {"pipeline": pipeline_epoch, "bare": bare_epoch, "naive": naive_epoch}
        epochs = {name: make(examples, config, options) for name, make in makers.items()}
        found = measure(epochs, rounds, n_rows)
    shares = {"share_of_bare": found["pipeline"] / found["bare"], "times_naive": found["pipeline"] / found["naive"]}
    return {"sentences_per_second": {name: round(speed) for name, speed in found.items()}, **shares}


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--rows", type=int, default=2_560)
    chosen = arguments.parse_args()
    print(json.dumps(speeds(chosen.rounds, chosen.rows), indent=2))


if __name__ == "__main__":
    main()
