"""What trains on documents of which all entities are annotated: pairs the relation head, sentences the tagger."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.core import storage
from pipeline.core.labels import UNLABELLED_ID
from pipeline.core.schema import POSITION, SPLITS, PositionNotes
from pipeline.core.storage import StageOutput
from pipeline.evaluation import validation
from pipeline.model import joint, trainer
from pipeline.model.config import Config
from pipeline.model.network import weights_by_name
from pipeline.model.predictions import Predictions
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.joint import TAGS, pair, sentences

NOTES = dataclasses.replace(tiny.NOTES, entities="all", tags=TAGS)
SENTENCES = sentences(("Acme sits in Bern", [(0, 1, "Org"), (3, 4, "Loc")]), ("no name here at all", []), ("Rome", [(0, 1, "Loc")]))
PAIRS = pa.concat_tables(
    [
        pair("[e1 Acme] sits in [e2 Bern]", "d0:0-1", "A(e1,e2)", ("Org", "Loc")),
        pair("[e2 Acme] sits in [e1 Bern]", "d0:1-0", "Other", ("Loc", "Org")),
    ]
)


def config(**changes: object) -> Config:
    return Config.of(tiny.options(**{"positions": "relation", "dropout": 0.0} | changes), tiny.RELATIONS, NOTES, tiny.VECTORS)


@pytest.fixture
def data(tmp_path: Path) -> StageOutput[PositionNotes]:
    of_sentences = {"train": [SENTENCES], "validation": [SENTENCES]}
    storage.write(tmp_path / "positioned", POSITION, {split: [PAIRS] for split in SPLITS}, NOTES, sentences=of_sentences)
    return storage.read(tmp_path / "positioned", POSITION)


def test_an_epochs_examples_are_the_pairs_and_each_sentence_once(data: StageOutput[PositionNotes]) -> None:
    examples = joint.examples(data, "train", tiny.FakeStore(), config())
    assert examples.lengths.tolist() == [4, 4, 4, 5, 1]
    assert examples.relation_ids.tolist() == [0, 2, *[UNLABELLED_ID] * 3]
    assert examples.tagged is not None
    assert examples.tagged.tolist() == [False, False, True, True, True]
    assert examples.targets(np.array([2, 3]))["tags"].tolist() == [[3, 0, 0, 1, -1], [0, 0, 0, 0, 0]]
    assert examples.tag_ids(np.array([4, 2])).tolist() == [1, 3, 0, 0, 1]


def test_a_sentence_is_seen_whole_with_its_first_word_as_both_entities() -> None:
    """As the predictor asks for the tags of a plain text; the distance is clipped."""
    rows = joint.as_rows(sentences((" ".join("abcdef"), [])), max_distance=3)
    assert rows["e1_position_ids"].to_pylist() == rows["e2_position_ids"].to_pylist() == [[4, 5, 6, 7, 7, 7]]
    assert (rows["window_start"].to_pylist(), rows["window_end"].to_pylist()) == ([0], [6])


def test_with_the_entities_of_pairs_the_examples_are_the_rows_alone(data: StageOutput[PositionNotes]) -> None:
    of_pairs = dataclasses.replace(data, notes=dataclasses.replace(NOTES, entities="pair"))
    for examples in (
        joint.examples(of_pairs, "train", tiny.FakeStore(), config()),
        joint.examples(data, "train", tiny.FakeStore(), config(tasks=("relation",))),
    ):
        assert (len(examples), examples.tagged) == (2, None)


def test_each_loss_is_a_mean_over_the_rows_that_have_its_target(data: StageOutput[PositionNotes]) -> None:
    examples = joint.examples(data, "train", tiny.FakeStore(), config())
    feed = trainer.Feed(examples, config(), config().train)
    _, _, weights = feed._batch(np.array([0, 1, 2, 3, 4]))
    np.testing.assert_allclose(weights["relation"], [2.5, 2.5, 0, 0, 0])
    np.testing.assert_allclose(weights["tags"], [0, 0, 5 / 3, 5 / 3, 5 / 3])
    _, _, without = feed._batch(np.array([0, 1]))
    assert (without["relation"].numpy().tolist(), without["tags"].numpy().tolist()) == ([1, 1], [0, 0])


@pytest.mark.usefixtures("eager")
def test_a_pairs_tags_teach_the_tagger_nothing(data: StageOutput[PositionNotes]) -> None:
    """Batches of pairs alone leave the weights of the tagger as they were, those of sentences alone the relation head's."""
    whole = joint.examples(data, "train", tiny.FakeStore(), config())
    for rows, kept, moved in (([0, 1], "tags/", "relation/"), ([2, 3], "relation/", "tags/")):
        own = trainer.Trainer(config(), validation.score, joint=True)
        before = {name: weight.numpy() for name, weight in weights_by_name(own._model.network).items()}
        own._step(trainer.Feed(whole, config(), config().train)._batch(np.array(rows)))
        changed = {name for name, weight in weights_by_name(own._model.network).items() if (weight.numpy() != before[name]).any()}
        assert not any(name.startswith(kept) for name in changed)
        assert any(name.startswith(moved) for name in changed)


def test_pairs_and_sentences_are_learnt_by_heart(data: StageOutput[PositionNotes]) -> None:
    learnt = config(epochs=60, patience=60, learning_rate=0.03, lstm_units=8, pooling="max+entities")
    examples = joint.examples(data, "train", tiny.FakeStore(), learnt)
    trained = trainer.Trainer(learnt, validation.score, joint=True).train(examples, examples)
    assert trained.score > 90


def test_the_best_epoch_has_the_best_mean_of_relations_and_entities(
    data: StageOutput[PositionNotes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both relations right, and of three entities in gold two found and no other: macro-F1 100, entity F1 80."""
    examples = joint.examples(data, "train", tiny.FakeStore(), config())
    tag_ids = [np.zeros(4), np.zeros(4), np.array([3, 0, 0, 0]), np.zeros(5), np.array([1])]
    told = Predictions(np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 1]], [ids.astype(np.int64) for ids in tag_ids])
    monkeypatch.setattr(validation, "predict", lambda *_: told)
    assert validation.score(RelationModel(config()), examples) == pytest.approx((100 + 80) / 2)


def test_the_types_of_related_pairs_are_those_that_are_asked_about(data: StageOutput[PositionNotes]) -> None:
    assert joint.seen_type_pairs(tiny.options(), data) is None
    assert joint.seen_type_pairs(tiny.options(type_pairs="seen"), data) == (("Org", "Loc"),)
