"""Prediction in an environment of requirements-predict.lock and this package alone (`make test-tools` makes it)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.prediction.answers import answers, as_json
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request
from tests.support.project import ROOT

BIN = ROOT / ".venv-predict" / "bin"
TRAINING = {"tensorflow", "dvc", "torch", "transformers", "datasets"}
INSTALLED = "import importlib.metadata as m; print(*(one.metadata['Name'].lower() for one in m.distributions()))"
TEXT = "The <e1>cat</e1> sat on the <e2>mat</e2>."


@pytest.fixture
def model(models: tuple[Path, dict[str, Any]]) -> Path:
    return next(path.parent for path in sorted(models[0].glob("*/weights.safetensors")))


def output(folder: Path, *command: str) -> str:
    """What a command of that environment prints, this project not on its path."""
    return subprocess.run([BIN / command[0], *command[1:]], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_nothing_that_trains_is_installed(tmp_path: Path) -> None:
    assert TRAINING.isdisjoint(output(tmp_path, "python", "-c", INSTALLED).split())


def test_it_answers_as_the_whole_project_does(model: Path, tmp_path: Path) -> None:
    asked = [Request.of(1, None, TEXT)]
    [expected] = [as_json(*each) for each in answers(Predictor(model), asked)]
    assert json.loads(output(tmp_path, "relation-pipeline", "predict", str(model), "--text", TEXT)) == expected


def test_every_command_that_predicts_tells_of_itself(tmp_path: Path) -> None:
    for command in ("predict", "serve"):
        assert "Usage: relation-pipeline" in output(tmp_path, "relation-pipeline", command, "--help")
