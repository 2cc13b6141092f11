"""The readers of sentences to predict: what each format may look like, and what is said of a faulty line."""

import io
import json

import pytest

from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Misannotated
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.sources import Source, find_sources
from pipeline.corpus.formats.text_lines import content_id, decode
from pipeline.prediction.extractions import extract
from pipeline.prediction.readers import READERS, Request, read_sources
from pipeline.prediction.streams import read_requests
from pipeline.prediction.types import Sentence
from tests.support.stand_in import StandIn

SEMEVAL = b'8\t"The <e1>cat</e1> sat on <e2>mats</e2>."\r\nOther\r\nComment: none\r\n\r\n9\t"No <e1>label</e1> <e2>here</e2>"\r\n'


def read(format_name, content):
    return list(READERS[format_name](decode(io.BytesIO(content))))


def test_json_lines_may_mark_by_offsets_by_marks_or_not_at_all():
    lines = [{"id": 7, "text": "a b c", "e1": [0, 1], "e2": [4, 5]}, {"text": "<e1>a</e1> b <e2>c</e2>"}, {"text": "a b c"}]
    asked = read("jsonl", "\n".join(map(json.dumps, lines)).encode())
    marked = Sentence("a b c", (Span(0, 1), Span(4, 5)))
    assert asked == [Request(1, "7", marked), Request(2, None, marked), Request.of(3, None, "a b c")]
    assert asked[2].content == Document("3", "line 3", "a b c", (), ())


def test_json_lines_may_have_other_keys_and_null_for_nothing_whether_marked_or_not():
    rest = {"relation": "no such (thing)", "e1_type": 7, "comment": [None]}
    marked, plain = {"text": "a b", "e1": [0, 1], "e2": [2, 3], "id": None}, {"text": "a b", "e1": None, "e2": None}
    asked = read("jsonl", "\n".join(json.dumps(line | rest) for line in (marked, plain)).encode())
    assert asked == [Request(1, None, Sentence("a b", (Span(0, 1), Span(2, 3)))), Request.of(2, None, "a b")]


@pytest.mark.parametrize(
    ("format_name", "line"),
    [
        ("text", "<e2>a</e2> <e1>b</e1>"),
        ("jsonl", '{"text": "<e2>a</e2> <e1>b</e1>"}'),
        ("jsonl", '{"text": "a b", "e1": [2, 3], "e2": [0, 1]}'),
        ("semeval", '1\t"<e2>a</e2> <e1>b</e1>"'),
    ],
)
def test_e2_may_stand_before_e1(format_name, line):
    [asked] = read(format_name, line.encode())
    assert asked.content == Sentence("a b", (Span(2, 3), Span(0, 1)))


def test_an_empty_entity_is_named_whichever_stands_first():
    [asked] = read("text", b"<e2> </e2> <e1>b</e1>")
    assert [problem.found for problem in asked.content] == ["e2 is empty"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{", "not JSON"),
        ('{"text": "a b", "text": "c d"}', "'text' 2 times"),
        ('{"text": "a b", "e1": [0, 1]}', "e1 is given alone"),
        ('{"text": "a b", "e1": [0, 1], "e2": null}', "e1 is given alone"),
        ('{"text": "a b", "e_1": [0, 1], "E2": [2, 3]}', "there is no e"),
        ('{"text": "<e1>a</e1> <e2>b</e2>", "e1": [0, 1], "e2": [2, 3]}', "the text has the mark <e1>"),
        ('{"text": "a <E2>b", "e1": [0, 1], "e2": [2, 3]}', "the text has the mark <E2>"),
        ('{"text": "<E1>a</E1> <E2>b</E2>"}', "<E1> is no mark"),
        ('{"text": "a b", "id": {}}', "id is {}"),
        ('{"text": "a b", "id": NaN, "e1": [0, 1], "e2": [2, 3]}', "id is NaN"),
        ('{"text": ["a b"], "e1": [0, 1], "e2": [2, 3]}', 'text is ["a b"]'),
        ('{"text": "a \\ud800", "e1": [0, 1], "e2": [2, 3]}', "half of a pair"),
        ('{"text": "a b", "e1": [0, 1], "e2": [2, 9]}', "the text has 3 characters"),
        ('{"words": []}', "no text"),
        ('{"text": " "}', "blank"),
        ('{"text": "a \\ud800"}', "half of a pair"),
    ],
)
def test_a_bad_json_line_says_what_is_wrong(line, found):
    [asked] = read("jsonl", line.encode())
    assert found in asked.content[0].found


