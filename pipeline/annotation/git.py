"""What git has of a revision: which commit a name means, and its files.

A checkout uses an index of its own, so that the repository and its working tree stay as they are. A link becomes a plain file with
the place that it leads to, so that no revision leads out of its folder.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.core.errors import InputError


def commit_of(name: str) -> str | None:
    """The commit that a name means in the repository around the present folder; None where it means none, or there is none."""
    ended = _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return ended.stdout.decode().strip() if ended.returncode == 0 else None


def has_changes() -> bool:
    """Whether a tracked file of the repository around the present folder differs from the commit that is checked out.

    Raises: InputError where git fails.
    """
    return bool(_need("status", "--porcelain", "--untracked-files=no"))


def check_out(commit: str, names: Sequence[str], target: Path) -> None:
    """Write files, and what is in folders, of a commit below a folder; nothing of what the commit lacks or what is there already.

    Args: names: relative to the present folder.
    Raises: InputError where git fails, such as where a partial clone cannot be completed.
    """
    with tempfile.TemporaryDirectory(prefix="compare-") as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        above = _need("rev-parse", "--show-prefix").decode().strip("\n")
        _need("read-tree", commit, environment=index)
        listed = _need("--literal-pathspecs", "ls-files", "-z", "--", *names, environment=index)
        place = Path(scratch) / "files"
        _need("-c", "core.symlinks=false", "checkout-index", "-z", "--stdin", f"--prefix={place}/", stdin=listed, environment=index)
        for name in names:
            if (found := place / above / name).exists() and not (target / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                found.rename(target / name)


def _need(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
    ended = _run(*arguments, stdin=stdin, environment=environment)
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip() or "no reason told"
        raise InputError.of("git", f"git {arguments[0]} failed: {said}", "compare folders instead, one of them by git worktree")
    return ended.stdout


def _run(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    try:  # names are arguments, never options or parts of a shell's line
        return subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    except FileNotFoundError:
        raise InputError.of("git", "git is not installed", "install it, or compare two folders") from None
