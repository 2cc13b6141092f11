from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError, Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, Skipped
from pipeline.corpus.formats import brat
from tests.support.documents import assert_read_in_flat_memory, documents

TEXT = "Thin field theory (TFT) describes heat.\n"
ANN = """T1\tTheory 0 4;11 17\tThin theory
T2\tTheory 19 22\tTFT
T3\tQuantity 34 38\theat
R1\tDescribes Arg1:T1 Arg2:T3
*\tSynonym-of T1 T2
"""
ENTITIES = (
    Entity("T1", (Span(0, 4), Span(11, 17)), "Theory"),
    Entity("T2", (Span(19, 22),), "Theory"),
    Entity("T3", (Span(34, 38),), "Quantity"),
)
RELATIONS = (Relation("T1", "T3", "Describes"), Relation("T1", "T2", "Synonym-of"))


@pytest.fixture
def reading(tmp_path):
    def reading(ann=ANN, text=TEXT, **others):
        folder = tmp_path / "corpus"
        files = {"heat.txt": text, "heat.ann": ann, **others}
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(brat.read(folder))

    return reading


def one_entity(text, line):
    """The files of a document of one entity."""
    return {"text": text, "ann": f"T1\t{line}\n"}


def test_the_example_is_read(reading):
    (document,) = reading()
    assert document == Document(
        "heat",
        document.source,
        TEXT,
        ENTITIES,
        RELATIONS,
        meta={
            "entity_ids": [["T1", "Thin field theory"], ["T2", "TFT"], ["T3", "heat"]],
            "equivalences": [["Synonym-of", "T1", "T2"]],
            "symmetric": ["Synonym-of"],
        },
    )
    assert document.source.endswith("corpus/heat.txt:1")


def test_offsets_count_code_points(reading):
    (document,) = reading(**one_entity("A \U0001f600 frost.", "Event 4 9\tfrost"))
    assert document.entities == (Entity("T1", (Span(4, 9),), "Event"),)


def test_a_line_break_of_windows_is_two_characters(reading):
    (document,) = reading(**one_entity("One.\r\nTwo.", "Number 6 9\tTwo"))
    assert document.text[6:9] == "Two"


def test_a_byte_order_mark_of_the_text_counts_as_in_brat(reading):
    (document,) = reading(**one_entity("\ufeffOne.", "Number 1 4\tOne"))
    assert (document.text, document.entities[0].spans) == ("One.", (Span(0, 3),))


def test_a_byte_order_mark_of_the_text_does_not_count_where_the_quoted_text_says_so(reading):
    (document,) = reading(**one_entity("\ufeffOne.", "Number 0 3\tOne"))
    assert (document.text, document.entities[0].spans) == ("One.", (Span(0, 3),))


def test_a_byte_order_mark_in_the_annotations_is_skipped(reading):
    (document,) = reading(ann="\ufeff" + ANN.replace("R1", "\ufeffR1"))
    assert document.relations == RELATIONS


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_of_annotation_may_end_with_any_line_break(reading, end):
    (document,) = reading(ann=ANN.replace("\n", end))
    assert (document.entities, document.relations) == (ENTITIES, RELATIONS)


def test_a_quoted_text_may_be_broken_by_a_line_break(reading):
    ann = "T1\tTask 0 14\tfirst\n\nsecond\nT2\tTask 7 13\tsecond\n"
    (document,) = reading(ann=ann, text="first\n\nsecond\n".replace("second", "second", 1))
    assert [entity.spans for entity in document.entities] == [(Span(0, 14),), (Span(7, 13),)]


def test_fragments_are_put_in_reading_order(reading):
    (document,) = reading(ann="T1\tTheory 11 17;0 4\ttheory Thin\n")
    assert document.entities == (ENTITIES[0],)


def test_an_equivalence_of_three_is_a_relation_a_pair(reading):
    (document,) = reading(ann=ANN.replace("T1 T2\n", "T3 T1 T2\n"))
    pairs = [(one.head, one.tail) for one in document.relations if one.label == "Synonym-of"]
    assert pairs == [("T3", "T1"), ("T3", "T2"), ("T1", "T2")]
    assert document.meta["equivalences"] == [["Synonym-of", "T3", "T1", "T2"]]


