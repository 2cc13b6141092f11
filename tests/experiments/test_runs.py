"""Runs as they are kept and read again."""

from pathlib import Path
from typing import Any

import pytest

from experiments.runs import Experiment, Run, read_runs
from pipeline.core import params
from pipeline.core.errors import InputError
from tests.support.runs import GOLD, made


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = made("hard", (GOLD,) * 2, entities=((8, 10, 8), (4, 4, 8)))
    run.write(tmp_path / "runs/hard-100.json")
    assert Run.read(tmp_path / "runs/hard-100.json") == run


@pytest.mark.parametrize("changes", [{"gold_ids": GOLD[::-1]}, {"seeds": (1, 3)}], ids=["labels", "seeds"])
def test_runs_that_cannot_be_compared_are_an_error(changes: dict[str, Any], tmp_path: Path) -> None:
    made("hard", (GOLD,) * 2).write(tmp_path / "hard-100.json")
    made("single", (GOLD,) * 2, **changes).write(tmp_path / "single-100.json")
    with pytest.raises(InputError, match="different data or seeds"):
        read_runs(sorted(tmp_path.glob("*.json")))


def test_an_experiment_without_seeds_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("experiment: {corpus: data/raw, seeds: [], epochs: 4, patience: 2}")
    with pytest.raises(InputError, match=r"params\.yaml:1: experiment\.seeds is \[\]"):
        params.read(Experiment, tmp_path / "params.yaml")
