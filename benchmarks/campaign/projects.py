"""Copies of a small project that ran to the end, and its stages: run, killed, damaged."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support import project
from tests.support.project import STAGES

OUTPUTS = {stage: Path(project.command(stage)[-1]) for stage in STAGES}  # below the project's folder, by stage


def finish(folder: Path) -> Path:
    """A small project, run to the end and committed."""
    project.make(folder)
    project.dvc(folder, "repro")
    project.commit(folder, "Run it")
    return folder


def copy(finished: Path, folder: Path) -> Path:
    """A copy of a project to change; DVC's temporary files stay behind."""
    return shutil.copytree(finished, folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))


def outputs_of(folder: Path, stages: Iterable[str] = STAGES) -> dict[str, dict[str, str]]:
    """The checksums of the files of every stage's output, by stage."""
    return {stage: project.contents(folder / OUTPUTS[stage]) for stage in stages}


def leftovers(folder: Path) -> list[str]:
    """Scratch folders, locks and half-written files that a stage has left in a project."""
    return sorted(path.relative_to(folder).as_posix() for path in _scratch(folder))


def _scratch(folder: Path) -> Iterator[Path]:
    for output in OUTPUTS.values():
        yield from (folder / output).parent.glob(f".{output.name}.*")
    yield from (folder / OUTPUTS["embed"]).rglob("*.partial")
