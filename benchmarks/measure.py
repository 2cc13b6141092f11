"""What a call takes, and what a stage takes in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.core.arrays import Doubles
from tests.support.project import ROOT

SAMPLE_SECONDS = 0.05


def seconds(work: Callable[[], object]) -> Doubles:
    """(2,) wall and CPU seconds of one call."""
    began = np.array([time.perf_counter(), time.process_time()])
    work()
    ended = np.array([time.perf_counter(), time.process_time()])
    taken: Doubles = ended - began
    return taken


def run_stage(name: str, *arguments: Path) -> dict[str, float]:
    """Figures of a stage (see run)."""
    return run("-m", f"pipeline.{name}", *(str(path.resolve()) for path in arguments))


def run(*arguments: str, folder: Path = ROOT, said: Path = Path(os.devnull)) -> dict[str, float]:
    """Seconds, CPU seconds and peak resident MB of a Python process; `peak_anonymous_mb` leaves out mapped files.

    Args: said: where what it writes to stdout goes.

    Memory is sampled from /proc: the peak that the system reports of a child that has ended counts its parent's memory too.
    """
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with said.open("wb") as stdout:
        process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment, stdout=stdout)
    peaks = {"VmHWM": 0, "RssAnon": 0}
    while (waited := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        peaks = {field: max(peak, _status_kb(process.pid, field)) for field, peak in peaks.items()}
        time.sleep(SAMPLE_SECONDS)
    _, status, usage = waited
    if status:
        sys.exit(f"failed: python {' '.join(arguments)}")
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(peaks["VmHWM"] / 1024),
        "peak_anonymous_mb": round(peaks["RssAnon"] / 1024),
    }


def _status_kb(process: int, field: str) -> int:
    """A field of /proc/PID/status; 0 of a process that has just ended."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(field)), 0)
