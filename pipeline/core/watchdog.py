"""A watch over code of others that runs on data of others: it ends the process where that code takes too long or too much memory.

A tokenizer, a network or a hub's answer that is made to hurt cannot be stopped from within; the process can. What it writes stays
whole whenever it dies (pipeline/core/outputs.py). The watch is a thread, and so needs code that lets go of Python's lock, as
inference, downloads and the tokenizing of batches do.
"""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.untrusted import shown

PERIOD_SECONDS = 0.05
STDERR = 2
GIGABYTE = 10**9


@dataclass(frozen=True)
class Limits:
    """What a block may take: seconds, and bytes of memory beside those that the process has when it begins."""

    seconds: float
    grown_bytes: int = 8 * GIGABYTE


@dataclass(frozen=True)
class _Watched:
    """A block that runs now."""

    ends: float  # by time.monotonic
    most_bytes: int
    source: str
    hint: str
    limits: Limits


_blocks: dict[object, _Watched] = {}
_begun = threading.Event()
_starting, _hushing = threading.Lock(), threading.Lock()
_watchers: list[threading.Thread] = []  # one, or none yet
_messages = [STDERR]  # the descriptor that people read, which is another one within `hushed`


@contextlib.contextmanager
def watched(source: object, limits: Limits, hint: str) -> Iterator[None]:
    """Where the block outlasts or outgrows its limits, the process ends with the exit code 1 and a Problem of the source."""
    _start()
    key = object()
    _blocks[key] = _Watched(time.monotonic() + limits.seconds, _resident() + limits.grown_bytes, str(source), hint, limits)
    _begun.set()
    try:
        yield
    finally:
        del _blocks[key]


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Within the block nothing reaches standard error: libraries in Rust write a report of their own beside what they raise."""
    with _hushing:
        _messages[0] = os.dup(STDERR)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STDERR)
        os.close(nowhere)
        try:
            yield
        finally:
            os.dup2(_messages[0], STDERR)
            os.close(_messages[0])
            _messages[0] = STDERR


def _start() -> None:
    """Start the watcher where none runs, as in a process that was forked."""
    with _starting:
        if not _watchers or not _watchers[0].is_alive():
            _watchers[:] = [threading.Thread(target=_watch, daemon=True)]
            _watchers[0].start()


def _watch() -> None:
    while True:
        _begun.wait()
        time.sleep(PERIOD_SECONDS)
        _begun.clear()
        for block in list(_blocks.values()):
            _begun.set()
            if time.monotonic() > block.ends:
                _end(block, f"it has not come to an end within {block.limits.seconds:,.0f} seconds")
            if _resident() > block.most_bytes:
                _end(block, f"it takes more than {block.limits.grown_bytes / GIGABYTE:.0f} GB of memory")


def _end(block: _Watched, found: str) -> None:
    os.write(_messages[0], f"{shown(str(Problem(found, block.hint, source=block.source)))}\n".encode(errors="replace"))
    os._exit(1)


def _resident() -> int:
    """The bytes of memory that the process holds; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()
