"""Batches against rows read one by one."""

import numpy as np
import pyarrow as pa

from pipeline.core.labels import UNLABELLED_ID
from pipeline.model.batches import Examples, shuffled
from tests.support import tiny
from tests.support.rows import positioned


def test_a_batch_is_padded_to_its_longest_row_with_zeros():
    rows = np.array([2, 0])
    inputs = tiny.examples().inputs(rows)
    assert inputs["words"].shape == (2, 5, tiny.WIDTH)
    assert inputs["words"].dtype == np.float16
    assert (inputs["words"][0, 3:] == 0).all()
    assert (inputs["e1_position_ids"][0, 3:] == 0).all()


def test_each_row_holds_its_own_ids_vectors_and_relation():
    table, store = tiny.table(), tiny.FakeStore()
    examples = Examples(table, store, tiny.RELATIONS)
    rows = np.array([3, 1])
    inputs, targets = examples.inputs(rows), examples.targets(rows)
    for place, row in enumerate(rows):
        expected = table.slice(int(row), 1).to_pylist()[0]
        length = len(expected["words"])
        assert inputs["e2_position_ids"][place, :length].tolist() == expected["e2_position_ids"]
        assert targets["tags"][place].tolist() == expected["tag_ids"] + [-1] * (targets["tags"].shape[1] - length)
        assert tiny.RELATIONS[targets["relation"][place]] == expected["relation"]
        np.testing.assert_array_equal(inputs["words"][place, :length], store.vectors(int(row)))


def test_each_word_has_the_id_of_its_shape_and_padding_has_none():
    table = pa.concat_tables([positioned("[e1 Rome] fell in [e2 476] ."), positioned("[e1 a] [e2 B]")])
    inputs = Examples(table, tiny.FakeStore(), tiny.RELATIONS).inputs(np.array([0, 1]))
    assert inputs["shape_ids"].tolist() == [[6, 8, 8, 1, 3], [8, 4, 0, 0, 0]]


def test_a_row_without_a_label_has_an_id_that_is_none():
    table = pa.concat_tables([positioned("[e1 a] [e2 b]", relation=relation) for relation in ("Other", None)])
    assert Examples(table, tiny.FakeStore(), tiny.RELATIONS).relation_ids.tolist() == [2, UNLABELLED_ID]


def test_only_the_window_of_a_long_sentence_is_fed():
    words = " ".join(f"w{index}" for index in range(20))
    table = pa.concat_tables([tiny.table(), positioned(f"{words} [e1 a] b [e2 c] {words}", max_length=7, max_distance=10)])
    store = tiny.FakeStore()
    examples = Examples(table, store, tiny.RELATIONS)
    start = table["window_start"][4].as_py()
    inputs = examples.inputs(np.array([4]))
    assert start > 0
    np.testing.assert_array_equal(inputs["words"][0], store.vectors(4)[start : start + 7])
    assert inputs["e1_position_ids"][0].tolist() == table["e1_position_ids"][4].as_py()[start : start + 7]


def test_an_epoch_has_every_row_once():
    lengths = np.random.default_rng(0).integers(3, 40, 1000)
    batches = shuffled(lengths, 8, np.random.default_rng(1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))


def test_epochs_differ_and_little_of_a_batch_is_padding():
    lengths, rng = np.random.default_rng(0).integers(3, 40, 1000), np.random.default_rng(1)
    first, second = shuffled(lengths, 8, rng), shuffled(lengths, 8, rng)
    assert first[0].tolist() != second[0].tolist()
    padded = sum(len(batch) * lengths[batch].max() for batch in first)
    assert padded < 1.1 * lengths.sum()
