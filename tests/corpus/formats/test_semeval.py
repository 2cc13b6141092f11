import codecs
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.campaign.rounds import within
from pipeline.core.errors import KINDS, Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import semeval
from pipeline.corpus.formats.semeval import read
from tests.support.documents import assert_read_in_flat_memory, documents

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


def stands(row):
    return [row.text[slice(*entity.cover)] for entity in row.entities]


def label(row):
    assert isinstance(row, Document), row
    return row.relations[0].label


def places(rows):
    return [(row.source.rpartition(":")[2], row.found) for row in rows if isinstance(row, Problem)]


def test_a_block_is_read_with_its_entities_in_characters(reading):
    (row,) = reading(GOOD)
    text = "The author of a keygen uses a disassembler."
    assert row == Document(
        "1",
        row.source,
        text,
        (Entity("e1", (Span(4, 10),)), Entity("e2", (Span(30, 42),))),
        (Relation("e1", "e2", "Instrument-Agency(e2,e1)"),),
        complete=False,
        meta={"comment": "fine"},
    )
    assert row.source.endswith("train.txt:1")
    assert stands(row) == ["author", "disassembler"]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.rstrip("\n"),
        GOOD.replace("Comment: fine\n", ""),
        "\n\n" + GOOD,
        GOOD.replace("\n", "\r"),
        GOOD.replace("(e2,e1)", "(e2,e1) \t"),
        "\n\n\ufeff" + GOOD,
    ],
    ids=["CRLF", "byte order mark", "no last newline", "no comment", "blank lines before", "CR", "a blank after", "a mark inside"],
)
def test_line_ends_marks_and_comments_do_not_change_what_is_read(reading, content):
    (row,), (plain,) = reading(content), reading(GOOD)
    assert replace(row, source="", meta={}) == replace(plain, source="", meta={})


def test_quotes_inside_the_sentence_are_kept(reading):
    (row,) = reading(block('"Yes," said the <e1>"boy"</e1> at the <e2>desk</e2>"'))
    assert row.text == '"Yes," said the "boy" at the desk"'
    assert row.entities[0].spans == (Span(16, 21),)


def test_a_marker_glued_to_letters_or_to_the_other_entity_is_exact(reading):
    (row,) = reading(block("doves<e1>mole</e1><e2>hill</e2>s"))
    assert (row.text, stands(row)) == ("dovesmolehills", ["mole", "hill"])


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
    assert isinstance(rows[0], Document)
    (problem,) = rows[1:]
    assert problem.source.endswith("train.txt:5")
    assert problem.found == found
    for marker, character in re.findall(r"(</?e[12]>).*?characters? (\d+)", found):
        assert f'7\t"{sentence}"'[int(character) - 1 :].startswith(marker)


@pytest.mark.parametrize(
    "relation",
    ["Cause-Effect(e1,e3)", "Cause-Effect(e1,e2", "Cause-Effect (e1,e2)", "Cause-Effect(e1, e2)", "(e1,e2)"],
)
def test_a_malformed_relation_is_a_problem_on_its_line(reading, relation):
    rows = reading(block("<e1>a</e1> <e2>b</e2>", relation) + GOOD)
    assert [(line, relation in found) for line, found in places(rows)] == [("2", True)]
    assert isinstance(rows[-1], Document)


@pytest.mark.parametrize(
    "relation",
    [
        "Cause-Effect",
        "per:city_of_birth",
        "/people/person/born",
        "出生地",
        "Message-Topic(e2,e1)",
        "Other(e1,e2)",
    ],  # of Other: pairs
)
def test_any_name_with_or_without_direction_is_a_relation(reading, relation):
    (row,) = reading(block("<e1>a</e1> <e2>b</e2>", relation))
    assert label(row) == relation


@pytest.mark.parametrize("cut", ['7\t"<e1>a</e1> <e2>b</e2>"\n', '7\t"<e1>a</e1> <e2>b</e2>"\nComment:\n\n'])
def test_a_block_without_a_relation_is_a_pair_whose_relation_is_not_told(reading, cut):
    assert [(row.id, label(row)) for row in reading(cut + GOOD)] == [("7", None), ("1", "Instrument-Agency(e2,e1)")]


def test_a_test_file_without_relations_is_read(reading):
    rows = reading("".join(f'{number}\t"The <e1>cat</e1> sat on <e2>mats</e2>."\n' for number in range(8001, 8004)))
    assert [(row.id, label(row), row.source.rpartition(":")[2]) for row in rows] == [
        ("8001", None, "1"),
        ("8002", None, "2"),
        ("8003", None, "3"),
    ]