def test_arguments_have_their_names_whatever_their_order(reading):
    (document,) = reading(ann=ANN.replace("Arg1:T1 Arg2:T3", "Arg2:T3 Arg1:T1"))
    assert document.relations == RELATIONS


def test_arguments_of_other_names_are_head_and_tail_in_their_order(reading):
    (document,) = reading(ann=ANN.replace("Arg1:T1 Arg2:T3", "Anaphor:T3 Antecedent:T1"))
    assert document.relations[0] == Relation("T3", "T1", "Describes")


def test_a_pair_may_have_two_labels(reading):
    (document,) = reading(ann=ANN + "R2\tUses Arg1:T1 Arg2:T3\n")
    assert [one.label for one in document.relations if one.tail == "T3"] == ["Describes", "Uses"]


def test_a_relation_may_stand_before_its_entities(reading):
    lines = ANN.splitlines(keepends=True)
    (document,) = reading(ann="".join(reversed(lines)))
    assert set(document.relations) == set(RELATIONS)


def test_ids_restart_in_every_document(reading):
    first, second = reading(**{"sub/other.txt": TEXT, "sub/other.ann": ANN})
    assert (first.id, second.id) == ("heat", "sub/other")
    assert first.entities == second.entities


def test_events_attributes_normalisations_and_notes_are_kept(reading):
    kept = ["E1\tDescribe:T3 Agent:T1", "A1\tNegated E1", "N1\tReference T1 Wiki:12\tTFT", "#1\tAnnotatorNotes R1\tsure?"]
    (document,) = reading(ann=ANN + "\n".join(kept))
    assert document.meta["lines"] == kept
    assert document.meta["relation_ids"] == ["R1", "*"]


CONF = """[entities]
Theory
[relations]
Synonym-of\tArg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric-transitive
!Near Arg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric
Uses\tArg1:<ANY>, Arg2:<ANY>
[events]
"""


@pytest.mark.parametrize("name", ["annotation.conf", "sub/annotation.conf"])
def test_symmetric_relations_are_those_of_the_nearest_annotation_conf(reading, name):
    documents = reading(**{name: CONF, "sub/other.txt": TEXT, "sub/other.ann": ANN})
    symmetric = {document.id: document.meta.get("symmetric") for document in documents}
    assert symmetric["sub/other"] == ["Synonym-of", "Near"]
    assert symmetric["heat"] == ["Synonym-of", *([] if "/" in name else ["Near"])]


def test_the_relation_of_an_equivalence_is_symmetric_in_its_document(reading):
    heat, other = reading(**{"other.txt": TEXT, "other.ann": ANN.replace("*\tSynonym-of T1 T2", "R2\tSynonym-of Arg1:T1 Arg2:T2")})
    assert (heat.symmetric, other.symmetric) == ({"Synonym-of"}, frozenset())


def test_a_document_without_annotation_is_read(reading):
    (document,) = reading(ann="")
    assert (document.entities, document.relations, document.meta) == ((), (), {})


def test_a_text_where_nothing_is_annotated_is_left_out_and_said(reading):
    skipped = reading(**{"about/README.txt": "About."})[0]
    assert isinstance(skipped, Skipped)
    assert (skipped.row_id, skipped.reason) == ("about/README", "no .ann in its folder")


def test_a_hidden_file_of_a_system_is_none_of_the_corpus(reading):
    assert len(reading(**{"._heat.ann": b"\x00\x05", "._heat.txt": b"\xff"})) == 1


