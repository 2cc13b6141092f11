import json

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.formats import Annotation
from pipeline.corpus.formats.jsonl import read

ROW = {"text": "The 😀 author uses it.", "e1": [6, 12], "e2": [18, 20], "relation": "Instrument-Agency(e2,e1)"}


@pytest.fixture
def reading(tmp_path):
    def reading(*lines):
        path = tmp_path / "train.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
        return list(read(path))

    return reading


def test_a_line_is_read_with_offsets_in_unicode_characters(reading):
    (row,) = reading(ROW)
    assert row == Annotation("train:1", row.source, ROW["text"], Span(6, 12), Span(18, 20), "Instrument-Agency(e2,e1)", None, None)
    assert (row.text[6:12], row.source.rpartition("/")[2]) == ("author", "train.jsonl:1")


def test_types_and_id_are_optional(reading):
    typed, untyped = reading(ROW | {"e1_type": "Person", "e2_type": None, "id": 12}, "", ROW | {"id": "b"})
    assert (typed.id, typed.e1_type, typed.e2_type) == ("12", "Person", None)
    assert (untyped.id, untyped.e1_type, untyped.source.rpartition(":")[2]) == ("b", None, "3")


@pytest.mark.parametrize(("e1", "e2"), [([0, 5], [5, 8]), ([0, 10], [2, 5]), ([0, 5], [3, 9]), ([6, 12], [0, 3])])
def test_entities_may_touch_nest_overlap_and_stand_in_any_order(reading, e1, e2):
    (row,) = reading(ROW | {"e1": e1, "e2": e2})
    assert (row.e1, row.e2) == (Span(*e1), Span(*e2))


BAD = {
    "not JSON": ('{"text": ', "not JSON"),
    "thousands of brackets": ("[" * 100_000, "not JSON"),
    "a key given twice": (json.dumps(ROW)[:-1] + ', "text": "Another."}', "one object has the key 'text' 2 times"),
    "a key given twice inside": (json.dumps(ROW)[:-1] + ', "id": {"a": 1, "a": 2}}', "id is "),
    "no object": ("[1]", "a JSON list"),
    "a misspelt key": (ROW | {"e1_typ": "Person"}, "unknown key 'e1_typ'"),
    "a missing key": ({key: ROW[key] for key in ("text", "e1", "e2")}, "key 'relation' is missing"),
    "an end past the text": (ROW | {"e2": [18, 99]}, "e2 is [18, 99], the text has 21 characters"),
    "a negative start": (ROW | {"e2": [-3, 2]}, "e2 is [-3, 2]"),
    "an empty span": (ROW | {"e1": [3, 3]}, "e1 is [3, 3]"),
    "a blank entity": (ROW | {"e1": [3, 4]}, "e1 is blank"),
    "a float": (ROW | {"e1": [6.0, 12]}, "e1 is [6.0, 12]"),
    "a boolean": (ROW | {"e1": [False, True]}, "e1 is [false, true]"),
    "three offsets": (ROW | {"e1": [6, 8, 12]}, "e1 is [6, 8, 12]"),
    "identical spans": (ROW | {"e2": [6, 12]}, "e1 and e2 are the same characters"),
    "a blank text": (ROW | {"text": " "}, 'text is " "'),
    "a numeric relation": (ROW | {"relation": 3}, "relation is 3"),
    "a malformed relation": (ROW | {"relation": "Cause-Effect(e1,e3)"}, "'Cause-Effect(e1,e3)' is no relation"),
    "a relation that holds a marker": (ROW | {"relation": "a <e1>b"}, "'a <e1>b' is no relation"),
    "a type that holds a line break": (ROW | {"e1_type": "Per\nson"}, "e1_type 'Per\\nson' is no name"),
    "a type of 201 characters": (ROW | {"e2_type": "x" * 201}, "e2_type 'xx"),
    "a text of 100,001 characters": (ROW | {"text": ROW["text"].ljust(100_001, "x")}, "the text has 100,001 characters"),
    "an empty type": (ROW | {"e1_type": ""}, 'e1_type is ""'),
    "a boolean id": (ROW | {"id": True}, "id is true"),
    "half a surrogate pair": (ROW | {"text": "The \ud83d. author uses it."}, "text is "),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_a_problem_and_the_next_line_is_read(reading, case):
    line, found = BAD[case]
    problem, good = reading(line, ROW)
    assert problem.found.startswith(found)
    assert problem.source.endswith("train.jsonl:1")
    assert problem.hint
    assert isinstance(good, Annotation)


def test_a_misspelt_key_names_the_nearest_one(reading):
    (problem,) = reading(ROW | {"e1_typ": "Person"})
    assert problem.hint.startswith("did you mean e1_type?")


def test_unknown_keys_are_reported_in_the_order_of_the_line(reading):
    rows = reading(ROW | {"z": 1, "y": 2, "x": 3, "w": 4})
    assert [row.found for row in rows] == [f"unknown key '{key}'" for key in "zyxw"]


def test_all_problems_of_a_line_are_reported_under_its_id(reading):
    rows = reading(ROW | {"e1": [3, 3], "relation": "", "id": "x"})
    assert [row.found.split()[0] for row in rows] == ["relation", "e1"]
    assert {row.row_id for row in rows} == {"x"}


def test_bytes_that_are_not_utf8_are_a_problem(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(json.dumps(ROW | {"text": "café au author uses it."}, ensure_ascii=False).encode("latin-1"))
    (problem,) = read(path)
    assert problem.found == "byte 0xe9 at character 14 is not UTF-8"


def test_a_file_in_utf16_is_a_problem_that_no_id_excludes(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(ROW), encoding="utf-16")
    (problem,) = read(path)
    assert (problem.kind, problem.row_id) == ("file-not-utf8", None)