def test_semeval_blocks_need_no_relation():
    asked = read("semeval", SEMEVAL)
    assert [(one.line, one.id, one.content.text) for one in asked] == [(1, "8", "The cat sat on mats."), (5, "9", "No label here")]


def test_a_bad_semeval_block_does_not_end_the_reading():
    asked = read("semeval", b'1\t"no marks"\nOther\n\n' + SEMEVAL)
    assert [isinstance(one.content, Sentence) for one in asked] == [False, True, True]


def test_documents_come_with_their_ids_and_lines_and_without_their_annotation(tmp_path):
    task = {"id": 3, "data": {"text": "Ann left."}, "annotations": [{"id": 1, "result": [
        {"id": "x", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}]}]}  # fmt: skip
    path = tmp_path / "tasks.json"
    path.write_text(f"[{json.dumps(task)},\n{json.dumps({**task, 'id': 4, 'annotations': []})}]")
    asked = list(read_sources(find_sources(path), path))
    assert [(one.line, one.id, one.content.text, one.content.entities) for one in asked] == [
        (1, "3", "Ann left.", ()),
        (2, "4", "Ann left.", ()),
    ]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("opennre", {"text": "Ann left. Bob stayed.", "h": {"name": "Ann", "pos": [0, 3]}, "t": {"name": "Bob", "pos": [10, 13]}}),
        ("tsv", "Ann\tBob\tR\tAnn left. Bob stayed.\n"),
    ],
)
def test_the_text_of_an_annotated_pair_has_as_many_sentences_as_it_has_without_annotation(tmp_path, name, row):
    path = tmp_path / "pairs"
    path.write_text(row if isinstance(row, str) else json.dumps(row))
    [asked] = read_sources([Source(path, name)], path)
    [extraction] = extract(StandIn(), [asked.content])
    assert [entity.id for entity in extraction.entities] == ["T1", "T2"]
    assert extraction.relations == ()  # they are in two sentences


def test_a_text_that_its_annotator_left_out_is_read_too(tmp_path):
    (tmp_path / "brat/later").mkdir(parents=True)
    for name, text in {"one.txt": "Ann left.", "one.ann": "", "later/two.txt": "Bob stayed."}.items():
        (tmp_path / "brat" / name).write_text(text)
    (tmp_path / "marks.jsonl").write_text('{"text": "No.", "spans": [], "answer": "ignore"}\n')
    for name, texts in {"brat": ["Bob stayed.", "Ann left."], "marks.jsonl": ["No."]}.items():
        path = tmp_path / name
        assert [asked.content.text for asked in read_sources(find_sources(path), path)] == texts


def test_the_files_of_a_folder_tell_the_ids_of_their_documents_apart(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"id": "1", "text": "Ann left.", "entities": [], "relations": []}\n')
    asked = list(read_sources(find_sources(tmp_path), tmp_path))
    assert [(one.id, one.content.id) for one in asked] == [("a/1", "a/1"), ("b/1", "b/1")]


