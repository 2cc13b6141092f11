"""The two backends: what loads, what is refused, and what a precision means on a processor."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.core import manifests
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER
from pipeline.encoding import inference


def test_the_frozen_encoder_loads_without_tensorflow_and_gives_layers_side_by_side(frozen: Path) -> None:
    hidden = inference.openvino(frozen, "float32").encode(np.array([[2, 7, 8, 3]], np.int32))
    assert hidden.shape == (1, 4, 32)
    assert hidden.dtype == np.float32


def test_a_missing_or_damaged_frozen_encoder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing or damaged"):
        inference.openvino(tmp_path, "float32")
    (tmp_path / "encoder.xml").write_text("<net")
    with pytest.raises(InputError, match="missing or damaged"):
        inference.openvino(tmp_path, "float32")


def test_the_tensorflow_backend_refuses_weights_other_than_the_described(frozen: Path, copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"other")
    described, _ = manifests.open_sealed(frozen, ENCODER)
    manifests.describe(copy, ENCODER, dataclasses.replace(described, name=str(copy)))
    with pytest.raises(InputError, match=f"its weights or its config are not those of {copy}"):
        inference.tensorflow(copy, "float32")


def test_the_tensorflow_backend_refuses_another_config_than_the_described(frozen: Path, copy: Path) -> None:
    described, _ = manifests.open_sealed(frozen, ENCODER)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.5}))
    own = Path(shutil.copytree(frozen, copy.parent / "frozen"))
    manifests.describe(own, ENCODER, dataclasses.replace(described, name=str(copy)))
    with pytest.raises(InputError, match=f"its weights or its config are not those of {own}"):
        inference.tensorflow(own, "float32")


def test_a_precision_that_the_processor_lacks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino

    monkeypatch.setattr(openvino, "Core", lambda: SimpleNamespace(get_property=lambda *_: ["FP32"]))
    assert inference.resolve_precision("openvino", "auto") == "float32"
    with pytest.raises(InputError, match="computes no bfloat16"):
        inference.resolve_precision("openvino", "bfloat16")
    monkeypatch.setattr(openvino, "Core", lambda: SimpleNamespace(get_property=lambda *_: ["FP32", "BF16"]))
    assert inference.resolve_precision("openvino", "auto") == "bfloat16"


def test_a_precision_that_the_processor_lacks_has_its_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("embed:\n  backend: openvino\n  precision: none\n")
    monkeypatch.setitem(inference._CAPABILITIES, "float16", "no such capability")
    with pytest.raises(InputError, match=r"params.yaml:3: this processor computes no float16"):
        inference.resolve_precision("openvino", "float16")
