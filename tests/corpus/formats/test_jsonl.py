import codecs
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.core.errors import KINDS
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import jsonl
from pipeline.corpus.formats.jsonl import read
from tests.support.documents import assert_read_in_flat_memory, documents
from tests.support.json_corpora import written_and_read

PAIR = {"text": "The 😀 author uses it.", "e1": [6, 12], "e2": [18, 20], "relation": "Instrument-Agency(e2,e1)"}
WHOLE = {
    "id": "7",
    "text": "Ann Lee of Acme left it.",
    "entities": [{"id": "a", "spans": [[0, 3], [4, 7]], "type": "PER"}, {"id": "b", "spans": [[11, 15]]}],
    "relations": [{"head": "a", "tail": "b", "label": "works for", "annotator": "ann"}, {"head": "b", "tail": "a"}],
}


@pytest.fixture
def reading(tmp_path):
    def reading(*lines):
        path = tmp_path / "train.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
        return list(read(path))

    return reading


def test_a_pair_is_read_with_offsets_in_unicode_characters(reading):
    (row,) = reading(PAIR)
    entities = (Entity("e1", (Span(6, 12),)), Entity("e2", (Span(18, 20),)))
    relations = (Relation("e1", "e2", "Instrument-Agency(e2,e1)"),)
    assert row == Document(row.id, row.source, PAIR["text"], entities, relations, complete=False)
    assert (row.text[6:12], row.source.rpartition("/")[2]) == ("author", "train.jsonl:1")


@pytest.mark.parametrize("key", ["entities", "relations"])
def test_a_pair_and_a_document_in_one_object_are_a_problem(reading, key):
    (problem,) = reading(PAIR | {key: WHOLE[key]})
    assert (problem.kind, key in problem.found) == ("key-unknown", True)


def test_types_and_id_are_optional(reading):
    typed, untyped = reading(PAIR | {"e1_type": "Person", "e2_type": None, "id": 12}, "", PAIR | {"id": "b"})
    assert (typed.id, [entity.type for entity in typed.entities]) == ("12", ["Person", None])
    assert (untyped.id, untyped.entities[0].type, untyped.source.rpartition(":")[2]) == ("b", None, "3")


@pytest.mark.parametrize("row", [PAIR | {"relation": None}, {key: PAIR[key] for key in ("text", "e1", "e2")}])
def test_a_pair_without_relation_is_one_whose_relation_is_not_told(reading, row):
    (read,) = reading(row)
    assert read.relations == (Relation("e1", "e2", None),)


@pytest.mark.parametrize(("e1", "e2"), [([0, 5], [5, 8]), ([0, 10], [2, 5]), ([0, 5], [3, 9]), ([6, 12], [0, 3])])
def test_entities_may_touch_nest_overlap_and_stand_in_any_order(reading, e1, e2):
    (row,) = reading(PAIR | {"e1": e1, "e2": e2})
    assert [entity.spans for entity in row.entities] == [(Span(*e1),), (Span(*e2),)]


def test_a_row_without_id_has_one_of_its_content(reading):
    (alone,) = reading(PAIR)
    other, same, again = reading(WHOLE, PAIR, PAIR)
    assert (same.id, again.id) == (alone.id, f"{alone.id}~2")
    assert other.id == "7"


def test_unknown_keys_are_kept(reading):
    pair, whole = reading(PAIR | {"e1_typ": "Person", "page": [3]}, WHOLE | {"page": 3, "meta": {"by": "ann"}})
    assert pair.meta == {"e1_typ": "Person", "page": [3]}
    assert whole.meta == {"page": 3, "by": "ann"}


def test_unknown_keys_of_entities_and_relations_are_kept_under_their_numbers(reading):
    entities = [WHOLE["entities"][0], WHOLE["entities"][1] | {"link": "Q1"}]
    relations = [WHOLE["relations"][0] | {"sure": 0.5}, WHOLE["relations"][1]]
    (row,) = reading(WHOLE | {"entities": entities, "relations": relations})
    assert row.meta == {"entities": {"2": {"link": "Q1"}}, "relations": {"1": {"sure": 0.5}}}


