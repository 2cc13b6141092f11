import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import FILE_KINDS, Problem
from pipeline.corpus.formats import json_text
from pipeline.corpus.formats.json_values import SAMPLE_BYTES, Value, first_value, read_keyed, read_values
from tests.support.documents import assert_read_in_flat_memory

A, B, C = {"id": 1, "text": 'é [}\\"'}, {"id": 2, "of": [{"a": [1.5, None]}]}, {"id": 3}


@pytest.fixture
def values(tmp_path):
    def values(content, read=read_values):
        path = tmp_path / "corpus.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read(path))

    return values


def told(problem):
    return problem.source.rpartition("/")[2], problem.kind, problem.found


LAYOUTS = {
    "a line each": (f"{json.dumps(A)}\n\n{json.dumps(B)}\n", (1, 3)),
    "pretty-printed": (f"{json.dumps(A, indent=2)}\n{json.dumps(B, indent=2)}\n", (1, 5)),
    "one list on a line": (json.dumps([A, B]), (1, 1)),
    "one list, pretty-printed": (json.dumps([A, B], indent=1), (2, 6)),
    "lists one after the other": (f"[{json.dumps(A)}]\n[]\n[{json.dumps(B)}]", (1, 3)),
    "a comma after each line": (f"{json.dumps(A)},\n{json.dumps(B)},\n", (1, 2)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [1, 7, 1 << 16])
def test_values_are_read_in_every_layout_with_the_line_where_they_begin(values, monkeypatch, layout, end, block):
    monkeypatch.setattr(json_text, "BLOCK", block)
    content, lines = LAYOUTS[layout]
    assert values(content.replace("\n", end)) == [Value(lines[0], A), Value(lines[1], B)]


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text())))
def test_a_list_in_tiny_blocks_is_what_json_reads(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("drawn") / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "BLOCK", 3)
        assert [value.value for value in read_values(path)] == rows


def test_byte_order_marks_are_skipped_between_values_and_kept_in_texts(values):
    assert values('\ufeff{"a": "\ufeff"}\n\ufeff{"a": 2}') == [Value(1, {"a": "\ufeff"}), Value(2, {"a": 2})]


def test_an_empty_file_has_no_value(values):
    assert values("\n") == []


