"""Fixtures that several test files share, and which worker runs which tests."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.support import project

if TYPE_CHECKING:
    from xdist.scheduler import LoadGroupScheduling

settings.register_profile("ours", deadline=None, max_examples=50)  # a busy machine is no failure
settings.load_profile("ours")
DEAR = ("ran", "models")  # fixtures that take longer to make than all else that a test needs


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that share a dear fixture are of one group, so that one worker makes it, and come first, for they take longest."""
    for item in items:
        for name in set(DEAR).intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling:
    """The tests of a file that are of no group go to one worker too, which makes the file's fixtures."""
    from xdist.scheduler import LoadGroupScheduling

    class Scheduling(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            group: str = super()._split_scope(nodeid)
            return nodeid.partition("::")[0] if group == nodeid else group

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A small project that ran to the end, committed, and what it said; copy it before changing anything."""
    folder = project.make(tmp_path_factory.mktemp("finished") / "a project")
    said = project.dvc(folder, "repro")
    project.commit(folder, "Run it")
    return folder, said


@pytest.fixture(scope="session")
def finished(ran: tuple[Path, str]) -> Path:
    """The small project that ran; copy it before changing anything."""
    return ran[0]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a tiny encoder and, beside it, a model of each kind; the Keras models by kind."""
    from tests.support.models import make  # TensorFlow takes seconds to load, and most tests need none

    folder = tmp_path_factory.mktemp("models")
    return folder, make(folder)


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make folders of these names such as may not be read, for whoever runs the tests may read all."""
    scan = os.scandir

    def make(*names: str) -> None:
        def refused(path: str) -> object:
            if Path(path).name in names:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", refused)

    return make


@pytest.fixture
def eager() -> Iterator[None]:
    """No tracing of TensorFlow functions, which takes seconds: a few tiny steps are quicker without."""
    from pipeline.core.tensorflow import tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    """The address of a cluster of two workers, threads of this process."""
    from tests.support.cluster import threads

    with threads(2) as address:
        yield address
