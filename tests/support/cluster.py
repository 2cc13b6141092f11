"""A Dask cluster on loopback: threads of this process, or a scheduler and workers as processes with a stand-in for the encoder."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.support.project import ROOT

PRIVATE = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")  # Dask's HTTP server is there either way, else on all addresses
PRELOADED = """
import time
from pipeline.encoding import inference
from tests.support.embedding import stand_in

def slow(folder, precision, threads=None):
    made = stand_in(folder, precision)
    def encode(ids):
        time.sleep({seconds})
        return made.encode(ids)
    return inference.Inference(encode, threads or 1)

inference.BACKENDS["openvino"] = slow
"""


@contextlib.contextmanager
def threads(n_workers: int) -> Iterator[str]:
    """The address of a cluster whose workers are threads of this process, where what is patched is patched too."""
    from distributed import LocalCluster

    own = {"processes": False, "protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with LocalCluster(None, n_workers, 1, **own) as made:
        yield made.scheduler_address


@dataclass
class Cluster:
    """Processes by what they are."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    options: Sequence[str]
    environment: Mapping[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, seconds: float | None = 0.0, threads: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker whose stand-in for an encoder takes so long for a batch; None for a true encoder."""
        options = ["--no-nanny", "--nthreads", str(threads), *PRIVATE, *self.options]
        if seconds is not None:
            preload = self.folder / f"preload_{len(self.workers)}.py"
            preload.write_text(PRELOADED.format(seconds=seconds))
            options += ["--preload", str(preload)]
        self.workers.append(_start("dask_worker", self.address, *options, folder=self.folder, environment=self.environment))
        return self.workers[-1]


@contextlib.contextmanager
def processes(
    folder: Path,
    n_workers: int = 0,
    seconds: float | None = 0.0,
    protocol: str = "tcp",
    options: Sequence[str] = (),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Cluster]:
    """A scheduler and workers, which end with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(exist_ok=True)
    arguments = ["--host", "127.0.0.1", "--port", str(port), *PRIVATE, "--protocol", protocol, *options]
    scheduler = _start("dask_scheduler", *arguments, folder=folder, environment=environment)
    running = Cluster(f"{protocol}://127.0.0.1:{port}", scheduler, folder, options, environment)
    try:
        for _ in range(n_workers):
            running.add_worker(seconds)
        yield running
    finally:
        for process in (*running.workers, running.scheduler):
            process.kill()
            process.wait()


def _start(module: str, *arguments: str, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(folder), **environment}
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    with (folder / f"{module}.log").open("ab") as said:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)


def wait_for(what: Path, pattern: str, n: int = 1, seconds: float = 120) -> None:
    """Until a folder has so many files of a pattern."""
    until = time.monotonic() + seconds
    while len(list(what.glob(pattern))) < n:
        assert time.monotonic() < until, f"no {pattern} in {what}"
        time.sleep(0.01)
