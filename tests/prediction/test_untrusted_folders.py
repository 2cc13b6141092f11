"""`predict` on folders that are made to hurt, their checksums right: one line and a hint, soon, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from benchmarks.campaign.rounds import within
from pipeline import predict
from pipeline.core import manifests, stage
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST
from pipeline.core.schema import ENCODER
from pipeline.model.manifest import MODEL, WEIGHTS
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Sentence
from tests.support.models import MARKED
from tests.support.project import ROOT


@pytest.fixture
def folder(models: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """A model with its encoder inside, to change."""
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copytree(models[0] / "encoder", tmp_path / "model" / "encoder")
    return tmp_path / "model"


@pytest.fixture
def predicted(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[], object]:
    """The exit code of the command in this process, or what it says, and that alone."""

    def predicted() -> object:
        monkeypatch.setattr(sys, "argv", ["predict", str(folder), "--text", MARKED[0]])
        with within(10), pytest.raises(SystemExit) as ended:
            stage.run(predict.main)
        said = capfd.readouterr()
        assert (said.out == "", said.err) == (ended.value.code != 0, "")
        return ended.value.code

    return predicted


@pytest.fixture
def refused(predicted: Callable[[], object]) -> Callable[[], str]:
    """What the command says, which is two lines."""

    def refused() -> str:
        said = predicted()
        assert isinstance(said, str)
        assert re.fullmatch(r".+\n  hint: .+", said), said
        assert len(said) < 3_000
        return said

    return refused


def reseal(folder: Path) -> None:
    """Write both manifests anew over the files as they are."""
    for place, kind in ((folder / "encoder", ENCODER), (folder, MODEL)):
        about, _ = manifests.read_manifest(place, kind)
        (place / MANIFEST).unlink()
        manifests.seal(place, kind, about)


def test_the_folder_as_it_is_is_taken(predicted: Callable[[], object]) -> None:
    assert predicted() == 0


def test_the_folder_sealed_anew_is_taken(folder: Path, predicted: Callable[[], object]) -> None:
    reseal(folder)
    assert predicted() == 0


def test_a_damaged_folder_ends_the_process_with_two_lines(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"")
    command = [sys.executable, "-m", "pipeline.predict", str(folder), "--text", MARKED[0]]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r".+\n  hint: .+\n", ended.stderr), ended.stderr


MANIFESTS: list[bytes] = [
    b"",
    b"[]",
    b"null",
    b"\xff",
    b"[" * 10**6,
    b'{"about": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"kind": ' + b"9" * 10_000 + b"}",
    json.dumps({f"key {number}": 1 for number in range(10**5)}).encode(),
    json.dumps({"kind": "m\x1b[2J\n" * 9_999, "version": 1, "about": {}, "files": {}}).encode(),
    json.dumps({"kind": "model", "version": 10**300, "about": {}, "files": {}}).encode(),
    json.dumps({"kind": "model", "version": 1, "about": {}, "files": {"../" * 9_999: "1"}}).encode(),
    json.dumps({"kind": "model", "version": 1, "about": {}, "files": {"a\x00b": "1"}}).encode(),
]


@pytest.mark.parametrize("content", MANIFESTS, ids=lambda content: repr(content[:30]))
@pytest.mark.parametrize("place", [".", "encoder"])
def test_a_manifest_that_is_none_is_an_error(folder: Path, refused: Callable[[], str], place: str, content: bytes) -> None:
    (folder / place / MANIFEST).write_bytes(content)
    assert MANIFEST in refused() or b"\\u0000" in content


def test_a_manifest_that_no_one_ever_writes_into_is_an_error(folder: Path, refused: Callable[[], str]) -> None:
    (folder / MANIFEST).unlink()
    os.mkfifo(folder / MANIFEST)
    assert MANIFEST in refused()


def not_a_number(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    save_file(weights | {"transitions": weights["transitions"] * np.float32("nan")}, folder / WEIGHTS)


def no_transitions(folder: Path) -> None:
    save_file({name: value for name, value in load_file(folder / WEIGHTS).items() if name != "transitions"}, folder / WEIGHTS)


def lying_header(folder: Path) -> None:
    header = json.dumps({"transitions": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}).encode()
    (folder / WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


def nan_network(folder: Path) -> None:
    path = folder / "network.bin"
    path.write_bytes(np.full(path.stat().st_size // 4, np.nan, np.float32).tobytes())


def nan_encoder(folder: Path) -> None:
    path = folder / "encoder" / "encoder.bin"
    path.write_bytes(np.full(path.stat().st_size // 4, np.nan, np.float32).tobytes())


def cut_network(folder: Path) -> None:
    (folder / "network.bin").write_bytes(b"short")


def swapped(folder: Path) -> None:
    for ending in (".xml", ".bin"):
        shutil.copy(folder / "encoder" / f"encoder{ending}", folder / f"network{ending}")


def swapped_back(folder: Path) -> None:
    for ending in (".xml", ".bin"):
        shutil.copy(folder / f"network{ending}", folder / "encoder" / f"encoder{ending}")


def absurd_constant(folder: Path) -> None:
    path = folder / "network.xml"
    path.write_text(path.read_text().replace('size="', 'size="9999999999', 1))


def more_pieces(folder: Path) -> None:
    path = folder / "encoder" / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["vocab"]["cat"] = 10**6
    path.write_text(json.dumps(content))


def doubling(folder: Path) -> None:
    path = folder / "encoder" / "tokenizer.json"
    double = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"normalizer": {"type": "Sequence", "normalizers": [double] * 40}}))


@pytest.mark.parametrize(
    "spoil",
    [
        not_a_number,
        no_transitions,
        lying_header,
        nan_network,
        nan_encoder,
        cut_network,
        swapped,
        swapped_back,
        absurd_constant,
        more_pieces,
        doubling,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_a_folder_with_a_file_that_is_made_to_hurt_is_an_error(
    folder: Path, refused: Callable[[], str], spoil: Callable[[Path], None]
) -> None:
    spoil(folder)
    reseal(folder)
    refused()


def put(values: dict[str, Any], keys: tuple[str, ...], value: object) -> None:
    *outer, last = keys
    for key in outer:
        values = values[key]
    values[last] = value


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("language",), "../x"),
        (("language",), "xx.evil"),
        (("segmenter",), "evil"),
        (("config", "width"), 999_999),
        (("config", "max_distance"), 0),
        (("config", "relations"), ["A"]),
        (("config", "relations"), []),
        (("vectors", "encoder", "max_pieces"), 1),
        (("vectors", "encoder", "prefix_ids"), [10**6]),
        (("vectors", "encoder", "width"), 7),
    ],
)
def test_a_description_that_is_not_of_the_files_is_an_error(
    folder: Path, refused: Callable[[], str], keys: tuple[str, ...], value: object
) -> None:
    written = json.loads((folder / MANIFEST).read_text())
    of_encoder = json.loads((folder / "encoder" / MANIFEST).read_text())
    put(written["about"], keys, value)
    if keys[:2] == ("vectors", "encoder"):
        put(of_encoder["about"], keys[2:], value)
    for place, content in ((folder, written), (folder / "encoder", of_encoder)):
        del content["checksum"]
        (place / MANIFEST).write_text(json.dumps(manifests.with_checksum(content)))
    refused()


def test_outputs_that_are_no_numbers_are_an_error(models: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = Predictor(models[0] / "shared")
    forward = predictor._network.forward
    monkeypatch.setattr(predictor._network, "forward", lambda batch: {task: out * np.nan for task, out in forward(batch).items()})
    with pytest.raises(InputError, match="infinite or no numbers"):
        predictor.predict([Sentence.of(MARKED[0])])
