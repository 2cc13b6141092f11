"""What encoder.json says, and what is said where it is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.encoding.description import Description
from tests.support import encoders


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "tokenizer.json"])
def test_a_file_that_changed_since_the_encoder_was_frozen_is_an_error(frozen: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(frozen, tmp_path / "frozen")
    described = Description.read(folder)
    described.check_files(folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match="missing, damaged or of another encoder"):
        described.check_files(folder)
    (folder / name).unlink()
    with pytest.raises(InputError, match="missing, damaged or of another encoder"):
        described.check_files(folder)


def test_the_fingerprint_depends_on_weights_layers_and_config(saved: Path, frozen: Path, copy: Path) -> None:
    same = encoders.build(copy, (-1, 0))
    assert same.fingerprint == Description.read(frozen).fingerprint
    other_layers = encoders.build(copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    other_config = encoders.build(copy, (-1, 0))
    weights = load_file(copy / "model.safetensors")
    save_file({name: value * 1.5 for name, value in weights.items()}, copy / "model.safetensors", {"format": "tf"})
    other_weights = encoders.build(copy, (-1, 0))
    assert len({found.fingerprint for found in (same, other_layers, other_config, other_weights)}) == 4


@pytest.mark.parametrize(("content", "found"), [("{", "not JSON"), ('{"name": "x"}', "another version"), ("{}", "another version")])
def test_a_damaged_description_is_an_error(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / "encoder.json").write_text(content)
    with pytest.raises(InputError, match=found):
        Description.read(tmp_path)


@pytest.mark.parametrize(("field", "value"), [("width", "x"), ("layers", ["last"]), ("prefix_ids", 2), ("name", None)])
def test_a_field_of_another_type_in_the_description_is_an_error(frozen: Path, tmp_path: Path, field: str, value: object) -> None:
    described = storage.read_json(frozen / "encoder.json", "")
    storage.write_json(tmp_path / "encoder.json", described | {field: value})
    with pytest.raises(InputError, match=rf"encoder\.json: damaged: {field} is"):
        Description.read(tmp_path)
