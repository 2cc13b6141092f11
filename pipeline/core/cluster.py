"""A Dask cluster: where it is, and whether its workers are fit for what they are to do.

    cluster:
      address: null              # in this process
      address: local:4           # four worker processes on this machine, bound to loopback
      address: tcp://host:8786   # a scheduler; tls:// with certificates (docs/scale.md)

Whoever reaches a scheduler runs code on its workers: that is Dask's, and why tls:// is named wherever tcp:// leaves this machine.
What is sent are our functions with plain values; nothing that was read from corpus, params or model is unpickled.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import ipaddress
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.core.stage import log

ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
LOCAL = "local:"
START_SECONDS = 60
DECIDING = ("openvino", "tokenizers", "numpy", "pyarrow", "relation-pipeline")  # packages whose version may move a bit
FEW_MESSAGES = {"distributed.admin.low-level-log-length": 10}  # kept a connection, where Dask keeps 1,000, words and all
AGAIN = "start it again, then run the same command: what is written stays"


def address(settings: params.Cluster) -> str | None:
    """Where the work goes: the environment's word before that of params.yaml; None for this process."""
    return os.environ.get(ADDRESS_VARIABLE) or settings.address


def versions() -> tuple[tuple[str, str], ...]:
    """The versions of what decides a result's bits."""
    return tuple((name, importlib.metadata.version(name)) for name in DECIDING)


@contextlib.contextmanager
def connected(where: str) -> Iterator[Any]:
    """A client of the scheduler at an address, or of processes of this machine's own.

    Raises: InputError where no worker answers, and where the scheduler is lost within the block.
    """
    try:
        import dask
        import distributed
    except ModuleNotFoundError:
        hint = 'uv pip install --constraint requirements.lock --no-build-isolation --editable ".[cluster]"'
        raise InputError.of("cluster", "Dask is not installed", hint) from None
    for name in ("distributed", "distributed.client"):  # of what they say, all that matters is said here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack, dask.config.set(FEW_MESSAGES):
        try:
            client = stack.enter_context(_client(where, stack))
            client.wait_for_workers(1, timeout=START_SECONDS)
            log(_description(client))
        except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates
            hint = "start a scheduler and workers, or set cluster.address to null"
            raise InputError.of("cluster", f"no worker answers at {where}: {error}", hint) from None
        try:
            yield client
        except (distributed.comm.CommClosedError, CancelledError, TimeoutError) as error:
            raise InputError.of("cluster", f"the scheduler at {where} is gone", AGAIN) from error


def _client(where: str, stack: contextlib.ExitStack) -> Any:
    import dask
    from distributed import Client, LocalCluster

    if where.startswith(LOCAL):
        n_workers = int(where.removeprefix(LOCAL))
        threads = max(1, len(os.sched_getaffinity(0)) // n_workers)
        loopback = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
        dask.config.set({"distributed.worker.daemon": True})  # its processes end with this one
        where = stack.enter_context(LocalCluster(None, n_workers, threads, processes=True, silence_logs=50, **loopback))
    else:
        warn_of_open_address(where)
    return Client(where, timeout=START_SECONDS, set_as_default=False)


def _description(client: Any) -> str:
    info = client.scheduler_info()
    shown = f", shown at {client.dashboard_link}" if "dashboard" in info.get("services", {}) else ""
    threads = client.nthreads()
    return f"cluster: {len(threads):,} workers with {sum(threads.values()):,} threads in all{shown}"


def warn_of_open_address(where: str) -> None:
    """Say so where what is sent could be read and workers be taken over."""
    parts = urlsplit(where)
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(parts.hostname or "").is_loopback:
            return
    if parts.scheme == "tcp" and parts.hostname != "localhost":
        log(f"cluster: warning: {where} is open: whoever reaches it runs code on its workers; use tls:// (docs/scale.md)")


@contextlib.contextmanager
def marked(folder: Path) -> Iterator[Path]:
    """A file in a folder that all must see: as long as it is there, the run goes on."""
    mark = folder.resolve() / f"{uuid.uuid4().hex}.partial"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def require_fit(client: Any, check: Callable[..., str | None], *arguments: object) -> None:
    """Raises: InputError where a worker does not see the folders, or would give other results."""
    said = client.run(check, *arguments, on_error="return")
    for place, problem in sorted(said.items()):
        if isinstance(problem, Exception):
            problem = f"it cannot run this package ({type(problem).__name__}: {problem})"
        if problem:
            raise InputError.of(place, problem, "give every worker the same folders, versions and processors")
