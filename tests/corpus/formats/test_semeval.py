import codecs
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats import Annotation
from pipeline.corpus.formats.semeval import read

GOOD = '1\t"The <e1>author</e1> of a keygen uses a <e2>disassembler</e2>."\nInstrument-Agency(e2,e1)\nComment: fine\n\n'


@pytest.fixture
def reading(tmp_path):
    def reading(content):
        path = tmp_path / "train.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read(path))

    return reading


def block(sentence, relation="Other", name="7"):
    return f'{name}\t"{sentence}"\n{relation}\nComment:\n\n'


def places(rows):
    return [(row.source.rpartition(":")[2], row.found) for row in rows if isinstance(row, Problem)]


def test_a_block_is_read_with_its_entities_in_characters(reading):
    (row,) = reading(GOOD)
    assert row.source.endswith("train.txt:1")
    assert (row.id, row.relation, row.e1_type) == ("1", "Instrument-Agency(e2,e1)", None)
    assert row.text == "The author of a keygen uses a disassembler."
    assert (row.text[slice(*row.e1)], row.text[slice(*row.e2)]) == ("author", "disassembler")


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.rstrip("\n"),
        GOOD.replace("Comment: fine\n", ""),
        "\n\n" + GOOD,
    ],
    ids=["CRLF", "byte order mark", "no last newline", "no comment", "blank lines before"],
)
def test_line_ends_marks_and_comments_do_not_change_what_is_read(reading, content):
    (row,), (plain,) = reading(content), reading(GOOD)
    assert (row.id, row.text, row.e1, row.e2, row.relation) == (plain.id, plain.text, plain.e1, plain.e2, plain.relation)


def test_quotes_inside_the_sentence_are_kept(reading):
    (row,) = reading(block('"Yes," said the <e1>"boy"</e1> at the <e2>desk</e2>"'))
    assert row.text == '"Yes," said the "boy" at the desk"'
    assert row.e1 == Span(16, 21)


def test_a_marker_glued_to_letters_or_to_the_other_entity_is_exact(reading):
    (row,) = reading(block("doves<e1>mole</e1><e2>hill</e2>s"))
    assert (row.text, row.e1, row.e2) == ("dovesmolehills", Span(5, 9), Span(9, 13))


def test_a_missing_blank_line_between_blocks_is_no_problem(reading):
    rows = reading(GOOD.rstrip("\n") + "\n" + GOOD.replace("1\t", "2\t"))
    assert [row.id for row in rows] == ["1", "2"]


BAD_MARKERS = {
    "a <e1>b</e1> c <e2>d": "<e2> opens at character 19 and never closes",
    "a <e1>b</e1> c d</e2>": "</e2> at character 20 closes nothing",
    "a <e1>b</e1> c d": "e2 is not marked",
    "a b c <e2>d</e2>": "e1 is not marked",
    "a <e1>b <e2>c</e2></e1>": "<e2> opens at character 12, inside e1",
    "a <e1>b <e2>c</e1></e2>": "<e2> opens at character 12, inside e1",
    "a <e2>b <e1>c</e1></e2>": "<e1> opens at character 12, inside e2",
    "a </e1>b<e1> c <e2>d</e2>": "</e1> at character 6 stands before <e1> at character 12",
    "a <e2>b</e2> c <e1>d</e1>": "e2 stands before e1, at character 6",
    "a <e1>b</e1> <e1>b</e1> <e2>d</e2>": "<e1> occurs 2 times, at characters 6, 17",
    "a <e1></e1> c <e2>d</e2>": "e1 is empty",
    "a <e1>b</e1> c <e2>  </e2>": "e2 is empty",
}


@pytest.mark.parametrize("sentence", BAD_MARKERS)
def test_a_bad_marker_is_a_problem_that_names_the_character_of_the_line(reading, sentence):
    found = BAD_MARKERS[sentence]
    rows = reading(GOOD + block(sentence))
    assert isinstance(rows[0], Annotation)
    (problem,) = rows[1:]
    assert problem.source.endswith("train.txt:5")
    assert problem.found == found
    for marker, character in re.findall(r"(</?e[12]>).*?characters? (\d+)", found):
        assert f'7\t"{sentence}"'[int(character) - 1 :].startswith(marker)


@pytest.mark.parametrize(
    "relation",
    ["Cause-Effect(e1,e3)", "Cause-Effect(e1,e2", "Cause-Effect (e1,e2)", "Cause-Effect(e1, e2)", "(e1,e2)", "Other(e1,e2)"],
)
def test_a_malformed_relation_is_a_problem_on_its_line(reading, relation):
    rows = reading(block("<e1>a</e1> <e2>b</e2>", relation) + GOOD)
    assert [(line, relation in found) for line, found in places(rows)] == [("2", True)]
    assert isinstance(rows[-1], Annotation)


@pytest.mark.parametrize("relation", ["Cause-Effect", "per:city_of_birth", "出生地", "Message-Topic(e2,e1)"])
def test_any_name_with_or_without_direction_is_a_relation(reading, relation):
    (row,) = reading(block("<e1>a</e1> <e2>b</e2>", relation))
    assert row.relation == relation


@pytest.mark.parametrize("cut", ['7\t"<e1>a</e1> <e2>b</e2>"\n', '7\t"<e1>a</e1> <e2>b</e2>"\nComment:\n\n'])
def test_a_block_without_a_relation_is_a_problem_and_the_next_block_is_read(reading, cut):
    rows = reading(cut + GOOD)
    assert places(rows) == [("1", "the block ends without a relation")]
    assert rows[-1].id == "1"


