import pytest

from pipeline.core.errors import Problem
from pipeline.corpus.formats.text_lines import HEAD_BYTES, DistinctIds, TextLine, content_id, decode, head_lines, read_lines


@pytest.fixture
def file(tmp_path):
    def file(content: bytes):
        path = tmp_path / "train.txt"
        path.write_bytes(content)
        return path

    return file


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_with_lf_crlf_or_cr(file, end):
    assert list(read_lines(file(f"a{end}{end}é{end}".encode()))) == [TextLine(1, "a"), TextLine(2, ""), TextLine(3, "é")]


def test_no_other_character_ends_a_line(file):
    assert list(read_lines(file("a\u2028b\x0bc\x85d".encode()))) == [TextLine(1, "a\u2028b\x0bc\x85d")]


def test_a_byte_order_mark_is_skipped_at_the_beginning_of_any_line(file):
    assert [line.text for line in read_lines(file("\ufeffa\n\ufeffb\nc\ufeffd".encode()))] == ["a", "b", "c\ufeffd"]


def test_a_file_in_cp1252_is_one_problem_at_its_first_such_line(file):
    first, problem = read_lines(file("a\ncafé\nthé\n".encode("cp1252")))
    assert first == TextLine(1, "a")
    assert isinstance(problem, Problem)
    assert problem.found == "byte 0xe9 at character 4 is not UTF-8, the file may be in cp1252"
    assert problem.source.endswith("train.txt:2")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf16_is_one_problem_with_a_mark_or_without(file, encoding):
    (problem,) = read_lines(file("one\ntwo\n".encode(encoding)))
    assert (problem.found, problem.kind) == ("the file is UTF-16", "file-not-utf8")


def test_an_empty_file_has_no_lines(file):
    assert list(read_lines(file(b""))) == []


def test_the_head_of_a_file_has_whole_lines_that_are_not_blank(file):
    long = "x" * (HEAD_BYTES - 10)
    assert head_lines(file(f"\ufeffa\r\n\r\n{long}\r\n{long}".encode())) == ["a", long]


def test_the_head_of_one_endless_line_is_its_beginning(file):
    (line,) = head_lines(file(b"x" * (2 * HEAD_BYTES)))
    assert len(line) == HEAD_BYTES


def test_a_folder_has_no_head(tmp_path):
    assert head_lines(tmp_path) == []


def test_a_content_id_depends_on_every_part():
    ids = [content_id(parts) for parts in (["a", "b"], ["ab"], ["b", "a"], ["a"])]
    assert len(set(ids)) == 4


def test_equal_ids_are_numbered():
    ids = DistinctIds()
    assert [ids.distinct(row_id) for row_id in "aabab"] == ["a", "a~2", "b", "a~3", "b~2"]


def test_an_id_made_distinct_is_no_other_one_s() -> None:
    ids = DistinctIds()
    assert [ids.distinct(each) for each in ("a", "a~2", "a", "a~3", "a")] == ["a", "a~2", "a~3", "a~3~2", "a~4"]


def test_a_stream_may_have_a_byte_order_mark_before_any_line() -> None:
    lines = ["\ufeffa\r\n".encode(), "\ufeffb\n".encode(), "c\ufeffd".encode()]
    assert [line.text for line in decode(lines)] == ["a", "b", "c\ufeffd"]
