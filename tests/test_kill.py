"""A stage killed while it writes, and just before what it wrote takes its place, gives what it always gives when run again."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import project

# What each stage writes that takes its output's place, or a place in it, once it is whole.
SCRATCH = {
    "parse": "data/.parsed.*partial",
    "tag": "data/.tagged.*partial",
    "position": "data/.positioned.*partial",
    "encoder": "models/.encoder.*partial",
    "embed": "data/embedded/shards/*partial",
    "train": "models/.relation.*partial",
    "evaluate": ".reports.*partial",
    "card": "models/.README.md.*partial",
}
# The moments at which a stage is killed, one after the other: when its scratch is made, when a first file of it is open, and when
# it is to take its place.
KILLS = {stage: [("open", scratch), ("os.rename", scratch)] for stage, scratch in SCRATCH.items()}
KILLS["parse"].insert(0, ("os.mkdir", "data/.parsed.*scratch"))  # where the rows wait until all are read
# Runs a module and kills it, as the kernel would, once what it makes or opens is there, or before it renames it. Python tells of
# each before it happens (PEP 578), and then of the return to Python, so that neither a sleep nor luck decides what is under way.
KILLED = """
import os, pathlib, runpy, signal, sys
_, moment, scratch, _, module, *sys.argv[1:] = sys.argv
def watch(event, arguments):
    if event == moment:
        path = pathlib.Path(str(arguments[0])).absolute()
        places = [path, *path.parents] if event == "open" else [path]
        if any(place.match(scratch) for place in places) and path.suffix != ".lock":
            kill(path) if event == "os.rename" else sys.setprofile(lambda *_: kill(path))
def kill(path):
    if path.exists():
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "project")


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=project.environment(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("stage", KILLS)
def test_a_killed_stage_run_again_gives_what_it_always_gives(stage: str, folder: Path) -> None:
    interpreter, *arguments = project.command(stage)
    output = folder / arguments[-1]
    usual, beside = project.contents(output), sorted(output.parent.iterdir())
    assert usual
    output.rename(folder.with_name("usual"))

    for moment, scratch in KILLS[stage]:
        killed = run([interpreter, "-c", KILLED, moment, scratch, *arguments], folder)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert list(folder.glob(scratch))
        assert project.contents(output) != usual

    again = run(project.command(stage), folder)
    assert again.returncode == 0, again.stderr
    assert project.contents(output) == usual
    assert sorted(output.parent.iterdir()) == beside


def test_every_stage_is_killed() -> None:
    assert list(KILLS) == list(project.STAGES)
