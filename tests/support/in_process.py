"""A command run in this process: a start of Python takes a second, and several where it loads TensorFlow."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess

import pytest

from pipeline.core import stage


def run(main: Callable[..., str | int | None], *arguments: object) -> CompletedProcess[str]:
    """What a command's main gives with these arguments on its command line, as subprocess.run gives it."""
    said, errors = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(said, write_through=True)
    words = ["command", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            stage.run(main)
    code = ended.value.code
    if isinstance(code, str):  # Python prints it, and exits with 1
        errors.write(f"{code}\n")
    return CompletedProcess(words, code if isinstance(code, int) else 1, said.getvalue().decode(), errors.getvalue())
