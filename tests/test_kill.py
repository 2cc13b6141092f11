"""A stage killed at any moment and run again gives what an undisturbed run gives."""

import hashlib
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.support import project
from tests.support.project import ROOT

pytestmark = pytest.mark.xdist_group("project")  # one worker runs the project that they share
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def contents(output: Path) -> dict[str, str]:
    """The checksum of every file of an output, which is a folder or a file."""
    files = sorted(path for path in (output, *output.rglob("*")) if path.is_file())
    return {path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_stage_run_again_gives_the_same_output(stage: str, finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    _, module, name, *paths = STAGES[stage]["cmd"].split()
    command = [sys.executable, module, name, *paths]
    output = folder / paths[-1]
    expected = contents(output)
    assert expected
    output.rename(tmp_path / "undisturbed")

    with subprocess.Popen(command, cwd=folder, env=project.environment(), stderr=subprocess.DEVNULL) as process:
        time.sleep(random.Random(stage).uniform(0.5, 2.5))
        process.kill()
    ended = subprocess.run(command, cwd=folder, env=project.environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert contents(output) == expected
