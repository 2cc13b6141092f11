"""What a team does with the project: clones, pushes, pulls, edits, experiments."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import project

NOTHING_TO_DO = "Data and pipelines are up to date."


@pytest.fixture(scope="module")
def team(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clones with a git and a DVC remote between them, which they name from where they lie; the first has run and pushed."""
    folder = tmp_path_factory.mktemp("team")
    first, second = folder / "first", folder / "second"
    shutil.copytree(finished, first)
    config = first / ".dvc/config"
    config.write_text(config.read_text().replace("url = storage", "url = ../../dvc remote"))
    project.commit(first, "Share the storage")
    project.dvc(first, "push")
    project.git(folder, "clone", "--quiet", "--bare", str(first), "git remote")
    project.git(first, "remote", "add", "origin", "../git remote")
    project.git(first, "push", "--quiet", "--set-upstream", "origin", "main")
    project.git(folder, "clone", "--quiet", "git remote", "second")
    project.git(second, "remote", "set-url", "origin", "../git remote")
    project.dvc(second, "pull")
    return folder


@pytest.fixture
def clones(team: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the two clones and of what is between them, to work in."""
    shutil.copytree(team, tmp_path, dirs_exist_ok=True)
    return tmp_path / "first", tmp_path / "second"


def files(folder: Path) -> set[Path]:
    """The files below a folder."""
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_who_pulls_has_nothing_to_do_until_an_edit_which_reruns_what_it_must_and_the_other_receives_it(
    clones: tuple[Path, Path],
) -> None:
    first, second = clones
    assert NOTHING_TO_DO in project.dvc(second, "repro")
    metrics = "reports/metrics.json"
    assert (second / metrics).read_bytes() == (first / metrics).read_bytes()

    annotations = project.blocks(second / "data/raw/train.txt")
    lines = annotations[0].split("\n")
    annotations[0] = "\n".join([lines[0], "Other" if lines[1] != "Other" else "Cause-Effect(e1,e2)", *lines[2:]])
    project.write_blocks(second / "data/raw/train.txt", annotations)

    output = project.dvc(second, "repro")
    assert "parse" in project.stages_run(output)
    assert "encoder" not in project.stages_run(output)
    assert " 0 computed" in output  # a label is no part of what an embedding depends on
    project.commit(second, "Relabel a sentence")
    project.git(second, "push", "--quiet")
    project.dvc(second, "push")

    project.git(first, "pull", "--quiet")
    project.dvc(first, "pull")
    assert NOTHING_TO_DO in project.dvc(first, "repro")


def test_who_pulls_needs_no_output_of_an_experiment_that_nobody_ran(clones: tuple[Path, Path]) -> None:
    _, second = clones
    for path in project.ROOT.glob("experiments/**/*.yaml"):
        target = second / path.relative_to(project.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    project.dvc(second, "pull")
    project.dvc(second, "checkout")


def test_a_push_after_a_new_sentence_moves_its_shard_alone(clones: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = clones
    annotations = project.blocks(second / "data/raw/train.txt")
    annotations[0] = annotations[0].replace("<e1>", "same old <e1>", 1)
    project.write_blocks(second / "data/raw/train.txt", annotations)
    assert " 1 computed" in project.dvc(second, "repro", "embed")

    shards, remote = files(first / "data/embedded"), files(tmp_path / "dvc remote")
    project.dvc(second, "push", "data/embedded")
    new_shards = files(second / "data/embedded") - shards
    new_files = files(tmp_path / "dvc remote") - remote
    assert len(new_shards) == 1
    assert len(new_files) == 3  # the shard, the counts of words that the encoder knows, and DVC's list of the folder


def make(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    """Run make with the project's Makefile, the environment of these tests in place of its own."""
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(sys.prefix)
    environment = {name: value for name, value in project.environment().items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--file", str(project.ROOT / "Makefile"), "READY=", target]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_make_resolve_ends_a_merge_of_two_branches_that_both_ran(clones: tuple[Path, Path]) -> None:
    for clone, confidence in zip(clones, (0.9, 0.8), strict=True):
        project.set_params(clone, {"evaluate": {"confidence": confidence}})
        project.dvc(clone, "repro")
        project.commit(clone, "Another confidence")
    theirs, ours = clones
    project.git(theirs, "push", "--quiet")
    with pytest.raises(AssertionError, match=r"Merge conflict in dvc\.lock"):
        project.git(ours, "pull", "--quiet", "--no-rebase")

    refused = make(ours, "resolve")
    assert (refused.returncode, refused.stdout) == (2, "resolve the conflicts of these first:\nparams.yaml\n")
    project.git(ours, "checkout", "--quiet", "--theirs", "params.yaml")
    project.git(ours, "add", "params.yaml")
    resolved = make(ours, "resolve")
    assert project.stages_run(resolved.stdout) == ["evaluate", "card"], resolved
    project.git(ours, "commit", "--quiet", "--message", "Merge")
    assert NOTHING_TO_DO in project.dvc(ours, "repro")
    assert (ours / "dvc.lock").read_bytes() == (theirs / "dvc.lock").read_bytes()


def test_an_experiment_with_the_learning_rate_reruns_train_and_what_tells_of_it_alone(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    output = project.dvc(folder, "exp", "run", "--set-param", "train.learning_rate=0.002")
    assert project.stages_run(output) == ["train", "evaluate", "card"]


def test_scores_and_plots_are_shown_and_compared(finished: Path, tmp_path: Path) -> None:
    shown = json.loads(project.dvc(finished, "metrics", "show", "--json"))
    scores = shown[""]["data"]["reports/metrics.json"]["data"]["test"]
    assert list(scores["relation"]) == ["official_macro_f1", "undirected_macro_f1", "accuracy"]
    assert list(scores["tags"]) == ["f1", "positions_visible"]
    project.dvc(finished, "metrics", "diff", "--all")
    page = tmp_path / "plots"
    project.dvc(finished, "plots", "show", "--out", str(page))
    written = (page / "index.html").read_text()
    assert "vega" in written
    titles = [plot["title"] for entry in yaml.safe_load((finished / "dvc.yaml").read_text())["plots"] for plot in entry.values()]
    assert len(titles) == 7
    assert all(title in written for title in titles)
