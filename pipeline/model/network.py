"""The multi-task network: build it, save it, load it, predict with it.

In: word vectors and relative position ids. Out: "relation", probabilities from a max pool over a BiLSTM (after Zhang and Wang 2015
and Zhou et al. 2016), and "tags", the emissions of a CRF over the same BiLSTM (Huang et al. 2015; the sharing after Caruana 1997).

A saved model is a folder of config.json and weights.safetensors. Loading needs no training code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import InputError
from pipeline.core.tensorflow import tf
from pipeline.model import viterbi
from pipeline.model.batches import Batch, Examples, by_length
from pipeline.model.config import HINT, WEIGHTS, Config
from pipeline.model.crf import CRF
from pipeline.model.layers import BiLSTM, EntityAttention, Lengths, Pool, WordVectors

Floats = NDArray[np.float32]
# Rows a batch of prediction: large enough to fill the cores, small enough for 100-word sentences to fit the caches' reach.
PREDICT_ROWS = 128
ATTENTION_HEADS, ATTENTION_UNITS = 4, 64


@dataclass(frozen=True)
class Predictions:
    """What a model says, in row order."""

    probabilities: NDArray[np.float32]  # (N, R)
    tag_ids: list[NDArray[np.int64]] | None  # a row: (words of the window,); None without the tags head


class Model:
    """A network with the config that it was built from, and its compiled inference."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.network = build(config)
        self._forward = tf.function(lambda inputs: self.network(inputs, training=False), input_signature=[input_specs(config)])

    def forward(self, inputs: Batch) -> dict[str, NDArray[np.float32]]:
        """The outputs of one batch by name: relation (B, R), tags (B, T, K)."""
        return {name: output.numpy() for name, output in self._forward(inputs).items()}

    @property
    def transitions(self) -> NDArray[np.float32]:
        """(K, K) scores of the CRF, [from, to]."""
        scores: NDArray[np.float32] = self.network.get_layer("tags").transitions.numpy()
        return scores


def input_specs(config: Config) -> dict[str, tf.TensorSpec]:
    """The network's inputs, any number of rows and words."""
    return {
        "words": tf.TensorSpec((None, None, config.width), tf.float16, "words"),
        "e1_position_ids": tf.TensorSpec((None, None), tf.int32, "e1_position_ids"),
        "e2_position_ids": tf.TensorSpec((None, None), tf.int32, "e2_position_ids"),
    }


def build(config: Config) -> tf.keras.Model:
    """The Keras network, its inputs and outputs in dictionaries by name."""
    inputs = {name: tf.keras.Input(spec.shape[1:], dtype=spec.dtype, name=name) for name, spec in input_specs(config).items()}
    position_ids = [inputs["e1_position_ids"], inputs["e2_position_ids"]]
    positions = [] if config.positions == "none" else _positions(config, position_ids)
    states = _states(config, inputs["words"], position_ids, positions)
    outputs = {"relation": _relation_head(config, states["relation"], position_ids, positions)}
    if "tags" in config.tasks:
        outputs["tags"] = CRF(len(config.tags), name="tags")(states["tags"])
    return tf.keras.Model(inputs, outputs, name="relation_model")


def _states(config: Config, words: tf.Tensor, position_ids: list[tf.Tensor], positions: list[tf.Tensor]) -> dict[str, tf.Tensor]:
    """Each task's states (B, T, width)."""
    layers = tf.keras.layers
    vectors = WordVectors(config.n_layers, config.layer_mix, name="word_vectors")(words)
    vectors = layers.Dropout(config.input_dropout, name="input_dropout")(vectors)
    if config.projection_width:
        vectors = layers.Dense(config.projection_width, use_bias=False, name="projection")(vectors)
        vectors = layers.LayerNormalization(name="projection_norm")(vectors)
    lengths = Lengths(name="lengths")(position_ids[0])
    if config.sharing == "soft":
        sees = {task: config.positions == "shared" or task == "relation" for task in config.tasks}
        return {
            task: BiLSTM(config.lstm_units, name=f"{task}_lstm")([vectors, *positions * sees[task]], lengths=lengths)
            for task in config.tasks
        }
    entering = positions if config.positions == "shared" else []
    shared = BiLSTM(config.lstm_units, name="shared_lstm")([vectors, *entering], lengths=lengths)
    states = dict.fromkeys(config.tasks, shared)
    if config.positions == "relation":
        # A maximum over position embeddings alone says nothing: they must meet the states in a non-linear layer a word
        # before the pool (Zeng et al. 2014, equation 5).
        met = layers.Concatenate(name="states_and_positions")([shared, *positions])
        states["relation"] = layers.Dense(2 * config.lstm_units, activation="tanh", name="relation_states")(met)
    return states


