import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import opennre
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import assert_a_problem_then_the_good_row, read_rows, written_and_read

HEAD = {"name": "ada byron", "id": "Q7259", "pos": [0, 2]}
ROW = {
    "token": ["Ada", "Byron", "founded", "Acme", "."], "h": HEAD, "t": {"name": "Acme", "pos": [3, 4]}, "relation": "founder(e2,e1)"
}  # fmt: skip
TEXT = {
    "text": "Ada founded Acme.",
    "h": {"name": "Ada", "pos": [0, 3]},
    "t": {"name": "Acme", "pos": [12, 16]},
    "relation": "founder",
}


def stands(document):
    return [document.text[slice(*entity.cover)] for entity in document.entities]


def test_tokens_make_the_text_and_positions_count_them(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [ROW | {"bag": 3}])
    assert document == Document(
        document.id,
        f"{tmp_path / 'corpus.json'}:1",
        "Ada Byron founded Acme .",
        (Entity("e1", (Span(0, 9),)), Entity("e2", (Span(18, 22),))),
        (Relation("e1", "e2", "founder(e2,e1)"),),
        (Span(0, 3), Span(4, 9), Span(10, 17), Span(18, 22), Span(23, 24)),
        complete=False,
        meta={"bag": 3, "h": {"name": "ada byron", "id": "Q7259"}},
    )


def test_a_document_of_many_rows_is_joined_once(tmp_path):
    first, second, other = read_rows(
        opennre.read, tmp_path, [ROW, ROW | {"relation": "staff"}, ROW | {"token": ["ada", *ROW["token"][1:]]}]
    )
    assert (first.text, first.words) == (second.text, second.words)
    assert first.words is second.words
    assert other.text != first.text


def test_positions_of_a_text_count_characters(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [TEXT])
    assert (document.text, document.words, stands(document)) == ("Ada founded Acme.", None, ["Ada", "Acme"])


@pytest.mark.parametrize("row", [ROW, TEXT])
def test_inclusive_ends_are_told_by_the_names(tmp_path, row):
    inclusive = row | {key: row[key] | {"pos": [row[key]["pos"][0], row[key]["pos"][1] - 1]} for key in "ht"}
    exclusive, told = read_rows(opennre.read, tmp_path, [row, inclusive])
    assert told.entities == exclusive.entities


def test_blanks_and_case_of_a_name_do_not_matter(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [ROW | {"h": HEAD | {"name": "ADA\u00a0 Byron "}}])
    assert stands(document)[0] == "Ada Byron"


def test_blank_tokens_are_counted_and_stay_words(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [ROW | {"token": ["Ada", "Byron", " ", "Acme", ""]}])
    assert (stands(document), len(document.words)) == (["Ada Byron", "Acme"], 5)


def test_chinese_tokens_are_joined_without_blanks(tmp_path):
    row = {"token": ["马云", "创立", "了", "Ali", "。"], "h": {"name": "马云", "pos": [0, 1]}, "t": {"name": "Ali", "pos": [3, 4]}}
    (document,) = read_rows(opennre.read, tmp_path, [row])
    assert (document.text, stands(document)) == ("马云创立了Ali。", ["马云", "Ali"])


def test_tokens_beside_a_text_are_its_words(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [TEXT | {"token": ["Ada", "founded", "Acme", "."]}])
    assert document.words == (Span(0, 3), Span(4, 11), Span(12, 16), Span(16, 17))


def test_types_are_read_and_the_relation_may_be_missing(tmp_path):
    row = {key: ROW[key] for key in ("token", "t")} | {"h": HEAD | {"type": "PER"}}
    (document,) = read_rows(opennre.read, tmp_path, [row])
    assert [entity.type for entity in document.entities] == ["PER", None]
    assert document.relations == (Relation("e1", "e2", None),)


def test_the_second_of_two_equal_lines_is_numbered(tmp_path):
    one, two = read_rows(opennre.read, tmp_path, [ROW, ROW])
    assert two.id == f"{one.id}~2"


