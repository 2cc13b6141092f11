"""How a stage's `main` runs: quiet libraries, progress for people, exit code 1 and no traceback on bad input."""

from __future__ import annotations

import errno
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn, TypeVar

from pipeline.errors import InputError, Problem

T = TypeVar("T")


def quiet() -> None:
    """Keep the chatter of TensorFlow, transformers and their friends from the user; call before importing them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
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
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        place = error.filename or "the output folder"
        sys.exit(str(Problem(str(place), "the disk is full", "free some space and run again: complete work is kept")))
    sys.exit(0)


def progress(items: Iterable[T], total: int, unit: str, label: str) -> Iterator[T]:
    """Pass items through with a bar on a terminal; elsewhere silently (the stage's closing line tells the rest)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield from bar.track(items, total=total)
