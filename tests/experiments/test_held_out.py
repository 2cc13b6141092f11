"""Held-out predictions at tiny size: no network sees what it is asked about, and every row is asked about once."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from experiments import dealt_out, held_out
from experiments.crossvalidate import report
from pipeline.annotation.held_out import HeldOut, HeldOutDescription
from pipeline.core import files, params, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import POSITION, SPLITS
from pipeline.model.trainer import Trainer
from tests.support import joint, tiny
from tests.support.project import ROOT
from tests.support.rows import with_column
from tests.support.runs import GOLD, LABELS, SETTINGS

FEW = {"splits": ["train", "validation"], "folds": 2, "seeds": [1, 2], "epochs": 1, "least_steps": 1, "kernel_share": 0.0}
WHOLE = {"splits": ["train", "validation"], "folds": 2, "seeds": [1], "validation_fraction": 0.4}


def table(first: int, copies: int = 2) -> pa.Table:
    """The tiny rows several times over, no two of one id, place or text, but for the last two, which share their text."""
    rows = tiny.table(copies)
    names = [f"{first + row}" for row in range(len(rows))]
    for column in ("id", "source"):
        rows = with_column(rows, column, [f"a.txt:{name}" for name in names] if column == "source" else names)
    return with_column(rows, "text", [f"text {name}" for name in [*names[:-1], names[-2]]])


def write_inputs(folder: Path, section: dict[str, Any], **changes: Any) -> None:
    """Params and rows."""
    train = dataclasses.asdict(tiny.options(epochs=1, **changes))
    (folder / "params.yaml").write_text(yaml.safe_dump({"train": {**train, "tasks": list(train["tasks"])}}))
    (folder / "experiment.yaml").write_text(yaml.safe_dump({"doubtful": section, "crossvalidate": WHOLE}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with one core."""
    write_inputs(tmp_path, FEW)
    tables = {split: [table(100 * number)] for number, split in enumerate(SPLITS)}
    storage.write(tmp_path / "positioned", POSITION, tables, tiny.NOTES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(held_out, "PARAMS", Path("experiment.yaml"))
    monkeypatch.setattr(dealt_out.Store, "open", lambda folder: tiny.FakeStore())
    return tmp_path


@pytest.mark.usefixtures("here", "eager")
def test_every_row_is_held_out_once_of_networks_that_saw_the_other_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    train = Trainer.train

    def spy(self: Trainer, training: Any, *others: Any) -> Any:
        seen.append((len(training), self._options.seed))
        return train(self, training, *others)

    monkeypatch.setattr(Trainer, "train", spy)
    line = held_out.main("doubtful", Path("positioned"), Path("embedded"), Path("out"))
    told = HeldOut.read(Path("out"))
    sizes = np.bincount(told.rows["fold"].to_numpy())
    assert line.startswith("doubtful: 16 rows held out of 4 networks")
    assert seen == [(16 - sizes[fold], seed) for fold in (0, 1) for seed in (1, 2)]
    assert told.rows["id"].to_pylist() == [*map(str, range(8)), *map(str, range(100, 108))]
    np.testing.assert_allclose(told.probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.usefixtures("eager")
def test_the_same_inputs_give_the_same_bytes_with_a_kernel_model_too(here: Path) -> None:
    write_inputs(here, {**FEW, "kernel_share": 0.5})
    for name in ("one", "two"):
        held_out.main("doubtful", Path("positioned"), Path("embedded"), Path(name))
    assert (Path("one") / "rows.arrow").read_bytes() == (Path("two") / "rows.arrow").read_bytes()


@pytest.mark.usefixtures("here")
def test_the_kernel_model_has_its_share_of_the_probabilities() -> None:
    sections = [
        dataclasses.replace(params.read(held_out.Doubtful, Path("experiment.yaml")), kernel_share=share) for share in (0, 0.5)
    ]
    data = [held_out.DealtOut(Path("positioned"), Path("embedded"), section) for section in sections]
    sure = [
        [held_out.Told(np.eye(3, dtype=np.float32)[each.groups[1][each.fold_of == fold]], {}) for fold in (0, 1)] for each in data
    ]
    alone, mixed = (held_out.gather(each, told).probabilities for each, told in zip(data, sure, strict=True))
    np.testing.assert_allclose(mixed, 0.5 * alone + 0.5 * held_out.by_kernel_model(data[1]), atol=1e-6)
    assert not np.allclose(mixed, alone)


@pytest.mark.parametrize(("least_steps", "epochs"), [(1, 2), (10, 5)])
def test_few_rows_get_more_epochs_for_as_many_steps(here: Path, least_steps: int, epochs: int) -> None:
    write_inputs(here, {**FEW, "epochs": 2, "least_steps": least_steps})
    section = params.read(held_out.Doubtful, Path("experiment.yaml"))
    config = held_out.DealtOut(Path("positioned"), Path("embedded"), section).config  # of two batches
    assert (config.train.epochs, config.train.patience) == (epochs, epochs)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("experiment", "tasks"), [("doubtful", ("relation",)), ("crossvalidate", ("relation", "tags"))])
def test_doubts_of_pairs_alone_need_no_tagger_and_scores_are_those_of_the_whole_network(
    experiment: str, tasks: tuple[str, ...]
) -> None:
    section = params.read(held_out.SECTIONS[experiment], Path("experiment.yaml"))
    assert held_out.DealtOut(Path("positioned"), Path("embedded"), section).config.train.tasks == tasks


@pytest.mark.usefixtures("here")
def test_rows_of_one_text_are_in_one_fold() -> None:
    section = params.read(held_out.Doubtful, Path("experiment.yaml"))
    folds = held_out.DealtOut(Path("positioned"), Path("embedded"), section).fold_of
    assert folds[6] == folds[7]
    assert folds[14] == folds[15]
    assert set(folds.tolist()) == {0, 1}


@pytest.mark.usefixtures("here", "eager")
def test_the_best_epoch_is_chosen_on_rows_that_are_neither_trained_on_nor_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    train = Trainer.train

    def spy(self: Trainer, training: Any, validation: Any) -> Any:
        sizes.append((len(training), len(validation)))
        return train(self, training, validation)

    monkeypatch.setattr(Trainer, "train", spy)
    held_out.main("crossvalidate", Path("positioned"), Path("embedded"), Path("out"))
    in_folds = np.bincount(HeldOut.read(Path("out")).rows["fold"].to_numpy())
    assert [sum(pair) for pair in sizes] == (16 - in_folds).tolist()
    assert all(validation for _, validation in sizes)


def test_more_folds_than_documents_are_an_error(here: Path) -> None:
    write_inputs(here, {**FEW, "folds": 50})
    with pytest.raises(InputError, match="50 folds, and 14 documents and texts that are apart"):
        held_out.main("doubtful", Path("positioned"), Path("embedded"), Path("out"))


def write_sentences(here: Path) -> None:
    """Pairs, and sentences with all their entities."""
    texts = ("Bern is in Bund", "Rom and Paris grew", "Acme left Oslo", "Nobody came")
    mentions = ([(0, 1, "Loc"), (3, 4, "Org")], [(0, 1, "Loc"), (2, 3, "Loc")], [(0, 1, "Org"), (2, 3, "Loc")], [])
    sentences = pa.concat_tables(
        joint.sentences((text, entities), source=f"b.json:{number}")
        for number, (text, entities) in enumerate(zip(texts, mentions, strict=True))
    )
    pairs = pa.concat_tables(
        joint.pair("[e1 Bern] is in [e2 Bund]", f"p{number}", relation, source=f"b.json:{number}")
        for number, relation in enumerate(tiny.RELATIONS)
    )
    notes = dataclasses.replace(tiny.NOTES, tags=joint.TAGS, entities="all")
    tables = {split: [pairs] for split in SPLITS}
    storage.write(here / "positioned", POSITION, tables, notes, sentences={"train": [sentences]})


@pytest.mark.usefixtures("eager")
def test_entities_of_sentences_get_the_probability_of_taggers_that_never_saw_them(here: Path) -> None:
    write_inputs(here, FEW, positions="none", pooling="max+entities")
    write_sentences(here)
    held_out.main("doubtful", Path("positioned"), Path("embedded"), Path("out"))
    found = HeldOut.read(Path("out")).entities.to_pylist()
    annotated = [(row["source"], row["start"], row["end"], row["type"]) for row in found if row["annotated"]]
    assert annotated == [
        ("b.json:0", 0, 4, "Loc"),
        ("b.json:0", 11, 15, "Org"),
        ("b.json:1", 0, 3, "Loc"),
        ("b.json:1", 8, 13, "Loc"),
        ("b.json:2", 0, 4, "Org"),
        ("b.json:2", 10, 14, "Loc"),
    ]
    assert all(0 < row["probability"] <= 1 for row in found)


@pytest.mark.usefixtures("eager")
def test_what_one_of_two_networks_finds_has_the_mean_of_both_probabilities(here: Path) -> None:
    write_sentences(here)
    told = []
    for seeds in ([1], [2], [1, 2]):
        write_inputs(here, {**FEW, "seeds": seeds}, positions="none", pooling="max+entities")
        held_out.main("doubtful", Path("positioned"), Path("embedded"), Path("out"))
        found = HeldOut.read(Path("out")).entities.to_pylist()
        told.append({(row["source"], row["start"], row["end"], row["type"]): row["probability"] for row in found})
    one, other, both = told
    alone = [key for key in one if key not in other]
    assert alone
    for key in alone:
        assert one[key] / 2 < both[key] < (one[key] + 1) / 2


def write_held_out(folder: Path, predicted: list[int], folds: list[int]) -> None:
    """What two folds' networks say of the rows of GOLD, and params."""
    rows = pa.table(
        {
            **{name: [str(row) for row in range(len(GOLD))] for name in ("id", "source")},
            "split": ["train"] * len(GOLD),
            "text_key": pa.array(range(len(GOLD)), pa.uint64()),
            "relation": [LABELS[label] for label in GOLD],
            "fold": folds,
            "probabilities": np.eye(3, dtype=np.float32)[predicted].tolist(),
        }
    )
    told = HeldOut(HeldOutDescription(LABELS, "Other", 2, (1,)), rows.select(report_columns()), entities())
    told.write(folder / "held_out")
    (folder / "params.yaml").write_text(yaml.safe_dump({"evaluate": dataclasses.asdict(SETTINGS)}))


def test_cross_validated_scores_are_those_of_all_rows_and_of_each_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = [2 if row % 4 == 0 else label for row, label in enumerate(GOLD)]
    write_held_out(tmp_path, predicted, [row % 2 for row in range(len(GOLD))])
    monkeypatch.chdir(tmp_path)
    line = report.main(Path("held_out"), Path("report"))
    scores = files.read_json(Path("report/scores.json"), "")
    assert scores["accuracy"] == 100 - 100 * round(sum(p != g for p, g in zip(predicted, GOLD, strict=True)) / len(GOLD), 4)
    assert line.startswith(f"crossvalidate: 120 rows, official macro-F1 {scores['official_macro_f1']}, 95% interval ")
    assert Path("report/folds.csv").read_text().splitlines()[2].endswith("100.0,100.0")
    assert "| official macro-F1 |" in Path("report/README.md").read_text()


def test_a_fold_without_a_relation_to_find_has_no_macro_f1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_held_out(tmp_path, list(GOLD), [int(LABELS[label] == "Other") for label in GOLD])
    monkeypatch.chdir(tmp_path)
    report.main(Path("held_out"), Path("report"))
    page = Path("report/README.md").read_text()
    assert "| 1 | 80 | 100.0 | 100.0 |\n| 2 | 40 | \N{EN DASH} | 100.0 |\n" in page
    assert "The standard deviation of macro-F1 between the folds is \N{EN DASH}." in page


def report_columns() -> list[str]:
    return held_out.ROWS.names


def entities() -> pa.Table:
    return held_out.ENTITIES.empty_table()


def test_the_shipped_sections_are_read() -> None:
    for section in held_out.SECTIONS.values():
        params.read(section, ROOT / "experiments/params.yaml")
