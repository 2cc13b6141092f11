"""The commands that a page shows, to be run."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import typer
from typer.testing import CliRunner

from tests.support.project import ROOT


def commands(page: str, module: str) -> list[str]:
    """The lines of a page that run a module."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.startswith(f"    python -m {module} ")]


def run(main: Callable[..., Any], command: str) -> str:
    """What a command prints, run in this process; it must succeed."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    ended = CliRunner().invoke(app, shlex.split(command.split(" > ")[0])[3:], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output
