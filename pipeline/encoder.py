"""Fetch a pretrained encoder and freeze it for inference: params -> models/encoder.

The graph from piece ids to the wanted hidden layers is frozen, converted to OpenVINO and proven against TensorFlow.
Freezing comes first because OpenVINO's direct conversion of a tf.function gives wrong numbers (a cosine of 0.5, measured).

    encoder.xml, .bin   (B, P) int32 piece ids -> (B, P, H) float32, without a mask: every row of a batch has the same length
    tokenizer.json      for the `tokenizers` library
    encoder.json        name, revision, weights' sha256, layers, width, piece limit, special pieces, fingerprint, files' checksums
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import typing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import openvino_file, params, storage
from pipeline.errors import InputError
from pipeline.hub import locate
from pipeline.stage import arguments, quiet, run

WEIGHTS = "*.safetensors"
FILES = ("encoder.xml", "encoder.bin", "tokenizer.json")
HINT = "run dvc repro encoder"
PROOF_LENGTHS = (3, 8, 21)
PROOF_COSINE = 0.9999


@dataclasses.dataclass(frozen=True)
class Description:
    """What encoder.json says."""

    name: str
    revision: str | None
    weights_sha256: str
    layers: tuple[int, ...]
    width: int  # H, of all layers together
    max_pieces: int  # with the special pieces
    prefix_ids: tuple[int, ...]  # the special pieces before a sentence
    suffix_ids: tuple[int, ...]
    fingerprint: str  # of all that decides a vector, whatever the encoder is called and whichever OpenVINO froze it
    files: dict[str, str]  # the checksum of each of FILES

    @classmethod
    def read(cls, folder: Path) -> Description:
        """Read models/encoder/encoder.json."""
        values = storage.read_json(folder / "encoder.json", HINT)
        try:
            fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
            return require_types(cls(**fields), folder)
        except TypeError as error:
            raise InputError.of(folder / "encoder.json", f"of another version ({error})", HINT) from None

    def check_files(self, folder: Path) -> None:
        """Compare the folder's files with their checksums: a damaged or another encoder gives vectors too, wrong ones.

        Raises: InputError for a file that is missing or not the one described.
        """
        for name, written in self.files.items():
            path = folder / name
            if not path.is_file() or storage.checksum(path) != written:
                found = "missing, damaged or of another encoder than encoder.json"
                raise InputError.of(path, found, f"copy the whole encoder folder, or {HINT}")


def require_types(description: Description, folder: Path) -> Description:
    """Raises: InputError where a field of encoder.json is of another type than Description says."""
    for name, hint in typing.get_type_hints(Description).items():
        value = getattr(description, name)
        kind = typing.get_origin(hint) if typing.get_origin(hint) in (tuple, dict) else hint
        if not isinstance(value, kind) or (kind is tuple and not all(isinstance(item, int) for item in value)):
            raise InputError.of(folder / "encoder.json", f"damaged: {name} is {value!r}", "run dvc repro encoder")
    return description


def load_tensorflow(folder: Path, name: str, dtype_policy: str = "float32") -> Any:
    """The encoder as a transformers TensorFlow model, its arithmetic under a Keras dtype policy.

    Raises: InputError where the folder holds no weights that TensorFlow can load, or not all of them: transformers would draw
        the others at random and say so in a warning alone.
    """
    quiet()
    import tensorflow as tf

    tf.keras.mixed_precision.set_global_policy(dtype_policy)
    from safetensors import SafetensorError
    from transformers import TFAutoModel

    if not list(folder.glob(WEIGHTS)):
        raise InputError.of(
            folder,
            f"encoder {name} has no safetensors weights",
            "convert them with save_pretrained(safe_serialization=True)",
        )
    hint = "encoder.name must be a BERT-like encoder that transformers 4.54 loads in TensorFlow"
    try:
        model, loading = TFAutoModel.from_pretrained(
            str(folder), use_safetensors=True, local_files_only=True, trust_remote_code=False, output_loading_info=True
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
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

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), use_fast=True, local_files_only=True, trust_remote_code=False, add_prefix_space=True
        )
        _require_vocabulary(tokenizer)
        # Some tokenizer.json files cut and pad every sentence to a length of their own.
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else "no fast tokenizer"
        hint = "the encoder's folder needs tokenizer.json, or the vocabulary files of a known tokenizer"
        raise InputError.of(folder, f"encoder {name} has no tokenizer: {reason}", hint) from None
    return tokenizer


def _require_vocabulary(tokenizer: Any) -> None:
    if not tokenizer.is_fast:
        raise ValueError("it has no fast form")
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ValueError("its vocabulary is empty")


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
            raise InputError.of(params.FILE, found, f"use -{n_layers} .. -1, or 0 for the embedding layer")
    if not layers:
        raise InputError.of(params.FILE, "encoder.layers is empty", "use [-1] for the last layer alone")
    return [layer % (n_layers + 1) for layer in layers]


def hidden_layers(model: Any, indices: list[int]) -> Any:
    """A tf.function from (B, P) int32 piece ids to (B, P, H) float32, the layers side by side."""
    import tensorflow as tf

    def forward(input_ids: Any) -> Any:
        hidden = model(input_ids=input_ids, attention_mask=tf.ones_like(input_ids), output_hidden_states=True, training=False)
        return tf.concat([tf.cast(hidden.hidden_states[index], tf.float32) for index in indices], -1)

    return tf.function(forward, input_signature=[tf.TensorSpec([None, None], tf.int32, name="input_ids")])


def lowest_cosine(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """The lowest cosine of two sets of vectors (..., H), vector by vector."""
    products = np.sum(ours.astype(np.float64) * theirs, -1)
    norms = np.linalg.norm(ours.astype(np.float64), axis=-1) * np.linalg.norm(theirs.astype(np.float64), axis=-1)
    return float(np.min(products / np.maximum(norms, 1e-30)))


def prove(function: Any, folder: Path, vocabulary: int, max_pieces: int) -> float:
    """Compare the frozen encoder with TensorFlow on drawn piece ids of several lengths, up to max_pieces.

    Returns: the lowest cosine of a piece's vectors.
    Raises: InputError where it is below PROOF_COSINE.
    """
    from pipeline import backend

    infer = backend.openvino(folder, "float32").encode
    draw = np.random.default_rng(0)
    lengths = [min(length, max_pieces) for length in PROOF_LENGTHS]
    batches = [draw.integers(0, vocabulary, (2, length), dtype=np.int32) for length in lengths]
    cosine = min(lowest_cosine(infer(ids), function(ids).numpy()) for ids in batches)
    if cosine < PROOF_COSINE:
        found = f"the frozen encoder differs from TensorFlow (cosine {cosine:.5f})"
        raise InputError.of(
            folder,
            found,
            "a bug of the OpenVINO conversion for this encoder: set embed.backend to tensorflow, and report it",
        )
    return cosine


def piece_limit(config: Any, tokenizer: Any) -> int:
    """The longest sequence of pieces, special ones included, that the encoder has positions for."""
    positions = int(getattr(config, "max_position_embeddings", 512))
    # RoBERTa and MPNet count positions from padding_idx + 1.
    offset = config.pad_token_id + 1 if config.model_type in {"roberta", "xlm-roberta", "camembert", "mpnet"} else 0
    return min(positions - offset, int(tokenizer.model_max_length))


def special_ids(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special pieces before and after a sentence, as tokenizer.json adds them."""
    encoding = tokenizer.backend_tokenizer.encode(["a"], is_pretokenized=True)
    special = np.array(encoding.special_tokens_mask, bool)
    sentence = np.flatnonzero(~special)
    return tuple(encoding.ids[: sentence[0]]), tuple(encoding.ids[sentence[-1] + 1 :])


