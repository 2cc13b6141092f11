"""The train stage: what it writes, and what it refuses."""

import dataclasses
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from dvclive import Live

from pipeline import train
from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.evaluation import curves
from pipeline.model.manifest import CURVES, SavedModel
from pipeline.model.members import Member
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.rows import positioned


@pytest.mark.usefixtures("eager")
def test_the_stage_writes_a_model_that_loads_and_the_same_files_each_time(tmp_path, monkeypatch):
    tiny.write_project(tmp_path, tiny.options(epochs=1), copies=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train.Store, "open", lambda folder: tiny.FakeStore())
    closing = [train.main(Path("positioned"), Path("embedded"), Path(output)) for output in ("one", "two")]
    files = [{path.relative_to(output): path.read_bytes() for path in Path(output).rglob("*.*")} for output in ("one", "two")]
    assert files[0] == files[1]
    curve = Path("one") / "curves" / "plots" / "metrics" / "validation_score.tsv"
    assert curve.read_text().startswith("step\tvalidation_score\n0\t")
    assert curve.with_name("validation_loss.tsv").read_text().startswith("step\tvalidation_loss\n0\t")
    saved = SavedModel.open(Path("one"))
    assert RelationModel.load(saved.config, saved.folder).config.relations == tiny.RELATIONS
    assert closing[0].startswith("train: 8 sentences, epoch 1 of 1, the best on validation: ")


def _last(curve: Path) -> float:
    """The value of a curve's last epoch."""
    return float(curve.read_text().split()[-1])


@pytest.mark.usefixtures("eager")
def test_several_members_make_one_model_with_the_curves_of_each(tmp_path, monkeypatch):
    tiny.write_project(tmp_path, tiny.options(epochs=1, members=2), copies=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(train.Store, "open", lambda folder: tiny.FakeStore())
    closing = train.main(Path("positioned"), Path("embedded"), Path("model"))
    assert closing.startswith("train: 8 sentences, 2 members, epochs 1 of 1, 1 of 1, the best on validation: macro-F1 together ")
    curves = Path("model") / "curves" / "plots" / "metrics"
    first, second, mean = (_last(curves / name / "validation_loss.tsv") for name in ("member_1", "member_2", ""))
    assert mean == pytest.approx((first + second) / 2)
    saved = SavedModel.open(Path("model"))
    assert RelationModel.load(saved.config, saved.folder).config.train.members == 2


def test_members_have_a_mean_curve_as_long_as_all_train(tmp_path, monkeypatch):
    def member(*scores: float) -> Member:
        return Member(weights={}, best_epoch=1, curve=tuple({"loss": 1.0, "validation_score": score} for score in scores))

    monkeypatch.setattr(train.members, "train", lambda *_: ("model", [member(10, 20), member(30)]))
    monkeypatch.setattr(train, "score", lambda *_: 50.0)
    live = Live(str(tmp_path), save_dvc_exp=False, dvcyaml=False)
    model, _ = train.train_members(tiny.config(members=2), None, tiny.examples(), live)
    scores = {path.parent.name: path.read_text().split()[3::2] for path in tmp_path.rglob("validation_score.tsv")}
    assert model == "model"
    assert scores == {"member_1": ["10", "20"], "member_2": ["30"], "metrics": ["20.0"]}


@pytest.mark.parametrize(("members", "said"), [(1, "epoch 2 of 2"), (2, "2 members, epochs 2 of 2, 2 of 2")])
@pytest.mark.usefixtures("eager")
def test_without_validation_rows_the_last_epoch_is_kept(tmp_path, monkeypatch, members, said):
    tiny.write_project(tmp_path, tiny.options(epochs=2, members=members, patience=1), copies=2, without=("validation",))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(train.Store, "open", lambda folder: tiny.FakeStore())
    closing = train.main(Path("positioned"), Path("embedded"), Path("model"))
    assert closing.startswith(f"train: 8 sentences, {said}, the last, for there are no validation rows")
    assert not list(Path("model").rglob("validation_*.tsv"))
    assert [network["best_epoch"] for network in curves.read(Path("model") / CURVES)] == [2] * members


def test_no_training_rows_are_an_error():
    with pytest.raises(InputError, match="no train rows"):
        train.check({"train": tiny.table().slice(0, 0), "validation": tiny.table()})


def test_rows_to_learn_from_have_labels_and_those_of_test_need_none():
    unlabelled = positioned("[e1 a] [e2 b]", relation=None)
    train.check({"train": tiny.table(), "validation": tiny.table(), "test": unlabelled})
    with pytest.raises(InputError, match="1 validation rows have no relation"):
        train.check({"train": tiny.table(), "validation": unlabelled})


def test_all_entities_need_a_blind_tagger_and_a_sentence_to_train_it_on():
    notes = dataclasses.replace(tiny.NOTES, entities="all")
    with pytest.raises(InputError, match=r"train\.positions: shared"):
        train.check_joint(tiny.options(positions="shared"), SimpleNamespace(notes=notes, sentences={}))
    with pytest.raises(InputError, match="no training sentence has all its entities"):
        train.check_joint(tiny.options(positions="none"), SimpleNamespace(notes=notes, sentences={"test": None}))
    train.check_joint(tiny.options(positions="none"), SimpleNamespace(notes=notes, sentences={"train": None}))
    train.check_joint(tiny.options(positions="shared"), SimpleNamespace(notes=tiny.NOTES, sentences={}))


@pytest.mark.parametrize("changes", [{"entities": "pair"}, {"tags": ("O", "B", "I")}], ids=str)
def test_type_pairs_need_the_types_of_all_entities(changes):
    notes = dataclasses.replace(tiny.NOTES, **{"entities": "all", "tags": ("O", "B-Org", "I-Org"), **changes})
    options = tiny.options(type_pairs="seen", positions="none")
    with pytest.raises(InputError, match=r"params\.yaml:\d+: train\.type_pairs: seen chooses among the entities found"):
        train.check_joint(options, SimpleNamespace(notes=notes, sentences={"train": None}))


def test_the_negative_label_and_the_relations_are_those_of_the_data():
    tables = {"train": tiny.table(), "test": positioned("[e1 a] [e2 b]", relation=None)}
    data = SimpleNamespace(tables=tables, notes=dataclasses.replace(tiny.NOTES, negative_label="NA"))
    config = train.configure(tiny.options(), data, tiny.VECTORS)
    assert (config.relations, config.negative_label) == (tiny.RELATIONS, "NA")


def test_the_committed_params_are_the_reference_model():
    committed = tiny.options()
    assert (committed.tasks, committed.sharing, committed.positions) == (("relation", "tags"), "hard", "shared")
    assert isinstance(committed, params.Train)
