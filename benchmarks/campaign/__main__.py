"""Play a campaign: mutated corpora or params, kills, damaged files, hostile models, or two runs at once.

    python -m benchmarks.campaign corpora --count 20000 --seed 1
    python -m benchmarks.campaign kills --count 200 --seed 1 --failures failures

Prints a line of counts. The exit code is 1 where a round failed; each failed round's folder stays below --failures.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from pathlib import Path

from benchmarks.campaign import corpora, damage, hostile, kills, params, rounds, together
from benchmarks.campaign.projects import finish
from benchmarks.campaign.rounds import Prepare

CAMPAIGNS: dict[str, Prepare] = {
    "corpora": corpora.prepare,
    "params": params.prepare,
    "kills": kills.prepare,
    "damage": damage.prepare,
    "hostile": hostile.prepare,
    "together": together.prepare,
}


def main() -> int:
    """Play a campaign and tell how it went; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("name", choices=CAMPAIGNS)
    parser.add_argument("--count", type=int, default=100, help="rounds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    parser.add_argument("--failures", type=Path, default=Path("failures"), help="where the folders of failed rounds stay")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        finished = functools.cache(lambda: finish(Path(scratch) / "a project"))
        play_round = CAMPAIGNS[asked.name](finished)
        result = rounds.play(asked.name, play_round, asked.count, asked.seed, asked.failures.resolve(), asked.first)
    for folder in result.failed:
        print(f"failed: {folder}: {(folder / rounds.FAILURE).read_text(encoding='utf-8').strip().splitlines()[-1]}")
    print(f"{asked.name}: seed {asked.seed}, {result.rounds:,} rounds, {len(result.failed)} failed, {result.seconds:,.0f} s")
    return int(bool(result.failed))


if __name__ == "__main__":
    sys.exit(main())
