"""The rounds of a campaign: each drawn from a seed and its number alone, in a folder of its own, which stays where it fails.

So a failure is whole: the folder holds what was drawn, failure.txt the traceback and the command that plays the round again.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

FAILURE = "failure.txt"
Finished = Callable[[], Path]  # a small project that ran to the end (tests/support/project.py), made when it is first asked for
Prepare = Callable[[Finished], "Round"]


class WrongError(Exception):
    """What the pipeline did is wrong."""


@dataclass(frozen=True)
class Draw:
    """What makes a round: its number, its own source of chance, and an empty folder for what it draws and what comes of it."""

    number: int
    rng: Random
    folder: Path


Round = Callable[[Draw], None]  # raises anything where the pipeline is wrong


@dataclass(frozen=True)
class Result:
    """What came of a campaign."""

    rounds: int
    failed: tuple[Path, ...]  # folders
    seconds: float


def require(holds: bool, otherwise: str) -> None:
    """Raises: WrongError where something does not hold."""
    if not holds:
        raise WrongError(otherwise)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """A block of the main thread that may take so many seconds of processors, which a busy machine does not make more.

    Raises: WrongError where it takes longer, from inside it.
    """

    def end(*_: object) -> None:
        raise WrongError(f"it takes more than {seconds:g} s of a processor")

    usual = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        # A last signal may be on its way, and the system's own answer to it is to end the process.
        signal.signal(signal.SIGPROF, signal.SIG_IGN if usual is signal.SIG_DFL else usual)


def play(name: str, play_round: Round, count: int, seed: int, failures: Path, first: int = 0) -> Result:
    """Play rounds first .. first + count - 1 of a campaign.

    Args: failures: where the folders of the failed rounds stay.
    """
    began = time.perf_counter()
    failed = [
        folder for number in range(first, first + count) if (folder := _play_one(name, play_round, number, seed, failures)).is_dir()
    ]
    return Result(count, tuple(failed), time.perf_counter() - began)


def _play_one(name: str, play_round: Round, number: int, seed: int, failures: Path) -> Path:
    """The folder of a round, which is there where it failed."""
    folder = failures / f"{name}-{seed}-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        play_round(Draw(number, Random(f"{name} {seed} {number}"), folder))
    except (Exception, SystemExit):
        again = f"python -m benchmarks.campaign {name} --count 1 --first {number} --seed {seed}"
        (folder / FAILURE).write_text(f"{again}\n\n{traceback.format_exc()}", encoding="utf-8", errors="backslashreplace")
    else:
        shutil.rmtree(folder)
    return folder
