"""The encoder that a model was trained on: found in its folder or beside it, made anew where it is missing, and checked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.stage import log
from pipeline.encoding import freeze, inference
from pipeline.encoding.description import FILE, Description
from pipeline.encoding.word_vectors import WordEncoder
from pipeline.model.manifest import Manifest

BATCH_PIECES = 2_048
ENCODER = "encoder"
MAY_DIFFER = ("name", "revision", "files")  # of two encoders that give the same vectors


def find(folder: Path, manifest: Manifest) -> Path:
    """The folder of a model's encoder: in the model folder, or beside it, where it is made anew if it is in neither.

    Raises: InputError where the encoder cannot be fetched or written.
    """
    inside, beside = folder / ENCODER, folder.parent / ENCODER
    for place in (inside, beside):
        if (place / FILE).is_file():
            return place
    wanted = manifest.encoder
    log(f"predict: there is no encoder in {folder} or beside it; {wanted['name']} is fetched and frozen once")
    settings = params.Encoder(name=wanted["name"], revision=wanted["revision"], layers=tuple(wanted["layers"]))
    try:
        freeze.build(settings, beside)
    except OSError as error:
        found = f"the encoder cannot be made here: {error.strerror or error}"
        raise InputError.of(beside, found, "give the encoder's folder by --encoder, or put it into the model folder") from None
    return beside


def load(folder: Path, manifest: Manifest) -> WordEncoder:
    """The encoder that a model was trained on.

    Raises: InputError where the folder holds another, or a file of it is damaged.
    """
    description = Description.read(folder)
    if different := differences(description, manifest.encoder):
        shown = f"{description.name}, layers {list(description.layers)}"
        found = f"{shown}, not the encoder that the model was trained on (other {', '.join(different)})"
        wanted = "{name}, layers {layers}, revision {revision}".format(**manifest.encoder)
        raise InputError.of(folder, found, f"give the folder of {wanted} by --encoder")
    try:
        precision = inference.resolve_precision(manifest.backend, manifest.precision)  # type: ignore[arg-type]
    except InputError:
        precision = "float32"
        log(f"predict: this processor computes no {manifest.precision}, float32 is taken instead")
    return WordEncoder.load(
        folder,
        description,
        backend=manifest.backend,
        precision=precision,
        pooling=manifest.pooling,
        batch_pieces=BATCH_PIECES,
    )


def differences(description: Description, trained: Mapping[str, Any]) -> list[str]:
    """In which fields of encoder.json an encoder differs from the one that a model was trained on.

    Its name, its revision and the bytes of its files may: where the encoder is frozen anew, OpenVINO may be of another version.
    """
    values = json.loads(json.dumps(dataclasses.asdict(description)))
    return [name for name in values if name not in MAY_DIFFER and values[name] != trained.get(name)]
