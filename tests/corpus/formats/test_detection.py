import gzip
import zlib

import pytest

from benchmarks.campaign.rounds import within
from pipeline.core.errors import InputError
from pipeline.corpus.formats import conll, tsv
from pipeline.corpus.formats.detection import Recogniser, another_format, detect
from pipeline.corpus.formats.text_lines import HEAD_BYTES, head_lines

FORMATS = [Recogniser("conll", conll.recognises), Recogniser("tsv", tsv.recognises)]
PAIR = "a\tb\tUses\ta uses b\n"


@pytest.fixture
def file(tmp_path):
    def file(text):
        path = tmp_path / "train.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return file


def problem(path, formats=FORMATS):
    with pytest.raises(InputError) as error:
        detect(path, formats)
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize(("text", "name"), [("0\tAda\tO\t['N']\t[0]\n", "conll"), (PAIR, "tsv"), (f"\n\n{PAIR}", "tsv")])
def test_a_file_is_of_the_format_of_its_content(file, text, name):
    assert detect(file(text), FORMATS) == name


def test_an_unknown_file_is_an_error_that_says_what_was_seen_and_what_there_is(file):
    unknown = problem(file("\nDear all,\nplease find attached\n"))
    assert unknown.found == "this is no format that we know: its first line is Dear all,"
    assert unknown.hint == "it can be conll, tsv; jsonl is the one to write yourself: see docs/formats.md"
    assert unknown.kind == "format-unknown"
    assert unknown.source.endswith("train.txt")


def test_a_long_first_line_is_cut_and_a_terminal_obeys_none_of_it(file):
    found = problem(file("\x1b[2J" + "x" * 1000)).found
    assert found.endswith("xxx...")
    assert "\x1b" not in found
    assert len(found) < 150


def test_an_ambiguous_file_is_an_error_that_names_the_formats(file):
    either = problem(file(PAIR), [*FORMATS, Recogniser("any", lambda path: True)])
    assert either.found == "this may be tsv or any: its first line is a\tb\tUses\ta uses b"
    assert (either.kind, either.hint) == ("format-ambiguous", "say which one in parse.format")


def test_an_empty_file_is_told_as_such(file):
    assert problem(file("")).found.endswith("it is empty")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zlib.compress(b"\x86\xaa"), "compressed by zlib, as a DocBin of spaCy is"),
        (gzip.compress(b"Ada founded Acme."), "compressed by gzip"),
        (b"PAR1\x15\x04", "a table in Parquet"),
        (b"%PDF-1.7", "a PDF"),
    ],
)
def test_a_file_that_is_no_text_is_told_as_what_it_is(tmp_path, content, name):
    path = tmp_path / "train.spacy"
    path.write_bytes(content)
    assert (problem(path).found, problem(path).kind) == (f"this is no text, but {name}", "file-not-utf8")


def test_a_file_in_utf16_is_told_as_such(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(PAIR, encoding="utf-16")
    assert detect(path, FORMATS) == "tsv"
    path.write_text("Dear all", encoding="utf-16")
    assert (problem(path).found, problem(path).kind) == ("the file is UTF-16", "file-not-utf8")


def test_json_in_cp1252_is_told_as_such_and_not_as_an_unknown_format(tmp_path):
    path = tmp_path / "train.json"
    path.write_bytes('[\n{"text": "Zo\xeb left."}]'.encode("cp1252"))
    told = problem(path)
    assert told.found == "byte 0xeb at character 13 is not UTF-8, the file may be in cp1252"
    assert (told.source, told.kind, told.hint) == (f"{path}:2", "file-not-utf8", "save the whole file as UTF-8")


def test_a_character_that_the_end_of_the_sample_cuts_is_not_wrong(tmp_path):
    path = tmp_path / "train.json"
    path.write_bytes(b"x" + "é".encode() * HEAD_BYTES)
    assert problem(path).kind == "format-unknown"


def test_a_folder_whose_annotation_is_in_utf16_is_told_as_such(tmp_path):
    (tmp_path / "b.ann").write_text("T1\tPer 0 3\tAnn", encoding="utf-16")
    (tmp_path / "a.ann").write_text("T1\tPer 0 3\tAnn", encoding="utf-16")
    assert (problem(tmp_path).source, problem(tmp_path).found) == (f"{tmp_path}/a.ann:1", "the file is UTF-16")


def test_a_folder_is_told_by_its_files(tmp_path):
    for name in "fedcba":
        (tmp_path / name).touch()
    assert problem(tmp_path).found.endswith("a folder with a, b, c, d, e")
    assert detect(tmp_path, [Recogniser("folder", lambda path: path.is_dir()), *FORMATS]) == "folder"


def test_a_file_of_another_format_than_the_one_asked_for_is_one_problem(file):
    other = another_format(file(PAIR * 100), "conll", FORMATS)
    assert other is not None
    assert (other.found, other.hint, other.kind) == (
        "this is tsv, not conll",
        "set parse.format to tsv or to auto",
        "format-unexpected",
    )


def test_a_file_of_the_format_asked_for_is_no_problem_even_where_others_fit(file):
    assert another_format(file(PAIR), "tsv", [Recogniser("any", lambda path: True), *FORMATS]) is None


def test_a_file_that_no_format_knows_is_left_to_the_reader_asked_for(file):
    assert another_format(file("Dear all"), "tsv", FORMATS) is None


def test_a_file_of_ten_gigabytes_is_told_at_once(tmp_path):
    path = tmp_path / "train.txt"
    with path.open("wb") as large:
        large.write(PAIR.encode() * 5000)
        large.truncate(10 << 30)  # a hole: the disk has 90 KB of it
    with within(1):
        assert detect(path, FORMATS) == "tsv"
    assert len(head_lines(path)) < 5000