BROKEN = {
    "a missing comma": ('{"id": 1 "b": 2}', "not JSON: Expecting ',' delimiter at character 10"),
    "an open quote": ('{"id": "a}', "not JSON: Invalid control character at at character 11"),
    "an open bracket": ('{"id": [1}', "not JSON: Expecting ',' delimiter at character 10"),
    "words": ("a line of words", "not JSON: Expecting value at character 1"),
    "a key given twice": ('{"b": {"id": 1, "id": 2, "c": 3}}', "one object has the key 'id' 2 times"),
    "a number that is none": ('{"id": NaN}', "NaN is no number of JSON"),
    "a number without end": ('{"id": 1e999}', "the number 1e999 is too large"),
    "a number of thousands of digits": (f'{{"id": {"9" * 5_000}}}', "a number has thousands of digits"),
    "thousands of brackets": ("[" * 100_000, "not JSON that can be read: brackets nest a thousand deep"),
    "half of a surrogate pair": (r'{"id": "\ud83d."}', "a text has half of a surrogate pair"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_a_problem_and_the_next_line_is_read(values, case):
    line, found = BROKEN[case]
    content = f"{json.dumps(A)}\n{line}\n{json.dumps(B)}"
    first, problem, last = values(content if case != "thousands of brackets" else content.replace(line, f'{{"id": {line}'))
    assert (first, last) == (Value(1, A), Value(3, B))
    assert (problem.source.rpartition("/")[2], problem.found) == ("corpus.json:2", found)


@pytest.mark.parametrize("case", [case for case in BROKEN if case not in ("words", "an open quote")])
def test_a_broken_item_of_a_list_on_one_line_is_a_problem_and_the_next_is_read(values, case):
    item, _ = BROKEN[case]
    closed = f'{{"id": {item}{"]" * 100_000}}}' if case == "thousands of brackets" else item
    closed = '{"id": [1, }' if case == "an open bracket" else closed
    readings = values(f"[{json.dumps(A)}, {closed}, {json.dumps(B)}]")
    assert isinstance(readings[1], Problem)
    assert readings[0] == Value(1, A)
    assert (case == "an open bracket") == (Value(1, B) not in readings)


def test_a_broken_item_of_a_printed_list_is_a_problem_that_names_the_lines_skipped_for_it(values):
    content = json.dumps([A, B, C], indent=2).replace('"of":', '"of"')
    first, problem, last = values(content)
    assert (first, last) == (Value(2, A), Value(17, C))
    assert told(problem) == (
        "corpus.json:6", "json-malformed", "not JSON: Expecting ':' delimiter at character 10 of line 8; lines 6 to 16 are skipped"
    )  # fmt: skip


def test_a_broken_value_of_which_no_end_is_found_says_that_the_rest_is_skipped(values):
    (problem,) = values('[{"id": [1\n "id": 2},\n"x"\n')
    assert problem.found.endswith("; the rest of the file is skipped")


@pytest.mark.parametrize(
    "content",
    ['[{"id": [1\n "id": 2},\n"x"\n', ' {"id" 1}\n{"id": 2}', '[{"id" 1, {"id": 2}, {"id": 3}]', "{'id': 1}", '[{"id": 1}'],
)
def test_what_makes_more_than_one_object_unreadable_is_of_no_row_that_could_be_left_out(values, content):
    *_, problem = values(content)
    assert (problem.kind in FILE_KINDS, problem.row_id, "parse.exclude" in problem.hint) == (True, None, False)


@pytest.mark.parametrize("broken", ['{"id": [[1}', '{"id": "1}', '{{"id": 1', 'x {"a', '{"id" [1,\n "b"\n'])
def test_a_broken_value_behind_another_takes_no_whole_line_with_it(values, broken):
    first, *_, last = values(f"{json.dumps(A)}{broken}\n{json.dumps(B)}\n")
    assert (first, last.value) == (Value(1, A), B)


def test_lines_are_skipped_up_to_the_bracket_that_closes_a_broken_value(values):
    problem, good = values(f'[{{"id": {{"a": 1,\n "b" 2\n }}}}, {json.dumps(B)}]')
    assert problem.found.endswith("; lines 1 to 3 are skipped")
    assert good == Value(3, B)


@pytest.mark.parametrize("block", [1, 7, 1 << 16])
def test_a_broken_line_has_an_id_of_its_text_wherever_it_stands(values, monkeypatch, block):
    monkeypatch.setattr(json_text, "BLOCK", block)
    rows = values(f'{json.dumps(A)}\n{{"id": 2, "a"}}\n{{"id": 2, "b"}}\n{json.dumps(B)}\n{{"id": 2, "a"}}')
    first, other, again = [row for row in rows if isinstance(row, Problem)]
    assert first.row_id == again.row_id != other.row_id
    assert other.row_id


def test_an_object_with_a_key_twice_has_its_id(values):
    (problem,) = values('{"id": 7, "a": 1, "a": 2}')
    assert problem.row_id == "7"


@pytest.mark.parametrize("content", ['[{"id": 1}, {"id" 2}, {"id": 3}]', '[\n {\n  "id" 1\n },\n {\n  "id": 2\n }\n]'])
def test_a_broken_value_without_a_line_of_its_own_has_no_id(values, content):
    (problem,) = [row for row in values(content) if isinstance(row, Problem)]
    assert problem.row_id is None


def test_a_list_that_never_ends_is_a_problem_where_it_begins(values):
    good, problem = values(f"\n[{json.dumps(A)},\n")
    assert good == Value(2, A)
    assert told(problem) == ("corpus.json:2", "file-cut-short", "the list that begins here never ends")


def test_a_value_longer_than_the_bound_is_a_problem_and_the_next_is_read(values, monkeypatch):
    monkeypatch.setattr(json_text, "BLOCK", 100)
    monkeypatch.setattr(json_text, "LONGEST", 1_000)
    problem, good = values(f'{{"id": "{"a" * 5_000}"}}\n{json.dumps(A)}')
    assert told(problem) == ("corpus.json:1", "json-malformed", "a value of more than 1,000 characters")
    assert good == Value(2, A)


@pytest.mark.parametrize(
    ("line", "kind", "found"),
    [
        ("{'id': 'it'}", "file-not-json", "Python's own form in single quotes, not JSON (2 values of the file, the first here)"),
        ("[1, 2]", "file-not-json", "a JSON value that is no object (4 values of the file, the first here)"),
    ],
)
def test_what_is_wrong_with_many_values_is_said_once(values, line, kind, found):
    *good, problem = values(f"{json.dumps(A)}\n{line}\n{json.dumps(B)}\n{line}\n")
    assert good == [Value(1, A), Value(3, B)]
    assert told(problem) == ("corpus.json:2", kind, found)


def test_bytes_of_cp1252_are_said_once_and_other_values_are_read(values):
    lines = [b'{"text": "caf\xe9"}', json.dumps(A).encode(), b'{"text": "\x93na\xefve\x94"}']
    good, problem = values(b"\n".join(lines))
    assert good == Value(2, A)
    assert told(problem) == ("corpus.json:1", "file-not-utf8", "not UTF-8 (2 values of the file, the first here)")
    assert "cp1252" in problem.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf16_is_one_problem(values, encoding):
    (problem,) = values(f"{json.dumps(A)}\n{json.dumps(B)}".encode(encoding))
    assert told(problem) == ("corpus.json:1", "file-not-utf8", "the file is UTF-16")


def test_items_of_an_object_of_lists_come_with_the_key_of_their_list(values):
    readings = values(json.dumps({"one": [A, B], "none": [], "two": [C]}, indent=1), read_keyed)
    assert [(reading.key, reading.value, reading.line) for reading in readings] == [("one", A, 3), ("one", B, 7), ("two", C, 21)]


def test_a_key_of_lists_given_twice_is_a_problem_and_both_lists_are_read(values):
    first, problem, second = values(f'{{"one": [{json.dumps(A)}],\n"one": [{json.dumps(B)}]}}', read_keyed)
    assert (first, second) == (Value(1, A, "one"), Value(2, B, "one"))
    assert told(problem) == ("corpus.json:2", "key-repeated", "the object has the key 'one' twice")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"one": [{"id": 3}]', "the object that begins here never ends"),
        ('{"one": [{"id": 3}', "the list that begins here never ends"),
        ('{"one": [{"id": 3}], "two": 3}', "no JSON object of lists"),
        ('{"one": [{"id": 3}]} {}', "no JSON object of lists"),
    ],
)
def test_what_is_no_whole_object_of_lists_is_a_problem(values, content, found):
    good, problem = values(content, read_keyed)[:2]
    assert good == Value(1, C, "one")
    assert problem.found == found


