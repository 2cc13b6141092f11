"""The DVC that started a stage: a stage ends with it, so that none writes on behind the back of the next run."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from pathlib import Path

SHELLS = frozenset({"sh", "dash", "bash", "zsh", "fish"})


def exit_with_dvc() -> None:
    """End this process when the DVC that started it ends, so that no stage writes on behind the back of the next run."""
    if "DVC_STAGE" not in os.environ or not hasattr(os, "pidfd_open"):
        return
    starter = os.getppid()
    name, parent = _process(starter)
    starter = parent if name in SHELLS else starter  # DVC runs a stage's command through a shell
    with contextlib.suppress(OSError):  # it has ended already, or the system does not let us look
        ended = os.pidfd_open(starter)
        threading.Thread(target=_end_after, args=[ended], daemon=True).start()


def _process(process: int) -> tuple[str, int]:
    """A process' name and its parent, from /proc/PID/stat: pid (name) state parent ..."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", 0
    name, _, rest = status.partition(" (")[2].rpartition(") ")
    return name, int(rest.split()[1])


def _end_after(descriptor: int) -> None:
    select.select([descriptor], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
