"""What an experiment is given and what it keeps: its params, and of each run what a variant says of the test rows, as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import pyarrow as pa

from pipeline.core import files, typed
from pipeline.core.constraints import Items
from pipeline.core.errors import InputError
from pipeline.core.manifests import Kind
from pipeline.core.params import Rounds, Seed

PARAMS = Path("experiments/params.yaml")
REFERENCE_PARAMS = Path("experiments/reference/params.yaml")
HINT = "run make claim"


@dataclass(frozen=True)
class Experiment:
    """The section of experiments/params.yaml."""

    corpus: str
    seeds: Annotated[tuple[Seed, ...], Items(1, 100)]
    epochs: Rounds  # at most, on all training rows
    patience: Rounds  # epochs without a better score after which a training ends

    def epochs_on(self, percent: int) -> int:
        """The budget on a share of the training rows: fewer rows get more epochs, though fewer steps.

        >>> Experiment("data/raw", (1,), epochs=40, patience=8).epochs_on(25)
        80
        """
        return _more(self.epochs, percent)

    def patience_on(self, percent: int) -> int:
        """The patience on a share of the training rows, in the same proportion to the budget."""
        return _more(self.patience, percent)


def _more(epochs: int, percent: int) -> int:
    return round(epochs / math.sqrt(percent / 100))


@dataclass(frozen=True)
class Kept:
    """What an experiment keeps of a training, as JSON."""

    hint: ClassVar[str]  # what to run for it

    def write(self, path: Path) -> None:
        """Write it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it.

        Raises: InputError where it is missing or damaged.
        """
        try:
            return typed.build(cls, files.read_json(path, cls.hint))
        except typed.MismatchError as error:
            raise InputError.of(path, f"damaged or of another version: {error}", cls.hint) from None


@dataclass(frozen=True)
class Run(Kept):
    """What a variant, trained on a share of the training rows, says of N test rows; one entry a seed (S) in the lists."""

    hint = HINT
    variant: str
    percent: int  # of the training rows
    n_rows: int  # that it was trained on, with the first seed
    relations: tuple[str, ...]
    negative_label: str  # the one of them that stands for no relation
    gold_ids: tuple[int, ...]  # (N,)
    seeds: tuple[int, ...]
    predicted_ids: tuple[tuple[int, ...], ...]  # (S, N)
    entities: tuple[tuple[int, ...], ...] | None  # (S, 3) correct, predicted and gold; None without a tagger
    positions_visible: bool  # to the tagger
    best_epochs: tuple[int, ...]
    validation: tuple[float, ...]  # macro-F1 in percent


@dataclass(frozen=True)
class ReportDescription:
    """What the manifest of an experiment's report tells."""

    n_runs: int


EXPERIMENT_REPORT = Kind("experiment-report", 1, ReportDescription, HINT)
Runs = dict[tuple[str, int], Run]  # by variant and percent


def require_labels(positioned: Path, test: pa.Table) -> None:
    """Raises: InputError where a test row has no label: an experiment compares scores of test."""
    if test["relation"].null_count:
        raise InputError.of(positioned, "test rows have no labels", "label them: an experiment compares scores of test")


def read_runs(paths: Sequence[Path]) -> Runs:
    """The runs of files, one or more.

    Raises: InputError where they were tested on different rows.
    """
    runs = {(run.variant, run.percent): run for run in map(Run.read, paths)}
    tests = {(run.relations, run.negative_label, run.gold_ids, run.seeds) for run in runs.values()}
    if len(tests) != 1:
        raise InputError.of("experiments", "no runs, or runs of different data or seeds", HINT)
    return runs
