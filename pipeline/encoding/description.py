"""What is to be known of a pretrained encoder once it is frozen: the EncoderDescription of core/schema.py."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.schema import EncoderDescription
from pipeline.encoding.untrusted_folder import WEIGHTS

MODEL, TOKENIZER = "encoder.xml", "tokenizer.json"


def describe(
    settings: params.Encoder, revision: str | None, source: Path, target: Path, model: Any, tokenizer: Any
) -> EncoderDescription:
    """Describe an encoder from its own files in source and those of its frozen form in target."""
    prefix, suffix = special_ids(tokenizer)
    description = EncoderDescription(
        name=settings.name,
        revision=revision,
        weights_sha256=weights_sha256(source),
        layers=settings.layers,
        width=model.config.hidden_size * len(settings.layers),
        max_pieces=piece_limit(model.config, tokenizer),
        prefix_ids=prefix,
        suffix_ids=suffix,
        fingerprint="",
    )
    return replace(description, fingerprint=fingerprint(description, source, target))


def fingerprint(description: EncoderDescription, source: Path, target: Path) -> str:
    """The sha256 of all that decides a vector: what is described, the config in source and the tokenizer in target."""
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (source / "config.json", target / TOKENIZER)]
    decides = (description.layers, description.max_pieces, description.prefix_ids, description.suffix_ids)
    return hashlib.sha256(json.dumps([description.weights_sha256, *files, *decides]).encode()).hexdigest()


def piece_limit(config: Any, tokenizer: Any) -> int:
    """The longest sequence of pieces, special ones included, that the encoder has positions for."""
    positions = int(getattr(config, "max_position_embeddings", 512))
    # RoBERTa and MPNet count positions from padding_idx + 1.
    offset = config.pad_token_id + 1 if config.model_type in {"roberta", "xlm-roberta", "camembert", "mpnet"} else 0
    return min(positions - offset, int(tokenizer.model_max_length))


def special_ids(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special pieces before and after a sentence, as tokenizer.json adds them.

    Raises: InputError where it gives nothing else.
    """
    # Of a batch, for which the library lets go of Python's lock, so that a watch can end it.
    (encoding,) = tokenizer.backend_tokenizer.encode_batch([["a"]], is_pretokenized=True)
    special = np.array(encoding.special_tokens_mask, bool)
    sentence = np.flatnonzero(~special)
    if not len(sentence):
        raise InputError.of(
            TOKENIZER, "the tokenizer gives no piece for a letter", "take the tokenizer that the encoder was trained with"
        )
    return tuple(encoding.ids[: sentence[0]]), tuple(encoding.ids[sentence[-1] + 1 :])


def weights_sha256(folder: Path) -> str:
    """The sha256 of a folder's weight files, in name order."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(WEIGHTS)):
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