BAD = {
    "a line cut short": ("T4\tTheory 0", 6, "no entity: 'T4\\tTheory 0'", "line-malformed"),
    "no quoted text": ("T4\tTheory 0 4", 6, "no entity: ", "line-malformed"),
    "blanks for tabs": ("T4\tTheory 0 4 Thin", 6, "no entity: ", "line-malformed"),
    "no type": ("T4\t0 4\tThin", 6, "no entity: ", "line-malformed"),
    "a negative offset": ("T4\tTheory -1 4\tThin", 6, "no entity: ", "line-malformed"),
    "an offset of thousands of digits": (f"T4\tTheory 0 {'9' * 5000}\tThin", 6, "no entity: ", "line-malformed"),
    "an end past the text": ("T4\tTheory 34 99\theat", 6, "T4 is 34 99, the text has 40 characters", "span-impossible"),
    "an end before the start": ("T4\tTheory 4 0\tThin", 6, "T4 is 4 0, the text has 40 characters", "span-impossible"),
    "a blank entity": ("T4\tTheory 4 5\t ", 6, "T4 is blank: ' '", "entity-empty"),
    "another text": ("T4\tTheory 0 4\tthin", 6, "T4 quotes 'thin', and its offsets 0 4 hold 'Thin'", "entity-text-differs"),
    "an inclusive end": ("T4\tTheory 0 3\tThin", 6, "T4 quotes 'Thin', and its offsets 0 3 hold 'Thi'", "entity-text-differs"),
    "overlapping fragments": ("T4\tTheory 0 4;2 4\tThin in", 6, "T4 has fragments 0 4;2 4", "fragments-overlap"),
    "an id given twice": ("T1\tTheory 0 4\tThin", 6, "T1 is given twice", "entity-repeated"),
    "an entity that is not there": ("R2\tUses Arg1:T1 Arg2:T9", 6, "Uses names T9, which is no entity here", "entity-unknown"),
    "a relation of an event": ("R2\tUses Arg1:E1 Arg2:T1", 6, "Uses names E1", "entity-unknown"),
    "an equivalence with an entity that is not there": ("*\tEquiv T1 T8 T9", 6, "Equiv names T8, T9", "entity-unknown"),
    "a relation of one": ("R2\tUses Arg1:T1", 6, "no relation: ", "line-malformed"),
    "a relation of three": ("R2\tUses Arg1:T1 Arg2:T2 Arg3:T3", 6, "no relation: ", "line-malformed"),
    "one argument twice": ("R2\tUses Arg1:T1 Arg1:T3", 6, "no relation: ", "line-malformed"),
    "an equivalence of one": ("*\tEquiv T1", 6, "no equivalence: ", "line-malformed"),
    "an equivalence with itself": ("*\tEquiv T1 T1", 6, "no equivalence: ", "line-malformed"),
    "a line without an id": ("\nTheory 0 4", 7, "a line of no annotation: 'Theory 0 4'", "line-unexpected"),
    "a line of an unknown kind": ("X1\tTheory", 6, "a line of a kind that brat does not have: 'X1\\tTheory'", "line-unexpected"),
    "a line after a whole entity": ("T4\tTheory 0 4\tThin\nmore", 7, "a line of no annotation: 'more'", "line-unexpected"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_a_problem_and_the_next_document_is_read(reading, case):
    line, number, found, kind = BAD[case]
    problem, good = reading(ann=f"{ANN}{line}\n", **{"next.txt": TEXT, "next.ann": ANN})
    assert isinstance(problem, Problem)
    assert problem.found.startswith(found)
    assert problem.source.endswith(f"heat.ann:{number}")
    assert (problem.kind, problem.row_id) == (kind, "heat")
    assert problem.row.endswith("heat.txt:1")
    assert isinstance(good, Document)


def test_all_problems_of_a_document_are_told_in_the_order_of_lines(reading):
    problems = reading(ann="what\n" + ANN.replace("Thin", "Thick").replace("R1\t", "R\t"))
    assert [problem.source.rpartition(":")[2] for problem in problems] == ["1", "2", "5"]


def test_a_relation_is_not_told_again_for_an_entity_that_has_a_problem(reading):
    (problem,) = reading(ann=ANN.replace("Thin", "Thick"))
    assert problem.kind == "entity-text-differs"


@pytest.mark.parametrize("missing", ["heat.txt", "heat.ann"])
def test_a_file_without_its_other_is_a_problem(reading, missing):
    problem, _ = reading(**{missing: None, "next.txt": TEXT, "next.ann": ANN})
    assert (problem.found, problem.kind, problem.row_id) == (f"there is no {missing}", "file-alone", "heat")


@pytest.mark.parametrize("name", ["heat.txt", "heat.ann"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_another_encoding_is_one_problem_of_the_file(reading, name, encoding):
    (problem,) = reading(**{name: "T1\tTask 0 4\tcaf\xe9\n\xe9\n".encode(encoding)})
    assert (problem.kind, problem.source.rpartition("/")[2]) == ("not-utf8", f"{name}:1")


def test_an_annotation_conf_of_another_encoding_is_a_problem(reading):
    problem, document = reading(**{"annotation.conf": "[relations]\n".encode("utf-16")})
    assert (problem.kind, problem.row_id) == ("file-not-utf8", None)
    assert isinstance(document, Document)


def test_a_folder_of_brat_is_recognised(reading, tmp_path):
    reading()
    assert brat.recognises(tmp_path / "corpus")


def test_other_folders_and_files_are_not_recognised(tmp_path):
    (tmp_path / "train.txt").write_text(TEXT)
    assert not brat.recognises(tmp_path)
    assert not brat.recognises(tmp_path / "train.txt")
    (tmp_path / "train.ann").write_text("<xml/>")
    assert not brat.recognises(tmp_path)


def test_a_folder_that_has_files_of_other_formats_is_not_recognised(reading, tmp_path):
    reading(**{"sub/train.jsonl": "{}"})
    assert not brat.recognises(tmp_path / "corpus")


def brat_documents():
    """Documents of ids and labels as brat has them."""
    return st.lists(documents(brat.HOLDS), min_size=1, max_size=3, unique_by=lambda document: document.id).map(
        lambda drawn: sorted(map(as_in_brat, drawn), key=lambda document: document.id)
    )


def as_in_brat(document):
    relations = tuple(Relation(f"T{one.head}", f"T{one.tail}", one.label.replace(" ", "_")) for one in document.relations)
    return replace(document, entities=tuple(replace(one, id=f"T{one.id}") for one in document.entities), relations=relations)


@settings(deadline=None, max_examples=60)
@given(written=brat_documents())
def test_documents_written_are_read_again(tmp_path_factory, written):
    folder = tmp_path_factory.mktemp("brat") / "corpus"
    brat.write(written, folder)
    assert [replace(document, source="") for document in brat.read(folder)] == written


def document(**changes):
    return replace(Document("heat", "heat.txt:1", TEXT, ENTITIES, RELATIONS), **changes)


@pytest.mark.parametrize(
    "meta",
    [
        {"equivalences": [["Synonym-of", "T1", "T2"]], "symmetric": ["Synonym-of"]},
        {"equivalences": [["Synonym-of", "T1", "T2"]], "symmetric": ["Describes", "Synonym-of"]},
        {"symmetric": ["Describes"]},
        {"lines": ["#1\tAnnotatorNotes R7\tsure?"], "relation_ids": ["R7", "R2"]},
        {"lines": ["A1\tNegated T1"], "relation_ids": ["R7", "*"], "equivalences": [["Synonym-of", "T1", "T2"]]}
        | {"symmetric": ["Synonym-of"]},
    ],
)
def test_what_else_brat_said_is_written_again(tmp_path, meta):
    brat.write([document(meta=meta)], tmp_path / "out")
    (read,) = brat.read(tmp_path / "out")
    quoted = [["T1", "Thin field theory"], ["T2", "TFT"], ["T3", "heat"]]
    assert read.meta == meta | ({"entity_ids": quoted} if meta.keys() & {"lines", "equivalences"} else {})
    assert (tmp_path / "out/annotation.conf").exists() == ("Describes" in meta.get("symmetric", []))


def test_symmetric_relations_of_folders_are_written_where_those_above_are_others(tmp_path):
    told = {"a": ["Describes"], "near/b": ["Describes"], "far/c": [], "far/out/d": ["Uses"]}
    brat.write((document(id=row_id, meta={"symmetric": names}) for row_id, names in told.items()), tmp_path / "out")
    assert {read.id: sorted(read.symmetric) for read in brat.read(tmp_path / "out")} == told
    confs = {path.parent.relative_to(tmp_path / "out").as_posix(): path for path in tmp_path.rglob("annotation.conf")}
    assert sorted(confs) == [".", "far", "far/out"]
    assert confs["."].read_text().splitlines() == [
        "[entities]",
        "Quantity",
        "Theory",
        "[relations]",
        "Describes\tArg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric",
        "Synonym-of\tArg1:<ENTITY>, Arg2:<ENTITY>",
        "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>",
        "[events]",
        "[attributes]",
    ]


def test_a_note_of_a_relation_is_not_written_where_relations_are_others(tmp_path):
    meta = {"lines": ["#1\tAnnotatorNotes R7\tsure?", "A1\tNegated T1"], "relation_ids": ["R7"]}
    brat.write([document(meta=meta)], tmp_path / "out")
    assert (tmp_path / "out/heat.ann").read_text().splitlines()[-2:] == ["R2\tSynonym-of Arg1:T1 Arg2:T2", "A1\tNegated T1"]


def test_meta_of_another_format_is_no_line_of_brat(tmp_path):
    brat.write([document(meta={"lines": 3, "equivalences": "T1", "relation_ids": {}})], tmp_path / "out")
    assert len((tmp_path / "out/heat.ann").read_text().splitlines()) == 5


def test_entities_of_other_ids_are_numbered(tmp_path):
    entities = (replace(ENTITIES[1], id="e1"), replace(ENTITIES[2], id="e2"))
    brat.write([document(entities=entities, relations=(Relation("e2", "e1", "Uses"),))], tmp_path / "out")
    (read,) = brat.read(tmp_path / "out")
    assert read.relations == (Relation("T2", "T1", "Uses"),)


@pytest.mark.parametrize("row_id", ["../heat", "/heat", "a//b", ".heat", "", "a\0b", "x" * 300])
def test_an_id_that_is_no_path_becomes_one_inside_the_folder(tmp_path, row_id):
    brat.write([document(id=row_id)], tmp_path / "out")
    assert len(list((tmp_path / "out").glob("[0-9a-f]*.ann"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


REFUSED = {
    "an entity without type": {"entities": (replace(ENTITIES[0], type=None), *ENTITIES[1:])},
    "a type with a blank": {"entities": (replace(ENTITIES[0], type="A type"), *ENTITIES[1:])},
    "a label with a blank": {"relations": (Relation("T1", "T2", "part of"),)},
    "a relation without label": {"relations": (Relation("T1", "T2", None),)},
    "an annotator": {"relations": (Relation("T1", "T2", "Uses", "ann"),)},
    "words": {"words": (Span(0, 4),)},
    "a byte order mark": {"text": "\ufeff" + TEXT},
    "half a character": {"text": TEXT + "\ud83d"},
    "two entities of one id": {"entities": (*ENTITIES, ENTITIES[0])},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_brat_cannot_hold_is_refused_and_nothing_is_written(tmp_path, case):
    with pytest.raises(ValueError):  # noqa: PT011
        brat.write([document(**REFUSED[case])], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_two_documents_of_one_id_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a second document has the id heat"):
        brat.write([document(), document()], tmp_path / "out")


def test_a_folder_that_holds_files_is_not_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="there is something already"):
        brat.write([document()], tmp_path)


def test_a_large_folder_is_read_in_flat_memory(tmp_path):
    def write(path, n):
        brat.write((document(id=str(number), text=TEXT * 500) for number in range(n)), path)

    assert_read_in_flat_memory(brat.read, tmp_path, write)


def test_an_annotation_conf_above_a_split_s_folder_counts(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    (tmp_path / "annotation.conf").write_text("[relations]\nAlias\tArg1:A, Arg2:A, <REL-TYPE>:symmetric\n", encoding="utf-8")
    (folder / "a.txt").write_text("Ann Bob", encoding="utf-8")
    (folder / "a.ann").write_text("T1\tA 0 3\tAnn\nT2\tA 4 7\tBob\nR1\tAlias Arg1:T1 Arg2:T2\n", encoding="utf-8")
    assert [document.symmetric for document in brat.read(folder)] == [{"Alias"}]
