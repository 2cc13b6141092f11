"""What a model says of rows, in whatever batches."""

import numpy as np

from pipeline.model import frozen, predictions, reading_order
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel
from tests.support import tiny


def test_predictions_come_in_row_order_one_tag_a_word_and_do_not_depend_on_the_batch(monkeypatch):
    model, examples = RelationModel(tiny.config()), tiny.examples()
    together = predict(model, examples)
    monkeypatch.setattr(predictions, "BATCH_ROWS", 1)
    alone = predict(model, examples)
    np.testing.assert_allclose(together.probabilities, alone.probabilities, atol=1e-6)
    assert [len(tags) for tags in together.tag_ids] == examples.lengths.tolist()
    assert all((a == b).all() for a, b in zip(together.tag_ids, alone.tag_ids, strict=True))


def test_a_store_that_memory_does_not_hold_is_read_in_parts_and_says_the_same(monkeypatch):
    model, examples = RelationModel(tiny.config()), tiny.examples(copies=3)
    together = predict(model, examples)
    monkeypatch.setattr(reading_order, "HELD_BYTES", 1_000)
    monkeypatch.setattr(reading_order, "BLOCK_BYTES", 200)
    assert len(examples.parts()) > 1
    in_parts = predict(model, examples)
    np.testing.assert_allclose(together.probabilities, in_parts.probabilities, atol=1e-6)
    assert all((a == b).all() for a, b in zip(together.tag_ids, in_parts.tag_ids, strict=True))


def test_a_frozen_network_says_without_tensorflow_what_the_network_says(tmp_path):
    model, examples = RelationModel(tiny.config(lstm_units=16)), tiny.examples(copies=3)
    model.save(tmp_path)
    frozen.freeze(model, tmp_path)
    ours, theirs = predict(frozen.Frozen(model.config, tmp_path), examples), predict(model, examples)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)
    assert all((a == b).all() for a, b in zip(ours.tag_ids, theirs.tag_ids, strict=True))


def test_without_the_tags_head_there_are_no_tags():
    assert predict(RelationModel(tiny.config(tasks=("relation",))), tiny.examples()).tag_ids is None
