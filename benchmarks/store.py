"""What a large store costs: looking keys up in it, and its many files. Prints JSON.

python -m benchmarks.store keys [--keys 20000000] [--wanted 1000000]
    Seconds and memory of a store's table of drawn keys, and of looking keys up in it, half of which it has.
python -m benchmarks.store shards [--count 20000]
    Seconds to open a store of that many small shards (verified), and of DVC's add, status and push to a folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import manifests
from pipeline.core.schema import VECTORS, VectorsDescription
from pipeline.encoding import store
from pipeline.encoding.store import KEY, Shard, Store
from tests.support.embedding import DESCRIPTION, WIDTH

SHARD_KEYS = 4_096  # about what 65,536 words are
VECTORS_OF = VectorsDescription(DESCRIPTION, "openvino", "float32", "mean", "now")


def resident_mb() -> float:
    """Of this process, mapped files left out."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def timed(work: Callable[[], object]) -> float:
    """Seconds of a call."""
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def drawn_keys(n_keys: int, draw: np.random.Generator) -> pa.Array:
    """Keys that look like hashes."""
    return pa.Array.from_buffers(KEY, n_keys, [None, pa.py_buffer(draw.bytes(16 * n_keys))])


def keys(n_keys: int, n_wanted: int) -> dict[str, float]:
    """Figures of a table of keys."""
    draw = np.random.default_rng(0)
    before = resident_mb()

    def shards() -> Iterator[Shard]:
        nothing = np.zeros((0, WIDTH), np.float16)
        for start in range(0, n_keys, SHARD_KEYS):
            n = min(SHARD_KEYS, n_keys - start)
            counts = np.zeros(n, np.int32)
            yield Shard(Path(str(start)), "now", drawn_keys(n, draw), np.zeros(n + 1, np.int32), nothing, counts)

    began = time.perf_counter()
    held = Store(Path("drawn"), VECTORS_OF, shards())
    made, held_mb = time.perf_counter() - began, resident_mb() - before
    there = pa.concat_arrays([shard.keys for shard in held.shards[: n_wanted // 2 // SHARD_KEYS + 1]])[: n_wanted // 2]
    wanted = pa.concat_arrays([there, drawn_keys(n_wanted - len(there), draw)])
    found = 0

    def look() -> None:
        nonlocal found
        found = int((held.find_keys(wanted) >= 0).sum())

    looked = timed(look)
    assert found == len(there)  # noqa: S101
    peak = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {
        "keys": n_keys,
        "wanted": n_wanted,
        "made_seconds": round(made, 2),
        "held_mb": round(held_mb),
        "lookup_seconds": looked,
        "lookup_of_one_seconds": timed(lambda: held.find_keys(wanted[:1])),
        "peak_mb": round(peak / 1024),
    }


def shards(count: int) -> dict[str, float]:
    """Figures of a store of many files."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "embedded"
        folder.mkdir()
        manifests.describe(folder, VECTORS, VECTORS_OF)
        draw = np.random.default_rng(0)
        vectors, lengths = np.ones((8, WIDTH), np.float16), np.full(4, 2, np.int64)
        found: dict[str, float] = {"shards": count}
        found["write_seconds"] = timed(
            lambda: [store.write_shard(folder, "now", drawn_keys(4, draw), lengths, vectors) for _ in range(count)]
        )
        found["open_seconds"] = timed(lambda: Store.open(folder))

        def dvc(*arguments: str) -> None:
            subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=place, check=True, stdout=subprocess.DEVNULL)

        dvc("init", "--no-scm", "--quiet")
        dvc("remote", "add", "--default", "--quiet", "storage", str(Path(place) / "storage"))
        for name, arguments in {
            "add": ["add", "--quiet", "embedded"],
            "status": ["status", "--quiet"],
            "push": ["push", "--quiet"],
            "push_again": ["push", "--quiet"],
            "status_cloud": ["status", "--cloud", "--quiet"],
        }.items():
            found[f"dvc_{name}_seconds"] = timed(lambda arguments=arguments: dvc(*arguments))  # type: ignore[misc]
    return found


def main() -> None:
    """Measure a part and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("keys")
    part.add_argument("--keys", type=int, default=20_000_000)
    part.add_argument("--wanted", type=int, default=1_000_000)
    part = parts.add_parser("shards")
    part.add_argument("--count", type=int, default=20_000)
    chosen = parser.parse_args()
    found = keys(chosen.keys, chosen.wanted) if chosen.part == "keys" else shards(chosen.count)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
