"""make clean in a git repository with made-up outputs."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.project import ROOT, commit, git

EXPERIMENTS = ("annotation", "claim", "crossvalidate", "doubtful", "options", "reference")
PIPELINES = ("dvc.yaml", *(f"experiments/{name}/dvc.yaml" for name in EXPERIMENTS))
TRACKED = (
    "Makefile",
    ".gitignore",
    ".dvc/.gitignore",
    "data/.gitignore",
    "data/raw/train.txt",
    "models/.gitignore",
    "experiments/claim/report/README.md",
    *(f"experiments/{name}/.gitignore" for name in EXPERIMENTS),
)


def outputs() -> list[str]:
    """Every output of every stage that git does not track, a matrix under the name of its variable."""
    stages = [(file, values) for file in PIPELINES for values in yaml.safe_load((ROOT / file).read_text())["stages"].values()]
    outs = [(file, values, next(iter(out)) if isinstance(out, dict) else out) for file, values in stages for out in values["outs"]]
    paths = [out if "wdir" in values else (Path(file).parent / out).as_posix() for file, values, out in outs]
    return [path for path in paths if path != "experiments/claim/report"]


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A committed project in which all stages seem to have run."""
    folder = tmp_path / "a project"
    for name in TRACKED:
        write(folder / name, (ROOT / name).read_text())
    git(tmp_path, "init", "--quiet", str(folder))
    commit(folder, "A project")
    for output in outputs():
        write(folder / output if Path(output).suffix else folder / output / "file")
    write(folder / ".venv/bin/python")
    write(folder / ".venv-tools/bin/python")
    write(folder / ".venv-browser/bin/python")
    write(folder / ".venv-predict/bin/python")
    return folder


def make_clean(folder: Path) -> None:
    subprocess.run(["make", "--quiet", "clean"], cwd=folder, check=True)


def test_make_clean_leaves_what_was_committed_and_nothing_else(used: Path) -> None:
    make_clean(used)
    assert git(used, "status", "--porcelain", "--ignored") == ""
    left = {path.relative_to(used).as_posix() for path in used.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert left == set(TRACKED)


def test_make_clean_keeps_annotations_that_are_not_committed_yet(used: Path) -> None:
    write(used / "data/raw/test.txt", "new")
    make_clean(used)
    assert (used / "data/raw/test.txt").read_text() == "new"


def test_make_clean_keeps_the_cache_and_what_was_pushed(used: Path) -> None:
    places = [used / ".dvc/cache/files/md5/00/1", used / ".dvc/storage/files/md5/00/1"]
    for place in places:
        write(place)
    make_clean(used)
    assert all(place.is_file() for place in places)


def test_what_a_killed_stage_leaves_beside_its_output_is_nothing_that_git_sees(used: Path) -> None:
    for output in (used / output for output in outputs()):
        for ending in ("7.partial", "7.scratch", "7.old"):
            left = output.with_name(f".{output.name}.{ending}")
            write(left if output.suffix else left / "file")
        write(output.with_name(f".{output.name}.lock"))
    assert git(used, "status", "--porcelain") == ""
