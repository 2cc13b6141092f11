"""Word vectors against a plain transformers TensorFlow forward pass, a sentence at a time, without padding."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core import manifests, params
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, Precision
from pipeline.encoding import freeze, inference, pieces
from pipeline.encoding.pieces import Pieces
from pipeline.encoding.word_vectors import WordEncoder, expected_seconds, word_vectors
from tests.support import embedding, encoders

SENTENCES = [
    ["The", "engine", "of", "a", "car", "causes", "fire", "."],
    ["a", "box"],
    ["fires"],
    ["The", "box", "holding", "xyzzy", "is", "in", "a", "café", "."],
    ["the", "car"],
    ["fire", "of", "the", "car", "is", "from", "the", "box", "."],
]
LAYERS = (-2, -1)
# float16 keeps 11 bits; vectors are of size 1, so this is a step or two in the last place.
STEP = 2e-3


@pytest.fixture(scope="module", params=encoders.KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny encoder as saved, and frozen."""
    folder = tmp_path_factory.mktemp(request.param)
    saved = encoders.make(request.param, folder / "saved")
    freeze.build(params.Encoder(str(saved), None, LAYERS), folder / "frozen")
    return saved, folder / "frozen"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("bert")
    saved = encoders.make("bert", folder / "saved", max_positions=24)
    freeze.build(params.Encoder(str(saved), None, LAYERS), folder / "frozen")
    return saved, folder / "frozen"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen encoder of a width at which processors sum in blocks, its weights wide enough for rounding to show."""
    folder = tmp_path_factory.mktemp("wide")
    shape = {"hidden_size": 128, "num_attention_heads": 4, "intermediate_size": 512}
    saved = encoders.make("bert", folder / "saved", initializer_range=0.05, **shape)
    freeze.build(params.Encoder(str(saved), None, LAYERS), folder / "frozen")
    return folder / "frozen"


def require(precision: Precision) -> None:
    """Skip the test where the processor lacks a precision."""
    try:
        inference.resolve_precision("openvino", precision)
    except InputError as error:
        pytest.skip(str(error))


@contextmanager
def full_precision_after() -> Iterator[None]:
    """Set Keras back to float32 for what runs after."""
    import tensorflow as tf

    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")


def word_encoder(frozen: Path, pooling: str = "mean", budget: int = 64, name: str = "openvino", precision: str = "float32") -> Any:
    description, _ = manifests.open_sealed(frozen, ENCODER)
    return WordEncoder(inference.BACKENDS[name](frozen, precision), description, pooling, budget)


def embed(model: WordEncoder, frozen: Path, sentences: list[list[str]]) -> list[np.ndarray]:
    """Every sentence's (T, H) in the order given."""
    split = pieces.split_words(pieces.load_tokenizer(frozen), sentences)
    found: dict[int, np.ndarray] = {}
    for numbers, n_words, vectors in word_vectors(model, [(np.arange(len(sentences)), split)]):
        found.update(zip(numbers.tolist(), np.split(vectors, np.cumsum(n_words)[:-1]), strict=True))
    return [found[number] for number in range(len(sentences))]


def plain(saved: Path, words: list[str], pooling: str) -> np.ndarray:
    """(T, H) by transformers alone: its tokenizer's own word ids and special pieces, a loop over words."""
    import tensorflow as tf
    from transformers import AutoTokenizer, TFAutoModel

    tokenizer = AutoTokenizer.from_pretrained(str(saved), add_prefix_space=True)
    encoding = tokenizer(words, is_split_into_words=True, return_tensors="tf")
    hidden = _model(saved, TFAutoModel)(encoding, output_hidden_states=True).hidden_states
    states = tf.concat([hidden[layer] for layer in LAYERS], -1)[0].numpy()
    word_ids = encoding.word_ids()
    vectors = []
    for word in range(len(words)):
        own = [state for state, word_id in zip(states, word_ids, strict=True) if word_id == word]
        vectors.append((own[0] if pooling == "first" else np.mean(own, axis=0)) if own else np.zeros(states.shape[1]))
    return np.array(vectors)


def _model(saved: Path, kind: Any, cache: dict[Path, Any] = {}) -> Any:  # noqa: B006 (loading takes a second)
    if saved not in cache:
        cache[saved] = kind.from_pretrained(str(saved))
    return cache[saved]


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_vectors_of_every_kind_of_encoder_equal_a_plain_forward_pass(kind: tuple[Path, Path], pooling: str) -> None:
    saved, frozen = kind
    found = embed(word_encoder(frozen, pooling), frozen, SENTENCES)
    for words, vectors in zip(SENTENCES, found, strict=True):
        assert vectors.dtype == np.float16
        np.testing.assert_allclose(vectors, plain(saved, words, pooling), atol=STEP, rtol=STEP)


def test_a_sentence_has_the_same_bits_in_any_batch(kind: tuple[Path, Path]) -> None:
    _, frozen = kind
    sentences = SENTENCES * 5
    together = embed(word_encoder(frozen, budget=512), frozen, sentences)
    alone = embed(word_encoder(frozen, budget=1), frozen, sentences)
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))


