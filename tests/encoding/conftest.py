"""A tiny encoder, made once for all tests of encoding, and a look-alike of the hub for each that asks."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core import params
from pipeline.encoding import freeze
from tests.support import encoders
from tests.support.hub import Hub


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As save_pretrained writes it; copy it before changing anything."""
    return encoders.make_bert(tmp_path_factory.mktemp("encoder") / "saved")


@pytest.fixture(scope="session")
def frozen(saved: Path) -> Path:
    """The same, frozen; its layers the last and the embedding layer."""
    freeze.build(params.Encoder(str(saved), None, (-1, 0)), saved.parent / "frozen")
    return saved.parent / "frozen"


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    """A copy of saved, to change."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


@pytest.fixture
def server() -> Iterator[Hub]:
    """A hub that runs for the test."""
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])  # seconds in which it sees that it shall end
        thread.start()
        yield server
        server.shutdown()
        thread.join()
