"""A pretrained encoder as transformers loads it: TensorFlow model, fast tokenizer, and the hidden layers wanted of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.stage import quiet
from pipeline.core.watchdog import GIGABYTE, Limits, hushed, watched
from pipeline.encoding import untrusted_folder, untrusted_tokenizer
from pipeline.encoding.untrusted_folder import WEIGHTS

LOADING_SECONDS = 1_800  # a large encoder from a slow disk takes some minutes


def load_tensorflow(folder: Path, name: str, dtype_policy: str = "float32") -> Any:
    """The encoder as a transformers TensorFlow model, its arithmetic under a Keras dtype policy.

    Raises: InputError where the folder holds no weights that TensorFlow can load, or not all of them: transformers would draw
        the others at random and say so in a warning alone.
    """
    quiet()
    import tensorflow as tf

    tf.keras.mixed_precision.set_global_policy(dtype_policy)
    from transformers import TFAutoModel

    if not list(folder.glob(WEIGHTS)):
        raise InputError.of(
            folder,
            f"encoder {name} has no safetensors weights",
            "convert them with save_pretrained(safe_serialization=True)",
        )
    untrusted_folder.check(folder, name)
    n_bytes = sum(path.stat().st_size for path in folder.glob(WEIGHTS))
    hint = "encoder.name must be a BERT-like encoder that transformers 4.54 loads in TensorFlow"
    try:
        with watched(folder, Limits(LOADING_SECONDS, 8 * n_bytes + 4 * GIGABYTE), hint):
            model, loading = TFAutoModel.from_pretrained(
                str(folder), use_safetensors=True, local_files_only=True, trust_remote_code=False, output_loading_info=True
            )
    except Exception as error:  # what a wrong config makes each kind of encoder raise is anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise InputError.of(folder, f"encoder {name} does not load: {reason}", hint) from None
    if model.config.is_encoder_decoder:
        raise InputError.of(folder, f"encoder {name} is an encoder with a decoder ({model.config.model_type})", hint)
    # The pooler makes a sentence's vector, which nothing here uses and many checkpoints lack.
    if missing := [weight for weight in loading["missing_keys"] if "pooler" not in weight]:
        raise InputError.of(folder, f"encoder {name} lacks {len(missing)} weights, such as {missing[0]}", hint)
    return model


def load_tokenizer(folder: Path, name: str) -> Any:
    """The encoder's fast tokenizer, set up for sentences already split into words.

    Raises: InputError where the folder holds none.
    """
    from transformers import AutoTokenizer

    hint = "the encoder's folder needs tokenizer.json, or the vocabulary files of a known tokenizer"
    for path in [*folder.glob("tokenizer*"), *folder.glob("vocab*"), *folder.glob("*.model"), *folder.glob("merges.txt")]:
        if path.stat().st_size > untrusted_tokenizer.MOST_BYTES:
            raise InputError.of(path, f"encoder {name} has more than {untrusted_tokenizer.MOST_BYTES:,} bytes of it", hint)
    if (folder / "tokenizer.json").is_file():
        untrusted_tokenizer.check(folder / "tokenizer.json", hint)
    try:
        with watched(folder, untrusted_tokenizer.LIMITS, hint), hushed():
            tokenizer = AutoTokenizer.from_pretrained(
                str(folder), use_fast=True, local_files_only=True, trust_remote_code=False, add_prefix_space=True
            )
        _require_vocabulary(tokenizer)
        # Some tokenizer.json files cut and pad every sentence to a length of their own.
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
    except Exception as error:  # what a wrong file makes each kind of tokenizer raise is anything
        reason = next(iter(str(error).strip().splitlines()), "no fast tokenizer")[:200]
        raise InputError.of(folder, f"encoder {name} has no tokenizer: {reason}", hint) from None
    return tokenizer


def _require_vocabulary(tokenizer: Any) -> None:
    if not tokenizer.is_fast:
        raise ValueError("it has no fast form")
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ValueError("its vocabulary is empty")
    if not isinstance(tokenizer.model_max_length, int | float) or not tokenizer.model_max_length >= 1:
        raise ValueError(f"its model_max_length is {str(tokenizer.model_max_length)[:80]}")


def require_vectors(tokenizer: Any, model: Any, folder: Path, name: str) -> None:
    """Raises: InputError where the tokenizer has piece ids past the encoder's vocabulary: OpenVINO reads some vector for them."""
    last, vocabulary = max(tokenizer.get_vocab().values()), model.config.vocab_size
    if last >= vocabulary:
        found = f"the tokenizer of encoder {name} has piece ids up to {last}, but the encoder {vocabulary} pieces"
        raise InputError.of(folder, found, "take the tokenizer that the encoder was trained with, or resize_token_embeddings")


def layer_indices(layers: tuple[int, ...], n_layers: int) -> list[int]:
    """Indices into the n_layers + 1 hidden states (the first is the embedding layer's output).

    Raises: InputError for a layer the encoder lacks.
    """
    for layer in layers:
        if not -n_layers - 1 <= layer <= n_layers:
            found = f"encoder.layers holds {layer}, but the encoder has {n_layers} layers"
            hint = f"use 1 to {n_layers}, or -{n_layers} to -1 from the last, or 0 for the embedding layer"
            raise InputError.of(params.place("encoder", "layers"), found, hint)
    return [layer % (n_layers + 1) for layer in layers]


def hidden_layers(model: Any, indices: list[int]) -> Any:
    """A tf.function from (B, P) int32 piece ids to (B, P, H) float32, the layers side by side."""
    import tensorflow as tf

    def forward(input_ids: Any) -> Any:
        hidden = model(input_ids=input_ids, attention_mask=tf.ones_like(input_ids), output_hidden_states=True, training=False)
        return tf.concat([tf.cast(hidden.hidden_states[index], tf.float32) for index in indices], -1)

    return tf.function(forward, input_signature=[tf.TensorSpec([None, None], tf.int32, name="input_ids")])
