from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import tsv
from tests.support.documents import assert_read_in_flat_memory, documents

SENTENCE = "Ada Byron of London left London."
ROW = "Ada Byron\tParis\tLive_In\tAda Byron of Paris wrote a program."
HEADER = "\t".join(tsv.COLUMNS + tsv.MORE_COLUMNS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.tsv"


@pytest.fixture
def reading(path):
    def reading(*lines, **options):
        path.write_text("\n".join(lines), encoding="utf-8")
        return list(tsv.read(path, **options))

    return reading


def document(**changed: object) -> Document:
    entities = (Entity("e1", (Span(0, 9),), "Person"), Entity("e2", (Span(13, 19),), "City"))
    relations = (Relation("e1", "e2", "Live_In"),)
    return replace(Document("7", "", SENTENCE, entities, relations, complete=False), **changed)


def test_the_examples_of_the_docstring_are_read(reading):
    bare, header, row = (line.strip().replace("<TAB>", "\t") for line in tsv.__doc__.splitlines() if "<TAB>" in line)
    (plain,) = reading(bare)
    assert [plain.text[slice(*entity.cover)] for entity in plain.entities] == ["Ada Byron", "London"]
    (full,) = reading(header, row)
    assert replace(full, source="") == document()


def test_a_row_is_a_document_of_one_pair(reading):
    (row,) = reading(ROW)
    entities = (Entity("e1", (Span(0, 9),)), Entity("e2", (Span(13, 18),)))
    assert row == Document(row.id, row.source, ROW.split("\t")[3], entities, (Relation("e1", "e2", "Live_In"),), complete=False)
    assert row.source.endswith("train.tsv:1")


def test_blank_lines_are_skipped_and_counted(reading):
    assert [row.source.rpartition(":")[2] for row in reading(ROW, "", ROW, "")] == ["1", "3"]


def test_the_head_may_stand_after_the_tail(reading):
    (row,) = reading("Paris\tAda\tHome_Of\tAda of Paris")
    assert [entity.cover for entity in row.entities] == [Span(7, 12), Span(0, 3)]


def test_several_relations_of_a_pair_are_documents_of_their_own(reading):
    rows = reading(ROW, ROW.replace("Live_In", "Born_In"), ROW.replace("Ada Byron\tParis", "Paris\tAda Byron"))
    assert [row.relations[0].label for row in rows] == ["Live_In", "Born_In", "Live_In"]
    assert rows[1].id == f"{rows[0].id}~2"
    assert rows[2].id not in {rows[0].id, rows[1].id}


def test_an_inserted_row_changes_no_id(reading):
    (alone,) = reading(ROW)
    assert reading("a\tb\tX\ta b", ROW)[1].id == alone.id


@pytest.mark.parametrize("header", ["Sentence\tSubject\tObject\tLabel", "text\thead\ttail\trelation", "text\tE1\tEntity 2\trel"])
def test_a_header_tells_the_columns(reading, header):
    (row,) = reading(header, "a uses b\ta\tb\tUses")
    assert (row.text, row.relations[0].label, [entity.cover.start for entity in row.entities]) == ("a uses b", "Uses", [0, 7])


def test_a_header_is_one_at_the_first_row_alone(reading):
    rows = reading(ROW, "head\ttail\trelation\tthe head and tail of a sentence")
    assert len(rows) == 2


def test_other_columns_of_a_header_are_kept(reading):
    (row,) = reading("head\ttail\trelation\tsentence\tpage", "a\tb\tUses\ta uses b\t12")
    assert row.meta == {"page": "12"}


def test_a_header_without_relation_is_of_rows_without_labels(reading):
    (row,) = reading("head\ttail\tsentence", "a\tb\ta uses b")
    assert row.relations == (Relation("e1", "e2", None),)


def test_a_name_that_stands_at_several_places_is_a_problem_that_names_them(reading):
    (problem,) = reading("Ada\tLondon\tLive_In\tLondon, London, London, London, London, London: Ada")
    assert problem.found == "the tail 'London' stands at 6 places: 0, 8, 16, 24, 32, ..."
    assert problem.kind == "entity-ambiguous"
    assert "parse.ambiguous" in problem.hint


@pytest.mark.parametrize(
    ("row", "spans"),
    [
        ("a\tb\tX\ta _ _ b _ a", [Span(10, 11), Span(6, 7)]),
        ("a\tb\tX\tb _ a _ b", [Span(4, 5), Span(0, 1)]),  # the first of equals
        ("a\tab\tX\tab _ a", [Span(5, 6), Span(0, 2)]),  # one that is no part of the other
        ("ab\tb\tX\tab", [Span(0, 2), Span(1, 2)]),
        ("a\ta\tX\ta _ a _ _ a", [Span(0, 1), Span(4, 5)]),
        ("ana\tnan\tX\tanana", [Span(0, 3), Span(1, 4)]),
    ],
)
def test_the_nearest_places_are_taken_where_that_is_asked(reading, row, spans):
    (read,) = reading(row, ambiguous="nearest")
    assert [entity.cover for entity in read.entities] == spans


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True),
)
def test_nearest_agrees_with_a_look_at_every_two_places(head_starts, tail_starts):
    heads, tails = (
        [Span(start, start + 3) for start in sorted(head_starts)],
        [Span(start, start + 2) for start in sorted(tail_starts)],
    )
    gaps = [
        (max(tail.start - head.end, head.start - tail.end), tsv.Pair(head, tail))
        for head in heads
        for tail in tails
        if head.end <= tail.start or tail.end <= head.start
    ]
    assert not gaps or tsv.nearest(heads, tails) == min(gaps)[1]