def test_blanks_inside_the_marks_and_the_quotes_are_none_of_the_entities(reading):
    (row,) = reading('1\t" The <e1> old author </e1> uses <e2>\u00a0it</e2> . "\nUses(e1,e2) \n')
    assert row.text == " The  old author  uses \u00a0it . "
    assert (stands(row), label(row)) == (["old author", "it"], "Uses(e1,e2)")


WORDNET = 'WordNet(e1) = "n/a", WordNet(e2) = "box%1:06:00::", Content-Container(e1, e2) = "true", Query = "the * of the *"'
OF_2007 = f'001 "The <e1>ring</e1> lay in a <e2>box</e2>."\n{WORDNET}\nComment: it lay <e1>inside<e2>\n\n'


@pytest.mark.parametrize(("answer", "told"), [("true", "Content-Container(e1,e2)"), ("false", "Other"), ("?", None)])
def test_a_block_of_2007_says_whether_a_relation_holds(reading, answer, told):
    rows = reading(OF_2007.replace("true", answer) + OF_2007.replace("001", "002"))
    assert [(row.id, row.text, label(row)) for row in rows] == [
        ("001", "The ring lay in a box.", told),
        ("002", "The ring lay in a box.", "Content-Container(e1,e2)"),
    ]
    assert rows[1].meta == {"comment": "it lay <e1>inside<e2>", "wordnet": WORDNET}


def test_the_direction_of_a_relation_of_2007_is_kept(reading):
    (row,) = reading(OF_2007.replace("(e1, e2) =", "(e2,e1)="))
    assert label(row) == "Content-Container(e2,e1)"


def test_a_line_of_wordnet_that_tells_no_relation_is_a_problem(reading):
    rows = reading(OF_2007.replace('"true"', '"maybe"') + GOOD)
    assert places(rows) == [("2", "a line of WordNet without a relation")]
    assert rows[1].id == "1"


def test_a_long_line_takes_no_quadratic_time(reading):
    for line in ("WordNet(" + "a" * 1_000_000, "WordNet(" + ", a" * 300_000, "a" * 1_000_000, "a" + " " * 1_000_000 + "b"):
        with within(2):
            assert places(reading(OF_2007.replace(WORDNET, f"{line}(")))
            assert reading(line + OF_2007)


def test_a_comment_may_speak_of_marks(reading):
    comment = "If it were: This <e1>article<e2> is about <e2>health</e2>."
    (row,) = reading(GOOD.replace("fine", comment))
    assert row.meta == {"comment": comment}


def test_a_sentence_cut_short_is_a_problem(reading):
    (problem, *_) = reading('7\t"<e1>a</e1> <e2>b</e2> and th')
    assert "double quote" in problem.found


def test_a_line_of_no_block_and_a_line_without_id_are_problems(reading):
    rows = reading('7\t"<e1>a</e1> <e2>b</e2>"\nOther\nComment:\nmore\n\n"<e1>a</e1> <e2>b</e2>"\nOther\n\n' + GOOD)
    assert places(rows) == [("4", "a line that belongs to no block"), ("6", "no id and tab before the sentence")]


def test_a_file_in_cp1252_is_one_problem_and_nothing_behind_it_is_read(reading):
    bad = block("a café <e1>b</e1> <e2>c</e2>").encode("cp1252")
    row, problem = reading(GOOD.encode() + bad + bad + GOOD.encode())
    assert row.id == "1"
    assert problem.found == "byte 0xe9 at character 9 is not UTF-8, the file may be in cp1252"
    assert (problem.source.rpartition(":")[2], problem.hint) == ("5", "save the whole file as UTF-8")


def test_a_block_cut_by_a_byte_that_is_not_utf8_is_no_row_without_relation(reading):
    (problem,) = reading(GOOD.replace("Instrument", "Instrumént").encode("cp1252"))
    assert (problem.kind, problem.row_id) == ("file-not-utf8", None)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_one_problem(reading, encoding):
    assert places(reading(GOOD.encode(encoding))) == [("1", "the file is UTF-16")]


def test_all_problems_of_a_block_are_reported_in_the_order_of_lines_with_its_id(reading):
    rows = reading(block("<e1>a</e1> <e2>b", "Cause-Effect(e1,e3)"))
    assert [line for line, _ in places(rows)] == ["1", "2"]
    assert {row.row.rpartition(":")[2] for row in rows} == {"1"}
    assert all(row.row_id == "7" for row in rows)


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
    assert (rows[0].id, label(rows[0])) == ("1", None)
    assert {row.source.rpartition(":")[2] for row in rows} == {"1", "2", "5"}
    assert rows[-1].id == "7"