def test_a_sentence_cut_short_is_a_problem(reading):
    (problem, *_) = reading('7\t"<e1>a</e1> <e2>b</e2> and th')
    assert "double quote" in problem.found


def test_a_line_of_no_block_and_a_line_without_id_are_problems(reading):
    rows = reading('7\t"<e1>a</e1> <e2>b</e2>"\nOther\nComment:\nmore\n\n"<e1>a</e1> <e2>b</e2>"\nOther\n\n' + GOOD)
    assert places(rows) == [("4", "a line that belongs to no block"), ("6", "no id and tab before the sentence")]


def test_bytes_that_are_not_utf8_are_a_problem_and_the_next_block_is_read(reading):
    rows = reading(block("a café <e1>b</e1> <e2>c</e2>").encode("latin-1") + GOOD.encode())
    assert places(rows) == [("1", "byte 0xe9 at character 9 is not UTF-8")]
    assert rows[0].row_id == "7"
    assert rows[1].id == "1"


def test_utf16_is_one_problem(reading):
    assert places(reading(GOOD.encode("utf-16"))) == [("1", "the file is UTF-16")]


def test_all_problems_of_a_block_are_reported_in_the_order_of_lines_with_the_id_to_exclude(reading):
    rows = reading(block("<e1>a</e1> <e2>b", "Cause-Effect(e1,e3)"))
    assert [line for line, _ in places(rows)] == ["1", "2"]
    assert {row.row.rpartition(":")[2] for row in rows} == {"1"}
    assert all(row.row_id == "7" and row.hint.endswith('or list id "7" under parse.exclude in params.yaml') for row in rows)


def test_an_empty_file_has_no_rows(reading):
    assert reading("") == reading("\n \n") == []


SECOND = '2\t"The <e1>cat</e1> sat on the <e2>mat</e2>."'


@pytest.mark.parametrize(
    "line",
    [SECOND, SECOND.replace("\t", " "), SECOND.partition("\t")[2], SECOND.replace("e1>", "E1>").replace("e2>", "E2>")],
    ids=["as it should be", "a blank for the tab", "no id", "markers in capitals"],
)
def test_a_marked_sentence_in_the_place_of_a_relation_is_a_row_of_its_own(reading, line):
    rows = reading(GOOD.split("\n")[0] + "\n" + line + "\nOther\n\n" + block("<e1>a</e1> <e2>b</e2>"))
    assert places(rows)[0] == ("1", "the block ends without a relation")
    assert {row.source.rpartition(":")[2] for row in rows} == {"1", "2", "5"}
    assert rows[-1].id == "7"


def test_a_marked_sentence_joined_to_a_comment_is_a_problem_and_the_row_above_is_kept(reading):
    rows = reading(GOOD.rstrip("\n") + SECOND + "\nOther\n")
    assert [row.id for row in rows if isinstance(row, Annotation)] == ["1"]
    assert places(rows) == [("3", "no id and tab before the sentence")]
    assert rows[-1].row_id is None


@pytest.mark.parametrize("relation", ["OtherComment: fine", " Comment: fine", "comment: fine"])
def test_a_comment_is_no_relation(reading, relation):
    (problem,) = reading(f"{SECOND}\n{relation}\n\n")
    assert (problem.kind, problem.source.rpartition(":")[2]) == ("relation-malformed", "2")


def test_a_text_of_more_than_a_hundred_thousand_characters_is_a_problem(reading):
    rows = reading(block("<e1>a</e1> <e2>b</e2>" + " c" * 49_998) + block("<e1>a</e1> <e2>b</e2>" + " c" * 49_999, name="8"))
    assert [row.id for row in rows if isinstance(row, Annotation)] == ["7"]
    assert [(row.kind, row.row_id) for row in rows if isinstance(row, Problem)] == [("text-too-long", "8")]


def good_lines(n: int) -> list[str]:
    rows = [
        [f'{number}\t"The <e1>cat</e1> {number} sat on <e2>mats</e2>."', "Cause-Effect(e1,e2)" if number % 2 else "Other"]
        for number in range(n)
    ]
    comments = [["Comment: fine", ""], ["Comment:", ""], [""]]
    return [line for number, row in enumerate(rows) for line in [*row, *comments[number % 3]]]


@st.composite
def mutated_lines(draw):
    lines = good_lines(draw(st.integers(1, 4)))
    for _ in range(draw(st.integers(1, 4))):
        first, second = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.sampled_from(["drop", "duplicate", "swap", "join"])):
            case "drop" if len(lines) > 1:
                del lines[first]
            case "duplicate":
                lines.insert(second, lines[first])
            case "swap":
                lines[first], lines[second] = lines[second], lines[first]
            case "join" if first + 1 < len(lines):
                lines[first : first + 2] = [lines[first] + lines[first + 1]]
    return lines


@settings(max_examples=400, deadline=None)
@given(mutated_lines())
def test_every_marked_sentence_of_a_broken_file_is_a_row_or_a_problem(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("broken") / "train.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = list(read(path))
    marked = {f"{path}:{number}" for number, line in enumerate(lines, 1) if "<e1>" in line and "<e2>" in line}
    accepted = [row.source for row in rows if isinstance(row, Annotation)]
    refused = {row.row for row in rows if isinstance(row, Problem)}
    assert len(accepted) + len(refused & marked) == len(marked)
    assert set(accepted) | (refused & marked) == marked
