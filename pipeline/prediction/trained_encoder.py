"""The encoder that a model was trained on: found in its folder or beside it, made anew where it is missing, and checked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pipeline.core import manifests, params
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST
from pipeline.core.schema import ENCODER, EncoderDescription
from pipeline.core.stage import log
from pipeline.encoding import freeze, inference
from pipeline.encoding.word_vectors import WordEncoder
from pipeline.model.manifest import SavedModel

BATCH_PIECES = 2_048
FOLDER = "encoder"
MAY_DIFFER = ("name", "revision")  # of two encoders that give the same vectors


def find(model: SavedModel) -> Path:
    """The folder of a model's encoder: in the model folder, or beside it, where it is made anew if it is in neither.

    Raises: InputError where the encoder cannot be fetched or written.
    """
    inside, beside = model.folder / FOLDER, model.folder.parent / FOLDER
    for place in (inside, beside):
        if (place / MANIFEST).is_file():
            return place
    wanted = model.description.vectors.encoder
    log(f"predict: there is no encoder in {model.folder} or beside it; {wanted.name} is fetched and frozen once")
    try:
        freeze.build(params.Encoder(wanted.name, wanted.revision, wanted.layers), beside)
    except OSError as error:
        found = f"the encoder cannot be made here: {error.strerror or error}"
        raise InputError.of(beside, found, "give the encoder's folder by --encoder, or put it into the model folder") from None
    return beside


def load(folder: Path, model: SavedModel, threads: int | None = None) -> WordEncoder:
    """The encoder that a model was trained on.

    Raises: InputError where the folder holds another, or a file of it is damaged.
    """
    encoder, _ = manifests.open_sealed(folder, ENCODER)
    vectors = model.description.vectors
    wanted = vectors.encoder
    if different := differences(encoder, wanted):
        shown = f"{encoder.name}, layers {list(encoder.layers)}"
        found = f"{shown}, not the encoder that the model was trained on (other {', '.join(different)})"
        hint = f"give the folder of {wanted.name}, layers {list(wanted.layers)}, revision {wanted.revision} by --encoder"
        raise InputError.of(folder, found, hint)
    try:
        inference.resolve_precision(vectors.backend, vectors.precision)
    except InputError:
        log(f"predict: this processor computes no {vectors.precision}, float32 is taken instead")
        vectors = dataclasses.replace(vectors, precision="float32")
    return WordEncoder.load(folder, vectors, BATCH_PIECES, threads)


def differences(encoder: EncoderDescription, wanted: EncoderDescription) -> list[str]:
    """In which fields an encoder differs from the one that a model was trained on.

    Its name and revision may, and the bytes of its files: where the encoder is frozen anew, OpenVINO may be of another version.
    """
    names = [field.name for field in dataclasses.fields(encoder) if field.name not in MAY_DIFFER]
    return [name for name in names if getattr(encoder, name) != getattr(wanted, name)]
