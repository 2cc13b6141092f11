"""Independent items done by the workers of a cluster: a few each at a time, and again by another where one gave nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pipeline.core.cluster import AGAIN
from pipeline.core.errors import InputError, Problem
from pipeline.core.stage import log

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_A_WORKER = 2  # under way: one that is computed, one that waits
MOST_TRIES = 3  # of an item, each by another worker where there is one
PROBLEM_CHARACTERS = 500  # of an error that is told
MOST_PAUSE = 5.0  # seconds between two looks at who has what


@dataclass(frozen=True)
class Done(Generic[Result]):
    """What a worker says of an item: what it gave, or why it gave nothing, so that another may try.

    Args: faults: what is wrong with the item or with what all workers use, so that no other need try.
    """

    worker: str
    value: Result | None = None
    problem: str | None = None
    faults: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Task(Generic[Item]):
    """An item under way."""

    item: Item
    n_tries: int = 0  # that gave nothing


class Work(Generic[Item]):
    """What the workers of a cluster do with items, each the argument of one call."""

    def __init__(
        self,
        client: Any,
        function: Callable[..., Done[Any]],
        arguments: Callable[[Item], tuple[object, ...]],
        name: Callable[[Item], str],
        seconds: float,
    ) -> None:
        """Args: function: runs on a worker; arguments: its, of an item; name: what an item is called; seconds: that it may take."""
        self._client, self._function, self._arguments = client, function, arguments
        self._name, self._seconds = name, seconds
        self._pause = min(MOST_PAUSE, seconds / 4)
        self._under_way: dict[Any, Task[Item]] = {}
        self._workers: list[str] = []
        self._avoided: set[str] = set()  # workers that failed an item, until they end one
        self._seen: dict[str, float] = {}  # when each that has items got its first or ended one
        self._looked = -self._pause
        self._had_worker = time.monotonic()

    def results(self, items: Iterable[Item]) -> Iterator[tuple[Item, Any]]:
        """What the function gave for each item, in the order in which they end.

        Raises: InputError where an item fails everywhere or has a fault, or no worker is left.
        """
        waiting = map(Task, items)
        while True:
            self._look()
            while len(self._under_way) < ITEMS_A_WORKER * max(1, len(self._workers)) and (task := next(waiting, None)):
                self._submit(task)
            if not self._under_way:
                return
            for future in self._ended():
                task = self._under_way.pop(future)
                done = self._result(future, task)
                if done.faults:
                    item = self._name(task.item)
                    raise InputError(replace(fault, found=f"{fault.found} (for {item})") for fault in done.faults)
                if done.problem is not None:
                    self._avoided.add(done.worker)
                    self._again(task, done.problem)
                    continue
                self._avoided.discard(done.worker)
                if done.worker in self._seen:
                    self._seen[done.worker] = time.monotonic()
                yield task.item, done.value

    def _submit(self, task: Task[Item]) -> None:
        others = [place for place in self._workers if place not in self._avoided] if self._avoided else []
        where = {"workers": others, "allow_other_workers": True} if others else {}
        future = self._client.submit(self._function, *self._arguments(task.item), pure=False, **where)
        self._under_way[future] = task

    def _ended(self) -> list[Any]:
        from distributed import wait

        with contextlib.suppress(TimeoutError, CancelledError), self._client.as_current():
            wait(list(self._under_way), timeout=self._pause, return_when="FIRST_COMPLETED")
        return [future for future in self._under_way if future.done()]

    def _again(self, task: Task[Item], problem: str) -> None:
        if task.n_tries + 1 >= MOST_TRIES:
            raise self._failed(task, problem)
        log(f"cluster: {self._name(task.item)} is tried elsewhere: {problem}")
        self._submit(Task(task.item, task.n_tries + 1))

    def _look(self) -> None:
        """See who is there, and move what a hung worker has.

        Raises: InputError where no worker has been there for long.
        """
        now = time.monotonic()
        if now < self._looked + self._pause:
            return
        self._looked = now
        held = self._client.processing()
        self._workers = list(held)
        self._had_worker = now if held else self._had_worker
        if now - self._had_worker > self._seconds:
            raise InputError.of("cluster", "no worker is left", AGAIN)
        self._seen = {place: self._seen.get(place, now) for place, keys in held.items() if keys}
        hung = {place for place, seen in self._seen.items() if now - seen > self._seconds}
        self._avoided |= hung
        keys = {key for place in hung for key in held[place]}
        for future in [future for future in self._under_way if future.key in keys and not future.done()]:
            task = self._under_way.pop(future)
            self._client.cancel([future], force=True)
            self._again(task, f"no answer within {self._seconds:g} s")
        for place in hung:
            del self._seen[place]

    def _result(self, future: Any, task: Task[Item]) -> Done[Any]:
        """What became of an item that ended.

        Raises: CancelledError where the scheduler is lost; InputError where all workers that had the item ended.
        """
        from distributed import KilledWorker

        try:
            done: Done[Any] = future.result()
        except CancelledError:
            raise
        except KilledWorker as error:  # each time by another worker
            raise self._failed(task, f"{error.allowed_failures + 1} workers ended while they had it") from None
        except Exception as error:
            return Done("", problem=f"{type(error).__name__}: {error}"[:PROBLEM_CHARACTERS])
        return done

    def _failed(self, task: Task[Item], problem: str) -> InputError:
        hint = "look at the workers' logs; what is written stays"
        return InputError.of("cluster", f"{self._name(task.item)} fails everywhere: {problem}", hint)
