"""Encoders as saved: what loads, and what is said of folders that are no encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core.errors import InputError
from pipeline.encoding import description, pretrained
from tests.support import encoders


def test_a_tokenizer_that_pads_and_cuts_by_itself_adds_only_its_special_pieces(copy: Path) -> None:
    content = json.loads((copy / "tokenizer.json").read_text())
    content["padding"] = {
        "strategy": {"Fixed": 16},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    content["truncation"] = {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
    (copy / "tokenizer.json").write_text(json.dumps(content))
    tokenizer = pretrained.load_tokenizer(copy, "tiny")
    assert description.special_ids(tokenizer) == ((2,), (3,))
    assert len(tokenizer.backend_tokenizer.encode("a" * 40, add_special_tokens=False).ids) == 40


def test_a_folder_without_weights_is_an_error(copy: Path) -> None:
    (copy / "model.safetensors").unlink(missing_ok=True)
    with pytest.raises(InputError, match="has no safetensors weights"):
        encoders.build(copy)


def test_a_folder_without_tokenizer_is_an_error(copy: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (copy / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match="has no tokenizer"):
        encoders.build(copy)


def test_a_tokenizer_with_more_pieces_than_the_encoder_is_an_error(copy: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(copy))
    tokenizer.add_tokens(["turbine"])
    tokenizer.save_pretrained(copy)
    n_pieces = len(tokenizer)
    with pytest.raises(InputError, match=rf"has piece ids up to {n_pieces - 1}, but the encoder {n_pieces - 1} pieces"):
        encoders.build(copy)


def test_weights_cut_short_are_an_error(copy: Path) -> None:
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="does not load"):
        encoders.build(copy)


def test_weights_that_lack_a_layer_are_an_error_not_drawn_at_random(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer_._1" not in name}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", {"format": "tf"})
    with pytest.raises(InputError, match="lacks 16 weights"):
        encoders.build(copy)


def as_pytorch(weights: dict[str, np.ndarray], prefix: str, scale: str, shift: str) -> dict[str, np.ndarray]:
    """TensorFlow's weights of a BERT as PyTorch names and turns them."""
    renamed = {}
    for name, value in weights.items():
        *path, kind = name.removeprefix("bert/").removesuffix(":0").replace("layer_._", "layer/").split("/")
        kind = {"kernel": "weight", "embeddings": "weight", "gamma": scale, "beta": shift}.get(kind, kind)
        renamed[prefix + ".".join([*path, kind])] = np.ascontiguousarray(value.T) if name.endswith("kernel:0") else value
    return renamed


@pytest.mark.parametrize(("prefix", "scale", "shift"), [("bert.", "gamma", "beta"), ("", "weight", "bias")])
def test_weights_that_pytorch_wrote_load_exactly(saved: Path, copy: Path, prefix: str, scale: str, shift: str) -> None:
    """As google-bert's: below a prefix, LayerNorms by their old names, beside an unused head; and as an encoder alone has."""
    weights = as_pytorch(load_file(copy / "model.safetensors"), prefix, scale, shift)
    head = {"cls.predictions.bias": np.zeros(5, np.float32)} if prefix else {}
    save_file(weights | head, copy / "model.safetensors", {"format": "pt"})
    theirs, ours = (pretrained.load_tensorflow(folder, "tiny").weights for folder in (saved, copy))
    assert len(ours) == len(theirs) == len(weights)
    assert all(np.array_equal(our, their) for our, their in zip(ours, theirs, strict=True))


def test_an_encoder_with_a_decoder_or_of_an_unknown_kind_is_an_error(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"model_type": "nonesuch"}))
    with pytest.raises(InputError, match=r"does not load|has no tokenizer"):
        encoders.build(copy)


@pytest.mark.parametrize("layers", [(3,), (-4,), (-1, 7)])
def test_layers_out_of_range_are_an_error(layers: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"encoder\.layers .*\n.*use 1 to 2, or -2 to -1 from the last, or 0 for"):
        pretrained.layer_indices(layers, 2)


def test_layers_count_from_the_embedding_layer_or_from_the_end() -> None:
    assert pretrained.layer_indices((0, 1, 2, -1, -2, -3), 2) == [0, 1, 2, 2, 1, 0]


def test_layers_that_the_encoder_lacks_have_their_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("encoder:\n  name: x\n  layers: [9]\n")
    with pytest.raises(InputError, match=r"params.yaml:3: encoder.layers holds 9"):
        pretrained.layer_indices((9,), 2)
