"""Run an iterator a few items ahead in a thread of its own, so that its work overlaps the consumer's."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def prefetch(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """The items in order, up to depth of them made ahead; an error of theirs is raised where the item was due.

    >>> list(prefetch(range(3)))
    [0, 1, 2]
    """
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(depth)
    abandoned = threading.Event()

    def produce() -> None:
        try:
            for item in items:
                ready.put((True, item))
                if abandoned.is_set():
                    return
            ready.put((False, None))
        except BaseException as error:  # raised again in the consumer
            ready.put((False, error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            more, item = ready.get()
            if not more:
                if item is not None:
                    raise item  # type: ignore[misc]
                return
            yield item  # type: ignore[misc]
    finally:
        abandoned.set()
        while thread.is_alive():
            try:
                ready.get(timeout=0.05)
            except queue.Empty:
                continue
