"""Versions by their names: folders, revisions of git, and what DVC has of them."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest

from pipeline.annotation.versions import opened
from pipeline.core import manifests
from pipeline.core.errors import InputError
from pipeline.core.schema import REPORTS, ReportsDescription
from tests.support import project
from tests.support.versions import make, without, write_split


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a repository, the present folder; its first commit is v1."""
    folder = make(tmp_path / "a project")
    project.git(folder, "init", "--quiet", "--initial-branch=main")
    project.commit(folder, "v1")
    project.git(folder, "tag", "v1")
    monkeypatch.chdir(folder)
    return folder


def test_a_folder_is_read_where_it_is(repository: Path) -> None:
    with opened(".") as version:
        assert (version.raw(), version.commit) == (Path("data/raw"), None)
        assert version.place_of("data/raw/train.txt:3") == "data/raw/train.txt:3"


def test_a_revision_has_the_files_that_it_had(repository: Path) -> None:
    before = (repository / "data/raw/train.txt").read_bytes()
    write_split(repository, "train", without("1"))
    with opened("v1") as version:
        file = version.raw() / "train.txt"
        assert file.read_bytes() == before
        assert version.place_of(f"{file}:3") == "data/raw/train.txt:3"
    assert not file.exists()


def test_reading_a_revision_leaves_the_repository_as_it_is(repository: Path) -> None:
    write_split(repository, "train", without("1"))
    before = project.git(repository, "status", "--porcelain")
    with opened("v1") as version:
        version.raw()
    assert project.git(repository, "status", "--porcelain") == before


def test_a_project_below_the_top_of_its_repository_has_its_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "top/below")
    project.git(tmp_path / "top", "init", "--quiet")
    project.commit(tmp_path / "top", "v1")
    monkeypatch.chdir(folder)
    with opened("HEAD") as version:
        assert [file.name for file in version.raw().iterdir()] == ["train.txt"]


def test_a_link_of_a_revision_leads_nowhere(repository: Path) -> None:
    (repository / "data/raw/test.txt").symlink_to("/etc/hostname")
    project.commit(repository, "A link")
    with opened("HEAD") as version:
        assert not (version.raw() / "test.txt").is_symlink()
        assert (version.raw() / "test.txt").read_text() == "/etc/hostname"


def test_a_path_of_an_older_dvc_yaml_is_taken(repository: Path) -> None:
    (repository / "data/raw").rename(repository / "corpus")
    (repository / "dvc.yaml").write_text("stages: {parse: {cmd: python -m pipeline.parse corpus data/parsed}}\n")
    project.commit(repository, "Another folder")
    with opened("HEAD") as version:
        assert version.raw() == version.folder / "corpus"


def test_a_path_that_leads_out_of_a_revision_is_refused(repository: Path) -> None:
    (repository / "dvc.yaml").write_text("stages: {parse: {cmd: python -m pipeline.parse ../secret data/parsed}}\n")
    project.commit(repository, "Another folder")
    with opened("HEAD") as version, pytest.raises(InputError, match="leads out of the project"):
        version.raw()


@pytest.mark.parametrize("name", ["v2", "--help", "HEAD:data", "data"])
def test_what_is_neither_a_folder_nor_a_revision_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"neither a folder with params\.yaml nor a git revision"), opened(name):
        pass


def test_a_revision_outside_of_any_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make(tmp_path / "alone"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(InputError, match="nor a git revision"), opened("HEAD"):
        pass


def test_problems_of_a_revision_are_told_with_its_name(repository: Path) -> None:
    with opened("v1") as version, pytest.raises(InputError) as raised, version.named():
        raise InputError.of(f"{version.folder}/data/raw/train.txt:3", "something", "something else")
    assert raised.value.problems[0].source == "v1:data/raw/train.txt:3"


def write_reports(folder: Path) -> None:
    """Two reports, one of them damaged."""
    (folder / "reports").mkdir()
    for name in ("metrics.json", "scores.json"):
        (folder / "reports" / name).write_text("{}")
    manifests.seal(folder / "reports", REPORTS, ReportsDescription(0))
    (folder / "reports/scores.json").write_text('{"f1": 1}')


def test_a_damaged_report_of_a_revision_is_told(repository: Path) -> None:
    write_reports(repository)
    project.commit(repository, "Reports in git")
    with opened("HEAD") as version:
        assert version.report("metrics.json").read_text() == "{}"
        with pytest.raises(InputError, match=r"^HEAD:reports/scores\.json: missing, damaged or changed"), version.named():
            version.report("scores.json")


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose annotations and reports DVC has, both of them gone from the working tree."""
    from dvc.repo import Repo

    folder = make(tmp_path_factory.mktemp("tracked"))
    write_reports(folder)
    project.git(folder, "init", "--quiet")
    logging.getLogger("dvc").setLevel(logging.ERROR)  # it logs to a standard output that pytest has closed
    here = Path.cwd()
    os.chdir(folder)  # DVC adds what lies below the present folder
    try:
        with Repo(".") as repo:
            repo.add(["data/raw", "reports"])
    finally:
        os.chdir(here)
    project.commit(folder, "v1")
    shutil.rmtree(folder / "data/raw")
    shutil.rmtree(folder / "reports")
    return folder


def test_what_dvc_has_of_a_revision_comes_from_its_cache(tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tracked)
    with opened("HEAD") as version:
        assert [file.name for file in version.raw().iterdir()] == ["train.txt"]
        assert version.report("metrics.json").read_text() == "{}"
        assert not version.report("predictions.jsonl").exists()
        with pytest.raises(InputError, match=r"scores\.json: missing, damaged or changed"):
            version.report("scores.json")


def test_what_dvc_no_longer_has_is_told(tracked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tracked, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy/.dvc/cache")
    monkeypatch.chdir(tmp_path / "copy")
    from pipeline.annotation import versions

    versions._dvc_files.cache_clear()
    with opened("HEAD") as version, pytest.raises(InputError, match="neither in its cache nor in its remote"):
        version.raw()


def test_a_revision_without_the_project_is_told_as_such(repository: Path) -> None:
    project.git(repository, "rm", "--quiet", "--cached", "params.yaml")
    project.git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "without")
    with pytest.raises(InputError, match=r"HEAD: this revision has no params\.yaml in what is the present folder"), opened("HEAD"):
        pass


def test_an_empty_name_is_no_version(repository: Path) -> None:
    with pytest.raises(InputError, match=r"neither a folder with params\.yaml nor a git revision"), opened(""):
        pass
