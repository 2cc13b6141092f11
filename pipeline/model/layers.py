"""The layers of the network that Keras lacks, each documented with the cost or the method it exists for."""

from __future__ import annotations

from typing import Any

from pipeline.core.tensorflow import tf

VARIANCE_FLOOR = 1e-6  # of a layer's numbers: the zero vector, of padding and of words without pieces, stays zero


class WordVectors(tf.keras.layers.Layer):  # type: ignore[misc]
    """Stored float16 vectors as float32: the encoder's layers side by side, or mixed (ELMo, Peters et al. 2018, equation 1).

    Normalised, each layer's numbers have mean 0 and variance 1 in every word (Ba et al. 2016, without gain or bias): encoders
    differ in the scale of their layers, and a BiLSTM whose inputs are small hardly trains.
    """

    def __init__(self, n_layers: int, mix: str, **options: Any) -> None:
        """Args: n_layers: of the encoder in a vector; mix: concatenate, normalised or scalar."""
        super().__init__(**options)
        self.n_layers = n_layers
        self.mix = mix
        self.mixed = mix == "scalar"
        if self.mixed:
            self.scores = self.add_weight("scores", (n_layers,), initializer="zeros")
            self.scale = self.add_weight("scale", (), initializer="ones")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n_layers": self.n_layers, "mix": self.mix}

    def call(self, words: tf.Tensor) -> tf.Tensor:
        """(B, T, H) float16 to (B, T, H) float32, or to (B, T, H / n_layers) when mixed."""
        vectors = tf.cast(words, tf.float32)
        if self.mix == "concatenate":
            return vectors
        n_rows, n_words = tf.shape(words)[0], tf.shape(words)[1]
        layers = tf.reshape(vectors, (n_rows, n_words, self.n_layers, words.shape[-1] // self.n_layers))
        if self.mix == "normalised":
            centred = layers - tf.reduce_mean(layers, axis=-1, keepdims=True)
            variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
            return tf.reshape(centred * tf.math.rsqrt(variance + VARIANCE_FLOOR), (n_rows, n_words, words.shape[-1]))
        return self.scale * tf.einsum("btlh,l->bth", layers, tf.nn.softmax(self.scores))


class BiLSTM(tf.keras.layers.Layer):  # type: ignore[misc]
    """Keras' bidirectional LSTM, weight for weight, over feature blocks that act as if concatenated.

    Each block is projected apart, in one product for both directions, before the recurrence. So no gradient is computed for the
    word vectors, which are constants; over concatenated inputs Keras computes it for the sake of the position embeddings, which
    makes a step of the reference model half as long again
    (88 against 58 ms on 2 cores, B 64, T 24).
    """

    def __init__(self, units: int, **options: Any) -> None:
        """Args: units: of each direction."""
        super().__init__(**options)
        self.units = units

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "units": self.units}

    def build(self, input_shape: list[tf.TensorShape]) -> None:
        """Make each direction's weights, in Keras' layout and initial distribution: gates input, forget, cell, output."""
        self.widths = [shape[-1] for shape in input_shape]
        self.directions = [self._direction(name) for name in ("forward", "backward")]
        super().build(input_shape)

    def _direction(self, name: str) -> tuple[tf.Variable, tf.Variable, tf.Variable]:
        gates = 4 * self.units

        def forget_open(shape: tuple[int], dtype: tf.DType | None = None) -> tf.Tensor:
            return tf.repeat(tf.constant([0, 1, 0, 0], dtype), self.units)

        return (
            self.add_weight(f"{name}/kernel", (sum(self.widths), gates), initializer="glorot_uniform"),
            self.add_weight(f"{name}/recurrent_kernel", (self.units, gates), initializer="orthogonal"),
            self.add_weight(f"{name}/bias", (gates,), initializer=forget_open),
        )

    def call(self, blocks: list[tf.Tensor], lengths: tf.Tensor) -> tf.Tensor:
        """Feature blocks (B, T, width) and lengths (B,) to states (B, T, 2 * units); what it gives for padding is arbitrary."""
        kernels, recurrent, biases = zip(*self.directions, strict=True)
        rows = tf.split(tf.concat(kernels, axis=1), self.widths)
        projected = tf.add_n([tf.tensordot(block, kernel, 1) for block, kernel in zip(blocks, rows, strict=True)])
        forward, backward = tf.split(projected + tf.concat(biases, axis=0), 2, axis=2)
        # Padding stands last in either reading, so it reaches no real word and the loop needs no mask.
        backward = tf.reverse_sequence(backward, lengths, seq_axis=1)
        read_backward = tf.reverse_sequence(self._read(backward, recurrent[1]), lengths, seq_axis=1)
        return tf.concat([self._read(forward, recurrent[0]), read_backward], axis=2)

    def _read(self, projected: tf.Tensor, recurrent_kernel: tf.Variable) -> tf.Tensor:
        """Projected inputs (B, T, 4 * units) to states (B, T, units)."""

        def step(inputs: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            hidden, cell = state
            into, keep, new, out = tf.split(inputs + tf.matmul(hidden, recurrent_kernel), 4, axis=1)
            cell = tf.sigmoid(keep) * cell + tf.sigmoid(into) * tf.tanh(new)
            hidden = tf.sigmoid(out) * tf.tanh(cell)
            return hidden, [hidden, cell]

        zeros = tf.zeros((tf.shape(projected)[0], self.units))
        _, states, _ = tf.keras.backend.rnn(step, projected, [zeros, zeros])
        return tf.ensure_shape(states, (None, None, self.units))


class Lengths(tf.keras.layers.Layer):  # type: ignore[misc]
    """Real words a row."""

    def call(self, position_ids: tf.Tensor) -> tf.Tensor:
        """Position ids (B, T), 0 where padded, to (B,) int32."""
        return tf.math.count_nonzero(position_ids, axis=1, dtype=tf.int32)


class Pool(tf.keras.layers.Layer):  # type: ignore[misc]
    """A vector a sentence: the maximum over its real words and, if asked, the mean state over e1 and over e2.

    In pieces it is three maxima (Zeng et al. 2015, section 3.3): of the words before both entities, of the entities and what stands
    between them, and of the words behind both; 0 where there are none.
    """

    def __init__(self, inside_id: int, pieces: bool, entities: bool, **options: Any) -> None:
        """Args: inside_id: the position id of an entity's own words; pieces: three maxima; entities: add their means."""
        super().__init__(**options)
        self.inside_id = inside_id
        self.pieces = pieces
        self.entities = entities

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "inside_id": self.inside_id, "pieces": self.pieces, "entities": self.entities}

    def call(self, states: tf.Tensor, position_ids: list[tf.Tensor]) -> tf.Tensor:
        """States (B, T, width) and both entities' position ids (B, T) to (B, width), or a multiple of it: see above."""
        real = position_ids[0] > 0
        words = [real]
        if self.pieces:
            before = real & (tf.maximum(*position_ids) < self.inside_id)
            behind = tf.minimum(*position_ids) > self.inside_id
            words = [before, real & ~before & ~behind, behind]
        pooled = [_max(states, piece) for piece in words]
        if self.entities:
            pooled += [_mean(states, tf.equal(ids, self.inside_id)) for ids in position_ids]
        return tf.concat(pooled, axis=1)


class EntityAttention(tf.keras.layers.Layer):  # type: ignore[misc]
    """Means of a sentence's states, weighted by what each word and its place are to the two entities: one mean a head.

    A head's weights are softmax(v tanh(W [h; p1; p2] + U [e1; e2] + b)) over the real words: the entity-aware attention of Lee, Seo
    and Choi 2019 without its latent types, e1 and e2 being the mean states over the entities.
    """

    def __init__(self, inside_id: int, heads: int, units: int, **options: Any) -> None:
        """Args: inside_id: the position id of an entity's own words; heads: means a sentence; units: of the hidden layer."""
        super().__init__(**options)
        self.inside_id = inside_id
        self.heads = heads
        self.units = units

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "inside_id": self.inside_id, "heads": self.heads, "units": self.units}

    def build(self, input_shape: list[tf.TensorShape]) -> None:
        """Make W, U, b and a v a head; the input is the states and the position embeddings."""
        widths = [shape[-1] for shape in input_shape]
        self.words = self.add_weight("words", (sum(widths), self.units), initializer="glorot_uniform")
        self.entities = self.add_weight("entities", (2 * widths[0], self.units), initializer="glorot_uniform")
        self.bias = self.add_weight("bias", (self.units,), initializer="zeros")
        self.scores = self.add_weight("scores", (self.units, self.heads), initializer="glorot_uniform")
        super().build(input_shape)

    def call(self, features: list[tf.Tensor], position_ids: list[tf.Tensor]) -> tf.Tensor:
        """States and position embeddings (B, T, width each), both entities' position ids (B, T), to (B, heads * states' width)."""
        states = features[0]
        entities = tf.concat([_mean(states, tf.equal(ids, self.inside_id)) for ids in position_ids], axis=1)
        asked = tf.matmul(entities, self.entities) + self.bias
        hidden = tf.tanh(tf.tensordot(tf.concat(features, axis=2), self.words, 1) + asked[:, None])
        padded = tf.equal(position_ids[0], 0)[:, :, None]
        scores = tf.where(padded, states.dtype.min, tf.tensordot(hidden, self.scores, 1))
        means = tf.einsum("bth,btw->bhw", tf.nn.softmax(scores, axis=1), states)
        return tf.reshape(means, (-1, self.heads * states.shape[-1]))


def _max(states: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Maximum of states (B, T, width) where inside (B, T) holds, 0 where it holds nowhere: (B, width)."""
    largest = tf.reduce_max(tf.where(inside[:, :, None], states, states.dtype.min), axis=1)
    return tf.where(tf.reduce_any(inside, axis=1)[:, None], largest, 0.0)


def _mean(states: tf.Tensor, inside: tf.Tensor) -> tf.Tensor:
    """Mean of states (B, T, width) where inside (B, T) holds: (B, width)."""
    weights = tf.cast(inside, states.dtype)
    return tf.einsum("btw,bt->bw", states, weights) / tf.reduce_sum(weights, axis=1, keepdims=True)
