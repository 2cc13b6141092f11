"""Runs of DVC that are killed at any moment: run again, the project's outputs are those of an undisturbed run, byte for byte.

A round changes one thing in a copy of a finished project, so that a part of it runs again, and kills `dvc repro`, its stage, or
both with SIGKILL, SIGTERM or SIGINT at a moment drawn from the time that this takes undisturbed. Then it runs `dvc repro` again.
Nothing is done by hand in between, but for removing DVC's own lock where DVC asks for that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.campaign.projects import copy, leftovers, outputs_of
from benchmarks.campaign.rounds import Draw, Finished, Round, require
from tests.support import project

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
MOST_SECONDS = 600
ENDING_SECONDS = 60  # within which all processes of a killed run end
REPRO = [sys.executable, "-m", "dvc", "repro"]
HALF_WRITTEN = ("'./dvc.lock' validation failed", "'./dvc.lock' is invalid")  # DVC writes it in place
ASKS_TO_REMOVE = ".dvc/tmp/rwlock"  # DVC's record of what its processes read and write, which outlives them


@dataclass(frozen=True)
class Undisturbed:
    """What a change gives where nothing comes between."""

    outputs: dict[str, dict[str, str]]
    seconds: float


def swap_labels(folder: Path) -> None:
    """Give the first training sentence another label: all but the encoder runs, no vector is computed."""
    path = folder / "data/raw/train.txt"
    blocks = project.blocks(path)
    sentence, _, comment = blocks[0].split("\n", 2)
    project.write_blocks(path, [f"{sentence}\nOther\n{comment}", *blocks[1:]])


def add_sentence(folder: Path) -> None:
    """A new test sentence, which is embedded."""
    path = folder / "data/raw/test.txt"
    new = '9000\t"A <e1>box</e1> of the <e2>cars</e2>."\nOther\nComment: none'
    project.write_blocks(path, [*project.blocks(path), new])


def _set(section: str, **entries: object) -> Callable[[Path], None]:
    return lambda folder: project.set_params(folder, {section: entries})


# From what reruns all to what reruns the last two stages, which are the quickest.
CHANGES: dict[str, Callable[[Path], None]] = {
    "label": swap_labels,
    "sentence": add_sentence,
    "tags": _set("tag", labels="role"),
    "layers": _set("encoder", layers=[-2]),
    "epochs": _set("train", epochs=1),
    "resamples": _set("evaluate", resamples=60),
}


def prepare(finished: Finished, changes: tuple[str, ...] = tuple(CHANGES)) -> Round:
    """The round of this campaign, with these of CHANGES."""

    @cache
    def undisturbed(change: str) -> Undisturbed:
        folder = changed(finished(), Path(mkdtemp(dir=finished().parent)) / "undisturbed", change)
        began = time.perf_counter()
        project.dvc(folder, "repro")
        return Undisturbed(outputs_of(folder), time.perf_counter() - began)

    def play_round(draw: Draw) -> None:
        change = draw.rng.choice(changes)
        usual = undisturbed(change)
        folder = changed(finished(), draw.folder / "project", change)
        victim, sent, share = draw.rng.choice(sorted(VICTIMS)), draw.rng.choice(SIGNALS), draw.rng.random()
        (draw.folder / "drawn.txt").write_text(f"{change}, {victim}, {sent.name}, at {share:.3f} of {usual.seconds:.1f} s\n")
        run_killed(folder, share * usual.seconds, victim, sent)
        run_again(folder, draw.folder / "again.txt")
        require(outputs_of(folder) == usual.outputs, "the outputs are not those of an undisturbed run")
        require(not leftovers(folder), f"left over: {leftovers(folder)}")

    return play_round


def changed(finished: Path, folder: Path, change: str) -> Path:
    """A copy of a finished project with one of CHANGES."""
    copy(finished, folder)
    CHANGES[change](folder)
    return folder


def run_killed(folder: Path, seconds: float, victim: str, sent: signal.Signals) -> None:
    """Start `dvc repro`, send a signal to a victim of VICTIMS once so much time is gone, and wait until all of it has ended.

    Raises: WrongError where a process lives on.
    """
    with (folder.parent / "killed.txt").open("w") as said:
        run = subprocess.Popen(
            REPRO, cwd=folder, env=project.environment(), stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        time.sleep(seconds)
        VICTIMS[victim](run.pid, sent)
        run.wait(MOST_SECONDS)
    until = time.monotonic() + ENDING_SECONDS
    while (alive := in_session(run.pid)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in alive:
        _send(pid, signal.SIGKILL)
    require(not alive, f"{len(alive)} processes live on after dvc has ended")


def run_again(folder: Path, log: Path) -> None:
    """Run `dvc repro` to its end, once more where it asks to remove its lock, or was killed while it wrote dvc.lock.

    Raises: WrongError where it fails.
    """
    for _ in range(2):
        ended = subprocess.run(
            REPRO, cwd=folder, env=project.environment(), capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )
        with log.open("a", encoding="utf-8") as file:
            file.write(ended.stdout + ended.stderr)
        if ASKS_TO_REMOVE in ended.stderr:
            (folder / ASKS_TO_REMOVE).unlink()
        elif any(said in ended.stderr for said in HALF_WRITTEN):
            subprocess.run(["git", "checkout", "--quiet", "dvc.lock"], cwd=folder, check=True)  # noqa: S607
        else:
            break
    require(ended.returncode == 0, f"run again, dvc fails: {ended.stderr[-1_000:]}")


def in_session(session: int) -> list[int]:
    """The living processes of a session."""
    return [pid for pid, (of_session, state) in _processes().items() if of_session == session and state != "Z"]


def _kill_all(run: int, sent: signal.Signals) -> None:
    for pid in in_session(run):
        _send(pid, sent)


def _kill_stage(run: int, sent: signal.Signals) -> None:
    """The stage alone, dvc's youngest descendant; where none runs just then, nothing."""
    for pid in in_session(run):
        if b"pipeline." in _command(pid):
            _send(pid, sent)


def _kill_dvc(run: int, sent: signal.Signals) -> None:
    _send(run, sent)


VICTIMS: dict[str, Callable[[int, signal.Signals], None]] = {"all": _kill_all, "stage": _kill_stage, "dvc": _kill_dvc}


def _send(pid: int, sent: signal.Signals) -> None:
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _processes() -> dict[int, tuple[int, str]]:
    """Session and state of every process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text(errors="replace").rpartition(") ")[2].split()[:4]
        except (OSError, ValueError):  # it has just ended
            continue
        found[int(path.parent.name)] = (int(session), state)
    return found
