"""Embedding by Dask workers beside embedding in process: speed, kills, and what driver and scheduler take. Prints JSON.

python -m benchmarks.cluster speed data/positioned models/encoder [--sentences 32768] [--rounds 3]
    Sentences a second of one worker against this process with as many threads, and of two workers of one thread against one of two.
    In turn within each round; the ratio of the best of each. Loading the encoder is left out on both sides.
python -m benchmarks.cluster kills [--count 20] [--seed 1]
    That often: two workers, one of them or the scheduler killed (SIGKILL) at a random moment, the run repeated where it ended;
    every sentence must be there once with the bits that this process computes.
python -m benchmarks.cluster driver [--sentences 200000 1000000]
    CPU seconds of driver and scheduler a million short sentences, and the driver's peak memory, the workers' encoder a stand-in.
python -m benchmarks.cluster stubs [--workers 1 10 100] [--windows 200]
    What driver and scheduler take a window, its words as large as those of true ones, where workers do nothing but wait.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.corpus import recombined
from benchmarks.measure import run
from pipeline.core import cluster as core_cluster
from pipeline.core import cluster_worker, manifests, params
from pipeline.core.cluster_work import Done, Work
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, VECTORS, VectorsDescription
from pipeline.encoding import cluster, pieces, store, windows
from pipeline.encoding.sentences import describe_vectors
from pipeline.encoding.store import Store
from pipeline.encoding.windows import Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder
from tests.support.cluster import Cluster, processes
from tests.support.embedding import DESCRIPTION, stand_in, write_encoder
from tests.support.project import ROOT

DRAWN = VectorsDescription(DESCRIPTION, "openvino", "float32", "mean", "now")
SMALL = params.Embed("openvino", "float32", "mean", batch_pieces=64, shard_words=300, max_stale=0.7)
Places = tuple[Path, Path, VectorsDescription, params.Embed]  # store, encoder; how vectors are made
SPEED_WINDOW = 4_096
FEW_MESSAGES = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "10"}  # as docs/scale.md has a scheduler started
SHORT = 6  # words of a short sentence
WAITED = 0.5  # seconds that a stub takes for a window
HOST = """
import asyncio, sys
from distributed import Worker

async def main():
    workers = [Worker(sys.argv[1], nthreads=1, dashboard=False) for _ in range(int(sys.argv[2]))]
    await asyncio.gather(*workers)
    await asyncio.gather(*(worker.finished() for worker in workers))

asyncio.run(main())
"""


def cpu_seconds(process: int) -> float:
    """User and system time of a running process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speed(source: Path, encoder_folder: Path, n_sentences: int, rounds: int) -> dict[str, Any]:
    """Sentences a second by arrangement."""
    settings = params.read(params.Embed)
    encoder, _ = manifests.open_sealed(encoder_folder, ENCODER)
    vectors = describe_vectors(encoder, settings)
    words = recombined(source, n_sentences, 0)["words"]
    keys = store.keys(words, vectors.fingerprint)
    words = words.combine_chunks()
    cut = [slice(start, start + SPEED_WINDOW) for start in range(0, n_sentences, SPEED_WINDOW)]
    work = [Window(keys[place], words[place]) for place in cut]
    warm_up = [Window(keys[place : place + 64], words[place : place + 64]) for place in (0, 64, 128, 192)]
    best: dict[str, float] = {}
    arrangements = {"here_1": (0, 1), "one_of_1": (1, 1), "here_2": (0, 2), "one_of_2": (1, 2), "two_of_1": (2, 1)}
    for _ in range(rounds):
        for name, (n_workers, threads) in arrangements.items():
            with tempfile.TemporaryDirectory() as folder:
                job = (Path(folder) / "embedded", encoder_folder, vectors, settings)
                if n_workers:
                    seconds = by_workers(Path(folder) / "dask", n_workers, threads, warm_up, work, job)
                else:
                    with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # a tokenizer keeps the threads of its first use
                        seconds = alone.submit(here, threads, warm_up, work, job).result()
            best[name] = max(best.get(name, 0.0), n_sentences / seconds)
    return {
        "sentences": n_sentences,
        "sentences_per_second": {name: round(figure, 1) for name, figure in best.items()},
        "one_worker_over_here": [round(best[f"one_of_{threads}"] / best[f"here_{threads}"], 3) for threads in (1, 2)],
        "two_workers_of_one_over_one_of_two": round(best["two_of_1"] / best["one_of_2"], 3),
    }


def here(threads: int, warm_up: list[Window], work: list[Window], job: Places) -> float:
    """Seconds of windows embedded by the process that calls this."""
    folder, encoder_folder, vectors, settings = job
    cluster_worker.take_threads(threads)
    encoder = WordEncoder.load(encoder_folder, vectors, settings.batch_pieces, threads)
    tokenizer = pieces.load_tokenizer(encoder_folder)
    for window in warm_up:
        list(embed_window(window, encoder, tokenizer))
    began = time.perf_counter()
    for window in work:
        for _ in write_shards(folder, vectors.fingerprint, embed_window(window, encoder, tokenizer), settings.shard_words):
            pass
    return time.perf_counter() - began


