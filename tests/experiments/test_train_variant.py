"""The training of a variant at tiny size: which rows it takes and what it keeps of each seed."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from experiments import train_variant
from experiments.runs import Run
from pipeline.core import storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.core.schema import POSITION, SPLITS
from pipeline.core.tensorflow import tf
from pipeline.model.trainer import Trainer
from tests.support import tiny
from tests.support.rows import with_column

EXPERIMENT = {"corpus": "", "seeds": [1, 2], "epochs": 1, "patience": 1}
VARIANTS = ("single", "shuffled", "hard")


def different(copies: int) -> pa.Table:
    """The tiny rows several times over, no two of the same text."""
    table = tiny.table(copies)
    names = pa.array([f"text {row}" for row in range(len(table))])
    for column in ("id", "text"):
        table = table.set_column(table.column_names.index(column), column, names)
    return table


@dataclasses.dataclass
class Trainings:
    """What was trained: the closing line and the run of each variant, every training's seed and tags, (rows, T)."""

    lines: dict[str, str]
    runs: dict[str, Run]
    seeds: list[int]
    tags: list[Ints]

    def first_tags(self, variant: str) -> Ints:
        """The tags that a variant was given with its first seed."""
        return self.tags[2 * VARIANTS.index(variant)]


def spy(patch: pytest.MonkeyPatch, trainings: Trainings) -> None:
    """Note every training's seed and tags."""
    reset, train = Trainer.reset, Trainer.train

    def spy_reset(self: Trainer, seed: int) -> None:
        trainings.seeds.append(seed)
        reset(self, seed)

    def spy_train(self: Trainer, training: Any, *others: Any, **options: Any) -> Any:
        trainings.tags.append(training.targets(np.arange(len(training)))["tags"])
        return train(self, training, *others, **options)

    patch.setattr(Trainer, "reset", spy_reset)
    patch.setattr(Trainer, "train", spy_train)


def write_inputs(folder: Path) -> None:
    """Params of one epoch and two seeds, and a positioned folder of tiny rows."""
    train = dataclasses.asdict(tiny.options(epochs=1))
    (folder / "params.yaml").write_text(yaml.safe_dump({"train": {**train, "tasks": list(train["tasks"])}}))
    (folder / "experiment.yaml").write_text(yaml.safe_dump({"experiment": EXPERIMENT}))
    storage.write(folder / "positioned", POSITION, {split: [tiny.table(4)] for split in SPLITS}, tiny.NOTES)


@pytest.fixture(scope="module")
def eagerly() -> Iterator[None]:
    """TensorFlow without graphs, whose tracing takes longer than these trainings."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def trainings(eagerly: None, tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    """Three variants, each trained on half of the rows."""
    folder, made = tmp_path_factory.mktemp("variants"), Trainings({}, {}, [], [])
    write_inputs(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(train_variant, "PARAMS", Path("experiment.yaml"))
        patch.setattr(train_variant, "REFERENCE_PARAMS", Path("params.yaml"))
        patch.setattr(train_variant.Store, "open", lambda folder: tiny.FakeStore())
        spy(patch, made)
        for variant in VARIANTS:
            file = Path(f"runs/{variant}-50.json")
            made.lines[variant] = train_variant.main(variant, 50, Path("positioned"), Path("embedded"), file)
            made.runs[variant] = Run.read(file)
    return made


def test_test_rows_without_labels_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inputs(tmp_path)
    unlabelled = with_column(tiny.table(), "relation", [None] * len(tiny.table()))
    splits = {split: [unlabelled if split == "test" else tiny.table()] for split in SPLITS}
    storage.write(tmp_path / "positioned", POSITION, splits, tiny.NOTES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train_variant, "PARAMS", Path("experiment.yaml"))
    monkeypatch.setattr(train_variant, "REFERENCE_PARAMS", Path("params.yaml"))
    monkeypatch.setattr(train_variant.Store, "open", lambda _: tiny.FakeStore())
    with pytest.raises(InputError, match="test rows have no labels"):
        train_variant.main("hard", 100, Path("positioned"), Path("embedded"), Path("run.json"))


def test_a_smaller_share_is_part_of_a_larger_one_and_lacks_no_relation() -> None:
    table = different(20)
    tenth, half = (set(train_variant.share_of(table, share, seed=3)["id"].to_pylist()) for share in (0.1, 0.5))
    assert tenth < half < set(table["id"].to_pylist())
    assert len(half) == pytest.approx(len(table) / 2, abs=3)
    kept = train_variant.share_of(table, 0.01, seed=3)["relation"].to_pylist()
    assert set(kept) == set(table["relation"].to_pylist())


def test_all_rows_are_a_share_of_one() -> None:
    assert train_variant.share_of(different(3), 1.0, seed=1).equals(different(3))


def test_shuffled_tags_are_the_sentences_own_in_another_order() -> None:
    table = tiny.table(10)
    shuffled, again = (train_variant.shuffle_tags(table, seed=5) for _ in range(2))
    assert shuffled.equals(again)
    assert shuffled.drop(["tag_ids"]).equals(table.drop(["tag_ids"]))
    before, after = (rows["tag_ids"].to_pylist() for rows in (table, shuffled))
    assert [sorted(ids) for ids in before] == [sorted(ids) for ids in after]
    assert before != after


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_closing_line_says_what_was_trained(trainings: Trainings, variant: str) -> None:
    assert trainings.lines[variant].startswith(f"train_variant: {variant}, 50% of the rows, 2 seeds")


def test_every_variant_is_trained_from_every_seed(trainings: Trainings) -> None:
    assert trainings.seeds == [1, 2] * len(VARIANTS)


def test_variants_of_one_seed_are_given_the_same_tags(trainings: Trainings) -> None:
    assert (trainings.first_tags("single") == trainings.first_tags("hard")).all()


def test_the_control_is_given_the_same_tags_in_another_order(trainings: Trainings) -> None:
    shuffled, true = trainings.first_tags("shuffled"), trainings.first_tags("hard")
    assert (shuffled != true).any()
    assert (np.sort(shuffled) == np.sort(true)).all()


def test_a_run_keeps_a_prediction_a_seed_and_row(trainings: Trainings) -> None:
    run = trainings.runs["hard"]
    assert np.array(run.predicted_ids).shape == (2, len(run.gold_ids))


def test_a_run_without_a_tagger_has_no_entities(trainings: Trainings) -> None:
    assert trainings.runs["hard"].entities is not None
    assert trainings.runs["single"].entities is None
