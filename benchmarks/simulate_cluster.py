"""Embedding on a cluster that nobody has here, by a discrete-event simulation fed with measured figures. Prints JSON.

Workers ask for windows; the driver reads and sends one after another, the scheduler handles one after another, the disk that all
share takes its bytes at its speed, and workers end at random: their window is done again by another, and a new worker comes later.
A window is under way on a worker for its compute time, then it waits for the disk. What each of the four was busy for is told:
the one that is near 100% is the bottleneck.

    python -m benchmarks.simulate_cluster [--workers 1000] [--sentences 100000000] [--loss-per-hour 0.01] ...
    python -m benchmarks.simulate_cluster --table     the same for 1, 10, ... 10,000 workers
"""

from __future__ import annotations

import argparse
import heapq
import json
from dataclasses import asdict, dataclass, replace
from itertools import count

import numpy as np

TABLE = (1, 10, 100, 1_000, 10_000)
ASK, COMPUTED, WRITTEN, LOST, BACK = "ask", "computed", "written", "lost", "back"


@dataclass(frozen=True)
class Setting:
    """What is simulated. The defaults: docs/scale.md says what each was measured with."""

    workers: int = 1_000
    sentences: int = 100_000_000
    window_sentences: int = 16_384
    sentences_per_second: float = 900.0  # of a worker
    spread: float = 0.1  # of a window's time, standard deviation over mean
    bytes_per_sentence: float = 30_000.0  # 20 words of 768 float16
    disk_bytes_per_second: float = 2e9  # of the file system that all share
    driver_seconds: float = 0.15  # a window: read, hashed, sent
    scheduler_seconds: float = 0.011  # a window
    loss_per_hour: float = 0.01  # of the workers
    back_seconds: float = 300.0  # until a lost worker is replaced
    start_seconds: float = 20.0  # of a worker: imports, the encoder
    price_per_hour: float = 0.10  # of a worker
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What came of it; shares are of the time that the run took."""

    hours: float
    money: float
    windows: int
    shards: int
    windows_done_again: int
    workers_lost: int
    workers_busy: float
    driver_busy: float
    scheduler_busy: float
    disk_busy: float
    key_table_gb: float  # in the driver and in every reader of the store
    words_in_flight_gb: float  # of the driver and the scheduler


class Server:
    """What serves one after another."""

    def __init__(self) -> None:
        self.free, self.busy = 0.0, 0.0

    def serve(self, now: float, seconds: float) -> float:
        """When a request that comes now is done."""
        self.free = max(now, self.free) + seconds
        self.busy += seconds
        return self.free


def simulate(setting: Setting) -> Outcome:
    """Run the events until all windows are written."""
    draw = np.random.default_rng(setting.seed)
    n_windows = -(-setting.sentences // setting.window_sentences)
    window_seconds = setting.window_sentences / setting.sentences_per_second
    write_seconds = setting.window_sentences * setting.bytes_per_sentence / setting.disk_bytes_per_second
    driver, scheduler, disk = Server(), Server(), Server()
    order = count()
    events: list[tuple[float, int, str, int, int]] = []  # time, order, what, worker, its life
    life = [0] * setting.workers
    has_window = [False] * setting.workers
    waiting, done, again, lost, computed = n_windows, 0, 0, 0, 0.0
    idle: list[int] = []

    def at(time: float, what: str, worker: int) -> None:
        heapq.heappush(events, (time, next(order), what, worker, life[worker]))

    def begin(now: float, worker: int) -> None:
        at(now + setting.start_seconds, ASK, worker)
        if setting.loss_per_hour:
            at(now + draw.exponential(3600 / setting.loss_per_hour), LOST, worker)

    for worker in range(setting.workers):
        begin(0.0, worker)
    now = 0.0
    while done < n_windows:
        now, _, what, worker, its_life = heapq.heappop(events)
        if its_life != life[worker]:
            continue  # of a worker that was lost meanwhile
        if what == ASK:
            if not waiting:
                idle.append(worker)
                continue
            waiting -= 1
            has_window[worker] = True
            sent = scheduler.serve(driver.serve(now, setting.driver_seconds), setting.scheduler_seconds)
            seconds = window_seconds * max(0.1, draw.normal(1, setting.spread))
            computed += seconds
            at(sent + seconds, COMPUTED, worker)
        elif what == COMPUTED:
            at(disk.serve(now, write_seconds), WRITTEN, worker)
        elif what == WRITTEN:
            done += 1
            has_window[worker] = False
            at(now, ASK, worker)
        elif what == LOST:
            lost += 1
            life[worker] += 1
            if has_window[worker]:
                again, waiting, has_window[worker] = again + 1, waiting + 1, False
                if idle:
                    at(now, ASK, idle.pop())
            idle = [other for other in idle if other != worker]
            at(now + setting.back_seconds, BACK, worker)
        else:
            begin(now, worker)
    sent_bytes = 2 * min(n_windows, 2 * setting.workers) * setting.window_sentences * 130
    return Outcome(
        hours=round(now / 3600, 3),
        money=round(now / 3600 * setting.workers * setting.price_per_hour, 2),
        windows=n_windows,
        shards=n_windows * max(1, round(setting.window_sentences * 20 / 65_536)),
        windows_done_again=again,
        workers_lost=lost,
        workers_busy=round(computed / now / setting.workers, 3),
        driver_busy=round(driver.busy / now, 3),
        scheduler_busy=round(scheduler.busy / now, 3),
        disk_busy=round(disk.busy / now, 3),
        key_table_gb=round(16 * setting.sentences / 1e9, 2),
        words_in_flight_gb=round(sent_bytes / 1e9, 2),
    )


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in asdict(Setting()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--table", action="store_true")
    chosen = vars(parser.parse_args())
    table = chosen.pop("table")
    setting = Setting(**chosen)
    settings = [replace(setting, workers=workers) for workers in TABLE] if table else [setting]
    print(json.dumps([{"workers": each.workers, **asdict(simulate(each))} for each in settings], indent=2))


if __name__ == "__main__":
    main()
