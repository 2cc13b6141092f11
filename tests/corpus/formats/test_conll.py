from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words
from pipeline.corpus.formats import conll
from tests.support.documents import assert_read_in_flat_memory, documents

ADA = """\
#doc 12
0\tAda\tB-Peop\t['N']\t[0]
1\tByron\tI-Peop\t['Live_In']\t[3]
2\tof\tO\t['N']\t[2]
3\tLondon\tB-Loc\t['N']\t[3]
"""
ORIGINAL = """\
12\tPeop\t0\tO\tNNP/NNP\tAda/Byron\tO\tO\tO
12\tO\t1\tO\tIN\tof\tO\tO\tO
12\tLoc\t2\tO\tNNP\tLondon\tO\tO\tO

0\t2\tLive_In
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.txt"


@pytest.fixture
def reading(path):
    def reading(text, newline="\n"):
        path.write_text(text, encoding="utf-8", newline=newline)
        return list(conll.read(path))

    return reading


def document(**changed: object) -> Document:
    text, words = join_words(["Ada", "Byron", "of", "London"])
    entities = (Entity("0", (Span(0, 9),), "Peop"), Entity("1", (Span(13, 19),), "Loc"))
    whole = (Span(0, len(text)),)
    return replace(Document("12", "", text, entities, (Relation("0", "1", "Live_In"),), words, whole), **changed)


def test_the_examples_of_the_docstring_are_read(reading):
    multi_head, original = (
        "\n".join(line.strip() for line in text.replace("<TAB>", "\t").replace("<blank line>", "").splitlines())
        for text in conll.__doc__.split("\n\n")[2:6:2]
    )
    assert reading(multi_head) == [document(source=reading(multi_head)[0].source)]
    (row,) = reading(original)
    assert row == document(source=row.source, meta={"pos": ["NNP", "NNP", "IN", "NNP"]})


def test_a_document_begins_where_its_first_line_is(reading):
    assert [row.source.rpartition(":")[2] for row in reading(ADA + ADA)] == ["1", "6"]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_any_line_end_is_read(reading, end):
    assert reading(ADA + ORIGINAL, end) == reading(ADA + ORIGINAL)


def test_columns_may_stand_apart_by_blanks_and_by_several_tabs(reading):
    (expected,) = reading(ADA)
    assert reading(ADA.replace("\t", "  ")) == [expected]
    assert reading(ADA.replace("\t", "\t\t")) == [expected]
    assert reading(ADA.replace("1\tByron", "1  Byron")) == [expected]


def test_a_number_between_blanks_is_no_relation(reading):
    (row,) = reading("0 In O ['N'] [0]\n1 1969 O ['N'] [1]\n")
    assert row.text == "In 1969"


def test_an_entity_may_be_the_head_of_several_relations(reading):
    (row,) = reading(ADA.replace("['Live_In']\t[3]", "['Live_In', \"Dave's\"]\t[3, 0]"))
    assert row.relations == (Relation("0", "1", "Live_In"), Relation("0", "0", "Dave's"))


def test_a_relation_may_name_any_word_of_an_entity(reading):
    (row,) = reading(ADA.replace("3\tLondon\tB-Loc\t['N']\t[3]", "3\tLondon\tB-Loc\t['Home_Of']\t[0]"))
    assert row.relations == (Relation("0", "1", "Live_In"), Relation("1", "0", "Home_Of"))


def test_documents_without_ids_stand_apart_by_blank_lines_and_get_ids_of_their_content(reading):
    bare = ADA.partition("\n")[2]
    first, second, third = (row.id for row in reading(f"{bare}\n{bare}\n\n{bare.replace('Ada', 'Eva')}"))
    assert (first.isalnum(), second) == (True, f"{first}~2")
    (inserted,) = (row.id for row in reading(bare.replace("Ada", "Eva")))
    assert inserted == third


def test_sentences_of_the_original_corpus_may_have_no_relations(reading):
    rows = reading(ORIGINAL.partition("\n\n")[0] + "\n\n\n" + ORIGINAL.replace("12\t", "13\t"))
    assert [(row.id, len(row.relations)) for row in rows] == [("12", 0), ("13", 1)]


def test_commas_brackets_and_slashes_of_the_original_corpus_are_unescaped(reading):
    (row,) = reading(
        "7\tO\t0\tO\t-LRB-\t-LRB-\tO\tO\tO\n"
        "7\tLoc\t1\tO\tNNP/,/NNP\tRome/COMMA/Italy\tO\tO\tO\n"
        "7\tO\t2\tO\tCD\t1\\/2\tO\tO\tO\n"
        "7\tO\t3\tO\tCC\tand/or\tO\tO\tO\n"
    )
    assert row.text == "( Rome , Italy 1/2 and/or"
    assert row.entities == (Entity("0", (Span(2, 14),), "Loc"),)


def test_neighbours_of_one_type_are_two_entities_in_the_original_corpus(reading):
    (row,) = reading("7\tLoc\t0\tO\tNNP\tRome\tO\tO\tO\n7\tLoc\t1\tO\tNNP\tOslo\tO\tO\tO\n")
    assert [entity.spans for entity in row.entities] == [(Span(0, 4),), (Span(5, 9),)]


def test_tags_may_stand_in_the_original_columns(reading):
    (row,) = reading("7\tB-Loc\t0\tO\tNNP\tNew\tO\tO\tO\n7\tL-Loc\t1\tO\tNNP\tYork\tO\tO\tO\n")
    assert row.entities == (Entity("0", (Span(0, 8),), "Loc"),)


BAD = {
    "an index out of order": ("2\tof", "7\tof", 4, "the row has the index 7 and is row 2 of its document"),
    "too few columns": ("2\tof\tO\t", "2\tof\t", 4, "a row of 4 columns"),
    "no row at all": ("2\tof\tO\t['N']\t[2]", "and so on", 4, "a row of 3 columns"),
    "an unknown tag": ("B-Loc", "Loc", 5, "'Loc' is no tag"),
    "a tag that continues nothing": ("B-Loc", "I-Loc", 5, "I-Loc continues no entity of its type"),
    "more labels than indices": ("['Live_In']", "['Live_In', 'Kill']", 3, "relations ['Live_In', 'Kill'] with indices [3]"),
    "labels that are no list of texts": ("['Live_In']", "[Live_In]", 3, "relations [Live_In] with indices [3]"),
    "an index that is no number": ("\t[3]\n2", "\t['3']\n2", 3, "relations ['Live_In'] with indices ['3']"),
    "brackets without end": ("['Live_In']", "[" * 9000, 3, "relations [[[["),
    "a tail outside any entity": ("\t[3]\n2", "\t[2]\n2", 3, "the tail of Live_In is row 2, which is part of no entity"),
    "a tail past the end": ("\t[3]\n2", "\t[99]\n2", 3, "the tail of Live_In is row 99, which is part of no entity"),
    "a head outside any entity": (
        "of\tO\t['N']\t[2]",
        "of\tO\t['X']\t[3]",
        4,
        "the head of X is row 2, which is part of no entity",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_document_is_a_problem_at_its_line_and_the_next_one_is_read(reading, case):
    old, new, line, found = BAD[case]
    problem, good = reading(ADA.replace(old, new, 1) + ADA.replace("#doc 12", "#doc 13"))
    assert isinstance(problem, Problem)
    assert problem.found.startswith(found)
    assert (problem.source.rpartition(":")[2], problem.row.rpartition(":")[2], problem.row_id) == (str(line), "1", "12")
    assert problem.hint
    assert good.id == "13"


def test_a_document_without_words_is_a_problem(reading):
    problem, good = reading("#doc 11\n" + ADA)
    assert (problem.found, problem.row_id, good.id) == ("a document without words", "11", "12")


def test_all_problems_of_a_document_are_told_in_the_order_of_lines(reading):
    rows = reading("0\ta\tI-X\t['R']\t[1]\n1\tb\tB-X\t['R']\t[2]\n2\tc\tO\t['N']\t[2]\n3\td\tX\t['N']\t[3]\n")
    assert [(row.source.rpartition(":")[2], row.kind) for row in rows] == [
        ("1", "tag-impossible"),
        ("2", "entity-unknown"),
        ("4", "tag-impossible"),
    ]


def test_bytes_that_are_not_utf8_are_one_problem_after_the_documents_before(path):
    path.write_bytes((ADA + ADA.replace("London", "Orléans")).encode("cp1252"))
    good, problem = conll.read(path)
    assert isinstance(good, Document)
    assert isinstance(problem, Problem)
    assert problem.found.startswith("byte 0xe9")


def test_the_columns_of_multi_head_selection_are_written(path):
    conll.write([document()], path)
    assert path.read_text(encoding="utf-8") == ADA


REFUSED = {
    "a text that is not its words": document(text="Ada  Byron of London"),
    "no words": document(words=None),
    "several sentences": document(sentences=(Span(0, 9), Span(10, 19))),
    "a part of a word": document(entities=(Entity("0", (Span(0, 2),), "Peop"), Entity("1", (Span(13, 19),), "Loc"))),
    "fragments": document(entities=(Entity("0", (Span(0, 3), Span(10, 12)), "Peop"), Entity("1", (Span(13, 19),), "Loc"))),
    "entities that overlap": document(entities=(Entity("0", (Span(0, 9),), "Peop"), Entity("1", (Span(4, 12),), "Loc"))),
    "a relation without label": document(relations=(Relation("0", "1", None),)),
    "an annotator": document(relations=(Relation("0", "1", "Live_In", "ann"),)),
    "the label that means none": document(relations=(Relation("0", "0", "N"),)),
    "a type with a tab": document(entities=(Entity("0", (Span(0, 9),), "Pe\top"), Entity("1", (Span(13, 19),), "Loc"))),
    "an id that ends with a blank": document(id="12 "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_columns_cannot_say_is_not_written(path, case):
    with pytest.raises(ValueError, match=r"."):
        conll.write([REFUSED[case]], path)
    assert list(path.parent.iterdir()) == []


@given(st.lists(documents(conll.HOLDS), max_size=4))
def test_what_is_written_is_read_again(tmp_path_factory, drawn):
    path: Path = tmp_path_factory.mktemp("conll") / "train.txt"
    conll.write(drawn, path)
    assert [replace(row, source="", sentences=None) for row in conll.read(path)] == drawn
    assert not drawn or conll.recognises(path)


@pytest.mark.parametrize("text", [ADA, ORIGINAL, ADA * 5000, "\ufeff" + ADA, ADA.replace("\t", " ")])
def test_both_forms_are_recognised(path, text):
    path.write_text(text, encoding="utf-8")
    assert conll.recognises(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        '{"text": "a"}\n',
        '1\t"The <e1>a</e1> <e2>b</e2>."\nOther\n',
        "a\tb\tUses\ta uses b\n",
        "T1\tTask 0 5\tfield of all words\n",
        "1\t2\tX\n",
    ],
)
def test_other_files_are_not_recognised(path, text):
    path.write_text(text, encoding="utf-8")
    assert not conll.recognises(path)


def test_a_large_file_is_read_in_flat_memory(tmp_path):
    words = "".join(f"{number}\t{'word' * 50}\tO\t['N']\t[{number}]\n" for number in range(4, 104))
    assert_read_in_flat_memory(conll.read, tmp_path, lambda path, n: path.write_text((ADA + words) * n, encoding="utf-8"))
