"""A stage whose output finds no room, on a disk of its own: it says so, and run again with room it gives what it always gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support import project
from tests.support.project import ROOT
from tests.test_kill import contents

pytestmark = pytest.mark.xdist_group("project")  # one worker runs the project that they share
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
BLOCK = 4_096
ENOUGH = 64_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory; skips where this user may mount none."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def resize(disk: Path, n_bytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={n_bytes}", str(disk)], check=True)


def size(output: Path) -> int:
    """What an output takes on a disk."""
    return sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in output.rglob("*") if path.is_file())


def run(stage: str, folder: Path, output: Path) -> subprocess.CompletedProcess[str]:
    _, _, module, *paths = STAGES[stage]["cmd"].split()
    command = [sys.executable, "-m", module, *paths[:-1], str(output)]
    return subprocess.run(command, cwd=folder, env=project.environment(), capture_output=True, text=True, check=False)


def fill(stage: str, folder: Path, output: Path, free: float) -> None:
    """Run a stage on a disk too small for its output."""
    resize(output.parent, max(BLOCK, int(free) // BLOCK * BLOCK))
    ended = run(stage, folder, output)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
    resize(output.parent, ENOUGH)


# The encoder's first bytes are written by tokenizers, the model's last ones by OpenVINO: both have errors of their own.
@pytest.mark.parametrize(("stage", "share"), [("parse", 0.5), ("encoder", 0), ("train", 0.95), ("evaluate", 0.5)])
def test_no_part_of_an_output_stays_and_with_room_it_is_what_it_always_is(
    stage: str, share: float, finished: Path, disk: Path
) -> None:
    usual = finished / STAGES[stage]["cmd"].split()[-1]
    fill(stage, finished, disk / usual.name, share * size(usual))
    assert not list(disk.iterdir())
    ended = run(stage, finished, disk / usual.name)
    assert ended.returncode == 0, ended.stderr
    assert contents(disk / usual.name) == contents(usual)


def test_vectors_that_found_room_are_not_computed_again(finished: Path, disk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    project.set_params(folder, {"embed": {"shard_words": 400}})
    usual = tmp_path / "usual"
    assert run("embed", folder, usual).returncode == 0
    fill("embed", folder, disk / "embedded", 0.93 * size(usual))  # more than the vectors alone, which the stage checks first
    kept = set((disk / "embedded/shards").glob("*.arrow"))
    assert kept
    ended = run("embed", folder, disk / "embedded")
    assert ended.returncode == 0, ended.stderr
    assert kept < set((disk / "embedded/shards").glob("*.arrow"))
    assert int(re.findall(r"([0-9]+) computed", ended.stdout)[0]) < 100
