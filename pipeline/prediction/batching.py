"""Requests of many callers answered together: what has arrived while the model was busy is its next batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Waiting = tuple[Sequence[Asked], asyncio.Future[Sequence[Answered]]]


class BusyError(Exception):
    """As many items wait as may."""


class AbandonedError(Exception):
    """Nobody waits any more for what is being answered."""


class Batcher(Generic[Asked, Answered]):
    """A queue before a function of batches, which runs in one thread, one batch at a time."""

    def __init__(self, answer: Callable[[Sequence[Asked]], Sequence[Answered]], most_waiting: int) -> None:
        """Args: answer: gives an answer an item, in order; most_waiting: items that wait or are being answered at once."""
        self._answer = answer
        self._most_waiting = most_waiting
        self._waiting: list[Waiting[Asked, Answered]] = []
        self._answering: Sequence[Waiting[Asked, Answered]] = ()
        self._running: asyncio.Task[None] | None = None
        self.n_held = 0  # items that wait or are being answered

    async def ask(self, items: Sequence[Asked]) -> Sequence[Answered]:
        """The answers to some items.

        Raises: BusyError where they would be more than may wait, which items alone in the queue never are.
        """
        if self.n_held and self.n_held + len(items) > self._most_waiting:
            raise BusyError
        answered: asyncio.Future[Sequence[Answered]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, answered))
        self.n_held += len(items)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await answered

    def require_callers(self) -> None:
        """For the function to call from time to time.

        Raises: AbandonedError where all callers of its batch have left.
        """
        if all(answered.done() for _, answered in self._answering):
            raise AbandonedError

    async def _run(self) -> None:
        """Answer until nothing waits."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            still_there = [(items, answered) for items, answered in batch if not answered.done()]
            try:
                await self._answer_all(still_there)
            finally:
                self.n_held -= sum(len(items) for items, _ in batch)

    async def _answer_all(self, batch: Sequence[Waiting[Asked, Answered]]) -> None:
        asked = [item for items, _ in batch for item in items]
        self._answering = batch
        try:
            answers = iter(await asyncio.to_thread(self._answer, asked))
            told: list[Sequence[Answered] | Exception] = [[next(answers) for _ in items] for items, _ in batch]
        except Exception as error:
            told = [error for _ in batch]
        for (_, answered), answer in zip(batch, told, strict=True):
            if answered.done():  # the caller has left
                continue
            if isinstance(answer, Exception):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)
