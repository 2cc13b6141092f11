"""Ways to make a model, its encoder or a pretrained encoder hostile, in the working directory, checksums right again at the end."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from benchmarks.campaign.projects import OUTPUTS
from pipeline.core.files import checksum, with_checksum
from pipeline.core.manifests import MANIFEST

Spoil = Callable[[], None]
Arrays = dict[str, Any]
MODEL, ENCODER, SOURCE = OUTPUTS["train"], OUTPUTS["encoder"], Path("tiny")
WEIGHTS = "weights.safetensors"
DEEP = "[" * 100_000
BOMB = '<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


def reseal(folder: Path) -> None:
    """Make every checksum of a folder right, as an attacker would."""
    values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    values["files"] = {name: checksum(folder / name) for name in values["files"] if (folder / name).is_file()}
    (folder / MANIFEST).write_text(json.dumps(with_checksum(values)), encoding="utf-8")


def in_manifest(folder: Path, keys: str, value: object) -> Spoil:
    """Put a value into a manifest, at keys with dots between."""

    def spoil() -> None:
        values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        place, *inner = reversed(keys.split("."))
        mapping = values
        for key in reversed(inner):
            mapping = mapping[key]
        mapping[place] = value
        (folder / MANIFEST).write_text(json.dumps(with_checksum(values)), encoding="utf-8")

    return spoil


def as_file(folder: Path, name: str, content: str | bytes) -> Spoil:
    """Write something else into a file."""

    def spoil() -> None:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        if (folder / MANIFEST).is_file():
            reseal(folder)

    return spoil


def in_json(path: Path, change: Callable[[dict[str, Any]], object]) -> Spoil:
    """Change a JSON object of a file."""

    def spoil() -> None:
        values = json.loads(path.read_text(encoding="utf-8"))
        change(values)
        path.write_text(json.dumps(values), encoding="utf-8")
        if (path.parent / MANIFEST).is_file():
            reseal(path.parent)

    return spoil


def in_weights(path: Path, change: Callable[[Arrays], Arrays]) -> Spoil:
    """Change the arrays of a safetensors file."""

    def spoil() -> None:
        save_file(change(load_file(path)), path, metadata={"format": "tf"})
        if (path.parent / MANIFEST).is_file():
            reseal(path.parent)

    return spoil


def header(length: int, content: object) -> bytes:
    """A safetensors file whose header says what it likes."""
    return struct.pack("<Q", length) + json.dumps(content).encode() + b"\0" * 8


def to_nan(arrays: Arrays) -> Arrays:
    """No number in any place."""
    return {name: np.full_like(array, np.nan) for name, array in arrays.items()}


def first(arrays: Arrays, change: Callable[[Any], Any]) -> Arrays:
    """The arrays, the first one changed."""
    name = next(iter(arrays))
    return {**arrays, name: np.ascontiguousarray(change(arrays[name]))}


def other_network(name: str, other: Path) -> Spoil:
    """Put another network in the place of the model's."""

    def spoil() -> None:
        for ending in (".xml", ".bin"):
            (MODEL / name).with_suffix(ending).write_bytes(other.with_suffix(ending).read_bytes())
        reseal(MODEL)

    return spoil


def pickled() -> None:
    """Only weights that would run code."""
    (SOURCE / "model.safetensors").rename(SOURCE / "pytorch_model.bin")


def _update(key: str, value: object, values: dict[str, Any]) -> None:
    values[key] = value


def _shift_vocabulary(vocabulary: dict[str, int]) -> None:
    for piece in vocabulary:
        vocabulary[piece] += 10**6 * (vocabulary[piece] > 4)


