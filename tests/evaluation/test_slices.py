"""The cuts on rows whose place is plain to see."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.evaluation import slices
from tests.support import rows

TRAIN = rows.positioned("the [e1 cat] saw [e2 mats]")


def cut(*sentences: str, relation: str = "Other") -> dict[str, dict[str, list[int]]]:
    return slices.cut(rows.positioned(*sentences, relation=relation), TRAIN)


def test_touching_entities_have_no_words_between() -> None:
    assert cut("[e1 a] [e2 b]", "[e1 a] x y [e2 b]")["words between the entities"] == {"0": [0], "1 to 2": [1]}


def test_the_words_between_do_not_depend_on_which_entity_comes_first() -> None:
    assert cut("[e2 a] x y z [e1 b]")["words between the entities"] == {"3 to 5": [0]}


def test_lengths_beyond_the_last_edge_share_an_open_bin() -> None:
    assert cut("[e1 a b c d] [e2 e]" + 40 * " x")["words of the sentence"] == {"41 or more": [0]}
    assert cut("[e1 a b c d] [e2 e]")["words of the longer entity"] == {"3 or more": [0]}


def test_the_direction_is_that_of_the_gold_label() -> None:
    assert cut("[e1 a] [e2 b]", relation="R(e2,e1)")["direction"] == {"e2,e1": [0]}
    assert cut("[e1 a] [e2 b]")["direction"] == {"none": [0]}


def test_the_order_is_that_of_the_entities_in_the_text() -> None:
    assert cut("[e1 a] [e2 b]", "[e2 a] [e1 b]")["order of the entities"] == {"e1 first": [0], "e2 first": [1]}


def test_rows_without_any_have_no_slices() -> None:
    assert not any(slices.cut(TRAIN.slice(0, 0), TRAIN).values())


def test_entity_strings_are_compared_with_training_without_regard_to_case_or_role() -> None:
    by_novelty = cut("[e1 Mats] and [e2 cat]", "a [e1 cat] and [e2 dog]", "[e1 the cat] and [e2 dog]")["entity strings"]
    assert by_novelty == {"neither seen in training": [2], "one seen in training": [1], "both seen in training": [0]}


def test_each_cut_holds_every_row_once() -> None:
    table = pa.concat_tables([rows.positioned(f"[e1 a]{n * ' x'} [e2 b]{30 * n * ' y'}", max_length=500) for n in range(12)])
    for values in slices.cut(table, TRAIN).values():
        assert sorted(row for own in values.values() for row in own) == list(range(12))


def test_rows_without_a_label_are_left_out_and_not_counted() -> None:
    table = pa.concat_tables(
        [rows.positioned("[e1 a] [e2 b]", relation=None), rows.positioned("[e1 a] x [e2 b]", relation="R(e1,e2)")]
    )
    assert slices.cut(table, TRAIN)["words between the entities"] == {"1 to 2": [0]}


def test_entity_strings_are_told_alike_across_the_batches_in_which_they_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.concat_tables([rows.positioned(f"[e1 {'big ' * n}cat] x [e2 Mats]") for n in range(5)])
    whole = slices.cut(table, TRAIN)
    monkeypatch.setattr(slices, "ROWS_AT_ONCE", 2)
    assert slices.cut(table.combine_chunks(), TRAIN) == whole
    assert whole["entity strings"] == {"one seen in training": [1, 2, 3, 4], "both seen in training": [0]}


def test_words_between_are_counted_from_the_end_of_the_first_entity() -> None:
    table = pa.concat_tables([rows.positioned(text) for text in ("[e1 a] b c d [e2 e]", "[e2 a] b [e1 c d]", "[e1 a] [e2 b]")])
    assert slices.words_between(table).tolist() == [3, 1, 0]