def test_the_places_of_a_text_of_one_letter_take_no_quadratic_time(reading):
    (row,) = reading(f"a\tb\tX\t{'a' * 200_000}b", ambiguous="nearest")
    assert [entity.cover.start for entity in row.entities] == [199_999, 200_000]


BAD = {
    "too few columns": ("a\tb\tX", "a row of 3 columns, not 4", "columns-unexpected"),
    "too many columns": ("a\tb\tX\ta b\tc", "a row of 5 columns, not 4", "columns-unexpected"),
    "a blank head": (" \tb\tX\ta b", "the head is blank", "entity-empty"),
    "a blank tail": ("a\t\tX\ta b", "the tail is blank", "entity-empty"),
    "a blank relation": ("a\tb\t\ta b", "the relation is blank", "relation-missing"),
    "a blank sentence": ("a\tb\tX\t ", "the sentence is blank", "value-malformed"),
    "a head that is not there": ("A\tb\tX\ta b", "the head 'A' is not in the sentence", "entity-absent"),
    "a tail that is not there": ("a\tc\tX\ta b", "the tail 'c' is not in the sentence", "entity-absent"),
    "a name and the same name": ("a\ta\tX\ta b", "head and tail are the same characters", "entities-identical"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_a_problem_at_its_line_and_the_next_one_is_read(reading, case):
    row, found, kind = BAD[case]
    good, problem, after = reading(ROW, row, ROW)
    assert (problem.found, problem.kind, problem.source.rpartition(":")[2]) == (found, kind, "2")
    assert problem.row_id
    assert problem.hint
    assert isinstance(good, Document)
    assert isinstance(after, Document)


@pytest.mark.parametrize("start", ["1", "-1", "x", "99", "1" * 5000, "²"])
def test_a_start_that_is_not_the_name_s_is_a_problem(reading, start):
    (problem,) = reading("head\ttail\trelation\tsentence\ttail_start", f"a\tb\tX\ta b\t{start}")
    assert problem.found == f"the tail 'b' does not stand at character {start[:20]}"
    assert problem.kind == "span-impossible"


def test_all_problems_of_a_row_are_told(reading):
    rows = reading("x\ty\tX\ta b")
    assert [row.found.split("'")[1] for row in rows] == ["x", "y"]


def test_a_file_in_cp1252_is_one_problem(path):
    path.write_bytes((ROW.replace("Paris", "Orléans") + "\n").encode("cp1252") * 3)
    (problem,) = tsv.read(path)
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.row_id) == ("file-not-utf8", None)


def test_documents_are_written_under_a_header(path):
    tsv.write([document()], path)
    assert path.read_text(encoding="utf-8") == f"{HEADER}\nAda Byron\tLondon\tLive_In\t{SENTENCE}\t7\t0\t13\tPerson\tCity\n"


REFUSED = {
    "several relations": document(relations=(Relation("e1", "e2", "X"), Relation("e2", "e1", "X"))),
    "no relation": document(relations=()),
    "no label": document(relations=(Relation("e1", "e2", None),)),
    "an annotator": document(relations=(Relation("e1", "e2", "X", "ann"),)),
    "one entity twice": document(relations=(Relation("e1", "e1", "X"),)),
    "a third entity": document(entities=(*document().entities, Entity("e3", (Span(25, 31),)))),
    "fragments": document(entities=(Entity("e1", (Span(0, 3), Span(10, 12))), Entity("e2", (Span(13, 19),)))),
    "a tab": document(text=SENTENCE.replace(" of ", "\tof ")),
    "a line end": document(text=SENTENCE.replace(" of ", "\rof ")),
    "a byte order mark": document(text="\ufeff" + SENTENCE[1:]),
    "half a surrogate pair": document(text="\ud83d" + SENTENCE[1:]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_row_cannot_say_is_not_written(path, case):
    with pytest.raises(ValueError, match=r"."):
        tsv.write([REFUSED[case]], path)
    assert list(path.parent.iterdir()) == []


@given(st.lists(documents(tsv.HOLDS), max_size=4))
def test_what_is_written_is_read_again(tmp_path_factory, drawn):
    path: Path = tmp_path_factory.mktemp("tsv") / "train.tsv"
    tsv.write(drawn, path)
    assert [replace(row, source="") for row in tsv.read(path)] == drawn
    assert tsv.recognises(path)


@pytest.mark.parametrize("text", [ROW, f"\ufeff{ROW}\n\n" * 3000, HEADER, ROW + "\nA\tb\tX\ta b\n" + ROW])
def test_rows_and_headers_are_recognised(path, text):
    path.write_text(text, encoding="utf-8")
    assert tsv.recognises(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"text": "a"}\n',
        '1\t"The <e1>a</e1> <e2>b</e2>."\nOther\n',
        "0\tAda\tO\t['N']\t[0]\n",
        "T1\tTask 0 5\tfield\n",
        "a\tb\tc\td\n",
    ],
)
def test_other_files_are_not_recognised(path, text):
    path.write_text(text, encoding="utf-8")
    assert not tsv.recognises(path)


def test_a_large_file_is_read_in_flat_memory(tmp_path):
    row = ROW + " And another." * 500
    assert_read_in_flat_memory(tsv.read, tmp_path, lambda path, n: path.write_text(f"{row}\n" * n, encoding="utf-8"))
