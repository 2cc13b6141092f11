"""Folders of pretrained encoders that are made to hurt: one line before transformers builds anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core.errors import InputError
from pipeline.encoding import untrusted_folder
from tests.support import encoders


def change(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path) -> str:
    """What is said of a folder, which is one problem of one line and a hint."""
    with pytest.raises(InputError) as caught:
        untrusted_folder.check(folder, "tiny")
    assert len(str(caught.value).splitlines()) == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", 10**9),
        ("num_hidden_layers", 10**6),
        ("vocab_size", 10**12),
        ("vocab_size", 10_000),
        ("intermediate_size", 10_000),
        ("max_position_embeddings", 10**8),
        ("type_vocab_size", 10**12),
        ("num_attention_heads", -1),
        ("hidden_size", "16"),
        ("hidden_size", 16.5),
    ],
)
def test_a_config_that_asks_for_more_than_the_weights_hold_is_an_error(copy: Path, key: str, value: object) -> None:
    change(copy, **{key: value})
    assert key in refused(copy)


def test_a_config_that_asks_for_code_is_an_error(copy: Path) -> None:
    change(copy, auto_map={"AutoModel": "evil.Model"})
    assert "code of its own, which is never run" in refused(copy)


@pytest.mark.parametrize("content", ["{", "[]", "[" * 100_000, " " * 10**6 + "{}"])
def test_a_config_that_is_none_is_an_error(copy: Path, content: str) -> None:
    (copy / "config.json").write_text(content)
    assert "config.json" in refused(copy)


def test_a_link_out_of_the_folder_is_an_error(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (copy / "vocab.txt").unlink()
    (copy / "vocab.txt").symlink_to(tmp_path / "elsewhere")
    assert "leads out of its folder" in refused(copy)


def test_a_list_of_weights_that_lie_elsewhere_is_an_error(copy: Path) -> None:
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    assert "names files that are not in its folder" in refused(copy)


@pytest.mark.parametrize("header", [b"", b"\xff" * 8, (100).to_bytes(8, "little") + b"{" * 100, b"\x02" + bytes(7) + b"[]"])
def test_weights_whose_header_is_none_are_an_error(copy: Path, header: bytes) -> None:
    (copy / "model.safetensors").write_bytes(header)
    assert "does not load" in refused(copy)


def test_weights_that_are_no_numbers_are_an_error(copy: Path) -> None:
    weights = {name: value * np.float32("nan") for name, value in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors", {"format": "tf"})
    with pytest.raises(InputError, match="infinite or no numbers"):
        encoders.build(copy)


def test_weights_of_another_shape_are_an_error(copy: Path) -> None:
    weights = {name: np.resize(value, (*value.shape[:-1], 3)) for name, value in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors", {"format": "tf"})
    with pytest.raises(InputError, match=r"does not load|the weights have"):
        encoders.build(copy)


def test_the_folder_as_saved_is_taken(saved: Path) -> None:
    untrusted_folder.check(saved, "tiny")
