from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB2, Entities

from pipeline import tag
from pipeline.core import storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE
from tests.support.project import ROOT
from tests.support.rows import PARSE_NOTES, parsed, with_column


def tags_of(sentence: str, labels: str = "entity", types: tuple[str | None, str | None] = (None, None)) -> list[str]:
    known = sorted({name for name in types if name})
    names = tag.tag_names(labels, known)
    return [names[index] for index in tag.tag(parsed(sentence, types=types), labels, known)["tag_ids"][0].as_py()]


def test_an_entity_of_several_words_begins_once() -> None:
    assert tags_of("the [e1 old cat] sat on [e2 mats]") == ["O", "B", "I", "O", "O", "B"]


def test_entities_that_touch_stay_apart() -> None:
    assert tags_of("[e1 factory] [e2 smoke rose]") == ["B", "B", "I"]


def test_the_later_entity_may_be_e1() -> None:
    assert tags_of("[e2 smoke] of a [e1 big factory]", "role") == ["B-E2", "O", "O", "B-E1", "I-E1"]


def test_types_become_classes() -> None:
    assert tags_of("[e1 Ada] left [e2 New York]", "type", ("Person", "City")) == ["B-Person", "O", "B-City", "I-City"]


def test_two_entities_of_one_type_share_its_class() -> None:
    assert tags_of("[e1 Ada] met [e2 Bo]", "type", ("Person", "Person")) == ["B-Person", "O", "B-Person"]


gaps, lengths = st.integers(0, 4), st.integers(1, 4)


@given(gaps, lengths, gaps, lengths, gaps)
def test_seqeval_finds_the_spans_again(before: int, first: int, between: int, second: int, after: int) -> None:
    e2_start, e2_end, e1_start, e1_end, n_words = np.cumsum([before, first, between, second, after]).tolist()
    names = tag.tag_names("role", [])
    ids = tag.bio_ids(np.array([n_words]), np.array([[e1_start, e2_start]]), np.array([[e1_end, e2_end]]), np.array([[1, 3]]))
    found = {(e.tag, e.start, e.end) for e in Entities([[names[index] for index in ids]], IOB2).entities[0]}
    assert found == {("E1", e1_start, e1_end), ("E2", e2_start, e2_end)}


@pytest.mark.parametrize(("e2_start", "e2_end"), [(1, 3), (2, 3), (0, 4), (1, 2)])
def test_entities_that_share_a_word_are_an_error(e2_start: int, e2_end: int) -> None:
    table = with_column(with_column(parsed("a [e1 b c] d [e2 e]"), "e2_start", [e2_start]), "e2_end", [e2_end])
    (problem,) = tag.find_problems(table, "entity")
    assert problem.source == "train.txt:1"
    assert "share a word" in problem.found
    assert "parse.exclude" in problem.hint


def test_a_missing_type_is_an_error_only_when_types_are_the_classes() -> None:
    table = parsed("[e1 Ada] left [e2 York]", types=("Person", None))
    assert not list(tag.find_problems(table, "role"))
    (problem,) = tag.find_problems(table, "type")
    assert "e2 has no type" in problem.found


def test_the_stage_reports_every_row_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = with_column(with_column(parsed("[e1 a] [e2 b]", "[e1 c] [e2 d]"), "e2_start", [0, 0]), "e2_end", [1, 1])
    storage.write(tmp_path / "parsed", PARSE, {"train": [table]}, PARSE_NOTES)
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError) as caught:
        tag.main(tmp_path / "parsed", tmp_path / "tagged")
    assert [problem.source for problem in caught.value.problems] == ["train.txt:1", "train.txt:2"]
    assert not (tmp_path / "tagged").exists()
