"""The encoder stage, run on a tiny encoder in a process of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.core import manifests
from pipeline.core.schema import ENCODER
from tests.support import encoders, project
from tests.support.project import ROOT


def run(folder: Path, layers: list[int]) -> subprocess.CompletedProcess[str]:
    """The stage in a folder whose params.yaml names its encoder `saved`, the rest as shipped."""
    shutil.copy(ROOT / "params.yaml", folder)
    project.set_params(folder, {"encoder": {"name": "saved", "revision": None, "layers": layers}})
    environment = project.environment() | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(project.command("encoder"), cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stage")
    encoders.make_bert(made / "saved")
    return made


@pytest.fixture(scope="module")
def ended(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, [-1, 0])


def test_the_stage_says_what_it_froze_and_how_close_that_is(ended: subprocess.CompletedProcess[str]) -> None:
    line = r"encoder: saved, layers -1, 0, 32-d, cosine to TensorFlow (1\.00000\d|0\.99999\d), \d+\.\d s\n"
    assert re.fullmatch(line, ended.stdout), ended.stderr


def test_the_folder_describes_the_encoder(folder: Path, ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 0, ended.stderr
    described, sealed = manifests.open_sealed(folder / "models/encoder", ENCODER)
    assert (described.name, described.revision, described.layers, described.width) == ("saved", None, (-1, 0), 32)
    assert described.max_pieces == 64
    vocabulary = (folder / "saved/vocab.txt").read_text(encoding="utf-8").split("\n")
    assert [vocabulary[index] for index in described.prefix_ids + described.suffix_ids] == ["[CLS]", "[SEP]"]
    files = {path.name for path in (folder / "models/encoder").iterdir()}
    assert files == {"encoder.xml", "encoder.bin", "manifest.json", "tokenizer.json"}
    assert {path.name for path in sealed} == files - {"manifest.json"}
