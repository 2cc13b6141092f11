"""The command line of stages and commands: typed arguments and --help, quiet libraries, progress, one way to report an error.

A command is a function `main` whose parameters are its arguments and whose docstring is its help. Bad input ends it with exit
code 1 and no traceback, a wrong command line with 2, Ctrl-C with 130. Problems of the input of a command that writes are also
listed in OUTPUT.problems.jsonl beside the output, until a run without any.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import logging
import math
import os
import signal
import sys
import time
import typing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pipeline.core import outputs, typed_yaml
from pipeline.core.errors import InputError, Problem
from pipeline.core.listing import listing_of, problems_listed, require_list
from pipeline.core.starter import exit_with_dvc
from pipeline.core.untrusted import shown
from pipeline.core.wording import counted

SECONDS_BETWEEN_LINES = 10
PIPELINE = Path("dvc.yaml")
PYTHON = "python -m "
INTERRUPTED = 130  # the exit code, as shells have it
Input = Annotated[Path, typer.Argument(help="a file or folder that is read", show_default=False)]
Output = Annotated[Path, typer.Argument(help="what is written, whole or not at all", show_default=False)]
Check = Annotated[bool, typer.Option("--check", help="tell what is wrong with the annotations, and write nothing")]


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


def run(main: Callable[..., str | int | None]) -> NoReturn:
    """Run a command on the command line's arguments and exit."""
    prepare()
    module = main.__globals__.get("__spec__")  # of the file that is run by python -m
    prog_name = f"python -m {module.name}" if module else ""
    command(main)(_with_paths(sys.argv[1:], prog_name), prog_name=prog_name or None)
    raise SystemExit(0)  # never reached: the command exits


def prepare() -> None:
    """Make this process fit for a command: quiet libraries, Ctrl-C as Python has it, UTF-8 on standard output."""
    quiet()
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # else the caller ignores it, as nohup does
        signal.signal(signal.SIGINT, signal.default_int_handler)  # in place of that of pipeline/__init__.py
    if sys.stderr is None:  # the caller closed it, and the next file opened would take its place
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stdout is None:
        sys.exit("standard output is closed\n  hint: send it to a file, a pipe or /dev/null")
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def command(main: Callable[..., str | int | None]) -> Any:
    """Typer's command that a main is: its parameters are the arguments, its docstring the help.

    What main returns is its closing line, or its exit code. The outputs are locked while it runs: see pipeline/core/outputs.py.
    """

    @functools.wraps(main)
    def run_and_exit(**arguments: Any) -> None:
        exit_with_dvc()
        code = _run(main, arguments)
        sys.exit(shown(code) if isinstance(code, str) else code)

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(run_and_exit)
    return typer.main.get_command(app)


def finite(value: float) -> float:
    """An option's number, which min= alone does not keep from being inf."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no finite number")
    return value


def _with_paths(arguments: list[str], command: str) -> list[str]:
    """The arguments of a command, and where it has options alone the paths of the stage of dvc.yaml that it is.

    >>> _with_paths(["data/raw", "data/parsed", "--check"], "python -m pipeline.parse")
    ['data/raw', 'data/parsed', '--check']
    """
    if not arguments or any(not argument.startswith("-") for argument in arguments):
        return arguments
    try:
        return [*arguments, *stage_paths(command.removeprefix(PYTHON))]
    except InputError:  # the command is no stage, or dvc.yaml a file of another form, which DVC can read all the same
        return arguments


def stage_paths(module: str, pipeline: Path = PIPELINE) -> list[str]:
    """The arguments of the stage of a dvc.yaml that runs a module.

    Raises: InputError where there is none.
    """
    if (paths := find_stage(module, typed_yaml.load(pipeline).value)) is None:
        raise InputError.of(pipeline, f"no stage runs {module}", "run this in the folder of the project")
    return paths


def find_stage(module: str, pipeline: Any) -> list[str] | None:
    """The arguments of the first stage that runs a module; None where there is none.

    Args: pipeline: what a dvc.yaml says, in whatever form.

    >>> find_stage("pipeline.parse", {"stages": {"parse": {"cmd": "python -m pipeline.parse data/raw data/parsed"}}})
    ['data/raw', 'data/parsed']
    """
    stages = pipeline.get("stages") if isinstance(pipeline, dict) else None
    listed = stages.values() if isinstance(stages, dict) else ()
    commands = (str(stage.get("cmd")) for stage in listed if isinstance(stage, dict))
    return next((line.split()[3:] for line in commands if line.startswith(f"{PYTHON}{module} ")), None)


def _run(main: Callable[..., str | int | None], arguments: dict[str, Any]) -> int | str:
    """What to exit with: a code, or what is wrong with the input."""
    try:
        with _outputs_locked(main, arguments), problems_listed(_listings(main, arguments)):
            result = main(**arguments)
        if isinstance(result, str):
            print(shown(result))  # noqa: T201
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except InputError as error:
        n_problems = len(error.problems)
        count = f"{counted(n_problems, 'problem')} found, nothing written"
        return "\n".join([str(error), *([count, *getattr(error, "__notes__", ())] if _writes(main) else [])])
    except BrokenPipeError:  # the reader, such as head, has enough
        drop_output()
        return 1
    except OSError as error:
        drop_output()
        return _system_error(error)
    except KeyboardInterrupt:
        if _writes(main):
            log("interrupted: nothing half-written stays; dvc checkout brings the last outputs back")
        return INTERRUPTED


def _writes(main: Callable[..., Any]) -> bool:
    return Output in typing.get_type_hints(main, include_extras=True).values()


def _system_error(error: OSError) -> str:
    """What to tell of an error of the system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = str(error.filename or "the output")
        return str(Problem("the disk is full", "free some space and run again: complete work is kept", source=place))
    hint = "check that it is there and that you may read it, or write it where it is an output"
    return str(Problem(str(error.strerror or error), hint, source=str(error.filename or "a file or a stream")))


@contextlib.contextmanager
def _outputs_locked(main: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[None]:
    """Within the block no other process writes the outputs.

    Raises: InputError where an output or its list of problems is, holds or lies in an input, or is a link, or something else stands
        in the place of that list.
    """
    hints = typing.get_type_hints(main, include_extras=True)
    inputs = [value for name, value in arguments.items() if hints[name] == Input]
    with contextlib.ExitStack() as locks:
        for output in _outputs(main, arguments):
            outputs.require_apart(output, inputs)
            locks.enter_context(outputs.locked(output))
        for listing in _listings(main, arguments):
            outputs.require_apart(listing, inputs)
            require_list(listing)
        yield


def _outputs(main: Callable[..., Any], arguments: dict[str, Any]) -> list[Path]:
    """The outputs of a command; none where it only checks."""
    hints = typing.get_type_hints(main, include_extras=True)
    if any(value for name, value in arguments.items() if hints[name] == Check):
        return []
    return [value for name, value in arguments.items() if hints[name] == Output]


def _listings(main: Callable[..., Any], arguments: dict[str, Any]) -> list[Path]:
    return [listing_of(output) for output in _outputs(main, arguments)[:1]]


def drop_output() -> None:
    """Send standard output nowhere, for Python's own flush at exit would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def log(line: str) -> None:
    """Say something while a stage runs."""
    print(shown(line), file=sys.stderr, flush=True)  # noqa: T201


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
            if not console.is_terminal and now - said >= SECONDS_BETWEEN_LINES:
                said = now
                log(f"{done:,} of {total:,} {unit}, {rate:,.0f}/s")

        yield advance