def test_a_list_is_no_object_of_lists(values):
    (problem,) = values("[]", read_keyed)
    assert problem.found == "no JSON object of lists"


def test_the_first_value_is_found_without_reading_the_file(tmp_path):
    path = tmp_path / "corpus.json"
    path.write_text(f"[{json.dumps(A)}" + ' ,{"id": 2}' * 1_000_000, encoding="utf-8")
    assert first_value(path) == Value(1, A)


@pytest.mark.parametrize("begin", ["", "\ufeff", "[\n", " "])
def test_a_first_value_that_is_longer_than_the_sample_is_found(tmp_path, begin):
    path = tmp_path / "long.json"
    long = {"id": 1, "text": "long " * (SAMPLE_BYTES // 4)}
    path.write_text(f"{begin}{json.dumps(long)}\n{json.dumps(A)}\n", encoding="utf-8")
    assert first_value(path).value == long
    path.write_text(json.dumps({"founder": [long]}), encoding="utf-8")
    assert first_value(path, keyed=True).value == long


def test_a_file_of_something_else_has_no_first_value(tmp_path):
    path = tmp_path / "corpus.json"
    for content in (b"", b"\xff\xfe{\0}\0", b"1\tA sentence.\n", b'{"id": '):
        path.write_bytes(content)
        assert first_value(path) is None


@pytest.mark.parametrize("between", [",", "\n,"])
def test_a_list_is_read_in_flat_memory(tmp_path, between):
    value = json.dumps({"text": "a word " * 1_000})
    assert_read_in_flat_memory(
        read_values, tmp_path, lambda path, n: path.write_text(f"[{between.join([value] * n)}]", encoding="utf-8")
    )