def by_workers(
    folder: Path,
    n_workers: int,
    threads: int,
    warm_up: list[Window],
    work: list[Window],
    job: Places,
) -> float:
    """Seconds of windows embedded by workers, from a start with loaded encoders."""
    with processes(folder) as running:
        for _ in range(n_workers):
            running.add_worker(seconds=None, threads=threads)
        wait_for_workers(running, n_workers)
        settings = params.Cluster(running.address)
        list(cluster.embed(warm_up * n_workers, *job, settings))
        began = time.perf_counter()
        assert sum(cluster.embed(work, *job, settings)) == sum(len(window.keys) for window in work)  # noqa: S101
        return time.perf_counter() - began


def wait_for_workers(running: Cluster, n_workers: int) -> None:
    """Until all are there."""
    from distributed import Client

    with Client(running.address, timeout=300, set_as_default=False) as client:
        client.wait_for_workers(n_workers, timeout=300)


def short_windows(n_sentences: int, size: int = windows.WINDOW_SENTENCES) -> Iterator[Window]:
    """Drawn sentences of few words, made when they are asked for."""
    for start in range(0, n_sentences, size):
        numbers = range(start, min(start + size, n_sentences))
        words = pa.array([[f"{number:x}", *["so"] * (number % SHORT)] for number in numbers], pa.list_(pa.string()))
        yield Window(store.keys(pa.chunked_array([words]), "now"), words)


def kills(count: int, seed: int) -> dict[str, Any]:
    """How often the results were equal."""
    draw = random.Random(seed)
    found: dict[str, int] = {"worker": 0, "scheduler": 0, "ended_before_the_kill": 0}
    with tempfile.TemporaryDirectory() as place:
        expected = embedded_here(Path(place) / "plain")
        for number in range(count):
            what = ("worker", "scheduler")[number % 2]
            project = Path(place) / str(number)
            write_encoder(project, DESCRIPTION)
            in_time = killed_once(project, what, draw.uniform(0, 4), draw.randrange(2))
            found[what] += 1
            found["ended_before_the_kill"] += not in_time
            if vectors_by_key(project / "embedded") != expected:
                sys.exit(f"kill {number} of a {what}: other results, in {project}")
            print(f"{number + 1} of {count}: {what}, equal", file=sys.stderr, flush=True)
    return found


def killed_once(project: Path, what: str, after: float, which: int) -> bool:
    """Embed, the scheduler or a worker killed some seconds after the first shard; whether the run was still on then."""
    folder = project / "embedded"
    (folder / "shards").mkdir(parents=True)
    over, in_time = threading.Event(), False
    with processes(project / "dask", 2, seconds=0.02) as running:
        wait_for_workers(running, 2)

        def kill() -> None:
            nonlocal in_time
            while not store.shard_paths(folder) and not over.wait(0.01):
                pass
            in_time = not over.wait(after)
            (running.scheduler if what == "scheduler" else running.workers[which]).kill()

        killer = threading.Thread(target=kill)
        killer.start()
        ended = embed_missing(project, running)
        over.set()
        killer.join()
    if not ended:
        with processes(project / "again", 2) as running:
            assert embed_missing(project, running)  # noqa: S101
    return in_time


def embed_missing(project: Path, running: Cluster) -> bool:
    """What the stage does: embed the sentences that the store lacks; False where the scheduler was gone."""
    folder = project / "embedded"
    for left in folder.glob("shards/*.partial"):
        left.unlink()
    present = set(vectors_by_key(folder))
    try:
        settings = params.Cluster(running.address)
        list(cluster.embed(_missing(present), folder, project / "models/encoder", DRAWN, SMALL, settings))
    except InputError as error:
        if "is gone" not in str(error):
            raise
        return False
    return True


def _missing(present: set[bytes]) -> Iterator[Window]:
    for window in short_windows(1_500, 50):
        absent = pa.array([key not in present for key in window.keys.to_pylist()])
        if absent.true_count:
            yield Window(window.keys.filter(absent), window.words.filter(absent))


def embedded_here(folder: Path) -> dict[bytes, bytes]:
    """What this process computes."""
    write_encoder(folder, DESCRIPTION)
    encoder = WordEncoder(stand_in(folder, "float32"), DESCRIPTION, "mean", SMALL.batch_pieces)
    tokenizer = pieces.load_tokenizer(folder / "models/encoder")
    for window in short_windows(1_500, 50):
        list(write_shards(folder / "embedded", "now", embed_window(window, encoder, tokenizer), SMALL.shard_words))
    return vectors_by_key(folder / "embedded")


def vectors_by_key(folder: Path) -> dict[bytes, bytes]:
    """The bits of every sentence's vectors in a store whose files are whole, each there once."""
    manifests.describe(folder, VECTORS, DRAWN)
    held = Store.open(folder)
    keys = [key for shard in held.shards for key in shard.keys.to_pylist()]
    assert len(keys) == len(set(keys))  # noqa: S101
    return {key: held.vectors(row).tobytes() for row, key in enumerate(keys)}