FAULTY = {  # of each format a document of which two things are wrong with the annotation, and the text
    "opennre": ('{"token": ["Ann", "left"], "h": {"name": "x", "pos": [0, 9]}, "t": 3, "relation": "R"}', "Ann left"),
    "tacred": ('{"token": ["Ann", "left"], "subj_start": 0, "subj_end": 9, "obj_start": 7, "obj_end": 8}', "Ann left"),
    "spert": ('[{"tokens": ["Ann", "left"], "entities": [{"type": "X", "start": 0, "end": 9}, {}], "relations": []}]', "Ann left"),
    "dygie": ('{"sentences": [["Ann"], ["left"]], "ner": [[[0, 9, "X"], 3], []]}', "Ann left"),
    "fewrel": ('{"R": [{"tokens": ["Ann", "left"], "h": ["Ann", "", [[9]]], "t": 3}]}', "Ann left"),
    "label_studio": (
        '[{"id": 1, "data": {"text": "Ann left."}, "annotations": [{"result": ['
        '{"id": "x", "type": "labels", "value": {"start": 0, "end": 99}}, {"type": "relation"}]}]}]',
        "Ann left.",
    ),
    "prodigy": ('{"text": "Ann left.", "answer": "accept", "spans": [{"start": 0, "end": 99, "label": "X"}, {}]}', "Ann left."),
    "doccano": (
        '{"text": "Ann left.", "entities": [{"id": 1, "start_offset": 0, "end_offset": 99, "label": "X"}, {}]}',
        "Ann left.",
    ),
    "conll": ("#doc 1\n0\tAnn\tI-X\t['N']\t[0]\n1\tleft\tB-X\t['R']\t[9]\n", "Ann left"),
    "tsv": ("Bob\tCy\tR\tAnn left.\n", "Ann left."),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_text_is_read_whatever_is_wrong_with_its_annotation(tmp_path, name):
    content, text = FAULTY[name]
    path = tmp_path / "file"
    path.write_text(content)
    assert [type(reading) for reading in FORMATS[name].read(path)] == [Misannotated, Misannotated]
    assert [asked.content.text for asked in read_requests(str(path), name)] == [text]


def test_a_text_of_brat_is_read_whatever_is_wrong_with_its_annotation(tmp_path):
    texts = {"a": b"T1\tX 0 99\tAnn\nT2\n", "b": None, "c": b"\xff", "d": b""}
    for name, annotation in texts.items():
        (tmp_path / f"{name}.txt").write_text(f"Ann left {name}.")
        if annotation is not None:
            (tmp_path / f"{name}.ann").write_bytes(annotation)
    asked = list(read_requests(str(tmp_path), "brat"))
    assert [(each.line, each.id, each.content.text) for each in asked] == [(1, name, f"Ann left {name}.") for name in texts]


def test_texts_of_one_id_on_one_line_are_all_read_whatever_is_wrong_with_their_annotation(tmp_path):
    row = '{"orig_id": 1, "tokens": ["Ann"], "entities": [{"start": 0, "end": 9}, {}], "relations": []}'
    path = tmp_path / "spert.json"
    path.write_text(f"[{row}, {row}]")
    assert [asked.content.text for asked in read_requests(str(path), "spert")] == ["Ann", "Ann"]


def test_a_document_without_a_text_is_one_error_with_all_its_problems_and_their_place(tmp_path):
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"id": {}, "text": 3, "entities": [{"id": 1, "start_offset": 0, "end_offset": 1, "label": "X"}]}\n')
    [asked] = read_requests(str(path), "doccano")
    assert len(asked.content) == 2
    assert all(problem.found.startswith(f"{path}:1: ") for problem in asked.content)


def test_a_byte_order_mark_before_a_text_is_no_text():
    assert Request.of(1, None, "\ufeffAnn left.") == Request.of(1, None, "Ann left.")
    [asked] = read("jsonl", b'{"text": "\\ufeffAnn left."}')
    assert asked.content.text == "Ann left."


def test_offsets_count_a_byte_order_mark_that_the_text_has():
    [asked] = read("jsonl", b'{"text": "\\ufeffAnn left", "e1": [1, 4], "e2": [5, 9]}')
    assert [asked.content.text[slice(*entity)] for entity in asked.content.entities] == ["Ann", "left"]