ABOUT: dict[str, list[object]] = {
    "about.config.relations": [[], ["Other"], "Other", ["a"] * 100_000, ["\x1b[2J"] * 19, [1] * 19, None],
    "about.config.negative_label": ["", "\x1b[2J", "a" * 100_000, ["Other"], 1, None],
    "about.config.tags": [[], ["O"], ["O", "B"], ["O", "B", "I", "B-x"], {"O": 0}],
    "about.config.width": [0, -1, 7, 10**9, 10**30, 1e400, "8", True],
    "about.config.max_distance": [0, -1, 10**9],
    "about.config.train.tasks": [[], ["tags"], "relation"],
    "about.config.train.lstm_units": [10**9],
    "about.max_length": [0, -5, 10**12, None],
    "about.language": ["../x", "xx.evil", "", 3],
    "about.segmenter": ["evil"],
    "about.vectors.precision": ["float128"],
    "about.vectors.encoder.prefix_ids": [[-1], [10**9], [2] * 100_000, "2"],
    "about.vectors.encoder.max_pieces": [0, 10**30],
    "kind": ["encoder", {}],
    "version": ["1", 2, 1e400],
    "files": [{"../../../etc/passwd": "0"}, {"/etc/passwd": "0"}, [], {"weights.safetensors": 3}],
}
MODELS: dict[str, Spoil] = {
    **{f"{keys} {str(value)[:20]!a}": in_manifest(MODEL, keys, value) for keys, values in ABOUT.items() for value in values},
    "weights are no numbers": in_weights(MODEL / WEIGHTS, to_nan),
    "weights lack the transitions": in_weights(
        MODEL / WEIGHTS, lambda arrays: {k: v for k, v in arrays.items() if k != "transitions"}
    ),
    "transitions of another shape": in_weights(
        MODEL / WEIGHTS, lambda arrays: {**arrays, "transitions": np.zeros((2, 9), np.float32)}
    ),
    "transitions are texts": in_weights(MODEL / WEIGHTS, lambda arrays: {**arrays, "transitions": np.zeros((3, 3), np.uint8)}),
    "weights' header is endless": as_file(MODEL, WEIGHTS, header(2**62, {})),
    "weights' header lies": as_file(MODEL, WEIGHTS, header(10, {"transitions": 1})),
    "weights are empty": as_file(MODEL, WEIGHTS, b""),
    "network is the encoder": other_network("network.xml", ENCODER / "encoder.xml"),
    "network is XML of another kind": as_file(MODEL, "network.xml", "<net/>"),
    "network is an entity bomb": as_file(MODEL, "network.xml", BOMB + "]><net>&j;</net>"),
    "network's weights are short": as_file(MODEL, "network.bin", b"\0" * 8),
    "tokenizer is deep": as_file(ENCODER, "tokenizer.json", DEEP),
    "tokenizer is an object": as_file(ENCODER, "tokenizer.json", "{}"),
    "tokenizer has pieces past the encoder": in_json(ENCODER / "tokenizer.json", lambda v: _shift_vocabulary(v["model"]["vocab"])),
    "encoder is XML of another kind": as_file(ENCODER, "encoder.xml", "<net/>"),
    "encoder's weights are short": as_file(ENCODER, "encoder.bin", b"\0" * 8),
    "encoder of another width": in_manifest(ENCODER, "about.width", 32),
}
CONFIG: dict[str, list[object]] = {
    "hidden_size": [10**9, -16, "16", 0, None],
    "num_hidden_layers": [10**6, -1],
    "num_attention_heads": [0, 3, 10**9],
    "vocab_size": [10**12, 3, -1],
    "max_position_embeddings": [10**12, 1],
    "intermediate_size": [10**10],
    "model_type": ["evil", "t5", 7],
    "hidden_act": ["evil"],
}
ENCODERS: dict[str, Spoil] = {
    **{
        f"config {key} {str(value)[:20]}": in_json(SOURCE / "config.json", partial(_update, key, value))
        for key, choices in CONFIG.items()
        for value in choices
    },
    "config is deep": as_file(SOURCE, "config.json", DEEP),
    "config is a list": as_file(SOURCE, "config.json", "[]"),
    "weights are no numbers": in_weights(SOURCE / "model.safetensors", to_nan),
    "weights of another shape": in_weights(SOURCE / "model.safetensors", lambda arrays: first(arrays, lambda array: array[:1])),
    "weights lack one": in_weights(SOURCE / "model.safetensors", lambda arrays: dict(list(arrays.items())[1:])),
    "weights' header is endless": as_file(SOURCE, "model.safetensors", header(2**62, {})),
    "weights claim to be huge": as_file(SOURCE, "model.safetensors", header(90, {"a": {"dtype": "F32", "shape": [2**40]}})),
    "weights are pickled": pickled,
    "tokenizer is deep": as_file(SOURCE, "tokenizer.json", DEEP),
    "tokenizer is an object": as_file(SOURCE, "tokenizer.json", "{}"),
}
