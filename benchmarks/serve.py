"""Requests a second that `relation-pipeline serve` answers within a time, beside the bulk speed of predict. Prints JSON.

More and more callers ask, each a text at a time and the next as soon as it has its answer; the load before the one whose 95th
percentile passes the time is the answer. Callers and server share the machine.

    python -m benchmarks.serve PROJECT [--seconds 10] [--within 0.1]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np

from benchmarks.predict import corpus
from pipeline.prediction.answers import answers
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request
from tests.support.project import ROOT

CALLERS = (1, 2, 4, 8, 16, 32, 64, 128)
BULK_ROWS = 2_000


async def load(address: str, texts: list[str], n_callers: int, lasting: float) -> dict[str, float]:
    """Requests a second, and the median and 95th percentile of the seconds of one."""
    taken: list[float] = []
    ends = time.perf_counter() + lasting

    async def call(client: httpx.AsyncClient, number: int) -> None:
        while (began := time.perf_counter()) < ends:
            said = await client.post(address, json={"texts": [texts[number % len(texts)]]})
            said.raise_for_status()
            taken.append(time.perf_counter() - began)
            number += n_callers

    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=n_callers)) as client:
        await asyncio.gather(*(call(client, number) for number in range(n_callers)))
    median, p95 = np.percentile(taken, [50, 95])
    return {"requests_per_second": round(len(taken) / lasting, 1), "median_seconds": round(median, 4), "p95_seconds": round(p95, 4)}


def bulk(model: Path, texts: list[str]) -> float:
    """Texts a second that a predictor answers in one call."""
    predictor = Predictor(model)
    asked = [Request.of(number, None, text) for number, text in enumerate(texts)]
    list(answers(predictor, asked[:50]))
    began = time.perf_counter()
    list(answers(predictor, asked))
    return round(len(asked) / (time.perf_counter() - began), 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--within", type=float, default=0.1, help="the most that the 95th percentile may be, in seconds")
    options = parser.parse_args()
    model = options.project / "models/relation"
    texts = [marked(json.loads(line)) for line in corpus(options.project, BULK_ROWS)[0]]
    found: dict[str, object] = {"bulk_texts_per_second": bulk(model, texts)}
    command = [sys.executable, "-m", "pipeline.serve", str(model.resolve()), "--port", "0"]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr  # noqa: S101
        address = server.stderr.readline().split()[1].replace("/docs", "/predict")
        loads = {}
        for n_callers in CALLERS:
            loads[n_callers] = asyncio.run(load(address, texts, n_callers, options.seconds))
            if loads[n_callers]["p95_seconds"] > options.within:
                break
        found["by_callers"] = loads
    finally:
        server.terminate()
        server.wait()
    print(json.dumps(found, indent=2))


def marked(row: dict[str, object]) -> str:
    """The text of a JSON line with its entities marked."""
    text = str(row["text"])
    ends = {place: mark for e in ("e1", "e2") for place, mark in zip(row[e], (f"<{e}>", f"</{e}>"), strict=True)}  # type: ignore[call-overload]
    for place in sorted(ends, reverse=True):
        text = text[:place] + ends[place] + text[place:]
    return text


if __name__ == "__main__":
    main()
