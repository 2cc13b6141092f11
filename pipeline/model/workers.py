"""Trainings in processes beside each other where there are cores for it.

Beside each other, because a step is made of many small operations: two networks on a core each are sooner done than one after the
other on two.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

from pipeline.core.stage import quiet
from pipeline.core.tensorflow import tf

Task = TypeVar("Task")
Result = TypeVar("Result")


def train_all(tasks: Sequence[Task], train_one: Callable[[Task], Result]) -> list[Result]:
    """What each task leads to, in order, as many at once as there are cores.

    Args: train_one: a function at the top of a module, or a partial of one, for other processes to find.
    """
    n_cores = len(os.sched_getaffinity(0))
    n_workers = min(len(tasks), n_cores)
    if n_workers == 1:
        return [train_one(task) for task in tasks]
    # Not forked: TensorFlow's threads would be lost.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, spawned, _begin_worker, (n_cores // n_workers,)) as pool, _ended_together():
        return list(pool.map(train_one, tasks))


def _begin_worker(n_threads: int) -> None:
    """Set up a process that trains: its share of the cores; Ctrl-C is its parent's to answer; it ends with its parent."""
    quiet()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _ended_together() -> Iterator[None]:
    """Within the block an error ends the other processes too: a pool would wait for what they are at."""
    try:
        yield
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
