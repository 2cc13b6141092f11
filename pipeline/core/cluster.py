"""A Dask cluster: where it is, and whether its workers are fit for what they are to do.

    cluster:
      address: null              # in this process
      address: local:4           # four worker processes on this machine, bound to loopback
      address: tcp://host:8786   # a scheduler; tls:// with certificates (docs/scale.md)

Whoever reaches a scheduler runs code on its workers: that is Dask's, and why tls:// is named wherever tcp:// leaves this machine.
What is sent are our functions with plain values; nothing that was read from corpus, params or model is unpickled.
An address is said by params.yaml, by the environment or by --cluster, and an error names the one that said it.
"""

from __future__ import annotations

import contextlib
import functools
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
from pipeline.core.constraints import Address
from pipeline.core.errors import InputError, Problem
from pipeline.core.files import checksum, with_checksum
from pipeline.core.stage import log
from pipeline.core.wording import counted

ADDRESS_VARIABLE, OPTION, PARAMETER = "DASK_SCHEDULER_ADDRESS", "--cluster", "cluster.address"
WITHOUT = {  # what says an address, and how to do without
    ADDRESS_VARIABLE: f"unset {ADDRESS_VARIABLE}",
    OPTION: f"leave {OPTION} out",
    PARAMETER: f"set {PARAMETER} in params.yaml to null",
}
TLS_VARIABLES = ", ".join(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"))
LOCAL = "local:"
START_SECONDS = 60
FIT_SECONDS = 120.0  # that all workers may take to import this package and look at the folders
ALIVE_SECONDS = 1.0  # that one may take to say anything
MOST_SILENT = 3  # workers that are named
DECIDING = ("openvino", "tokenizers", "numpy", "pyarrow", "spacy", "relation-pipeline")  # packages whose version may move a bit
WHERE_INSTALLED = ("tensorflow", "jieba", "spacy-pkuseg")  # more of them, that not everybody has
CODE = "pipeline/"  # the place of this package's own code among the versions
FEW_MESSAGES = {"distributed.admin.low-level-log-length": 10}  # kept a connection, where Dask keeps 1,000, words and all
AGAIN = "start it again, then run the same command: what is written stays"


def address(settings: params.Cluster) -> tuple[str, str] | None:
    """Where the work goes, and what says so: the environment before params.yaml; None for this process."""
    if given := os.environ.get(ADDRESS_VARIABLE, "").strip():
        return given, ADDRESS_VARIABLE
    return (settings.address, PARAMETER) if settings.address else None


def versions() -> tuple[tuple[str, str], ...]:
    """The versions of what decides a result's bits, this package's code among them."""
    found = [(name, importlib.metadata.version(name)) for name in DECIDING]
    for name in WHERE_INSTALLED:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append((name, importlib.metadata.version(name)))
    return (*found, (CODE, _code()))


@functools.cache  # of what this process runs: its files may become others while it does
def _code() -> str:
    """A checksum of this package's modules and their names, wherever they lie."""
    root = Path(__file__).parents[1]
    by_name = {path.relative_to(root).as_posix(): checksum(path) for path in root.rglob("*.py")}
    return str(with_checksum(by_name)["checksum"])


@contextlib.contextmanager
def connected(where: str, source: str = PARAMETER) -> Iterator[Any]:
    """A client of the scheduler at an address, or of processes of this machine's own.

    Args: source: what says the address.
    Raises: InputError where it is none, where no worker answers, and where the scheduler is lost within the block.
    """
    if not Address().allows(where):
        raise InputError.of(source, f"{where!r} is no address of a cluster", f"give {Address().describe('')}, or {WITHOUT[source]}")
    try:
        import dask
        import distributed
    except ModuleNotFoundError:
        hint = 'uv pip install --constraint requirements.lock --no-build-isolation --editable ".[cluster]"'
        raise InputError.of(source, "Dask is not installed", hint) from None
    for name in ("distributed", "distributed.client"):  # of what they say, all that matters is said here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack, dask.config.set(FEW_MESSAGES):
        try:
            client = stack.enter_context(_client(where, stack))
            client.wait_for_workers(1, timeout=START_SECONDS)
            log(_description(client))
        except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates
            raise InputError.of(source, f"no worker answers at {where}: {error}", _start_hint(where, source)) from None
        try:
            yield client
        except (distributed.comm.CommClosedError, CancelledError, TimeoutError) as error:
            raise InputError.of(source, f"the scheduler at {where} is gone", AGAIN) from error


def _start_hint(where: str, source: str) -> str:
    """What to do where no worker answers."""
    if where.startswith(LOCAL):
        return f"take fewer workers, or {WITHOUT[source]}"
    named = f"name this process' certificate by {TLS_VARIABLES} (docs/scale.md), " if where.startswith("tls://") else ""
    return f"{named}start a scheduler and workers, or {WITHOUT[source]}"


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
    return f"cluster: {counted(len(threads), 'worker')} with {counted(sum(threads.values()), 'thread')} in all{shown}"


def warn_of_open_address(where: str) -> None:
    """Say so where what is sent could be read and workers be taken over."""
    parts = urlsplit(where)
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(parts.hostname or "").is_loopback:
            return
    if parts.scheme != "tls" and parts.hostname != "localhost":
        log(f"cluster: warning: {where} is open: whoever reaches it runs code on its workers; use tls:// (docs/scale.md)")


@contextlib.contextmanager
def marked(folder: Path) -> Iterator[Path]:
    """A file in a folder that all workers must see: it is there while the run goes on, and stays if the run is killed (kill -9)."""
    mark = folder.resolve() / f"{uuid.uuid4().hex}.partial"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def require_fit(client: Any, check: Callable[..., str | None], *arguments: object) -> None:
    """Raises: InputError where a worker does not see the folders, would give other results, or says nothing."""
    try:
        said = client.run(check, *arguments, on_error="return", callback_timeout=FIT_SECONDS)
    except TimeoutError:
        hint = "end it, or look whether its disks answer; what is written stays"
        found = f"it gave no answer within {FIT_SECONDS:g} s"
        raise InputError([Problem(found, hint, source=place) for place in _silent(client)]) from None
    for place, problem in sorted(said.items()):
        if isinstance(problem, Exception):
            problem = f"it cannot run this package ({type(problem).__name__}: {problem})"
        if problem:
            raise InputError.of(place, problem, "give every worker the same folders, versions and processors")


def _silent(client: Any) -> list[str]:
    """The first workers that say nothing at all, or one word for some that are slow."""
    silent: list[str] = []
    for place in sorted(client.nthreads()):
        try:
            client.run(os.getpid, workers=[place], on_error="return", callback_timeout=ALIVE_SECONDS)
        except TimeoutError:
            silent.append(place)
        if len(silent) == MOST_SILENT:
            break
    return silent or ["a worker"]
