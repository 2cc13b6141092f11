"""What training takes by the number of rows: the train stage's peak memory, and its speed. Prints JSON.

Rows are made by recombining the words of a corpus, their vectors are drawn; the network is tiny, so that reading is most of it.

    python -m benchmarks.train_size data/positioned [--rows 10000 1000000] [--width 16] [--epochs 3]

The same with a store (12.3 GB) five times the memory that is left for its pages, where a memory cgroup (version 1) can be made:

    mkdir /sys/fs/cgroup/memory/small && echo 3400M > /sys/fs/cgroup/memory/small/memory.limit_in_bytes
    (echo $BASHPID > /sys/fs/cgroup/memory/small/cgroup.procs;
     python -m benchmarks.train_size data/positioned --width 320 --rows 1000000 --epochs 1)
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from benchmarks.corpus import recombined
from benchmarks.measure import run
from benchmarks.train import DRAWN, ENCODER, NOTES
from pipeline.core import manifests, params, ragged, storage
from pipeline.core.schema import POSITION, VECTORS
from pipeline.encoding.store import keys, write_shard

HELD_OUT = 64  # rows of validation and of test
NETWORK = {
    "batch_size": 256,
    "sharing": "hard",
    "pooling": "max",
    "lstm_units": 8,
    "dense_units": 8,
    "position_width": 4,
    "projection_width": 0,
}


def made(source: Path, n_rows: int, seed: int) -> Iterator[pa.Table]:
    """Rows of the position stage, a batch at a time."""
    for start in range(0, n_rows, storage.BATCH_ROWS):
        yield recombined(source, min(storage.BATCH_ROWS, n_rows - start), seed + start)


def write_project(folder: Path, source: Path, n_rows: int, width: int, epochs: int) -> None:
    """Write what the train stage reads: params, rows, and random vectors for them."""
    sections = yaml.safe_load(params.FILE.read_text(encoding="utf-8"))
    sections["train"].update(NETWORK, epochs=epochs)
    (folder / params.FILE).write_text(yaml.safe_dump(sections), encoding="utf-8")
    sizes = {"train": n_rows, "validation": HELD_OUT, "test": HELD_OUT}
    splits = {split: made(source, size, seed) for seed, (split, size) in enumerate(sizes.items())}
    storage.write(folder / "positioned", POSITION, splits, NOTES)
    rng = np.random.default_rng(0)
    for table in storage.read(folder / "positioned", POSITION).batches(columns=["words"]):
        lengths = ragged.lengths(table["words"])
        vectors = rng.standard_normal((int(lengths.sum()), width), dtype=np.float32).astype(np.float16)
        write_shard(folder / "embedded", DRAWN.fingerprint, keys(table["words"], DRAWN.fingerprint), lengths, vectors)
    described = dataclasses.replace(DRAWN, encoder=dataclasses.replace(ENCODER, width=width))
    manifests.describe(folder / "embedded", VECTORS, described)


def of_size(source: Path, n_rows: int, width: int, epochs: int) -> dict[str, float]:
    """Peak resident MB of the train stage, and the sentences a second of its median epoch: of three none traces, of one it does."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_project(folder, source, n_rows, width, epochs)
        figures = run("-m", "pipeline.train", "positioned", "embedded", "model", folder=folder, said=folder / "said")
        *_, speed, _ = (folder / "said").read_text().split()
        return {**figures, "sentences_per_second": int(speed.replace(",", ""))}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3)
    chosen = parser.parse_args()
    figures = {n_rows: of_size(chosen.source, n_rows, chosen.width, chosen.epochs) for n_rows in chosen.rows}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
