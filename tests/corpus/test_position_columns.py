"""The columns of the position stage, and the rows that no window holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.position_columns import find_problems
from pipeline.position import position
from pipeline.tag import tag
from tests.support.rows import parsed, with_spans

SPAN = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


@given(SPAN, SPAN, st.integers(7, 12))
def test_entities_may_nest_overlap_and_be_the_same(e1: tuple[int, int], e2: tuple[int, int], max_length: int) -> None:
    table = with_spans(parsed("[e1 a] b c d e f g h i [e2 j]"), e1, e2)
    [row] = position(tag(table, "entity", [], "outer"), max_length, max_distance=99).to_pylist()
    too_far = [*find_problems(table, max_length)]
    assert bool(too_far) == (max(e1[1], e2[1]) - min(e1[0], e2[0]) > max_length)
    if not too_far:
        assert row["window_start"] <= min(e1[0], e2[0]) < max(e1[1], e2[1]) <= row["window_end"]
    for name, span in (("e1", e1), ("e2", e2)):
        inside = [word for word, id_ in enumerate(row[f"{name}_position_ids"]) if id_ == 99 + 1]
        assert inside == list(range(*span))


def test_entities_further_apart_than_the_window_are_an_error_naming_the_row() -> None:
    (problem,) = find_problems(parsed("[e1 a] b c d [e2 e]", "[e1 a] [e2 b]"), max_length=4)
    assert problem.source == "train.txt:1"
    assert "span 5 words" in problem.found
    assert "raise position.max_length to 5" in problem.hint
