"""Rows by label, length and distance."""

from __future__ import annotations

import pyarrow as pa

from pipeline.evaluation import corpus_counts
from tests.support import scored
from tests.support.rows import positioned
from tests.support.scored import LABELS

ROWS = pa.concat_tables(
    [
        positioned("[e1 a] b c d [e2 e]"),
        positioned("[e2 a] b [e1 c d]"),
        positioned("[e1 a] [e2 b]"),
        positioned(" ".join(["[e1 a]", *["w"] * 70, "[e2 b]"]), max_length=100),
    ]
)


def counted(table: pa.Table) -> dict[str, object]:
    return corpus_counts.counts({"train": table, "validation": table.slice(0, 0), "test": table.slice(0, 1)}, LABELS)


def test_rows_are_counted_by_label_those_without_one_last() -> None:
    told = counted(scored.table("Other", "Other", "R(e2,e1)", None))
    assert told["labels"] == {"train": [2, 0, 1, 1], "validation": [0, 0, 0, 0], "test": [1, 0, 0, 0]}
    assert told["rows"] == {"train": 4, "validation": 0, "test": 1}


def test_sentences_of_several_pairs_are_counted_once() -> None:
    told = counted(pa.concat_tables([ROWS, ROWS]))
    assert told["rows"] == {"train": 8, "validation": 0, "test": 1}
    assert told["sentences"] == {"train": 4, "validation": 0, "test": 1}


def test_rows_are_counted_by_words_and_long_ones_together() -> None:
    told = counted(ROWS)["words"]["train"]  # type: ignore[index]
    assert {n: count for n, count in enumerate(told) if count} == {2: 1, 4: 1, 5: 1, corpus_counts.LONGEST: 1}
