"""The multi-task network as a Keras graph.

In: word vectors and relative position ids. Out: "relation", probabilities from a max pool over a BiLSTM (after Zhang and Wang 2015
and Zhou et al. 2016), and "tags", the emissions of a CRF over the same BiLSTM (Huang et al. 2015; the sharing after Caruana 1997).

    words (B, T, H)    e1 and e2 position ids (B, T)
          |                       |
     word vectors       position embeddings
          |                       |
          +-----------+-----------+
                      |
                 shared BiLSTM
                      |
              states (B, T, width)
                      |
          +-----------+-----------+
          |                       |
    pool (B, width)           CRF layer
          |                       |
      Dense relu          "tags" (B, T, K)
          |
       dropout
          |
    Dense softmax
          |
    "relation" (B, R)

Of the options, `sharing: soft` gives each task a BiLSTM of its own, `stacked` puts a second one for the relation onto the shared
one, and `positions: relation` keeps the position embeddings from the tagger. Embeddings of the words' shapes stand beside the
vectors if asked.
"""

from __future__ import annotations

import re

from pipeline.core.positions import inside_id, n_ids
from pipeline.core.tensorflow import tf, unconverted
from pipeline.model.config import POSITION_IDS, SHAPE_IDS, Config
from pipeline.model.crf import CRF
from pipeline.model.layers import BiLSTM, EntityAttention, Lengths, Pool, WordVectors
from pipeline.model.shapes import SHAPES

ATTENTION_HEADS, ATTENTION_UNITS = 4, 64


def input_specs(config: Config) -> dict[str, tf.TensorSpec]:
    """The network's inputs, any number of rows and words: words (B, T, H) float16, and ids (B, T) int32."""
    words = {"words": tf.TensorSpec((None, None, config.width), tf.float16, "words")}
    return words | {name: tf.TensorSpec((None, None), tf.int32, name) for name in config.inputs if name not in words}


@unconverted
def build(config: Config) -> tf.keras.Model:
    """The Keras network with new weights, its inputs and outputs in dictionaries by name.

    Several members are networks of their own whose outputs are averaged: the probabilities, and the emissions of their CRFs, so
    that with the mean of their transitions a tag sequence has the mean of its scores.

    Returns: a model from input_specs to relation, probabilities (B, R), and tags, emissions (B, T, K), as far as they are tasks.
    """
    if config.train.members == 1:
        return _member(config, "relation_model")
    inputs = _inputs(config)
    networks = [_member(config, prefix.rstrip("/")) for config, prefix in zip(config.members, config.weight_prefixes, strict=True)]
    said = [network(inputs) for network in networks]
    outputs = {task: tf.keras.layers.Average(name=task)([outputs[task] for outputs in said]) for task in config.train.tasks}
    return tf.keras.Model(inputs, outputs, name="relation_model")


def members_of(network: tf.keras.Model) -> list[tf.keras.Model]:
    """The networks that a network averages; itself where it averages none."""
    return [layer for layer in network.layers if isinstance(layer, tf.keras.Model)] or [network]


def weights_by_name(network: tf.keras.Model) -> dict[str, tf.Variable]:
    """The weights of a network, under the same names in every process."""
    members = members_of(network)
    prefixes = [f"{member.name}/" if member is not network else "" for member in members]
    return {
        prefix + re.sub(r":\d+$", "", weight.name): weight
        for prefix, member in zip(prefixes, members, strict=True)
        for layer in member.layers
        for weight in layer.weights
    }


def _inputs(config: Config) -> dict[str, tf.Tensor]:
    return {name: tf.keras.Input(spec.shape[1:], dtype=spec.dtype, name=name) for name, spec in input_specs(config).items()}


def _member(config: Config, name: str) -> tf.keras.Model:
    """One network, its weights new: the whole model, or one of the members whose outputs are averaged.

    Layers draw their initial weights in the order in which they are made here, so that order is part of what a seed means.
    """
    inputs = _inputs(config)
    position_ids = [inputs[name] for name in POSITION_IDS]
    positions = _positions(config, position_ids)
    words = [_vectors(config, inputs["words"])]
    if config.train.shape_width:
        words.append(tf.keras.layers.Embedding(len(SHAPES) + 1, config.train.shape_width, name="shapes")(inputs[SHAPE_IDS]))
    lengths = Lengths(name="lengths")(position_ids[0])
    states = _states(config, words, positions, lengths)
    outputs = {"relation": _relation_head(config, states["relation"], positions, position_ids)}
    if "tags" in config.train.tasks:
        outputs["tags"] = CRF(len(config.tags), name="tags")(states["tags"])
    return tf.keras.Model(inputs, outputs, name=name)


