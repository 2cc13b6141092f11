"""Fixtures that several test files share."""

from collections.abc import Iterator
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


@pytest.fixture
def eager() -> Iterator[None]:
    """No tracing of TensorFlow functions, which takes seconds: a few tiny steps are quicker without."""
    from pipeline.core.tensorflow import tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
