"""Fixtures that several test files share."""

from pathlib import Path

import pytest

from tests.support import project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project that ran to the end, committed; copy it before changing anything."""
    folder = project.make(tmp_path_factory.mktemp("finished") / "a project")
    project.dvc(folder, "repro")
    project.commit(folder, "Run it")
    return folder
