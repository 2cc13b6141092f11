"""What is to be known of a frozen encoder, and what is said where its folder is damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core import manifests
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST
from pipeline.core.schema import ENCODER
from tests.support import encoders


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "tokenizer.json"])
def test_a_file_that_changed_since_the_encoder_was_frozen_is_an_error(frozen: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(frozen, tmp_path / "frozen")
    manifests.open_sealed(folder, ENCODER)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=rf"{name}: missing, damaged or changed"):
        manifests.open_sealed(folder, ENCODER)
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: missing, damaged or changed"):
        manifests.open_sealed(folder, ENCODER)


def test_the_fingerprint_depends_on_weights_layers_and_config(saved: Path, frozen: Path, copy: Path) -> None:
    same = encoders.build(copy, (-1, 0))
    assert same.fingerprint == manifests.open_sealed(frozen, ENCODER)[0].fingerprint
    other_layers = encoders.build(copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    other_config = encoders.build(copy, (-1, 0))
    weights = load_file(copy / "model.safetensors")
    save_file({name: value * 1.5 for name, value in weights.items()}, copy / "model.safetensors", {"format": "tf"})
    other_weights = encoders.build(copy, (-1, 0))
    assert len({found.fingerprint for found in (same, other_layers, other_config, other_weights)}) == 4


@pytest.mark.parametrize(
    ("content", "found"),
    [("{", "not JSON"), ('{"name": "x"}', "damaged: unknown key name"), ("{}", "damaged: key kind is missing")],
)
def test_a_damaged_description_is_an_error(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(InputError, match=found):
        manifests.open_sealed(tmp_path, ENCODER)


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", "x"), ("width", 0), ("layers", ["last"]), ("prefix_ids", 2), ("name", None), ("max_pieces", 10**7)],
)
def test_a_field_of_another_type_in_the_description_is_an_error(frozen: Path, tmp_path: Path, field: str, value: object) -> None:
    manifest = json.loads((frozen / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps(manifest | {"about": manifest["about"] | {field: value}}))
    with pytest.raises(InputError, match=rf"manifest\.json: damaged: {field} is"):
        manifests.open_sealed(tmp_path, ENCODER)
