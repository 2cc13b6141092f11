"""Work that workers do and do again, by workers that are threads of this process."""

from __future__ import annotations

import importlib.metadata
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import cluster, cluster_worker, params
from pipeline.core.cluster_work import ITEMS_A_WORKER, Done, Work
from pipeline.core.constraints import Address
from pipeline.core.errors import InputError
from tests.support.cluster import processes, threads

pytestmark = pytest.mark.xdist_group("cluster")


FAILED: list[str] = []  # workers; what is sent is this module's name, so that all have the same list
RAISED: list[Exception] = []
OVER = threading.Event()


def here() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def squares(address: str, function: object, seconds: float = 60, n: int = 9) -> dict[int, int]:
    with cluster.connected(address) as client:
        work = Work[int](client, function, lambda number: (number,), lambda number: f"number {number}", seconds)  # type: ignore[arg-type]
        return dict(work.results(range(n)))


def square(number: int) -> Done[int]:
    return Done(here(), number**2)


def by_the_second(number: int) -> Done[int]:
    if not FAILED or here() in FAILED:
        FAILED.append(here())
        return Done(here(), problem="the disk is full")
    return square(number)


def raises_on_one(number: int) -> Done[int]:
    def work(threads: int) -> int:
        FAILED[:] = FAILED or [here()]
        if here() in FAILED:
            raise RAISED[0]
        return number**2

    return cluster_worker.done(work)


def once_for_ever(number: int) -> Done[int]:
    if not FAILED:
        FAILED.append(here())
        OVER.wait()
    return square(number)


def test_every_item_is_done_once(two_workers: str) -> None:
    assert squares(two_workers, square) == {number: number**2 for number in range(9)}


