"""How a stage's `main` runs: quiet libraries, progress for people, exit code 1 and no traceback on bad input."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NoReturn

from pipeline.core.errors import InputError, Problem

PLAIN_SECONDS = 10
INTERRUPTED = 130  # the exit code, as shells have it


def quiet() -> None:
    """Keep the chatter of TensorFlow, transformers and their friends from the user; call before importing them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    # transformers sets this for itself and its children; TensorFlow 2.15, whose Keras is the legacy one, fails on it.
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    warnings.filterwarnings("ignore")
    for name in ("tensorflow", "transformers", "dvclive", "absl", "py.warnings"):
        logging.getLogger(name).setLevel(logging.ERROR)


def run(main: Callable[[list[str]], str]) -> NoReturn:
    """Run a stage's main on the command line's arguments, print its closing line and exit."""
    quiet()
    try:
        print(main(sys.argv[1:]), flush=True)  # noqa: T201
    except InputError as error:
        sys.exit(f"{error}\n{len(error.problems)} problem{'s' * (len(error.problems) != 1)} found, nothing written")
    except BrokenPipeError:  # whoever read along has enough
        drop_output()
        sys.exit(1)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            place = str(error.filename or "the output folder")
            sys.exit(str(Problem("the disk is full", "free some space and run again: complete work is kept", source=place)))
        if not error.filename:
            raise
        hint = "check that it is there and that you may read it, or write it where it is an output"
        sys.exit(str(Problem(str(error.strerror), hint, source=str(error.filename))))
    except KeyboardInterrupt:
        log("interrupted: nothing half-written stays; dvc checkout brings the last outputs back")
        sys.exit(INTERRUPTED)
    sys.exit(0)


def drop_output() -> None:
    """Send standard output nowhere, for Python's own flush at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def arguments(argv: list[str], usage: str) -> list[str]:
    """The arguments of a stage's command line, one for each word of its usage that is no [option]; anything else ends it."""
    wanted = [word for word in usage.split() if not word.startswith("[")]
    if len(argv) != len(wanted) or any(word.startswith("-") for word in argv):
        command = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv[1:])]
        sys.exit(f"usage: {' '.join(command)} {usage}")
    return argv


def log(line: str) -> None:
    """Say something while a stage runs."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@contextlib.contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar with the rate on a terminal, a plain line every 10 seconds elsewhere; call what it gives with each advance."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    began = said = time.perf_counter()
    done = 0
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total, rate=0.0)

        def advance(count: int) -> None:
            nonlocal done, said
            done += count
            now = time.perf_counter()
            rate = done / max(now - began, 1e-9)
            bar.update(task, advance=count, rate=rate)
            if not console.is_terminal and now - said >= PLAIN_SECONDS:
                said = now
                log(f"{done:,} of {total:,} {unit}, {rate:,.0f}/s")

        yield advance