def weights_sha256(folder: Path) -> str:
    """The sha256 of a folder's weight files, in name order."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(WEIGHTS)):
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def describe(settings: params.Encoder, revision: str | None, source: Path, target: Path, model: Any, tokenizer: Any) -> Description:
    """What encoder.json says of an encoder whose other files lie in target."""
    prefix, suffix = special_ids(tokenizer)
    weights, max_pieces = weights_sha256(source), piece_limit(model.config, tokenizer)
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (source / "config.json", target / "tokenizer.json")]
    identity = json.dumps([weights, *files, settings.layers, max_pieces, prefix, suffix])
    return Description(
        name=settings.name,
        revision=revision,
        weights_sha256=weights,
        layers=settings.layers,
        width=model.config.hidden_size * len(settings.layers),
        max_pieces=max_pieces,
        prefix_ids=prefix,
        suffix_ids=suffix,
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        files={name: storage.checksum(target / name) for name in FILES},
    )


def build(settings: params.Encoder, folder: Path) -> tuple[Description, float]:
    """Freeze the encoder that the settings name into a folder.

    Returns: what encoder.json says, and the lowest cosine to TensorFlow.
    """
    source, revision = locate(settings.name, settings.revision)
    # In this order: transformers, imported before tf.keras is first used, keeps tf.keras from loading.
    model = load_tensorflow(source, settings.name)
    tokenizer = load_tokenizer(source, settings.name)
    require_vectors(tokenizer, model, source, settings.name)
    function = hidden_layers(model, layer_indices(settings.layers, model.config.num_hidden_layers))
    with storage.atomic_folder(folder) as temporary:
        tokenizer.backend_tokenizer.save(str(temporary / "tokenizer.json"))
        openvino_file.write(function, temporary / "encoder.xml")
        description = describe(settings, revision, source, temporary, model, tokenizer)
        cosine = prove(function, temporary, model.config.vocab_size, description.max_pieces)
        storage.write_json(temporary / "encoder.json", dataclasses.asdict(description))
    return description, cosine


def main(argv: list[str]) -> str:
    """Freeze the encoder that params.yaml names into models/encoder."""
    began = time.perf_counter()
    (folder,) = map(Path, arguments(argv, "encoder"))
    settings = params.read(params.Encoder)
    description, cosine = build(settings, folder)
    layers = ", ".join(map(str, settings.layers))
    seconds = time.perf_counter() - began
    return f"encoder: {settings.name}, layers {layers}, {description.width}-d, cosine to TensorFlow {cosine:.6f}, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
