"""A stage measured in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE_SECONDS = 0.1


def run_stage(name: str, *arguments: Path) -> dict[str, float]:
    """Seconds, CPU seconds and peak resident MB of a stage; `peak_anonymous_mb` leaves out mapped files (sampled)."""
    began = time.perf_counter()
    command = [sys.executable, "-m", f"pipeline.{name}", *(str(path.resolve()) for path in arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    anonymous = 0
    while (waited := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        anonymous = max(anonymous, _anonymous_kb(process.pid))
        time.sleep(SAMPLE_SECONDS)
    _, status, usage = waited
    if status:
        sys.exit(f"the {name} stage failed")
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
        "peak_anonymous_mb": round(anonymous / 1024),
    }


def _anonymous_kb(process: int) -> int:
    """Resident memory that no file backs; 0 of a process that has just ended."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)