def _positions(config: Config, position_ids: list[tf.Tensor]) -> list[tf.Tensor]:
    """The embeddings (B, T, position_width) of e1's and e2's position ids (B, T); none where the network sees no positions."""
    if config.train.positions == "none":
        return []
    return [
        tf.keras.layers.Embedding(n_ids(config.max_distance), config.train.position_width, name=f"{entity}_positions")(ids)
        for entity, ids in zip(("e1", "e2"), position_ids, strict=True)
    ]


def _vectors(config: Config, words: tf.Tensor) -> tf.Tensor:
    """Stored vectors (B, T, H) float16 as the BiLSTM reads them: (B, T, width) float32, normalised and projected if asked."""
    layers = tf.keras.layers
    vectors = WordVectors(config.n_layers, config.train.layer_mix, name="word_vectors")(words)
    # The same numbers of every word of a sentence (Gal and Ghahramani 2016).
    vectors = layers.Dropout(config.train.input_dropout, noise_shape=(None, 1, None), name="input_dropout")(vectors)
    if config.train.projection_width:
        vectors = layers.Dense(config.train.projection_width, use_bias=False, name="projection")(vectors)
        vectors = layers.LayerNormalization(name="projection_norm")(vectors)
    return vectors


def _states(config: Config, words: list[tf.Tensor], positions: list[tf.Tensor], lengths: tf.Tensor) -> dict[str, tf.Tensor]:
    """Each task's states (B, T, 2 * lstm_units): of one BiLSTM (hard), one a task (soft), or two, one on the other (stacked).

    Args: words: the vectors, and the embeddings of shapes if asked; positions: the position embeddings; lengths: (B,) real words.
    """
    seen_by_all = positions if config.train.positions == "shared" else []
    if config.train.sharing == "soft":
        seen = {"relation": positions, "tags": seen_by_all}
        return {
            task: BiLSTM(config.train.lstm_units, name=f"{task}_lstm")([*words, *seen[task]], lengths=lengths)
            for task in config.train.tasks
        }
    shared = BiLSTM(config.train.lstm_units, name="shared_lstm")([*words, *seen_by_all], lengths=lengths)
    states = dict.fromkeys(config.train.tasks, shared)
    if config.train.sharing == "stacked":  # reads what the tagger makes of the words (Sanh et al. 2019)
        states["relation"] = BiLSTM(config.train.lstm_units, name="relation_lstm")([*words, shared, *positions], lengths=lengths)
    elif config.train.positions == "relation":
        states["relation"] = _with_positions(config, states["relation"], positions)
    return states


def _with_positions(config: Config, states: tf.Tensor, positions: list[tf.Tensor]) -> tf.Tensor:
    """States (B, T, 2 * lstm_units) and position embeddings, in a non-linear layer a word: (B, T, 2 * lstm_units).

    They must meet there before the pool, for a maximum over position embeddings alone says nothing (Zeng et al. 2014, equation 5).
    """
    layers = tf.keras.layers
    joined = layers.Concatenate(name="states_and_positions")([states, *positions])
    return layers.Dense(2 * config.train.lstm_units, activation="tanh", name="relation_states")(joined)


def _relation_head(config: Config, states: tf.Tensor, positions: list[tf.Tensor], position_ids: list[tf.Tensor]) -> tf.Tensor:
    """States (B, T, 2 * lstm_units) to the relations' probabilities (B, R)."""
    layers = tf.keras.layers
    inside = inside_id(config.max_distance)
    pooled = Pool(inside, config.pooling.pieces, config.pooling.entities, name="pool")(states, position_ids=position_ids)
    if config.pooling.attention:
        attention = EntityAttention(inside, ATTENTION_HEADS, ATTENTION_UNITS, name="attention")
        pooled = layers.Concatenate(name="pooled")([pooled, attention([states, *positions], position_ids=position_ids)])
    hidden = layers.Dense(config.train.dense_units, activation="relu", name="hidden")(pooled)
    hidden = layers.Dropout(config.train.dropout, name="dropout")(hidden)
    return layers.Dense(len(config.relations), activation="softmax", name="relation")(hidden)
