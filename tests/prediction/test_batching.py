"""Requests that are answered together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from pipeline.prediction.batching import AbandonedError, Batcher, BusyError


class Slow:
    """Doubles numbers, each batch when it is let to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Semaphore(0)

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.go.acquire()
        return [2 * number for number in numbers]


async def begun(slow: Slow, n_batches: int) -> None:
    while len(slow.batches) < n_batches:
        await asyncio.sleep(0)


def test_what_arrives_while_a_batch_runs_is_the_next_one() -> None:
    slow = Slow()

    async def ask() -> list[Sequence[int]]:
        batcher = Batcher(slow, 10)
        asked = [asyncio.create_task(batcher.ask([1]))]
        await begun(slow, 1)
        asked += [asyncio.create_task(batcher.ask(numbers)) for numbers in ([2, 3], [4])]
        slow.go.release(2)
        return list(await asyncio.gather(*asked))

    assert asyncio.run(ask()) == [[2], [4, 6], [8]]
    assert slow.batches == [[1], [2, 3, 4]]


def test_more_than_may_wait_are_refused_until_there_is_room() -> None:
    slow = Slow()

    async def ask() -> Sequence[int]:
        batcher = Batcher(slow, 2)
        first = asyncio.create_task(batcher.ask([1, 2]))
        await begun(slow, 1)
        with pytest.raises(BusyError):
            await batcher.ask([3])
        slow.go.release(2)
        await first
        assert batcher.n_held == 0
        return await batcher.ask([4])

    assert asyncio.run(ask()) == [8]


def test_one_request_of_any_size_is_answered() -> None:
    slow = Slow()
    slow.go.release()
    assert asyncio.run(Batcher(slow, 2).ask([1, 2, 3])) == [2, 4, 6]


def test_a_caller_that_leaves_shifts_nobody_s_answers() -> None:
    slow = Slow()

    async def ask() -> Sequence[int]:
        batcher = Batcher(slow, 10)
        leaving, staying = (asyncio.create_task(batcher.ask(numbers)) for numbers in ([1, 2], [3]))
        await begun(slow, 1)
        leaving.cancel()
        slow.go.release()
        return await staying

    assert asyncio.run(ask()) == [6]
    assert slow.batches == [[1, 2, 3]]


def test_an_error_reaches_every_caller_of_its_batch_and_no_later_one() -> None:
    answers = iter([ValueError("once")])

    def fail_once(numbers: Sequence[int]) -> Sequence[int]:
        for error in answers:
            raise error
        return numbers

    async def ask() -> tuple[list[object], Sequence[int]]:
        batcher = Batcher(fail_once, 10)
        failed = await asyncio.gather(batcher.ask([1]), batcher.ask([2]), return_exceptions=True)
        return list(failed), await batcher.ask([3])

    failed, after = asyncio.run(ask())
    assert [str(error) for error in failed] == ["once", "once"]
    assert after == [3]


def test_a_batch_is_given_up_once_all_of_its_callers_have_left() -> None:
    slow = Slow()
    seen: list[bool] = []

    async def ask() -> Sequence[int]:
        batcher = Batcher(slow, 10)

        def abandoned() -> bool:
            try:
                batcher.require_callers()
            except AbandonedError:
                return True
            return False

        callers = [asyncio.create_task(batcher.ask([number])) for number in (1, 2)]
        await begun(slow, 1)
        for caller in callers:
            seen.append(abandoned())
            caller.cancel()
            await asyncio.sleep(0)
        seen.append(abandoned())
        slow.go.release(2)
        return await batcher.ask([3])

    assert asyncio.run(ask()) == [6]
    assert seen == [False, False, True]