PAIR = {"id": "a", "text": "Ann Lee works for Acme.", "e1": [0, 7], "e2": [18, 22], "relation": "X"}
TWO = [PAIR, {"id": "b", "text": "Bob left."}]
LAYOUTS = {
    "a line each": "\n".join(map(json.dumps, TWO)),
    "lines that end in CR": "\r".join(map(json.dumps, TWO)),
    "a list": json.dumps(TWO),
    "a list, pretty-printed": json.dumps(TWO, indent=2),
    "pretty-printed": "\n".join(json.dumps(row, indent=2) for row in TWO),
}


@pytest.mark.parametrize("format_name", ["jsonl", "auto"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_of_json_in_any_layout_gives_what_its_folder_gives(tmp_path, layout, format_name):
    path = tmp_path / "corpus/p.jsonl"
    path.parent.mkdir()
    path.write_bytes(LAYOUTS[layout].encode())
    alone, among = list(read_requests(str(path), format_name)), list(read_requests(str(path.parent), format_name))
    assert [(asked.id, asked.content.text) for asked in alone] == [("a", PAIR["text"]), ("b", "Bob left.")]
    assert alone[0].content.entities == (Span(0, 7), Span(18, 22))
    assert [(asked.line, asked.id, asked.document.text, type(asked.content)) for asked in among] == [
        (asked.line, f"p/{asked.id}", asked.document.text, type(asked.content)) for asked in alone
    ]
    assert among[0].content == alone[0].content


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("place", ["corpus/a.txt", "corpus"])
@pytest.mark.parametrize("format_name", ["semeval", "auto"])
def test_lines_of_any_end_give_the_same_from_a_file_and_its_folder(tmp_path, end, place, format_name):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a.txt").write_bytes(SEMEVAL.replace(b"\r\n", end))
    asked = list(read_requests(str(tmp_path / place), format_name))
    assert [(one.id.rpartition("/")[2], one.content.text) for one in asked] == [
        ("8", "The cat sat on mats."),
        ("9", "No label here"),
    ]
    assert all(one.content.entities for one in asked)


def test_plain_text_may_have_any_line_end():
    assert [(asked.line, asked.content.text) for asked in read("text", b"a\rb\r\nc\n\nd")] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (5, "d"),
    ]


def test_what_has_no_id_has_one_of_what_it_says_in_a_folder_and_its_place(tmp_path):
    (tmp_path / "p.jsonl").write_text(json.dumps(PAIR | {"id": None}) + '\n{"text": 3}\n')
    good, bad = read_requests(str(tmp_path), "auto")
    assert (good.id, good.source) == (f"p/{content_id([PAIR['text'], good.content.entities])}", f"{tmp_path}/p.jsonl:1")
    assert [problem.found for problem in bad.content] == [f"{tmp_path}/p.jsonl:2: text is 3"]


def test_words_make_a_text_that_is_not_there():
    [asked] = read("jsonl", b'{"words": ["Ann", "left", "."], "entities": [], "relations": []}')
    assert asked.content.text == "Ann left ."


def test_a_name_that_stands_twice_is_no_matter_of_a_prediction(tmp_path):
    (tmp_path / "pairs.tsv").write_text("Ann\tBob\tKnows\tAnn and Ann see Bob.\n")
    [asked] = read_requests(str(tmp_path / "pairs.tsv"), "auto")
    assert asked.content.text == "Ann and Ann see Bob."


@pytest.mark.parametrize(
    ("format_name", "place", "said"),
    [
        ("text", ".", "say with --format what it holds"),
        ("brat", "in.txt", "name another format with --format"),
        ("auto", "in.txt", "name its format with --format"),
    ],
)
def test_a_hint_names_the_option_of_the_command(tmp_path, format_name, place, said):
    (tmp_path / "in.txt").write_text("Ann left.\n")
    with pytest.raises(InputError) as error:
        read_requests(str(tmp_path / place), format_name)
    assert error.value.problems[0].hint.startswith(said)
