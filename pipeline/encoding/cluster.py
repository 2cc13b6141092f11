"""Windows of sentences embedded by the workers of a Dask cluster, which write the shards themselves.

A window is the unit (see windows.py), a pure function, so that it may be done anywhere and again: where a worker is lost, another
does its window. Only words go out and only counts come back; store and encoder lie on a file system that all share.

    cluster:
      address: null              # in this process
      address: local:4           # four worker processes on this machine, bound to loopback
      address: tcp://host:8786   # a scheduler; tls:// with certificates (docs/scale.md)

Whoever reaches a scheduler runs code on its workers: that is Dask's, and why tls:// is named wherever tcp:// leaves this machine.
What is sent are our functions with Arrow's bytes and plain values; nothing that was read from corpus, params or model is unpickled.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.schema import VectorsDescription
from pipeline.core.stage import log
from pipeline.encoding import worker
from pipeline.encoding.windows import Window
from pipeline.encoding.worker import Done, Job

ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
LOCAL = "local:"
WINDOWS_A_WORKER = 2  # under way: one that is computed, one that waits
MOST_TRIES = 3  # of a window, each by another worker where there is one
START_SECONDS = 60


@dataclass(frozen=True)
class Task:
    """A window under way."""

    window: Window
    n_tries: int = 0  # that gave nothing
    tried: tuple[str, ...] = ()  # the workers that had it then


def address(settings: params.Cluster) -> str | None:
    """Where the work goes: the environment's word before that of params.yaml; None for this process."""
    return os.environ.get(ADDRESS_VARIABLE) or settings.address


def embed(
    windows: Iterable[Window],
    folder: Path,
    encoder: Path,
    vectors: VectorsDescription,
    settings: params.Embed,
    cluster: params.Cluster,
) -> Iterator[int]:
    """Have a cluster embed windows into a store.

    Yields: the number of sentences of each window that is done, in the order in which they end.
    Raises: InputError where the cluster is gone, a worker sees other folders or has another encoder, or a window fails everywhere.
    """
    with connected(address(cluster) or "") as client, marked(folder) as mark:
        places = str(folder.resolve()), str(encoder.resolve()), mark
        job = Job(*places, asdict(vectors), settings.batch_pieces, settings.shard_words, worker.versions())
        try:
            require_fit(client, job)
            yield from _embed(client, windows, job, cluster)
        except (OSError, CancelledError) as error:
            if client.status == "running":
                raise
            found = f"the scheduler at {client.scheduler.address} is gone"
            raise InputError.of(params.FILE, found, "start it again, then run dvc repro: what is written stays") from error


@contextlib.contextmanager
def connected(where: str) -> Iterator[Any]:
    """A client of the scheduler at an address, or of processes of this machine's own.

    Raises: InputError where no worker answers.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # of what it says, all that matters is said here
    with contextlib.ExitStack() as stack:
        dask.config.set({"distributed.scheduler.allowed-failures": MOST_TRIES, "distributed.worker.daemon": True})
        try:
            if where.startswith(LOCAL):
                n_workers = int(where.removeprefix(LOCAL))
                threads = max(1, len(os.sched_getaffinity(0)) // n_workers)
                where = stack.enter_context(
                    LocalCluster(
                        None, n_workers, threads, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
                    )
                )
            else:
                warn_of_open_address(where)
            client = stack.enter_context(Client(where, timeout=START_SECONDS, set_as_default=False))
            client.wait_for_workers(1, timeout=START_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            found = f"no worker answers at {where}: {error}"
            raise InputError.of(params.FILE, found, "start a scheduler and workers, or set cluster.address to null") from None
        n_threads = sum(client.nthreads().values())
        log(f"embed: {len(client.nthreads())} workers with {n_threads} threads, shown at {client.dashboard_link}")
        yield client


def warn_of_open_address(where: str) -> None:
    """Say so where what is sent could be read and workers be taken over."""
    parts = urlsplit(where)
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(parts.hostname or "").is_loopback:
            return
    if parts.scheme == "tcp" and parts.hostname != "localhost":
        log(f"embed: warning: {where} is open: whoever reaches it runs code on its workers; use tls:// (docs/scale.md)")


@contextlib.contextmanager
def marked(folder: Path) -> Iterator[str]:
    """A file in the store that a worker must see too; its name."""
    mark = folder / f".{uuid.uuid4().hex}.partial"
    mark.touch()
    try:
        yield mark.name
    finally:
        mark.unlink(missing_ok=True)


def require_fit(client: Any, job: Job) -> None:
    """Raises: InputError where a worker does not see the folders, or would make other vectors."""
    said = client.run(worker.check, job)
    for place, problem in sorted(said.items()):
        if problem:
            raise InputError.of(place, problem, "give every worker the same folders, versions and processors")


def _embed(client: Any, windows: Iterable[Window], job: Job, settings: params.Cluster) -> Iterator[int]:
    """Keep a few windows a worker under way until all are done."""
    from distributed import wait

    waiting = map(Task, windows)
    under_way: dict[Any, Task] = {}
    while True:
        most = WINDOWS_A_WORKER * max(1, len(client.nthreads()))
        while len(under_way) < most and (task := next(waiting, None)):
            under_way[_submit(client, task, job)] = task
        if not under_way:
            return
        try:
            with client.as_current():
                done = wait(list(under_way), timeout=settings.window_seconds, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            done = set()
        if not done:  # nobody has ended a window in that time
            for future, task in list(under_way.items()):
                del under_way[future]
                holders = [place for place, keys in client.processing().items() if future.key in keys]
                again = _elsewhere(client, future, task, holders, f"no answer within {settings.window_seconds:g} s")
                under_way[_submit(client, again, job)] = again
        for future in done:
            task = under_way.pop(future)
            result = _result(future, task)
            if result.problem:
                again = _elsewhere(client, future, task, [result.worker], result.problem)
                under_way[_submit(client, again, job)] = again
            else:
                yield result.sentences


def _submit(client: Any, task: Task, job: Job) -> Any:
    others = [place for place in client.nthreads() if place not in task.tried]
    sink = pa.BufferOutputStream()
    table = pa.table({"key": task.window.keys, "words": task.window.words})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    words = sink.getvalue().to_pybytes()
    return client.submit(worker.embed, words, job, workers=others if task.tried and others else None, pure=False)


def _result(future: Any, task: Task) -> Done:
    """What became of a window that ended.

    Raises: InputError where every worker that had the window was lost.
    """
    from distributed import KilledWorker

    try:
        result: Done = future.result()
    except KilledWorker:
        raise _failed(task, f"{MOST_TRIES} workers ended while they had it") from None
    except CancelledError:
        raise
    except Exception as error:
        return Done(0, "", f"{type(error).__name__}: {error}"[:500])
    return result


def _elsewhere(client: Any, future: Any, task: Task, holders: Sequence[str], problem: str) -> Task:
    """The task for another worker than those that had it.

    Raises: InputError where it has been tried often enough.
    """
    client.cancel([future], force=True)
    if task.n_tries + 1 >= MOST_TRIES:
        raise _failed(task, problem)
    log(f"embed: a window of {len(task.window.keys):,} sentences is tried elsewhere: {problem}")
    return Task(task.window, task.n_tries + 1, (*task.tried, *holders))


def _failed(task: Task, problem: str) -> InputError:
    words = task.window.words
    first, last = (" ".join(words[place].as_py())[:80] for place in (0, len(words) - 1))
    found = f"a window of {len(words):,} sentences fails everywhere ({problem}): from {first!r} to {last!r}"
    return InputError.of("embed", found, "look at the workers' logs; what is written stays")