def one_pass_and_ten_steps(frozen: Path, name: str, precision: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Hidden layers of sentences of several lengths, encoded at once and in ten steps in random order."""
    encode = inference.BACKENDS[name](frozen, precision).encode
    draw = np.random.default_rng(0)
    for length in (3, 7, 17, 24, 33):
        ids = draw.integers(5, 150, (2048 // length, length), dtype=np.int32)
        steps = np.array_split(draw.permutation(len(ids)), np.sort(draw.integers(1, len(ids), 9)))
        by_steps = np.concatenate([encode(ids[rows]) for rows in steps if len(rows)])
        yield encode(ids), by_steps[np.argsort(np.concatenate(steps))]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_openvino_gives_the_same_bits_in_one_pass_as_in_ten_steps_in_random_order(wide: Path, precision: Precision) -> None:
    require(precision)
    for once, by_steps in one_pass_and_ten_steps(wide, "openvino", precision):
        assert np.array_equal(once, by_steps)


def test_openvino_in_bfloat16_keeps_a_cosine_of_0_999(wide: Path) -> None:
    require("bfloat16")
    ids = np.random.default_rng(0).integers(5, 150, (100, 20), dtype=np.int32)
    full, half = (inference.openvino(wide, precision).encode(ids) for precision in ("float32", "bfloat16"))
    assert 0.999 < freeze.lowest_cosine(half, full) < 1


def test_tensorflow_gives_vectors_in_one_pass_within_1e_5_of_those_in_ten_steps(wide: Path) -> None:
    for once, by_steps in one_pass_and_ten_steps(wide, "tensorflow", "float32"):
        assert np.abs(once - by_steps).max() < 1e-5 * np.abs(once).max()


def test_tensorflow_in_bfloat16_keeps_a_cosine_of_0_999_between_one_pass_and_ten_steps(wide: Path) -> None:
    with full_precision_after():
        for once, by_steps in one_pass_and_ten_steps(wide, "tensorflow", "bfloat16"):
            assert freeze.lowest_cosine(once, by_steps) > 0.999


def test_the_two_backends_agree_to_two_steps_of_float16(bert: tuple[Path, Path]) -> None:
    _, frozen = bert
    openvino = embed(word_encoder(frozen), frozen, SENTENCES)
    tensorflow = embed(word_encoder(frozen, name="tensorflow"), frozen, SENTENCES)
    np.testing.assert_allclose(np.concatenate(openvino), np.concatenate(tensorflow), atol=STEP, rtol=STEP)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_tensorflow_in_half_precision_keeps_a_cosine_of_0_999(bert: tuple[Path, Path], precision: str) -> None:
    _, frozen = bert
    full = np.concatenate(embed(word_encoder(frozen), frozen, SENTENCES))
    with full_precision_after():
        half = np.concatenate(embed(word_encoder(frozen, name="tensorflow", precision=precision), frozen, SENTENCES))
    assert 0.999 < freeze.lowest_cosine(half, full) < 1


def test_a_long_sentence_takes_each_word_from_the_window_with_most_context(bert: tuple[Path, Path]) -> None:
    """Words of one piece each; windows of 22 (24 positions less two special pieces) that begin every 11 pieces and at the end."""
    saved, frozen = bert
    words = [encoders.WORDS[index % 5] for index in range(50)]
    windows = {start: plain(saved, words[start : start + 22], "mean") for start in (0, 11, 22, 28)}
    (found,) = embed(word_encoder(frozen), frozen, [words])
    for word, vector in enumerate(found):
        context = {start: min(word - start, start + 21 - word) for start in windows if start <= word < start + 22}
        best = [windows[start][word - start] for start in context if context[start] == max(context.values())]
        assert min(np.abs(vector - candidate).max() for candidate in best) < 2 * STEP, word


def test_words_and_sentences_without_pieces_have_zero_vectors(bert: tuple[Path, Path]) -> None:
    _, frozen = bert
    found = embed(word_encoder(frozen), frozen, [["\u200b", "car", "\x01"], ["\x01"]])
    assert [vectors.any(axis=1).tolist() for vectors in found] == [[False, True, False], [False]]


def test_many_strides_run_in_batches_within_the_budget(bert: tuple[Path, Path]) -> None:
    _, frozen = bert
    words = ["car", "fire", "box"] * 60
    model = word_encoder(frozen)
    sizes = []

    def encode(ids: np.ndarray) -> np.ndarray:
        sizes.append(ids.shape[0])
        return model.inference.encode(ids)

    counted = WordEncoder(inference.Inference(encode, 1), model.description, "mean", 64)
    (few,) = embed(counted, frozen, [words])
    (all_at_once,) = embed(word_encoder(frozen, budget=10_000), frozen, [words])
    assert max(sizes) == 64 // 22
    assert np.array_equal(few, all_at_once)


def test_rows_of_a_batch_may_come_in_any_order(bert: tuple[Path, Path]) -> None:
    _, frozen = bert
    split = pieces.split_words(pieces.load_tokenizer(frozen), [["car"], ["box"], ["fire"]])
    assert isinstance(split, Pieces)
    model = word_encoder(frozen)
    forward, backward = model.vectors(split, np.array([0, 1, 2])), model.vectors(split, np.array([2, 1, 0]))
    assert np.array_equal(forward, backward[::-1])


def test_the_expected_time_grows_with_the_number_of_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def encode(ids: np.ndarray) -> np.ndarray:
        clock[0] += 0.02
        return np.zeros((*ids.shape, embedding.WIDTH), np.float32)

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    embedding.write_encoder(tmp_path, embedding.DESCRIPTION)
    encoder = WordEncoder(inference.Inference(encode, 1), embedding.DESCRIPTION, "mean", 64)
    tokenizer = pieces.load_tokenizer(tmp_path / "models/encoder")
    sample = pieces.split_words(tokenizer, [embedding.words_of(sentence) for sentence in embedding.SENTENCES])
    n_batches = len(sample.ids) / 64
    assert expected_seconds(encoder, sample, 600) == pytest.approx(10 * n_batches * 0.02, rel=0.5)
