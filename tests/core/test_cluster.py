"""Work that workers do and do again, by workers that are threads of this process."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pipeline.core import cluster, params
from pipeline.core.cluster_work import ITEMS_A_WORKER, Done, Work
from pipeline.core.errors import InputError
from tests.support.cluster import threads

pytestmark = pytest.mark.xdist_group("cluster")


FAILED: list[str] = []  # workers; what is sent is this module's name, so that all have the same list
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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "tls://127.0.0.1:1", "nonsense", "local:many"])
def test_nobody_at_an_address_is_one_clear_error(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "START_SECONDS", 0.5)
    with pytest.raises(InputError, match=f"no worker answers at {address}"), cluster.connected(address):
        pass


def test_the_environment_s_scheduler_goes_before_that_of_params(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster.address(params.Cluster()) is None
    monkeypatch.setenv(cluster.ADDRESS_VARIABLE, "tcp://10.0.0.1:8786")
    assert cluster.address(params.Cluster("local:2")) == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("where", "is_open"),
    [
        ("tcp://127.0.0.1:1", False),
        ("tcp://localhost:1", False),
        ("tls://10.0.0.1:1", False),
        ("tcp://10.0.0.1:1", True),
        ("tcp://cluster.example:1", True),
    ],
)
def test_an_address_that_others_reach_is_told(where: str, is_open: bool, capsys: pytest.CaptureFixture[str]) -> None:
    cluster.warn_of_open_address(where)
    assert ("use tls://" in capsys.readouterr().err) == is_open
