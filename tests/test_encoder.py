"""The encoder stage, run on a tiny encoder."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from pipeline import encoder
from pipeline.core import manifests
from pipeline.core.schema import ENCODER
from tests.support import encoders, project
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose params.yaml names its encoder `saved`, the rest as shipped."""
    made = tmp_path_factory.mktemp("stage")
    encoders.make_bert(made / "saved")
    shutil.copy(ROOT / "params.yaml", made)
    project.set_params(made, {"encoder": {"name": "saved", "revision": None, "layers": [-1, 0]}})
    return made


@pytest.fixture(scope="module")
def said(folder: Path) -> str:
    """The closing line of the stage."""
    with contextlib.chdir(folder):
        return encoder.main(Path("models/encoder"))


def test_the_stage_says_what_it_froze_and_how_close_that_is(said: str) -> None:
    line = r"encoder: saved, layers -1, 0, 32-d, cosine to TensorFlow (1\.00000\d|0\.99999\d), \d+\.\d s"
    assert re.fullmatch(line, said)


@pytest.mark.usefixtures("said")
def test_the_folder_describes_the_encoder(folder: Path) -> None:
    described, sealed = manifests.open_sealed(folder / "models/encoder", ENCODER)
    assert (described.name, described.revision, described.layers, described.width) == ("saved", None, (-1, 0), 32)
    assert described.max_pieces == 64
    vocabulary = (folder / "saved/vocab.txt").read_text(encoding="utf-8").split("\n")
    assert [vocabulary[index] for index in described.prefix_ids + described.suffix_ids] == ["[CLS]", "[SEP]"]
    files = {path.name for path in (folder / "models/encoder").iterdir()}
    assert files == {"encoder.xml", "encoder.bin", "manifest.json", "tokenizer.json"}
    assert {path.name for path in sealed} == files - {"manifest.json"}
