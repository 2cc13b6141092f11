"""Windows embedded by workers: the same files as here. With processes that end in between: tests/alone/test_cluster.py."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core import cluster as core_cluster
from pipeline.core import cluster_worker
from pipeline.core.errors import InputError
from pipeline.encoding import cluster, inference, worker
from pipeline.encoding.inference import Inference
from tests.support.embedding import DESCRIPTION, stand_in
from tests.support.windows import N_WINDOWS, SENTENCES, VECTORS, embed, in_process, make_project, shards, windows

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture
def threads_asked(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The threads that an encoder was asked to take, each time that one was loaded; it is a stand-in."""
    asked = []

    def load(folder: Path, precision: str, threads: int | None) -> Inference:
        asked.append(threads)
        return stand_in(folder, precision)

    monkeypatch.setitem(inference.BACKENDS, "openvino", load)
    monkeypatch.setattr(cluster_worker, "_kept", {})
    monkeypatch.setattr(cluster_worker, "take_threads", lambda threads: None)  # of this process, which is the worker here
    return asked


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_workers_write_the_shards_that_this_process_would(project: Path, two_workers: str, threads_asked: list[int | None]) -> None:
    assert embed(project, two_workers) == N_WINDOWS * SENTENCES
    assert shards(project) == in_process(project)


def test_an_encoder_is_loaded_once_and_takes_its_worker_s_threads(
    project: Path, two_workers: str, threads_asked: list[int | None]
) -> None:
    embed(project, two_workers)
    embed(project, two_workers)
    assert threads_asked == [1]


def test_a_worker_with_another_encoder_is_refused(project: Path, two_workers: str) -> None:
    other = replace(VECTORS, encoder=replace(DESCRIPTION, layers=(-2,)))
    with pytest.raises(InputError, match="is not the driver's"):
        embed(project, two_workers, vectors=other)
    assert shards(project) == []


def test_a_worker_whose_processor_lacks_the_precision_is_refused(
    project: Path, two_workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(inference._CAPABILITIES, "float32", "what no processor has")
    with pytest.raises(InputError, match="this processor computes no float32"):
        embed(project, two_workers)
    assert shards(project) == []


def test_a_worker_with_other_versions_is_refused(project: Path, two_workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = core_cluster.versions()
    versions = iter([tuple((name, "0") for name, _ in here)])
    monkeypatch.setattr(core_cluster, "versions", lambda: next(versions, here))
    with pytest.raises(InputError, match="it has other versions than the driver: numpy, openvino"):
        embed(project, two_workers)


def test_a_worker_that_does_not_see_the_store_is_refused(project: Path, two_workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "touch", lambda self: None)  # a folder of the same name, elsewhere
    with pytest.raises(InputError, match=r"it does not see the driver's .*embedded/shards"):
        embed(project, two_workers)


def test_nothing_is_written_for_a_run_that_has_ended(
    project: Path, two_workers: str, threads_asked: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_worker, "check_place", lambda mark, versions: Path(mark).unlink(missing_ok=True))
    with pytest.raises(InputError, match="the run has ended"):
        embed(project, two_workers)
    assert shards(project) == []


def test_a_window_for_which_no_disk_has_room_is_named_with_its_sentences(
    project: Path, two_workers: str, threads_asked: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> Iterator[int]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(worker, "write_shards", full)
    with pytest.raises(InputError, match=r"a window of 40 sentences, from 'w\d cat 0' to .* fails everywhere: the disk is full"):
        embed(project, two_workers)


def test_a_window_is_told_by_its_sentences() -> None:
    assert cluster.told(next(windows())) == "a window of 40 sentences, from 'w0 cat 0' to 'w0 cat so so so so 39',"
