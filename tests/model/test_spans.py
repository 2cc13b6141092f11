"""Entities of tag ids against seqeval, and which pairs of them are asked about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from pipeline.model.spans import Spans, class_names, find_spans, may_be_related
from pipeline.model.viterbi import may_follow

TAGS = ["O", "B-Loc", "I-Loc", "B-Org", "I-Org"]


@st.composite
def sentences(draw: st.DrawFn) -> list[str]:
    """Tags that BIO permits."""
    tags: list[str] = []
    for _ in range(draw(st.integers(1, 8))):
        before = tags[-1] if tags else "start"
        tags.append(draw(st.sampled_from([tag for tag in TAGS if may_follow(before, tag)])))
    return tags


@given(st.lists(sentences(), min_size=1, max_size=4))
def test_they_are_those_of_seqeval_in_strict_mode(tags: list[list[str]]) -> None:
    spans = find_spans(np.array([TAGS.index(tag) for sentence in tags for tag in sentence]), np.array([len(one) for one in tags]))
    expected = [
        (row, entity.start, entity.end, ["Loc", "Org"].index(entity.tag))
        for row, entities in enumerate(Entities(tags, IOB2).entities)
        for entity in entities
    ]
    assert list(zip(*(column.tolist() for column in spans), strict=True)) == expected


def test_an_inside_tag_that_continues_nothing_begins_no_entity() -> None:
    assert find_spans(np.array([2, 1, 4, 2]), np.array([4])).ends.tolist() == [2]


def test_sentences_without_entities_have_none() -> None:
    assert find_spans(np.zeros(3, np.int64), np.array([3])).rows.tolist() == []
    assert find_spans(np.array([], np.int64), np.array([], np.int64)).rows.tolist() == []


@pytest.mark.parametrize(
    ("type_pairs", "expected"), [(None, [True, True]), ((("Loc", "Org"),), [True, False]), ((), [False, False])]
)
def test_pairs_of_types_that_no_relation_has_are_not_asked_about(type_pairs, expected) -> None:  # type: ignore[no-untyped-def]
    spans = Spans(*(np.array(column) for column in ([0, 0], [0, 1], [1, 2], [0, 1])))
    assert may_be_related(spans, np.array([0, 1]), np.array([1, 0]), TAGS, type_pairs).tolist() == expected
    assert class_names(TAGS) == ["Loc", "Org"]