def driver(sizes: Sequence[int]) -> dict[str, Any]:
    """CPU seconds and memory by number of sentences."""
    by_size = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            write_encoder(Path(place), DESCRIPTION)
            with processes(Path(place) / "dask", 2, environment=FEW_MESSAGES) as running:
                wait_for_workers(running, 2)
                before = cpu_seconds(running.scheduler.pid)
                figures = run("-m", "benchmarks.cluster", "drive", place, running.address, str(size))
                figures["scheduler_cpu_seconds"] = round(cpu_seconds(running.scheduler.pid) - before, 1)
                peak = next(
                    int(line.split()[1])
                    for line in Path(f"/proc/{running.scheduler.pid}/status").read_text().splitlines()
                    if line.startswith("VmHWM")
                )
            figures["scheduler_peak_mb"] = round(peak / 1024)
            for name in ("cpu_seconds", "scheduler_cpu_seconds"):
                figures[f"{name}_a_million"] = round(figures[name] / size * 1e6, 1)
            by_size[size] = figures
    first, last = by_size[sizes[0]], by_size[sizes[-1]]
    growth = {name: round(last[name] / first[name], 3) for name in ("peak_mb", "peak_anonymous_mb")}
    return {"by_sentences": by_size, "growth": growth}


def drive(project: Path, address: str, n_sentences: int) -> None:
    """The driver alone: drawn sentences to workers."""
    settings = params.Embed("openvino", "float32", "mean", batch_pieces=2048, shard_words=65536, max_stale=0.7)
    work = short_windows(n_sentences)
    encoder = project / "models/encoder"
    assert (  # noqa: S101
        sum(cluster.embed(work, project / "embedded", encoder, DRAWN, settings, params.Cluster(address))) == n_sentences
    )


def wait(words: bytes) -> Done[int]:
    """A stub of a worker's work."""
    from distributed import get_worker

    time.sleep(WAITED)
    return Done(get_worker().address, len(words))


def stubs(numbers: Sequence[int], n_windows: int) -> dict[str, Any]:
    """Seconds of driver and scheduler a window, by number of workers."""
    words = np.random.default_rng(0).bytes(windows.WINDOW_SENTENCES * 130)  # of some 20 words
    by_number = {}
    for number in numbers:
        with tempfile.TemporaryDirectory() as place, processes(Path(place)) as running, hosted(running, number):
            wait_for_workers(running, number)
            before = np.array([time.perf_counter(), time.process_time(), cpu_seconds(running.scheduler.pid)])
            with core_cluster.connected(running.address) as client:
                work = Work[int](client, wait, lambda _: (words,), str, 600)
                items: Iterable[int] = range(n_windows)
                assert len(list(work.results(items))) == n_windows  # noqa: S101
            after = np.array([time.perf_counter(), time.process_time(), cpu_seconds(running.scheduler.pid)])
        names = ("wall_seconds", "driver_cpu_seconds", "scheduler_cpu_seconds")
        by_number[number] = dict(zip(names, ((after - before) / n_windows).round(4).tolist(), strict=True))
    return {"windows": n_windows, "bytes_a_window": len(words), "a_window_by_workers": by_number}


@contextlib.contextmanager
def hosted(running: Cluster, number: int) -> Iterator[None]:
    """A process that holds that many workers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOST, running.address, str(number)]
    with (running.folder / "host.log").open("ab") as said:
        host = subprocess.Popen(command, cwd=running.folder, env=environment, stdout=said, stderr=said)
    try:
        yield
    finally:
        host.kill()
        host.wait()


def main() -> None:
    """Measure a part and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("speed")
    part.add_argument("source", type=Path)
    part.add_argument("encoder", type=Path)
    part.add_argument("--sentences", type=int, default=32_768)
    part.add_argument("--rounds", type=int, default=3)
    part = parts.add_parser("kills")
    part.add_argument("--count", type=int, default=20)
    part.add_argument("--seed", type=int, default=1)
    part = parts.add_parser("driver")
    part.add_argument("--sentences", type=int, nargs="+", default=[200_000, 1_000_000])
    part = parts.add_parser("drive", help="used by driver")
    part.add_argument("project", type=Path)
    part.add_argument("address")
    part.add_argument("sentences", type=int)
    part = parts.add_parser("stubs")
    part.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100])
    part.add_argument("--windows", type=int, default=200)
    chosen = parser.parse_args()
    if chosen.part == "drive":
        return drive(chosen.project, chosen.address, chosen.sentences)
    found: dict[str, Any]
    if chosen.part == "speed":
        found = speed(chosen.source, chosen.encoder, chosen.sentences, chosen.rounds)
    elif chosen.part == "kills":
        found = kills(chosen.count, chosen.seed)
    elif chosen.part == "driver":
        found = driver(chosen.sentences)
    else:
        found = stubs(chosen.workers, chosen.windows)
    print(json.dumps(found, indent=2))
    return None


if __name__ == "__main__":
    main()
