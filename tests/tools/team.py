"""A tiny project of one stage, and clones of it that share a server; only git and DVC run."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools.servers import Server

ROOT = Path(__file__).parents[2]
DVC = (sys.executable, "-m", "dvc")
N_SHARDS, SHARD_BYTES = 12, 4_000_000
STAGE = "import pathlib, shutil\nshutil.copytree('drawn', 'store', dirs_exist_ok=True)\n"
PIPELINE = "stages:\n  embed:\n    cmd: python embed.py\n    deps: [embed.py, drawn]\n    outs: [store]\n"


def make(folder: Path) -> Path:
    """A project with this project's settings of DVC, run and committed."""
    (folder / ".dvc").mkdir(parents=True)
    for name in (".dvc/config", ".dvc/.gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "embed.py").write_text(STAGE)
    (folder / "dvc.yaml").write_text(PIPELINE)
    draw(folder, range(N_SHARDS), SHARD_BYTES)
    (folder / ".gitignore").write_text("/drawn\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    dvc(folder, "repro")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Run it")
    return folder


def draw(folder: Path, seeds: range, n_bytes: int) -> None:
    """Add files of random bytes to what the stage copies."""
    (folder / "drawn").mkdir(exist_ok=True)
    for seed in seeds:
        (folder / f"drawn/shard-{seed}").write_bytes(random.Random(seed).randbytes(n_bytes))


def clone(project: Path, folder: Path, server: Server) -> Path:
    """A clone that is let in to the server, nothing pulled yet."""
    git(project, "clone", "--quiet", str(project), str(folder))
    shutil.copytree(project / "drawn", folder / "drawn")  # as what git tracks would be there
    let_in(folder, server)
    return folder


def let_in(folder: Path, server: Server, **changes: str | None) -> None:
    """Write a remote's settings as `dvc remote modify --local storage` does, some changed, those that are None left out."""
    values = {"url": server.url, **server.settings, **server.secrets, **changes}
    lines = [f"    {name} = {value}\n" for name, value in values.items() if value is not None]
    (folder / ".dvc/config.local").write_text("['remote \"storage\"']\n" + "".join(lines))


def contents(folder: Path) -> dict[str, str]:
    """The checksum of every file of the output."""
    return {path.name: hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() for path in folder.glob("store/*")}


def cached(folder: Path) -> list[Path]:
    """The files of a clone's cache."""
    return [path for path in folder.glob(".dvc/cache/files/md5/*/*") if path.is_file()]


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed, as somebody; what it prints."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    return succeeds(started(folder, "git", *who, *arguments))


def dvc(folder: Path, *arguments: str) -> str:
    """Run dvc, which must succeed; what it prints."""
    return succeeds(started(folder, *DVC, *arguments))


def started(folder: Path, *command: str) -> subprocess.Popen[str]:
    """A command, running, with nobody to answer its questions."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # no terminal to ask for a password at
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status of a command and what it printed."""
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def succeeds(process: subprocess.Popen[str]) -> str:
    """What a command printed, which must have succeeded."""
    status, output = ended(process)
    assert status == 0, f"{process.args}\n{output}"
    return output


def fails(process: subprocess.Popen[str]) -> str:
    """What a command printed, which must have failed."""
    status, output = ended(process)
    assert status != 0, f"{process.args}\n{output}"
    return output


def environment(folder: Path) -> dict[str, str]:
    """This environment without anybody's keys and home, its Python first on the path; no host but this one is asked for keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DVC_", "SSH_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "HOME": str(folder.parent),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.parent / f"site of {folder.name}"),
    }
