"""Freeze a pretrained encoder for inference and prove it against TensorFlow.

The graph from piece ids to the wanted hidden layers is frozen, then converted to OpenVINO; pipeline/core/openvino_model.py says why
in this order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import manifests, openvino_model, outputs, params
from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, EncoderDescription
from pipeline.encoding import inference
from pipeline.encoding.description import MODEL, TOKENIZER, describe
from pipeline.encoding.hub import locate
from pipeline.encoding.pretrained import hidden_layers, layer_indices, load_tensorflow, load_tokenizer, require_vectors

PROOF_LENGTHS = (3, 8, 21)
PROOF_COSINE = 0.9999


def build(settings: params.Encoder, folder: Path) -> tuple[EncoderDescription, float]:
    """Freeze the encoder that the settings name into a folder.

    Returns: its description, and the lowest cosine to TensorFlow.
    """
    source, revision = locate(settings.name, settings.revision)
    outputs.require_apart(folder, [source])
    # In this order: transformers, imported before tf.keras is first used, keeps tf.keras from loading.
    model = load_tensorflow(source, settings.name)
    tokenizer = load_tokenizer(source, settings.name)
    require_vectors(tokenizer, model, source, settings.name)
    function = hidden_layers(model, layer_indices(settings.layers, model.config.num_hidden_layers))
    with outputs.made_whole(folder) as scratch:
        tokenizer.backend_tokenizer.save(str(scratch / TOKENIZER))
        openvino_model.write(function, scratch / MODEL)
        description = describe(settings, revision, source, scratch, model, tokenizer)
        cosine = prove(function, scratch, model.config.vocab_size, description.max_pieces)
        manifests.seal(scratch, ENCODER, description)
    return description, cosine


def prove(function: Any, folder: Path, vocabulary: int, max_pieces: int) -> float:
    """Compare the frozen encoder with TensorFlow on drawn piece ids of several lengths, up to max_pieces.

    Returns: the lowest cosine of a piece's vectors.
    Raises: InputError where it is below PROOF_COSINE.
    """
    infer = inference.openvino(folder, "float32").encode
    draw = np.random.default_rng(0)
    lengths = [min(length, max_pieces) for length in PROOF_LENGTHS]
    batches = [draw.integers(0, vocabulary, (2, length), dtype=np.int32) for length in lengths]
    cosine = float(np.min([lowest_cosine(infer(ids), function(ids).numpy()) for ids in batches]))  # Python's min may pass over NaN
    if np.isnan(cosine):
        raise InputError.of(folder, "the encoder gives values that are infinite or no numbers", "take another encoder")
    if cosine < PROOF_COSINE:
        found = f"the frozen encoder differs from TensorFlow (cosine {cosine:.5f})"
        raise InputError.of(
            folder,
            found,
            "a bug of the OpenVINO conversion for this encoder: set embed.backend to tensorflow, and report it",
        )
    return cosine


def lowest_cosine(ours: Floats, theirs: Floats) -> float:
    """The lowest cosine of two sets of vectors (..., H), vector by vector."""
    products = np.sum(ours.astype(np.float64) * theirs, -1)
    norms = np.linalg.norm(ours.astype(np.float64), axis=-1) * np.linalg.norm(theirs.astype(np.float64), axis=-1)
    return float(np.min(products / np.maximum(norms, 1e-30)))