def test_a_marked_sentence_joined_to_a_comment_is_a_problem_and_the_row_above_is_kept(reading):
    rows = reading(GOOD.rstrip("\n") + SECOND + "\nOther\n")
    assert [row.id for row in rows if isinstance(row, Document)] == ["1"]
    assert places(rows) == [("3", "no id and tab before the sentence")]
    assert rows[-1].row_id is None


@pytest.mark.parametrize("relation", ["OtherComment: fine", " Comment: fine", "comment: fine"])
def test_a_comment_is_no_relation(reading, relation):
    (problem,) = reading(f"{SECOND}\n{relation}\n\n")
    assert (problem.kind, problem.source.rpartition(":")[2]) == ("relation-malformed", "2")


def test_a_text_of_more_than_a_hundred_thousand_characters_is_a_problem(reading):
    rows = reading(block("<e1>a</e1> <e2>b</e2>" + " c" * 49_998) + block("<e1>a</e1> <e2>b</e2>" + " c" * 49_999, name="8"))
    assert [row.id for row in rows if isinstance(row, Document)] == ["7"]
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


@settings(max_examples=150, deadline=None)
@given(mutated_lines())
def test_every_marked_sentence_of_a_broken_file_is_a_row_or_a_problem(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("broken") / "train.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = list(read(path))
    marked = {f"{path}:{number}" for number, line in enumerate(lines, 1) if "<e1>" in line and "<e2>" in line}
    accepted = [row.source for row in rows if isinstance(row, Document)]
    refused = {row.row for row in rows if isinstance(row, Problem)}
    assert len(accepted) + len(refused & marked) == len(marked)
    assert set(accepted) | (refused & marked) == marked


BLOCK = Document(
    "7",
    "",
    "A cat sat on a mat.",
    (Entity("e1", (Span(2, 5),)), Entity("e2", (Span(15, 18),))),
    (Relation("e1", "e2", "Uses"),),
    complete=False,
)


@pytest.mark.parametrize(
    ("head", "tail", "given", "written"),
    [
        ("e1", "e2", "Uses", "Uses(e1,e2)"),
        ("e2", "e1", "Uses", "Uses(e2,e1)"),
        ("e1", "e2", "Uses(e2,e1)", "Uses(e2,e1)"),
        ("e2", "e1", "Uses(e2,e1)", "Uses(e1,e2)"),
        ("e2", "e1", "Uses(e1,e2)", "Uses(e2,e1)"),
        ("e2", "e1", "Other", "Other"),
        ("e1", "e2", "no_relation", "no_relation"),
        ("e1", "e2", "No-Relation", "No-Relation"),
    ],
)
def test_a_block_is_written_with_the_direction_of_head_and_tail(tmp_path, head, tail, given, written):
    path = tmp_path / "train.txt"
    semeval.write([replace(BLOCK, relations=(Relation(head, tail, given),))], path)
    assert path.read_text() == f'7\t"A <e1>cat</e1> sat on a <e2>mat</e2>."\n{written}\nComment:\n\n'


def test_a_pair_whose_relation_is_not_told_is_written_without_one(tmp_path):
    path = tmp_path / "test.txt"
    unlabelled = replace(BLOCK, relations=(Relation("e1", "e2", None),))
    semeval.write([unlabelled, unlabelled], path)
    assert [replace(row, source="") for row in read(path)] == [unlabelled, unlabelled]


def test_a_comment_is_written_again_where_it_fits_a_line(tmp_path):
    path = tmp_path / "train.txt"
    marked = "<e1>a</e1> <e2>b</e2>"
    semeval.write([replace(BLOCK, meta={"comment": comment}) for comment in ("fine", "two\nlines", marked, 3)], path)
    assert [row.meta for row in read(path)] == [{"comment": "fine"}, {}, {}, {}]


def in_reading_order(document):
    """The document of a pair as a block says it: e1 the first, the label with a direction."""
    relation = document.relations[0]
    ends = [document.entity(end).spans[0] for end in (relation.head, relation.tail)]
    name, _, direction = relation.label.partition("(")
    turned = (ends != sorted(ends)) != (direction == "e2,e1)")
    entities = tuple(Entity(entity, (span,)) for entity, span in zip(("e1", "e2"), sorted(ends), strict=True))
    return replace(document, entities=entities, relations=(Relation("e1", "e2", f"{name}({'e2,e1' if turned else 'e1,e2'})"),))


@given(st.lists(documents(semeval.HOLDS), max_size=4))
def test_what_is_written_is_read_again(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("semeval") / "train.txt"
    semeval.write(drawn, path)
    rows = [replace(row, source="") for row in read(path)]
    assert rows == list(map(in_reading_order, drawn))
    assert semeval.recognises(path) == bool(drawn)
    semeval.write(rows, path)
    assert [replace(row, source="") for row in read(path)] == rows


REFUSED = {
    "a type": {"entities": (replace(BLOCK.entities[0], type="Animal"), BLOCK.entities[1])},
    "several relations": {"relations": (Relation("e1", "e2", "Uses"), Relation("e2", "e1", "Uses"))},
    "no relation": {"relations": ()},
    "a free entity": {"entities": (*BLOCK.entities, Entity("e3", (Span(6, 9),)))},
    "fragments": {"entities": (Entity("e1", (Span(2, 5), Span(6, 9))), BLOCK.entities[1])},
    "a nested entity": {"entities": (Entity("e1", (Span(2, 18),)), BLOCK.entities[1])},
    "entities that overlap": {"entities": (Entity("e1", (Span(2, 16),)), BLOCK.entities[1])},
    "an entity with blanks around": {"entities": (Entity("e1", (Span(1, 5),)), BLOCK.entities[1])},
    "an annotator": {"relations": (Relation("e1", "e2", "Uses", "ann"),)},
    "a line end": {"text": "A cat sat\non a mat."},
    "a carriage return": {"text": "A cat sat\ron a mat."},
    "a mark": {"text": "A cat <e1> a a mat."},
    "a label that is none": {"relations": (Relation("e1", "e2", "Uses (often)"),)},
    "an id with a tab": {"id": "a\tb"},
    "an id that is a comment": {"id": "Comment:"},
    "a blank id": {"id": " "},
    "words": {"words": (Span(0, 1),)},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_block_cannot_say_is_not_written(tmp_path, case):
    with pytest.raises(ValueError, match="document"):
        semeval.write([replace(BLOCK, **REFUSED[case])], tmp_path / "train.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("a line end", "the text of document 7 has a line end"),
        ("an id with a tab", r"the id of document 'a\\tb' cannot stand"),
        ("a label that is none", r"the relation 'Uses \(often\)\(e1,e2\)' of document 7 cannot"),
        ("a mark", "the text of document 7 would be read with other marks"),
    ],
)
def test_of_what_a_block_cannot_say_the_one_cause_that_holds_is_told(tmp_path, case, why):
    with pytest.raises(ValueError, match=why):
        semeval.write([replace(BLOCK, **REFUSED[case])], tmp_path / "train.txt")


@pytest.mark.parametrize(
    ("content", "is_semeval"),
    [
        (GOOD, True),
        (OF_2007, True),
        ("\ufeff\r\n" + GOOD.replace("\n", "\r\n"), True),
        ('a-1\t " The <e1> cat </e1> sat on <e2> mats </e2> . "\nper:title/x\n', True),
        ("\n".join(f'{number}\t"A <e2>cat</e2> and a <e1>dog"' for number in range(10_000)), True),
        ("", False),
        ("8001\tOther\n", False),
        ("The <e1>cat</e1> sat on <e2>mats</e2>.\n", False),
        ('{"text": "The <e1>cat</e1> sat on <e2>mats</e2>."}\n', False),
        ('["a", "The <e1>cat</e1> sat on <e2>mats</e2>."]\n', False),
        ("cat\tmats\tOn\tThe <e1>cat</e1> sat on <e2>mats</e2>.\n", False),
        ('Comment: "The <e1>cat</e1> sat on <e2>mats</e2>."\n', False),
    ],
)
def test_its_own_files_are_recognised_and_no_others(tmp_path, content, is_semeval):
    path = tmp_path / "any"
    path.write_text(content, encoding="utf-8")
    assert semeval.recognises(path) == is_semeval
    assert not semeval.recognises(tmp_path)


def test_every_problem_has_a_kind(reading):
    bad = [
        *map(block, BAD_MARKERS),
        block("a", "b(c)"),
        '"<e1>a</e1>\n\n',
        GOOD.replace("\n\n", "\nx\n\n"),
        OF_2007.replace("true", "x"),
    ]
    problems = [row for row in reading("".join(bad)) if isinstance(row, Problem)]
    assert {problem.kind for problem in problems} <= KINDS.keys()
    assert len(problems) >= len(bad)


def test_a_file_is_read_in_flat_memory(tmp_path):
    sentence = block("<e1>a</e1> <e2>b</e2>" + " word" * 1_000)
    assert_read_in_flat_memory(semeval.read, tmp_path, lambda path, n: path.write_text(sentence * n, encoding="utf-8"))