def _positions(config: Config, position_ids: list[tf.Tensor]) -> list[tf.Tensor]:
    """The position embeddings (B, T, position_width) of both entities."""
    n_ids = 2 * config.max_distance + 2
    return [
        tf.keras.layers.Embedding(n_ids, config.position_width, name=f"{entity}_positions")(ids)
        for entity, ids in zip(("e1", "e2"), position_ids, strict=True)
    ]


def _relation_head(config: Config, states: tf.Tensor, position_ids: list[tf.Tensor], positions: list[tf.Tensor]) -> tf.Tensor:
    layers = tf.keras.layers
    inside_id = config.max_distance + 1
    pooled = Pool(inside_id, config.pooling != "max", name="pool")(states, position_ids=position_ids)
    if config.pooling == "max+entities+attention":
        attention = EntityAttention(inside_id, ATTENTION_HEADS, ATTENTION_UNITS, name="attention")
        pooled = layers.Concatenate(name="pooled")([pooled, attention([states, *positions], position_ids=position_ids)])
    hidden = layers.Dense(config.dense_units, activation="relu", name="hidden")(pooled)
    hidden = layers.Dropout(config.dropout, name="dropout")(hidden)
    return layers.Dense(len(config.relations), activation="softmax", name="relation")(hidden)


def predict(model: Model, examples: Examples) -> Predictions:
    """Probabilities and tags of every row; rows of like length share a batch, so that little is padding."""
    config = model.config
    probabilities = np.empty((len(examples), len(config.relations)), np.float32)
    tag_ids: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * len(examples)
    for rows in by_length(examples.lengths, PREDICT_ROWS):
        outputs = model.forward(examples.inputs(rows))
        probabilities[rows] = outputs["relation"]
        if "tags" in outputs:
            lengths = examples.lengths[rows]
            paths = viterbi.decode(outputs["tags"], lengths, model.transitions, config.tags)
            for row, path, length in zip(rows, paths, lengths, strict=True):
                tag_ids[row] = path[:length]
    return Predictions(probabilities, tag_ids if "tags" in config.tasks else None)


def weights(network: tf.keras.Model) -> dict[str, tf.Variable]:
    """The weights by name, the same names in every process."""
    return {re.sub(r":\d+$", "", weight.name): weight for layer in network.layers for weight in layer.weights}


def save(model: Model, folder: Path) -> None:
    """Write config.json, weights.safetensors and summary.txt."""
    from safetensors.numpy import save_file

    model.config.write(folder)
    save_file({name: np.asarray(weight) for name, weight in weights(model.network).items()}, folder / WEIGHTS)
    lines: list[str] = []
    model.network.summary(line_length=110, print_fn=lines.append)
    (folder / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load(folder: Path) -> Model:
    """Load a saved model.

    Raises: InputError where a file is missing or damaged, or weights and config do not belong together.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    model = Model(Config.read(folder))
    path = folder / WEIGHTS
    try:
        saved = load_file(path)
    except FileNotFoundError:
        raise InputError.of(path, "there is no such file", HINT) from None
    except SafetensorError as error:
        raise InputError.of(path, f"damaged ({error})", HINT) from None
    variables = weights(model.network)
    shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
    if shapes != {name: array.shape for name, array in saved.items()}:
        raise InputError.of(path, "the weights do not fit config.json", HINT)
    for name, variable in variables.items():
        variable.assign(saved[name])
    return model
