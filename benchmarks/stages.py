"""Speed and memory of the stages before embed, by number of sentences. Prints JSON.

The sentences have the lengths of a corpus' and words drawn from it, two of them marked, as SemEval blocks; each stage runs in a
process of its own, its start included. `seconds_growth` against `sentences_growth` says whether time is linear.

    python -m benchmarks.stages data/positioned [--sentences 50000 200000]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import run_stage
from pipeline.core import ragged, storage
from pipeline.core.schema import POSITION
from tests.support.project import write_blocks

STAGES = ("parse", "tag", "position")


def write_corpus(source: Path, folder: Path, n_sentences: int) -> None:
    """Write train.txt with all the sentences but one, and test.txt with that one."""
    rng = np.random.default_rng(0)
    table = storage.read(source, POSITION).tables["train"]
    vocabulary = np.array(table["words"].combine_chunks().flatten().unique().to_pylist(), object)
    relations = np.array(table["relation"].unique().to_pylist(), object)
    lengths = np.maximum(rng.choice(ragged.lengths(table["words"]), n_sentences), 2)
    drawn = rng.choice(vocabulary, int(lengths.sum()))
    bounds = pairwise(ragged.offsets(lengths).tolist())
    blocks = []
    for number, (start, end) in enumerate(bounds):
        words = drawn[start:end].tolist()
        first, second = sorted(rng.choice(len(words), 2, replace=False).tolist())
        words[first], words[second] = f"<e1>{words[first]}</e1>", f"<e2>{words[second]}</e2>"
        blocks.append(f'{number}\t"{" ".join(words)}"\n{rng.choice(relations)}\nComment:')
    write_blocks(folder / "train.txt", blocks[1:])
    write_blocks(folder / "test.txt", blocks[:1])


def measure(source: Path, n_sentences: int) -> dict[str, Any]:
    """Each stage's figures and the speed of all of them together."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / name for name in ("raw", *STAGES)]
        write_corpus(source, folders[0], n_sentences)
        found = {stage: run_stage(stage, *both) for stage, both in zip(STAGES, pairwise(folders), strict=True)}
    seconds = sum(figures["seconds"] for figures in found.values())
    return {**found, "seconds": round(seconds, 1), "sentences_per_second": round(n_sentences / seconds)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--sentences", type=int, nargs="+", default=[50_000, 200_000])
    options = parser.parse_args()
    sizes = options.sentences
    found = {size: measure(options.source, size) for size in sizes}
    first, last = found[sizes[0]], found[sizes[-1]]
    growth = {
        "sentences_growth": sizes[-1] / sizes[0],
        "seconds_growth": round(last["seconds"] / first["seconds"], 2),
        "peak_mb_growth": {stage: round(last[stage]["peak_mb"] / first[stage]["peak_mb"], 2) for stage in STAGES},
    }
    print(json.dumps({"by_sentences": found, **growth}, indent=2))


if __name__ == "__main__":
    main()
