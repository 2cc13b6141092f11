"""Make a share of the training labels wrong on purpose, at random or as the model confuses them, and keep which.

python -m experiments.annotation.noise confusion 10 data/positioned experiments/doubtful/held_out .../noisy/confusion-10
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import typer

from pipeline.annotation.held_out import HeldOut
from pipeline.core import storage
from pipeline.core.arrays import Doubles, Ints
from pipeline.core.labels import label_ids
from pipeline.core.schema import POSITION
from pipeline.core.stage import Input, Output, run

WRONG = "wrong.jsonl"  # the rows whose label is wrong, by id, with the true one
SEED = 6  # another than that on which the settings of doubtful were chosen
Kind = Literal["random", "confusion"]


def confusions(held_out: HeldOut) -> Doubles:
    """(R, R) how probable each other label is where the network is wrong, by the true one; alike where it never is."""
    n_relations = len(held_out.about.relations)
    counts = np.zeros((n_relations, n_relations))
    np.add.at(counts, (label_ids(held_out.rows["relation"], held_out.about.relations), held_out.probabilities.argmax(axis=1)), 1)
    return _others(counts)


def at_random(n_relations: int) -> Doubles:
    """(R, R) all other labels alike."""
    return _others(np.ones((n_relations, n_relations)))


def _others(counts: Doubles) -> Doubles:
    """The rows as shares, without the diagonal.

    >>> _others(np.array([[5.0, 1.0, 3.0], [0.0, 9.0, 0.0], [1.0, 0.0, 1.0]])).tolist()
    [[0.0, 0.25, 0.75], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]
    """
    off = counts * (1 - np.eye(len(counts)))
    off[off.sum(axis=1) == 0] = 1
    off *= 1 - np.eye(len(counts))
    return np.asarray(off / off.sum(axis=1, keepdims=True))


def make_wrong(given: Ints, share: float, shares: Doubles, seed: int) -> tuple[Ints, Ints]:
    """Draw rows and other labels for them.

    Args: given: (N,) label ids; share: of the rows; shares: (R, R) of the other labels by the true one.
    Returns: the (N,) label ids with noise, and the numbers of the wrong rows in order.
    """
    rng = np.random.default_rng(seed)
    wrong = np.sort(rng.choice(len(given), round(share * len(given)), replace=False))
    noisy = given.copy()
    noisy[wrong] = [rng.choice(len(shares), p=shares[label]) for label in given[wrong]]
    return noisy, wrong


def read_wrong(noisy: Path) -> dict[str, str]:
    """The true relation of each row whose label was made wrong, by its id."""
    lines = (json.loads(line) for line in (noisy / WRONG).read_text(encoding="utf-8").splitlines())
    return {line["id"]: line["relation"] for line in lines}


def main(
    kind: Kind,
    percent: Annotated[int, typer.Argument(min=1, max=50)],
    positioned: Input,
    held_out: Input,
    noisy: Output,
) -> str:
    """Make a share of the training labels wrong on purpose."""
    data, told = storage.read(positioned, POSITION), HeldOut.read(held_out)
    train, relations = data.tables["train"], told.about.relations
    shares = at_random(len(relations)) if kind == "random" else confusions(told)
    labels, wrong = make_wrong(label_ids(train["relation"], relations), percent / 100, shares, SEED)
    names = pa.array([relations[label] for label in labels.tolist()])
    tables = dict(data.tables) | {"train": train.set_column(train.column_names.index("relation"), "relation", names)}
    rows = ({"id": train["id"][row].as_py(), "relation": train["relation"][row].as_py()} for row in wrong.tolist())
    of_splits = {split: [table.cast(POSITION.schema)] for split, table in tables.items()}
    sentences = {split: [table] for split, table in data.sentences.items()}
    storage.write(noisy, POSITION, of_splits, data.notes, {WRONG: rows}, sentences)
    return f"annotation: {len(wrong):,} of {len(train):,} training labels made wrong ({kind})"


if __name__ == "__main__":
    run(main)
