"""A Dask scheduler and workers as processes on loopback, their encoder a stand-in that takes its time."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.project import ROOT

PRELOADED = """
import time
from pathlib import Path
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


@dataclass
class Cluster:
    """Processes by what they are."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    options: list[str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, seconds: float = 0.0) -> subprocess.Popen[bytes]:
        """Start a worker of one thread whose encoder takes so long for a batch."""
        preload = self.folder / f"preload_{len(self.workers)}.py"
        preload.write_text(PRELOADED.format(seconds=seconds))
        options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--preload", str(preload), *self.options]
        self.workers.append(_start("dask_worker", self.address, *options, folder=self.folder))
        return self.workers[-1]


@contextlib.contextmanager
def cluster(
    folder: Path, n_workers: int = 0, seconds: float = 0.0, protocol: str = "tcp", options: list[str] | None = None
) -> Iterator[Cluster]:
    """A scheduler and workers, which end with the block."""
    options = options or []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir(exist_ok=True)
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--protocol", protocol, *options]
    running = Cluster(f"{protocol}://127.0.0.1:{port}", _start("dask_scheduler", *arguments, folder=folder), folder, options)
    try:
        for _ in range(n_workers):
            running.add_worker(seconds)
        yield running
    finally:
        for process in (*running.workers, running.scheduler):
            process.kill()
            process.wait()


def _start(module: str, *arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(folder)}
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    with (folder / f"{module}.log").open("ab") as said:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT)


def wait_for(what: Path, pattern: str, n: int = 1, seconds: float = 60) -> None:
    """Until a folder has so many files of a pattern."""
    until = time.monotonic() + seconds
    while len(list(what.glob(pattern))) < n:
        assert time.monotonic() < until, f"no {pattern} in {what}"
        time.sleep(0.01)
