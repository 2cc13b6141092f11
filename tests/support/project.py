"""A small copy of this project to run for real: the shipped code, 160 of the shipped sentences, a tiny encoder, two epochs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.support import encoders

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "experiments/reference/params.yaml"  # the plain network, whatever params.yaml ships
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
SHIPPED = (
    "pipeline",
    "dvc.yaml",
    "params.yaml",
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvc/plots",
    ".dvcignore",
    ".gitignore",
    "pyproject.toml",
)
N_ROWS = {"train": 120, "test": 40}
SMALL: dict[str, dict[str, object]] = {
    "encoder": {"name": "tiny", "layers": [-1]},
    "train": {"lstm_units": 8, "dense_units": 8, "epochs": 2, "batch_size": 16},
    "evaluate": {"resamples": 50},
    "parse": {"validation_fraction": 0.2},
}


def make(folder: Path) -> Path:
    """A project in a git repository of its own, committed, nothing run yet."""
    folder.mkdir(parents=True)
    for name in SHIPPED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for split, n_rows in N_ROWS.items():
        write_blocks(folder / f"data/raw/{split}.txt", blocks(ROOT / f"data/raw/{split}.txt")[:n_rows])
    encoders.make_bert(folder / "tiny")
    set_params(folder, SMALL)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "A small project")
    return folder


def blocks(path: Path) -> list[str]:
    """The annotations of a SemEval file, a block each."""
    return re.split(r"\n\n+", path.read_text(encoding="utf-8").strip())


def write_blocks(path: Path, annotations: list[str]) -> None:
    """Write annotations as a SemEval file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{block}\n\n" for block in annotations), encoding="utf-8")


def set_params(folder: Path, changes: Mapping[str, Mapping[str, object]]) -> None:
    """Change values of params.yaml, whose comments are lost."""
    values = yaml.safe_load((folder / "params.yaml").read_text())
    for section, entries in changes.items():
        values[section].update(entries)
    (folder / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed, as somebody, whatever the machine's settings; what it prints."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    return _run(folder, "git", *who, *arguments)


def commit(folder: Path, message: str) -> None:
    """Commit everything that git does not ignore; there must be something to commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def dvc(folder: Path, *arguments: str) -> str:
    """Run dvc, which must succeed; what it and its stages print, standard output first."""
    return _run(folder, sys.executable, "-m", "dvc", *arguments)


def stages_run(output: str) -> list[str]:
    """The stages that a dvc repro ran, in order, from what it printed."""
    return re.findall(r"Running stage '(\w+)'", output)


def command(stage: str) -> list[str]:
    """A stage's command line in dvc.yaml, by this Python: its last word is the output."""
    return [sys.executable, *STAGES[stage]["cmd"].split()[1:]]


def contents(output: Path) -> dict[str, str]:
    """The checksum of every file of an output, which is a folder or a file; nothing where there is none."""
    files = sorted(path for path in (output, *output.rglob("*")) if path.is_file())
    return {path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def environment() -> dict[str, str]:
    """This environment with its Python first on the path, as `make repro` has it, and no telemetry."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}


def _run(folder: Path, *command: str) -> str:
    ended = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout + ended.stderr