def test_an_item_that_one_worker_cannot_do_is_done_by_another(two_workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    FAILED.clear()
    assert squares(two_workers, by_the_second) == {number: number**2 for number in range(9)}
    assert "is tried elsewhere: the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize("raises", [False, True])
def test_an_item_that_fails_everywhere_ends_the_run_and_is_named(two_workers: str, raises: bool) -> None:
    def all_but_five(number: int) -> Done[int]:
        if number == 5 and raises:
            raise ValueError("no five")
        return Done(here(), problem="no five") if number == 5 else square(number)

    with pytest.raises(InputError, match=r"number 5 fails everywhere: .*no five"):
        squares(two_workers, all_but_five)


def test_what_a_hung_worker_has_is_done_by_another(two_workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    FAILED.clear()
    try:
        assert squares(two_workers, once_for_ever, seconds=1) == {number: number**2 for number in range(9)}
    finally:
        OVER.set()
    assert "is tried elsewhere: no answer within 1 s" in capsys.readouterr().err


def test_a_slow_worker_that_ends_its_items_is_not_hung(two_workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    def slow(number: int) -> Done[int]:
        time.sleep(0.6)
        return square(number)

    assert len(squares(two_workers, slow, seconds=2)) == 9  # each of the two takes longer than that for all its own
    assert "elsewhere" not in capsys.readouterr().err


def test_a_run_without_workers_ends() -> None:
    with threads(1) as address, cluster.connected(address) as client:
        client.retire_workers(list(client.nthreads()), close_workers=True)
        work = Work[int](client, square, lambda number: (number,), str, seconds=1)
        with pytest.raises(InputError, match="no worker is left"):
            list(work.results(range(2)))


def test_few_items_are_taken_ahead(two_workers: str) -> None:
    taken: list[int] = []
    with cluster.connected(two_workers) as client:
        work = Work[int](client, square, lambda number: (number,), str, seconds=60)
        results = work.results(number for number in range(100) if not taken.append(number))  # type: ignore[func-returns-value]
        next(results)
        assert len(taken) <= 2 * ITEMS_A_WORKER


def test_what_was_sent_is_not_kept(two_workers: str) -> None:
    sent = np.zeros(100_000, np.uint8).tobytes()
    with cluster.connected(two_workers) as client:
        work = Work[int](client, lambda number, _: square(number), lambda number: (number, sent), str, seconds=60)
        assert len(list(work.results(range(40)))) == 40
        assert len(client.scheduler_comm.recent_message_log) <= 10


def test_a_worker_that_is_not_fit_is_named(two_workers: str) -> None:
    def unfit(said: str) -> str:
        return said

    def broken() -> None:
        raise ModuleNotFoundError("No module named 'pipeline'")

    with cluster.connected(two_workers) as client:
        with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:\d+: too old"):
            cluster.require_fit(client, unfit, "too old")
        with pytest.raises(InputError, match=r"it cannot run this package .*No module named 'pipeline'"):
            cluster.require_fit(client, broken)


@pytest.mark.parametrize("source", cluster.WITHOUT)
def test_nobody_at_an_address_is_one_clear_error_that_names_what_said_it(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "START_SECONDS", 0.5)
    with pytest.raises(InputError) as raised, cluster.connected("tcp://127.0.0.1:1", source):
        pass
    [problem] = raised.value.problems
    assert (problem.source, "no worker answers at tcp://127.0.0.1:1" in problem.found) == (source, True)
    assert problem.hint == f"start a scheduler and workers, or {cluster.WITHOUT[source]}"


def test_tls_without_a_certificate_names_the_variables_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "START_SECONDS", 0.5)
    named = r"hint: name .*DASK_DISTRIBUTED__COMM__TLS__CA_FILE.*docs/scale.md"
    with pytest.raises(InputError, match=named), cluster.connected("tls://127.0.0.1:1"):
        pass


@pytest.mark.parametrize(
    "where",
    [
        *("nonsense", " ", "local:0", "local:-1", "local:x", "local:257", "local:1000000"),
        *("10.0.0.1:8786", "ws://10.0.0.1:8786", "inproc://10.0.0.1/1/1", "tcp://h", "tcp://h:0", "tcp://h:65536", "tcp://h:1/x"),
        *("tcp://[:1", "tcp://:::1", "tcp://::1:1", "tcp://-:1", "tcp://h:1\n", "TCP://h:1"),
    ],
)
def test_what_is_no_address_is_refused_before_anything_starts(where: str) -> None:
    told = r"DASK_SCHEDULER_ADDRESS: .* is no address of a cluster\n.*local:256.*unset DASK"
    with pytest.raises(InputError, match=told), cluster.connected(where, cluster.ADDRESS_VARIABLE):
        pass


@pytest.mark.parametrize(
    "where",
    ["local:1", "local:256", "tcp://h:1", "tls://a-b.c_d:65535", "tcp://Host:8786", "tcp://10.0.0.1:8786", "tcp://[::1]:8786"],
)
def test_an_address_is_allowed(where: str) -> None:
    assert Address().allows(where)


def test_the_environment_s_scheduler_goes_before_that_of_params(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster.address(params.Cluster()) is None
    monkeypatch.setenv(cluster.ADDRESS_VARIABLE, " tcp://10.0.0.1:8786\n")
    assert cluster.address(params.Cluster("local:2")) == ("tcp://10.0.0.1:8786", cluster.ADDRESS_VARIABLE)


def test_an_environment_s_scheduler_of_blanks_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cluster.ADDRESS_VARIABLE, " ")
    assert cluster.address(params.Cluster("local:2")) == ("local:2", cluster.PARAMETER)


@pytest.mark.parametrize(
    ("where", "is_open"),
    [
        ("tcp://127.0.0.1:1", False),
        ("tcp://[::1]:1", False),
        ("tcp://localhost:1", False),
        ("tls://10.0.0.1:1", False),
        ("tcp://10.0.0.1:1", True),
        ("tcp://[2001:db8::1]:1", True),
        ("tcp://cluster.example:1", True),
        ("ws://10.0.0.1:1", True),
        ("10.0.0.1:1", True),
    ],
)
def test_an_address_that_others_reach_is_told(where: str, is_open: bool, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.warn_of_open_address(where)
    assert ("use tls://" in capsys.readouterr().err) == is_open


def test_packages_that_not_everybody_has_count_where_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "jieba":
            raise importlib.metadata.PackageNotFoundError
        return "1"

    monkeypatch.setattr(importlib.metadata, "version", version)
    names = set(dict(cluster.versions()))
    assert {"spacy", "tensorflow", "spacy-pkuseg"} <= names
    assert "jieba" not in names


def test_a_worker_with_other_code_of_this_package_is_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    core = tmp_path / "pipeline/core"
    core.mkdir(parents=True)
    monkeypatch.setattr(cluster, "__file__", str(tmp_path / "pipeline/core/cluster.py"))
    said = []
    for code in ("here = 1", "here = 2"):
        (core / "module.py").write_text(code)
        cluster._code.cache_clear()
        said.append(cluster.versions())
    assert cluster_worker.check_place(str(mark), said[1]) is None
    assert cluster_worker.check_place(str(mark), said[0]) == "it has other versions than the driver: pipeline/"
    cluster._code.cache_clear()


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("no room"), OSError(28, "no room")])
def test_a_worker_whose_work_fails_is_known_so_that_another_tries(error: Exception, two_workers: str) -> None:
    FAILED.clear()
    RAISED[:] = [error]
    with cluster.connected(two_workers) as client:
        done = client.submit(raises_on_one, 0, pure=False).result()
    assert ([done.worker], done.faults) == (FAILED, ())
    assert done.problem


def test_what_is_wrong_with_an_item_is_told_with_its_hint_and_not_tried_again(
    two_workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FAILED.clear()
    RAISED[:] = [InputError.of("place", "nought is even", "give one")]
    with pytest.raises(InputError, match=r"place: nought is even \(for number 0\)\n  hint: give one"):
        squares(two_workers, raises_on_one, n=1)
    assert "elsewhere" not in capsys.readouterr().err


def test_a_worker_that_does_not_answer_at_the_start_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "FIT_SECONDS", 0.5)
    monkeypatch.setattr(cluster, "ALIVE_SECONDS", 0.2)
    with processes(tmp_path, n_workers=1, seconds=None) as running, cluster.connected(running.address) as client:
        [place] = client.nthreads()
        running.workers[0].send_signal(signal.SIGSTOP)
        with pytest.raises(InputError, match=f"{place}: it gave no answer within 0.5 s"):
            cluster.require_fit(client, here)
