"""JSON changed where two values differ, and nowhere else."""

import json

import pytest

from pipeline.corpus.rewriting.json_splice import Style, spliced

TEXT = '[{"start": 0, "end": 3, "by": "ann"}, {"start": 5, "end": 9, "by": "bob"}]'
OLD = [{"start": 0, "end": 3}, {"start": 5, "end": 9}]
MOVED = {
    "the first moved, the second gone": ([{"start": 0, "end": 9}], '[{"start": 0, "end": 9, "by": "ann"}]'),
    "the first gone, the second moved": ([{"start": 4, "end": 9}], '[{"start": 4, "end": 9, "by": "bob"}]'),
    "the first moved, one new": (
        [{"start": 0, "end": 2}, {"start": 3, "end": 4}, {"start": 5, "end": 9}],
        '[{"start": 0, "end": 2, "by": "ann"}, {"start": 3, "end": 4}, {"start": 5, "end": 9, "by": "bob"}]',
    ),
    "another in the place of both": ([{"start": 6, "end": 7}], '[{"start": 6, "end": 7}]'),
}


@pytest.mark.parametrize("case", MOVED)
def test_an_item_that_changed_beside_others_that_went_or_came_keeps_what_else_it_has(case: str) -> None:
    new, becomes = MOVED[case]
    assert spliced(TEXT, OLD, new, Style()) == becomes


def test_thousands_of_items_that_moved_while_one_went_keep_what_else_they_have() -> None:
    """All with one label: their places alone tell which is which, and one of them is the same."""
    old = [{"start": start, "end": start + 5, "label": "A"} for start in range(0, 30_000, 10)]
    text = json.dumps([{**span, "by": number} for number, span in enumerate(old)])
    new = [{**span, "start": span["start"] + 1} for span in old[1:]]
    became = json.loads(spliced(text, old, new, Style()))
    assert became == [{**span, "by": number} for number, span in enumerate(new, 1)]


def test_an_item_in_lines_in_the_place_of_others_that_begin_beside_the_bracket_is_indented() -> None:
    text = '{"ner": [[[0,\n    1],\n    [2,\n    3]]], "k":  1e5}'
    became = spliced(text, {"ner": [[[0, 1], [2, 3]]]}, {"ner": [[[1, 1]]]}, Style())
    assert json.loads(became) == {"ner": [[[1, 1]]], "k": 1e5}
    assert became.endswith('"k":  1e5}')
