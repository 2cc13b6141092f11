"""What a worker of a cluster does around an item: take its share of the cores, keep what it loaded, say why it gave nothing."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from pipeline.core import cluster
from pipeline.core.cluster_work import PROBLEM_CHARACTERS, Done
from pipeline.core.errors import InputError

Result = TypeVar("Result")
Loaded = TypeVar("Loaded")

_ONE_AT_A_TIME = threading.Lock()  # an item takes all threads of its worker
_kept: dict[Hashable, Any] = {}  # of this process: loading an encoder or a model takes seconds


class UnfitError(Exception):
    """An item that its worker cannot do; another may."""


def check_place(mark: str, versions: tuple[tuple[str, str], ...]) -> str | None:
    """What keeps this worker from working for a driver in the place of its mark, with its versions, if so."""
    if not Path(mark).is_file():
        return f"it does not see the driver's {Path(mark).parent}, or the run has ended"
    other = dict(cluster.versions()).items() ^ dict(versions).items()
    return f"it has other versions than the driver: {', '.join(sorted({name for name, _ in other}))}" if other else None


def done(work: Callable[[int], Result]) -> Done[Result]:
    """What work gave, called with this worker's number of threads while it does nothing else; or why it gave nothing."""
    from distributed import get_worker

    here = get_worker()
    try:
        with _ONE_AT_A_TIME:
            return Done(here.address, work(here.state.nthreads))
    except InputError as error:
        return Done(here.address, faults=error.problems)
    except UnfitError as error:
        return Done(here.address, problem=str(error))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Done(here.address, problem="the disk is full" if full else str(error.strerror or error))
    except Exception as error:  # a full memory, a worker's broken library
        return Done(here.address, problem=f"{type(error).__name__}: {error}"[:PROBLEM_CHARACTERS])


def kept(key: Hashable, threads: int, load: Callable[[], Loaded]) -> Loaded:
    """What load gives for a key, called once; only the last key's is kept, for a worker outlives the runs that ask."""
    if key not in _kept:
        take_threads(threads)
        loaded = load()
        _kept.clear()
        _kept[key] = loaded
    found: Loaded = _kept[key]
    return found


def take_threads(threads: int) -> None:
    """Have the libraries of this process take its share of the cores, not all: a tokenizer's threads begin with its first use."""
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    pa.set_cpu_count(threads)