def test_a_document_is_read_whole(reading):
    more = {"words": [[0, 3], [4, 7], [8, 10], [11, 15], [16, 23]], "sentences": [[0, 24]], "complete": False}
    (row,) = reading(WHOLE | more)
    assert row == Document(
        "7",
        row.source,
        WHOLE["text"],
        (Entity("a", (Span(0, 3), Span(4, 7)), "PER"), Entity("b", (Span(11, 15),))),
        (Relation("a", "b", "works for", "ann"), Relation("b", "a", None)),
        (Span(0, 3), Span(4, 7), Span(8, 10), Span(11, 15), Span(16, 23)),
        (Span(0, 24),),
        complete=False,
    )


def test_words_that_are_strings_are_found_in_the_text(reading):
    (row,) = reading(WHOLE | {"words": ["Ann", "Lee", "of", "Acme", "left", "it", "."]})
    assert row.words[-2:] == (Span(21, 23), Span(23, 24))


def test_words_without_a_text_make_it(reading):
    (row,) = reading({"words": ["Ann", "left", "."], "entities": [], "relations": []})
    assert (row.text, row.words) == ("Ann left .", (Span(0, 3), Span(4, 8), Span(9, 10)))


def test_the_examples_of_the_docstrings_are_read(reading):
    whole, words = (text.replace("\n    ", "") for text in jsonl.__doc__.split("\n\n") if text.startswith("    {"))
    rows = reading(whole.strip(), words.strip())
    assert [(row.id if row.entities else "", row.text) for row in rows] == [("7", "Ann Lee of Acme left it."), ("", "Ann left .")]


def test_fragments_are_sorted(reading):
    (row,) = reading(WHOLE | {"entities": [{"id": 1, "spans": [[4, 7], [0, 3]]}], "relations": []})
    assert row.entities == (Entity("1", (Span(0, 3), Span(4, 7))),)


@pytest.mark.parametrize("content", [json.dumps([PAIR, WHOLE]), json.dumps(PAIR, indent=1) + json.dumps(WHOLE, indent=1)])
def test_objects_may_stand_in_a_list_or_take_several_lines(reading, content):
    assert [replace(row, source="") for row in reading(content)] == [replace(row, source="") for row in reading(PAIR, WHOLE)]


def entity(**changed):
    return WHOLE | {"entities": [WHOLE["entities"][0], {"id": "b", "spans": [[11, 15]], **changed}]}


def relation(**changed):
    return WHOLE | {"relations": [{"head": "a", "tail": "b", "label": "works for", **changed}]}


