"""A stage whose output finds no room says so and leaves no part of it, but for vectors, which the next run need not compute."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support import project

BLOCK = 4_096
ENOUGH = 64_000_000
# Mounts the disk where this process and its like alone see it, and keeps it until standard input ends.
KEEPER = 'mount -t tmpfs -o size=1m tmpfs "$0" && echo ready && exec cat'


@dataclass(frozen=True)
class Disk:
    """A disk in memory, in user and mount namespaces of its own, so that any user may mount it."""

    folder: Path  # where it lies for what runs inside
    seen: Path  # where it lies for us
    pid: int  # of its keeper

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command inside; entering leaves the working directory."""
        enter = ["nsenter", f"--target={self.pid}", "--user", "--preserve-credentials", "--mount", "env", f"--chdir={cwd}"]
        return subprocess.run([*enter, *command], env=project.environment(), capture_output=True, text=True, check=False)

    def resize(self, n_bytes: float) -> None:
        """Give it this size, in whole blocks, at least one.

        With the source named, mount does not repeat the options the disk has, among them a user without a number inside.
        """
        size = max(1, int(n_bytes) // BLOCK) * BLOCK
        ended = self.run("mount", "-o", f"remount,size={size}", "tmpfs", self.folder, cwd=Path("/"))
        assert ended.returncode == 0, ended.stderr

    def stage(self, stage: str, folder: Path, name: str) -> subprocess.CompletedProcess[str]:
        """Run a stage of a project, its output on the disk under a name."""
        return self.run(*project.command(stage)[:-1], self.folder / name, cwd=folder)

    def overfill(self, stage: str, folder: Path, name: str, n_bytes: float) -> None:
        """Run a stage where the disk has not the room for its output; then give it room."""
        self.resize(n_bytes)
        ended = self.stage(stage, folder, name)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "the disk is full" in ended.stderr
        assert "Traceback" not in ended.stderr
        self.resize(ENOUGH)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk; where the system grants none, the test is skipped, with a warning that the summary shows."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", KEEPER, str(folder)]
    if not shutil.which(command[0]):
        skip("there is no unshare command")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as keeper:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "ready\n":
            skip(keeper.communicate()[1].strip())
        yield Disk(folder, Path(f"/proc/{keeper.pid}/root{folder}"), keeper.pid)


def skip(reason: str) -> NoReturn:
    warnings.warn(f"A FULL DISK IS NOT TESTED, for none can be mounted here: {reason}", stacklevel=2)
    pytest.skip(reason)


def size(output: Path) -> int:
    """What an output takes on a disk, in bytes."""
    return sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in output.rglob("*") if path.is_file())


# The encoder's first bytes are written by tokenizers, the model's last ones by OpenVINO: both have errors of their own.
@pytest.mark.parametrize(("stage", "share"), [("parse", 0.5), ("encoder", 0), ("train", 0.95), ("evaluate", 0.5)])
def test_no_part_of_an_output_stays(stage: str, share: float, finished: Path, disk: Disk) -> None:
    usual = finished / project.command(stage)[-1]
    disk.overfill(stage, finished, usual.name, share * size(usual))
    assert not list(disk.seen.iterdir())


def test_vectors_that_found_room_are_not_computed_again(finished: Path, disk: Disk, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "project")
    project.set_params(folder, {"embed": {"shard_words": 400}})
    disk.resize(ENOUGH)
    assert disk.stage("embed", folder, "usual").returncode == 0
    n_bytes = size(disk.seen / "usual")
    shutil.rmtree(disk.seen / "usual")
    disk.overfill("embed", folder, "embedded", 0.93 * n_bytes)  # more than the vectors alone, which the stage checks first
    shards = disk.seen / "embedded/shards"
    kept = set(shards.glob("*.arrow"))
    assert kept
    ended = disk.stage("embed", folder, "embedded")
    assert ended.returncode == 0, ended.stderr
    assert kept < set(shards.glob("*.arrow"))
    assert int(re.findall(r"([0-9]+) computed", ended.stdout)[0]) < 100
