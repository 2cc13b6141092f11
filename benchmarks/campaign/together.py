"""Two runs of one stage at once: one makes the output, the other waits or is refused by name, and the output is what it always is.

A round takes the stages in turn, in a copy of a finished project whose output is there or not, and starts the second run a drawn
while after the first.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.campaign.projects import OUTPUTS, copy, leftovers
from benchmarks.campaign.rounds import Draw, Finished, Round, require
from tests.support import project
from tests.support.project import STAGES

MOST_SECONDS = 300
LATEST_START = 3.0  # seconds after the first run: of the quick stages the second finds the first one ended
REFUSAL = re.compile(r": it is being written by process \d+ \(")


def prepare(finished: Finished) -> Round:
    """The round of this campaign."""

    def play_round(draw: Draw) -> None:
        stage = list(STAGES)[draw.number % len(STAGES)]
        folder = copy(finished(), draw.folder / "project")
        usual = project.contents(folder / OUTPUTS[stage])
        if draw.rng.random() < 0.5:
            remove(folder / OUTPUTS[stage])
        first = start(stage, folder)
        time.sleep(draw.rng.choice([0, draw.rng.uniform(0, LATEST_START)]))
        second = start(stage, folder)
        ended = [end(run) for run in (first, second)]
        (draw.folder / "said.txt").write_text(f"{stage}\n{ended}\n", encoding="utf-8")
        check(ended)
        require(project.contents(folder / OUTPUTS[stage]) == usual, f"the output of {stage} is not what it always is")
        require(not leftovers(folder), f"left over: {leftovers(folder)}")

    return play_round


def start(stage: str, folder: Path) -> subprocess.Popen[str]:
    """Start a stage in a project."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        project.command(stage), cwd=folder, env=project.environment(), stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
    )


def end(run: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a run, and what it said on standard error."""
    try:
        _, said = run.communicate(timeout=MOST_SECONDS)
    finally:
        run.kill()
    return run.returncode, said


def check(ended: list[tuple[int, str]]) -> None:
    """Raises: WrongError where no run won, or one that did not was not refused by the name of the other."""
    require(any(code == 0 for code, _ in ended), f"none of the two runs won: {ended}")
    for code, said in ended:
        refused = code == 1 and REFUSAL.search(said) and "Traceback" not in said
        require(code == 0 or bool(refused), f"exit code {code}: {said[-1_000:]}")


def remove(output: Path) -> None:
    """Take an output away, a folder or a file."""
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink()