BAD = {
    "another name": (ROW | {"h": HEAD | {"name": "Bob"}}, "the name of h is 'Bob', at [0, 2] stands 'Ada Byron'"),
    "no name": (ROW | {"t": {"pos": [3, 4]}}, "the name of t is null"),
    "no position": (ROW | {"t": {"name": "Acme"}}, "pos of t is null"),
    "several positions": (ROW | {"t": {"name": "Acme", "pos": [[3, 4]]}}, "pos of t is [[3, 4]]"),
    "an end past the tokens": (ROW | {"t": {"name": "Acme", "pos": [3, 9]}}, "pos of t is [3, 9], there are 5 units"),
    "UTF-16 in a text": (TEXT | {"text": "😀 Ada founded Acme."}, "the name of h is 'Ada', at [0, 3] stands '😀 A'"),
    "no head": ({key: ROW[key] for key in ("token", "t")}, "h is null"),
    "no text": ({key: ROW[key] for key in ("h", "t")}, "key 'token' is missing"),
    "a list for a text": (TEXT | {"text": ["Ada"]}, 'text is ["Ada"]'),
    "tokens of another text": (TEXT | {"token": ["Ada", "left"]}, "token 1, 'left', is not in the text after character 3"),
    "one entity twice": (ROW | {"t": HEAD}, "both entities of a relation are the same words"),
    "a number for a relation": (ROW | {"relation": 3}, "relation is 3"),
    "a number for a type": (ROW | {"h": HEAD | {"type": 3}}, "h: type is 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_a_problem_and_the_next_is_read(tmp_path, case):
    bad, found = BAD[case]
    if case == "UTF-16 in a text":
        assert read_rows(opennre.read, tmp_path, [bad])[0].found == found
    else:
        assert_a_problem_then_the_good_row(opennre, tmp_path, bad, ROW, found)


def test_lines_that_python_printed_are_one_problem(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(f"{ROW}\n{ROW}\n{json.dumps(ROW)}\n", encoding="utf-8")
    document, problem = opennre.read(path)
    assert isinstance(document, Document)
    assert problem.found == "Python's own form in single quotes, not JSON (2 values of the file, the first here)"
    assert "json.dumps" in problem.hint


def test_its_own_files_are_recognised_and_no_others(tmp_path):
    path = tmp_path / "any"
    contents = {json.dumps(ROW): True, json.dumps(TEXT): True, json.dumps(ROW | {"h": ["ada", "Q1", [[0]]]}): False, "Ada": False}
    for content, is_opennre in contents.items():
        path.write_text(content, encoding="utf-8")
        assert opennre.recognises(path) == is_opennre


@given(document=documents(opennre.HOLDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path, document):
    assert written_and_read(opennre, tmp_path, [document]) == [document]


@given(document=documents(opennre.HOLDS - {"words"}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_without_words_is_read_again(tmp_path, document):
    assert written_and_read(opennre, tmp_path, [document]) == [document]


def test_names_and_ids_of_entities_survive(tmp_path):
    (document,) = read_rows(opennre.read, tmp_path, [ROW])
    (read,) = written_and_read(opennre, tmp_path, [document])
    assert read.meta == {"h": {"name": "ada byron", "id": "Q7259"}}


@pytest.mark.parametrize(
    "change",
    [
        {"entities": (Entity("e1", (Span(0, 3),)), Entity("e2", (Span(4, 9),)), Entity("e3", (Span(18, 22),)))},
        {"words": (Span(16, 17),)},
        {"meta": {"h": "a head"}},
        {"meta": {"text": "another"}},
    ],
)
def test_what_it_cannot_hold_is_refused(tmp_path, change):
    (document,) = read_rows(opennre.read, tmp_path, [ROW | {"id": "a1"}])
    with pytest.raises(ValueError, match="a1"):
        opennre.write([dataclasses.replace(document, **change)], tmp_path / "out.json")


def test_a_file_is_read_in_flat_memory(tmp_path):
    row = json.dumps(ROW | {"token": [*ROW["token"], *["word" * 50] * 100]})
    assert_read_in_flat_memory(opennre.read, tmp_path, lambda path, n: path.write_text("\n".join([row] * n), encoding="utf-8"))