BAD = {
    "not JSON": ('{"text": ', "not JSON"),
    "thousands of brackets": ('{"text": ' + "[" * 100_000, "not JSON"),
    "thousands of digits": ('{"text": ' + "9" * 5_000 + "}", "a number has thousands of digits"),
    "no number": ('{"text": NaN}', "NaN is no number of JSON"),
    "a key given twice": (json.dumps(PAIR)[:-1] + ', "text": "Another."}', "one object has the key 'text' 2 times"),
    "a key given twice inside": (json.dumps(PAIR)[:-1] + ', "id": {"a": 1, "a": 2}}', "one object has the key 'a' 2 times"),
    "a missing text": ({key: PAIR[key] for key in ("e1", "e2")}, "key 'text' is missing"),
    "an end past the text": (PAIR | {"e2": [18, 99]}, "e2 is [18, 99], the text has 21 characters"),
    "a negative start": (PAIR | {"e2": [-3, 2]}, "e2 is [-3, 2]"),
    "an empty span": (PAIR | {"e1": [3, 3]}, "e1 is [3, 3]"),
    "a blank entity": (PAIR | {"e1": [3, 4]}, "e1 is blank"),
    "a float": (PAIR | {"e1": [6.0, 12]}, "e1 is [6.0, 12]"),
    "a boolean": (PAIR | {"e1": [False, True]}, "e1 is [false, true]"),
    "three offsets": (PAIR | {"e1": [6, 8, 12]}, "e1 is [6, 8, 12]"),
    "an object for a span": (PAIR | {"e1": {"start": 6}}, 'e1 is {"start": 6}'),
    "identical spans": (PAIR | {"e2": [6, 12]}, "e1 and e2 are the same characters"),
    "a blank text": (PAIR | {"text": " "}, 'text is " "'),
    "no text": (PAIR | {"text": None}, "text is null"),
    "a numeric relation": (PAIR | {"relation": 3}, "relation is 3"),
    "a blank relation": (PAIR | {"relation": ""}, 'relation is ""'),
    "a malformed relation": (PAIR | {"relation": "Cause-Effect(e1,e3)"}, "'Cause-Effect(e1,e3)' is no relation"),
    "a relation that holds a marker": (PAIR | {"relation": "a <e1>b"}, "'a <e1>b' is no relation"),
    "a type that holds a line break": (PAIR | {"e1_type": "Per\nson"}, "e1_type 'Per\\nson' is no name"),
    "a type of 201 characters": (PAIR | {"e2_type": "x" * 201}, "e2_type 'xx"),
    "a text of 100,001 characters": (PAIR | {"text": PAIR["text"].ljust(100_001, "x")}, "the text has 100,001 characters"),
    "an empty type": (PAIR | {"e1_type": ""}, 'e1_type is ""'),
    "a boolean id": (PAIR | {"id": True}, "id is true"),
    "half a surrogate pair": (PAIR | {"text": "The \ud83d. author uses it."}, "a text has half of a surrogate pair"),
    "no entities": ({key: WHOLE[key] for key in ("text", "relations")}, "key 'entities' is missing"),
    "no relations": ({key: WHOLE[key] for key in ("text", "entities")}, "key 'relations' is missing"),
    "no text of a document": ({key: WHOLE[key] for key in ("entities", "relations")}, "key 'text' is missing"),
    "a text that is a list": (WHOLE | {"text": ["Ann"]}, 'text is ["Ann"]'),
    "words of another text": (WHOLE | {"words": ["Ann", "Lea"]}, "token 1, 'Lea', is not in the text after character 3"),
    "words out of order": (WHOLE | {"words": [[4, 7], [0, 3]]}, "words has [0, 3] out of order"),
    "words past the text": (WHOLE | {"words": [[4, 7], [8, 99]]}, "words has [8, 99] out of order"),
    "words before the text": (WHOLE | {"words": [[-1, 7]]}, "words has [-1, 7] out of order"),
    "words of two sorts": (WHOLE | {"words": ["Ann", [4, 7]]}, 'words is ["Ann", [4, 7]]'),
    "offsets of words without a text": ({"words": [[0, 3]], "entities": [], "relations": []}, "there is no text"),
    "sentences that overlap": (WHOLE | {"sentences": [[0, 9], [8, 24]]}, "sentences has [8, 24] out of order"),
    "sentences that are strings": (WHOLE | {"sentences": ["Ann"]}, 'sentences is ["Ann"]'),
    "entities that are no list": (WHOLE | {"entities": {"a": 1}}, 'entities is {"a": 1}'),
    "relations that are no objects": (WHOLE | {"relations": [["a", "b"]]}, 'relations is [["a", "b"]]'),
    "an entity without id": (entity(id=None), "entity 2 has the id null"),
    "an entity without spans": (entity(spans=[]), "the spans of entity b are []"),
    "one span for spans": (entity(spans=[11, 15]), "the spans of entity b are [11, 15]"),
    "an entity past the text": (entity(spans=[[11, 99]]), "entity b is [11, 99], the text has 24 characters"),
    "a blank fragment": (entity(spans=[[7, 8]]), "entity b is blank"),
    "fragments that overlap": (entity(spans=[[4, 9], [8, 10]]), "fragments of entity b overlap"),
    "a blank type": (entity(type=" "), 'entity b: type is " "'),
    "one id for two entities": (entity(id="a"), "two entities have the id a"),
    "a relation of an entity that is not there": (relation(tail="c"), "works for names c"),
    "a relation without tail": (relation(tail=None), "relation 1 is"),
    "a blank label": (relation(label=""), "relation 1 is"),
    "a number for an annotator": (relation(annotator=3), "relation 1 is"),
    "a word for complete": (WHOLE | {"complete": "yes"}, 'complete is "yes"'),
    "a list for meta": (WHOLE | {"meta": []}, "meta is []"),
    "a key in meta and outside": (WHOLE | {"meta": {"page": 1}, "page": 2}, "page is in meta and outside of it"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_a_problem_and_the_next_line_is_read(reading, case):
    line, found = BAD[case]
    problem, good = reading(line, PAIR)
    assert problem.found.startswith(found)
    assert problem.source.endswith("train.jsonl:1")
    assert problem.kind in KINDS
    assert problem.row_id
    assert isinstance(good, Document)


@pytest.mark.parametrize("line", ["[1]", "3", "null"])
def test_what_is_no_object_is_one_problem(reading, line):
    *_, good, problem = reading(line, line, PAIR)
    assert (problem.found[:36], problem.kind) == ("a JSON value that is no object (2 va", "file-not-json")
    assert isinstance(good, Document)


def test_a_broken_line_has_an_id_of_its_text(reading):
    (alone,) = reading('{"text": "a"')
    _, same, other, _ = reading(PAIR, '{"text": "a"', '{"text": "b"', PAIR)
    assert alone.row_id == same.row_id
    assert other.row_id not in (None, alone.row_id)


@pytest.mark.parametrize(("key", "written"), [("e1", "E1"), ("e2", "e_2"), ("text", "txt"), ("text", "Text")])
def test_a_misspelt_key_that_is_missing_is_named(reading, key, written):
    (problem,) = reading({written if known == key else known: value for known, value in PAIR.items()})
    assert (problem.found, problem.kind) == (f"key {key!r} is missing", "key-missing")
    assert problem.hint.startswith(f"did you mean {key} by {written!r}? write one object a line")


def test_a_misspelt_key_of_a_document_is_named(reading):
    (problem,) = reading({"text": "a", "Entity": [], "relations": []})
    assert problem.hint.startswith("did you mean entities by 'Entity'? write")


def test_all_problems_of_a_line_are_reported_under_its_id(reading):
    rows = reading(PAIR | {"e1": [3, 3], "relation": "", "id": "x"})
    assert [row.found.split()[0] for row in rows] == ["relation", "e1"]
    assert {row.row_id for row in rows} == {"x"}


def test_a_file_in_cp1252_is_one_problem(tmp_path):
    path = tmp_path / "train.jsonl"
    line = json.dumps(PAIR | {"text": "café au author uses it."}, ensure_ascii=False).encode("cp1252")
    path.write_bytes(line + b"\n" + line)
    (problem,) = read(path)
    assert problem.found == "not UTF-8 (2 values of the file, the first here)"
    assert "cp1252" in problem.hint


def test_a_file_in_utf16_is_a_problem_that_no_id_excludes(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(PAIR), encoding="utf-16")
    (problem,) = read(path)
    assert (problem.found, problem.row_id) == ("the file is UTF-16", None)


def test_marks_and_line_ends_do_not_change_what_is_read(tmp_path):
    path = tmp_path / "train.jsonl"
    line = json.dumps(PAIR).encode()
    path.write_bytes(codecs.BOM_UTF8 + line + b"\r\n" + codecs.BOM_UTF8 + line + b"\r" + line)
    rows = list(read(path))
    assert [(row.text, row.source.rpartition(":")[2]) for row in rows] == [(PAIR["text"], number) for number in "123"]


@given(document=documents(jsonl.HOLDS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(tmp_path, document):
    assert written_and_read(jsonl, tmp_path, [document]) == [document]
    assert jsonl.recognises(tmp_path / "round.json")


@given(document=documents(jsonl.HOLDS - {"many", "free", "words", "sentences", "fragments"}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pair_is_read_again(tmp_path, document):
    assert written_and_read(jsonl, tmp_path, [document]) == [document]


def test_what_the_meta_holds_is_read_again(tmp_path, reading):
    rows = [
        replace(row, source="") for row in reading(PAIR | {"page": 3, "entities": [3]}, entity(link=3) | {"meta": {"text": "a"}})
    ]
    assert written_and_read(jsonl, tmp_path, rows) == rows


def test_blank_words_and_a_blank_text_are_read_again(tmp_path):
    blank = [Document("1", "", "a b", (), (), (Span(0, 1), Span(1, 1), Span(1, 2), Span(2, 3))), Document("2", "", "", (), ())]
    assert written_and_read(jsonl, tmp_path, blank) == blank


def test_objects_are_written_in_one_order_without_what_is_not_known(tmp_path, reading):
    path = tmp_path / "out.jsonl"
    jsonl.write(reading(json.dumps(dict(reversed(WHOLE.items())))), path)
    assert path.read_text() == json.dumps(WHOLE) + "\n"
    jsonl.write(reading(PAIR | {"id": 3, "page": 4}), path)
    assert list(json.loads(path.read_text())) == ["id", "text", "entities", "relations", "complete", "meta"]


@pytest.mark.parametrize(
    "changed",
    [
        {"id": " "},
        {"text": "\ud800 " * 12},
        {"entities": (Entity("a", (Span(0, 99),)), Entity("b", (Span(4, 7),)))},
        {"entities": (Entity("a", (Span(0, 3),)), Entity("a", (Span(4, 7),)))},
        {"entities": (Entity("a", (Span(0, 3),), ""), Entity("b", (Span(4, 7),)))},
        {"relations": (Relation("a", "b", ""),)},
        {"relations": (Relation("a", "c", "works for"),)},
        {"words": (Span(4, 7), Span(0, 3))},
        {"meta": {"share": float("nan")}},
    ],
)
def test_what_would_not_be_read_again_is_not_written(tmp_path, reading, changed):
    (row,) = reading(WHOLE)
    with pytest.raises(ValueError, match=r"."):
        jsonl.write([replace(row, **changed)], tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("row", "is_jsonl"),
    [
        (PAIR, True),
        (WHOLE, True),
        ([PAIR], True),
        ({"words": ["a"], "entities": [], "relations": []}, True),
        ({"text": "a"}, False),
        ({"text": "a", "h": {"name": "a", "pos": [0, 1]}, "t": {"name": "b", "pos": [2, 3]}}, False),
        ({"tokens": ["a"], "text": "a", "entities": [], "relations": []}, False),
        ({"text": "a", "Comments": [], "entities": [], "relations": []}, False),
        ({"text": "a", "entities": [{"id": 1, "start_offset": 0, "end_offset": 1, "label": "x"}], "relations": []}, False),
        ({"text": "a", "spans": [], "tokens": [], "relations": []}, False),
        (["a"], False),
    ],
)
def test_its_own_files_are_recognised_and_no_others(tmp_path, row, is_jsonl):
    path = tmp_path / "any"
    path.write_text(json.dumps(row), encoding="utf-8")
    assert jsonl.recognises(path) == is_jsonl
    assert not jsonl.recognises(tmp_path)


@pytest.mark.parametrize("row", [PAIR, WHOLE])
def test_a_file_is_read_in_flat_memory(tmp_path, row):
    row = json.dumps(row | {"text": row["text"] + " word" * 1_000})
    assert_read_in_flat_memory(jsonl.read, tmp_path, lambda path, n: path.write_text("\n".join([row] * n), encoding="utf-8"))
