"""What is known of a frozen encoder: encoder.json beside its files, and the checks against it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.encoding.pretrained import WEIGHTS

FILE = "encoder.json"
MODEL, TOKENIZER = "encoder.xml", "tokenizer.json"
FILES = (MODEL, "encoder.bin", TOKENIZER)  # beside it, each with its checksum in it
HINT = "run dvc repro encoder"


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
        values = storage.read_json(folder / FILE, HINT)
        try:
            fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
            return require_types(cls(**fields), folder)
        except TypeError as error:
            raise InputError.of(folder / FILE, f"of another version ({error})", HINT) from None

    def check_files(self, folder: Path) -> None:
        """Compare the folder's files with their checksums: a damaged or another encoder gives vectors too, wrong ones.

        Raises: InputError for a file that is missing or not the one described.
        """
        for name, written in self.files.items():
            path = folder / name
            if not path.is_file() or storage.checksum(path) != written:
                found = f"missing, damaged or of another encoder than {FILE}"
                raise InputError.of(path, found, f"copy the whole encoder folder, or {HINT}")


def require_types(description: Description, folder: Path) -> Description:
    """Raises: InputError where a field of encoder.json is of another type than Description says."""
    for name, hint in typing.get_type_hints(Description).items():
        value = getattr(description, name)
        kind = typing.get_origin(hint) if typing.get_origin(hint) in (tuple, dict) else hint
        if not isinstance(value, kind) or (kind is tuple and not all(isinstance(item, int) for item in value)):
            raise InputError.of(folder / FILE, f"damaged: {name} is {value!r}", HINT)
    return description


def describe(settings: params.Encoder, revision: str | None, source: Path, target: Path, model: Any, tokenizer: Any) -> Description:
    """What encoder.json says of an encoder whose other files lie in target."""
    prefix, suffix = special_ids(tokenizer)
    weights, max_pieces = weights_sha256(source), piece_limit(model.config, tokenizer)
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (source / "config.json", target / TOKENIZER)]
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
