"""Files rewritten with some documents changed: the change alone is written, in the file's own words."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.targets import SUFFIXES
from pipeline.corpus.rewriting import Edit, numbered, rewritten
from pipeline.corpus.rewriting.edits import content
from tests.support.documents import LABELS, documents

PAIRS = ("semeval", "opennre", "tacred", "tsv", "fewrel")


def read(path: Path, name: str) -> list[tuple[Document, int]]:
    found = list(numbered(FORMATS[name].read(path)))
    assert all(isinstance(document, Document) for document, _ in found), found
    return found  # type: ignore[return-value]


def rewrite(path: Path, name: str, becomes: dict[int, Sequence[Document]]) -> bytes:
    """The bytes of a file with the documents at some places changed; a folder is rewritten in its place."""
    found = read(path, name)
    edits = [Edit(found[place][0], tuple(new), found[place][1]) for place, new in becomes.items()]
    written = rewritten(path, name, edits, FORMATS[name].read).files
    if path.is_dir():
        for file, content_ in written.items():
            file.write_bytes(content_)
        return b""
    return written[path]


def relabelled(document: Document, label: str) -> Document:
    first, *others = document.relations
    return replace(document, relations=(replace(first, label=label), *others))


def moved(document: Document, entity_id: str, *spans: Span) -> Document:
    entities = tuple(replace(each, spans=spans) if each.id == entity_id else each for each in document.entities)
    return replace(document, entities=entities)


def changed_lines(old: str, new: str) -> list[tuple[list[str], list[str]]]:
    """The lines of two texts that differ, with their ends."""
    one, other = old.splitlines(keepends=True), new.splitlines(keepends=True)
    ops = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [(one[i1:i2], other[j1:j2]) for op, i1, i2, j1, j2 in ops if op != "equal"]


def corrected(data: st.DataObject, document: Document, holds: frozenset[str]) -> Document:
    """A document with another label, an entity at another place, an entity less, or none of it."""
    new = document
    if new.relations and data.draw(st.booleans()):
        new = relabelled(new, data.draw(st.sampled_from(LABELS)))
    if new.entities and data.draw(st.booleans()):
        entity = data.draw(st.sampled_from(new.entities))
        taken = [span for each in new.entities if each is not entity for span in each.spans]
        words = new.words or [Span(match.start(), match.end()) for match in re.finditer(r"[^ \u00a0]+", new.text)]
        free = [word for word in words if all(word.end <= start or end <= word.start for start, end in taken)]
        new = moved(new, entity.id, data.draw(st.sampled_from(free))) if free else new
    if "free" in holds and new.entities and data.draw(st.booleans()):
        gone = data.draw(st.sampled_from(new.entities)).id
        relations = tuple(each for each in new.relations if gone not in (each.head, each.tail))
        new = replace(new, entities=tuple(each for each in new.entities if each.id != gone), relations=relations)
    return new


def can_hold(name: str, document: Document, path: Path) -> bool:
    """Whether a format can write a document, and reads it as it is."""
    try:
        FORMATS[name].write([document], path)
    except ValueError:
        return False
    return [content(each) for each, _ in read(path, name)] == [content(document)]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_document_is_read_again_as_it_became_and_the_others_keep_their_bytes(tmp_path, name, data):
    holds = FORMATS[name].holds
    drawn = data.draw(
        st.lists(documents(holds if holds & {"many"} else holds - {"fragments"}), min_size=1, max_size=4, unique_by=content)
    )
    path, other = tmp_path / f"corpus{SUFFIXES[name]}", tmp_path / f"other{SUFFIXES[name]}"
    for each in (path, other):
        shutil.rmtree(each, ignore_errors=True)
    try:
        FORMATS[name].write(drawn, path)
    except ValueError:
        return  # a name that stands twice, a pair that overlaps
    corpus = [document for document, _ in read(path, name)]
    place = data.draw(st.integers(0, len(corpus) - 1))
    new = corrected(data, corpus[place], holds)
    before = [file.read_bytes() for file in ([path] if path.is_file() else sorted(path.iterdir()))]
    try:
        written = rewrite(path, name, {place: [new]})
    except InputError:
        written = None
    assert written is not None or not can_hold(name, new, other)
    if written is None:
        return
    if path.is_file():
        path.write_bytes(written)
    meant = [*corpus[:place], new, *corpus[place + 1 :]]
    assert Counter(map(content, meant)) == Counter(content(document) for document, _ in read(path, name))
    if new == corpus[place]:
        assert [file.read_bytes() for file in ([path] if path.is_file() else sorted(path.iterdir()))] == before


def only_change(path: Path, name: str, content_: str, becomes: dict[int, Sequence[Document]]) -> list[tuple[list[str], list[str]]]:
    """The lines that differ in a file of this content when some of its documents are changed."""
    path.write_bytes(content_.encode())
    return changed_lines(content_, rewrite(path, name, becomes).decode())


def document(path: Path, name: str, content_: str, place: int = 0) -> Document:
    path.write_bytes(content_.encode())
    return read(path, name)[place][0]


SEMEVAL = (
    '1\t"The <e1>author </e1>uses a <e2>disassembler</e2>."\r\nUses(e1,e2)\r\nComment: one\r\n\r\n'
    '2\t"A <e1>ring</e1> in a <e2>box</e2>."\r\nOther\r\nComment: two'
)


def test_a_relabelled_block_changes_its_second_line_alone(tmp_path):
    path = tmp_path / "train.txt"
    new = relabelled(document(path, "semeval", SEMEVAL), "Part-Of(e2,e1)")
    assert only_change(path, "semeval", SEMEVAL, {0: [new]}) == [(["Uses(e1,e2)\r\n"], ["Part-Of(e2,e1)\r\n"])]


def test_a_moved_mark_changes_the_sentence_alone(tmp_path):
    path = tmp_path / "train.txt"
    new = moved(document(path, "semeval", SEMEVAL, 1), "e1", Span(0, 6))
    change = (['2\t"A <e1>ring</e1> in a <e2>box</e2>."\r\n'], ['2\t"<e1>A ring</e1> in a <e2>box</e2>."\r\n'])
    assert only_change(path, "semeval", SEMEVAL, {1: [new]}) == [change]


def test_a_pair_whose_entities_change_places_in_the_text_turns_its_label(tmp_path):
    path = tmp_path / "train.txt"
    new = moved(document(path, "semeval", SEMEVAL), "e1", Span(24, 25))
    assert [other for _, other in only_change(path, "semeval", SEMEVAL.replace("disassembler", "tool x"), {})] == []
    text = SEMEVAL.replace("disassembler</e2>.", "tool</e2> x.")
    new = moved(document(path, "semeval", text), "e1", Span(23, 24))
    assert only_change(path, "semeval", text, {0: [new]})[0][1][:2] == [
        '1\t"The author uses a <e1>tool</e1> <e2>x</e2>."\r\n',
        "Uses(e2,e1)\r\n",
    ]


def test_a_block_more_stands_behind_its_block_with_a_blank_line_between(tmp_path):
    path = tmp_path / "train.txt"
    old = document(path, "semeval", SEMEVAL, 1)
    more = replace(relabelled(old, "Uses(e1,e2)"), id="2~2")
    path.write_bytes(rewrite(path, "semeval", {1: [old, more]}))
    assert path.read_bytes().decode().removeprefix(SEMEVAL) == (
        '\r\n\r\n2~2\t"A <e1>ring</e1> in a <e2>box</e2>."\r\nUses(e1,e2)\r\nComment: two'
    )


def test_a_block_that_goes_takes_its_blank_line_along(tmp_path):
    path = tmp_path / "train.txt"
    document(path, "semeval", SEMEVAL)
    assert rewrite(path, "semeval", {0: []}).decode() == SEMEVAL.split("\r\n\r\n")[1]


def test_a_line_of_wordnet_keeps_all_but_its_answer(tmp_path):
    path = tmp_path / "train.txt"
    text = '001 "The <e1>ring</e1> lay in a <e2>box</e2>."\nWordNet(e1) = "n/a", In(e1, e2) = "true", Query = "n/a"\n'
    new = relabelled(document(path, "semeval", text), "Other")
    assert only_change(path, "semeval", text, {0: [new]})[0][1] == ['WordNet(e1) = "n/a", In(e1, e2) = "false", Query = "n/a"\n']
    new = relabelled(new, "Has(e2,e1)")
    assert only_change(path, "semeval", text, {0: [new]})[0][1] == ['WordNet(e1) = "n/a", Has(e2, e1) = "true", Query = "n/a"\n']


PAIR = '{"by": 3, "text":"Ann met Bob.", "e1":[0,3],  "e2":[8,11], "relation":"Met"}\n{"text":"x y","e1":[0,1],"e2":[2,3]}\n'


def test_a_pair_keeps_its_other_keys_its_blanks_and_its_order(tmp_path):
    path = tmp_path / "train.jsonl"
    old = document(path, "jsonl", PAIR)
    new = moved(relabelled(old, "Knows"), "e2", Span(8, 12))
    changed = '{"by": 3, "text":"Ann met Bob.", "e1":[0,3],  "e2":[8, 12], "relation":"Knows"}\n'
    assert only_change(path, "jsonl", PAIR, {0: [new]}) == [([PAIR.splitlines(True)[0]], [changed])]


def test_a_pair_without_relation_gets_one(tmp_path):
    path = tmp_path / "train.jsonl"
    new = relabelled(document(path, "jsonl", PAIR, 1), "Met")
    assert only_change(path, "jsonl", PAIR, {1: [new]})[0][1] == ['{"text":"x y","e1":[0,1],"e2":[2,3],"relation":"Met"}\n']


def test_a_second_relation_of_a_pair_is_a_row_more_that_keeps_the_other_keys(tmp_path):
    path = tmp_path / "train.jsonl"
    old = document(path, "jsonl", PAIR)
    changes = only_change(path, "jsonl", PAIR, {0: [old, replace(relabelled(old, "Knows"), id="new")]})
    assert changes == [([], [PAIR.splitlines(True)[0].replace("Met", "Knows")])]


def test_a_pretty_printed_list_changes_the_lines_of_the_change_alone(tmp_path):
    path = tmp_path / "train.json"
    FORMATS["spert"].write([], path)
    rows = [
        {"tokens": ["Ann", "of", "Acme"], "entities": [{"type": "P", "start": 0, "end": 1, "x": 1}], "relations": [], "orig_id": 7},
        {"tokens": ["Bob"], "entities": [], "relations": []},
    ]
    text = "\ufeff" + json.dumps(rows, indent=4).replace("\n", "\r\n")
    old = document(path, "spert", text)
    new = replace(old, entities=(*old.entities, Entity("1", (Span(7, 11),), "Ö")), relations=(Relation("0", "1", "At"),))
    (_, entities), (gone, relations) = only_change(path, "spert", text, {0: [new]})
    entity = ["            },\r\n", "            {\r\n", '                "type": "Ö",\r\n', '                "start": 2,\r\n']
    assert entities == [*entity, '                "end": 3\r\n']
    assert gone == ['        "relations": [],\r\n']
    assert [line.strip() for line in relations] == ['"relations": [{"type": "At", "head": 0, "tail": 1}],']


def test_rows_of_a_list_on_one_line_are_told_apart(tmp_path):
    path = tmp_path / "train.json"
    row = '{"id": "%s", "token": ["a", "b"], "subj_start": 0, "subj_end": 0, "obj_start": 1, "obj_end": 1, "relation": "no"}'
    text = f"[{row % 1}, {row % 2}, {row % 3}]"
    new = relabelled(document(path, "tacred", text, 1), "yes")
    assert only_change(path, "tacred", text, {1: [new]}) == [([text], [text.replace(row % 2, (row % 2).replace("no", "yes"))])]
    assert rewrite(path, "tacred", {0: []}).decode() == f"[{row % 2}, {row % 3}]"
    assert rewrite(path, "tacred", {2: []}).decode() == f"[{row % 1}, {row % 2}]"


def test_escaped_characters_stay_escaped(tmp_path):
    path = tmp_path / "train.jsonl"
    text = '{"text": "\\u00c9a b", "e1": [0, 2], "e2": [3, 4], "relation": "r"}\n'
    new = relabelled(document(path, "jsonl", text), "é")
    assert only_change(path, "jsonl", text, {0: [new]})[0][1] == [text.replace('"r"', '"\\u00e9"')]


def test_opennre_goes_on_counting_to_the_last_token_where_it_did(tmp_path):
    path = tmp_path / "train.jsonl"
    text = (
        '{"token": ["Ada", "Byron", "of", "Acme"], "h": {"name": "Ada Byron", "pos": [0, 1]}, '
        '"t": {"name": "acme", "pos": [3, 3]}, "relation": "at"}\n'
    )
    new = moved(document(path, "opennre", text), "e1", Span(4, 9))
    changed = text.replace('"Ada Byron", "pos": [0, 1]', '"Byron", "pos": [1, 1]')
    assert only_change(path, "opennre", text, {0: [new]})[0][1] == [changed]


def test_bilou_tags_of_spert_stay_bilou(tmp_path):
    path = tmp_path / "train.jsonl"
    text = '{"tokens": ["Ada", "Byron", "of", "Acme"], "tags": ["B-P", "L-P", "O", "U-O"], "relations": []}\n'
    new = moved(document(path, "spert", text), "0", Span(0, 3))
    assert only_change(path, "spert", text, {0: [new]})[0][1] == [text.replace('"B-P", "L-P"', '"U-P", "O"')]


def test_a_relation_of_fewrel_moves_to_the_list_of_its_new_label(tmp_path):
    path = tmp_path / "train.json"
    row = '{"tokens": ["a", "b", "%s"], "h": ["a", "Q1", [[0]]], "t": ["b", "Q2", [[1]]]}'
    text = f'{{"P1": [{row % 1}, {row % 2}], "P2": [{row % 3}]}}'
    old = document(path, "fewrel", text)
    assert rewrite(path, "fewrel", {0: [relabelled(old, "P2")]}).decode() == f'{{"P1": [{row % 2}], "P2": [{row % 3}, {row % 1}]}}'
    new = rewrite(path, "fewrel", {0: [relabelled(old, "P9")]}).decode()
    assert new == f'{{"P1": [{row % 2}], "P2": [{row % 3}],\n"P9": [\n{row % 1}\n]}}'


def test_what_is_new_in_a_file_ends_its_lines_as_the_file_does(tmp_path):
    row = PAIR.splitlines()[0] + "\r\n"
    old = document(tmp_path / "train.jsonl", "jsonl", row)
    written = rewrite(tmp_path / "train.jsonl", "jsonl", {0: [old, replace(relabelled(old, "Knows"), id="new")]}).decode()
    assert written == row + row.replace("Met", "Knows")
    text = '{"P1": [\r\n{"tokens": ["a", "b"], "h": ["a", "Q1", [[0]]], "t": ["b", "Q2", [[1]]]}\r\n]}\r\n'
    old = document(tmp_path / "train.json", "fewrel", text)
    written = rewrite(tmp_path / "train.json", "fewrel", {0: [relabelled(old, "P9")]}).decode()
    assert written.count("\n") == written.count("\r\n") > 2


def test_a_label_studio_task_keeps_who_said_it_and_when(tmp_path):
    path = tmp_path / "train.json"
    region = {"id": "x", "type": "labels", "from_name": "l", "to_name": "text", "origin": "manual"}
    value = {"start": 0, "end": 3, "text": "Ann", "labels": ["P"], "globalOffsets": {"start": 0, "end": 3}}
    annotation = {"id": 4, "completed_by": 1, "created_at": "2026", "result": [{**region, "value": value}], "was_cancelled": False}
    text = json.dumps([{"id": 3, "data": {"text": "Ann left."}, "annotations": [annotation], "total": 1}])
    old = document(path, "label_studio", text)
    entity = replace(old.entities[0], type="Person")
    assert only_change(path, "label_studio", text, {0: [replace(old, entities=(entity,))]})[0][1] == [
        text.replace('"P"', '"Person"')
    ]


@pytest.mark.parametrize("others", [[], ["knows"]])
def test_a_relation_more_stands_in_the_annotation_that_a_label_studio_task_has(tmp_path, others):
    path = tmp_path / "train.json"
    places = {"a": (0, 3, "Ann"), "b": (8, 12, "Acme")}
    values = {key: {"start": start, "end": end, "text": text, "labels": ["P"]} for key, (start, end, text) in places.items()}
    regions = [{"id": key, "type": "labels", "from_name": "l", "to_name": "t", "value": value} for key, value in values.items()]
    relations = [{"type": "relation", "from_id": "b", "to_id": "a", "direction": "right", "labels": [name]} for name in others]
    annotation = {"id": 11, "lead_time": 4.5, "completed_by": 1, "result": [*regions, *relations]}
    text = json.dumps([{"id": 3, "data": {"text": "Ann and Acme."}, "annotations": [annotation]}])
    old = document(path, "label_studio", text)
    more = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["of"]}
    (task,) = json.loads(rewrite(path, "label_studio", {0: [replace(old, relations=(*old.relations, Relation("a", "b", "of")))]}))
    assert task["annotations"] == [{**annotation, "result": [*annotation["result"], more]}]


def arrow(start: str, end: str, direction: str, *labels: str) -> dict[str, object]:
    return {"type": "relation", "from_id": start, "to_id": end, "direction": direction, "labels": list(labels), "own": 1}


BOTH = arrow("a", "b", "bi", "W")


@pytest.mark.parametrize("who", [{}, {"completed_by": 1}])
@pytest.mark.parametrize(
    ("arrows", "becomes", "written"),
    [
        ([arrow("c", "b", "right", "X", "Y")], {"X": "Q"}, [arrow("c", "b", "right", "Q", "Y")]),
        ([arrow("c", "b", "right", "X", "Y")], {"X": None}, [arrow("c", "b", "right", "Y")]),
        ([arrow("b", "c", "left", "X")], {"X": "Q"}, [arrow("b", "c", "left", "Q")]),
        ([BOTH, arrow("c", "b", "right", "Z")], {"Z": "Q"}, [BOTH, arrow("c", "b", "right", "Q")]),
        ([arrow("c", "b", "right", "Z"), BOTH], {"Z": None}, [BOTH]),
        ([BOTH], {"W": "Q"}, [arrow("a", "b", "bi", "Q")]),
    ],
)
def test_a_relation_of_label_studio_of_several_labels_or_ways_keeps_what_still_holds(tmp_path, who, arrows, becomes, written):
    path = tmp_path / "train.json"
    regions = [
        {"id": key, "type": "labels", "value": {"start": place, "end": place + 1, "labels": ["P"]}, "origin": "manual"}
        for place, key in enumerate("abc")
    ]
    annotation = {"id": 11, "lead_time": 4.5, **who, "result": [*regions, *arrows]}
    task = {"id": 3, "project": 2, "data": {"text": "abc"}, "annotations": [annotation]}
    old = document(path, "label_studio", json.dumps([task]))
    relations = [replace(each, label=becomes.get(str(each.label), each.label)) for each in old.relations]
    new = replace(old, relations=tuple(each for each in relations if each.label is not None))
    (after,) = json.loads(rewrite(path, "label_studio", {0: [new]}))
    assert after == {**task, "annotations": [{**annotation, "result": [*regions, *written]}]}


def test_one_way_of_a_relation_of_label_studio_that_goes_both_ways_can_be_relabelled(tmp_path):
    path = tmp_path / "train.json"
    regions = [{"id": key, "type": "labels", "value": {"start": at, "end": at + 1}} for at, key in enumerate("ab")]
    task = {"id": 3, "data": {"text": "ab"}, "annotations": [{"id": 11, "completed_by": 1, "result": [*regions, BOTH]}]}
    new = relabelled(document(path, "label_studio", json.dumps([task])), "Q")
    (after,) = json.loads(rewrite(path, "label_studio", {0: [new]}))
    ways = {(each["from_id"], each["to_id"], each["direction"], *each["labels"]) for each in after["annotations"][0]["result"][2:]}
    assert ways == {("a", "b", "right", "Q"), ("b", "a", "right", "W")}


@pytest.mark.parametrize("others", [[], ["knows"]])
def test_a_relation_more_stands_in_the_prodigy_task_of_its_annotator(tmp_path, others):
    path = tmp_path / "train.jsonl"
    head, child = ({"start": start, "end": end, "label": "P"} for start, end in ((0, 3), (8, 12)))
    relations = [{"head_span": child, "child_span": head, "label": name, "color": "red"} for name in others]
    task = {"text": "Ann and Acme.", "spans": [head, child], "relations": relations, "_input_hash": 7, "_annotator_id": "ann"}
    task["answer"] = "accept"
    old = document(path, "prodigy", json.dumps(task) + "\n")
    new = replace(old, relations=(*old.relations, Relation(old.entities[0].id, old.entities[1].id, "of")))
    written = json.loads(rewrite(path, "prodigy", {0: [new]}))
    assert written.pop("relations")[: len(others)] == task.pop("relations")
    assert written == task


def test_triples_of_doccano_stay_triples(tmp_path):
    path = tmp_path / "train.jsonl"
    text = '{"id": 1, "data": "Ann left.", "label": [[0, 3, "P"]], "Comments": []}\n'
    old = document(path, "doccano", text)
    new = moved(old, "1", Span(4, 8))
    assert only_change(path, "doccano", text, {0: [new]})[0][1] == [text.replace("[0, 3,", "[4, 8,")]


def test_four_columns_hold_no_name_that_stands_twice(tmp_path):
    path = tmp_path / "train.txt"
    text = "Ada\tRome\tIn\tAda of Rome met Bob of Bonn, Bob too\n"
    new = moved(document(path, "tsv", text), "e2", Span(23, 27))
    assert only_change(path, "tsv", text, {0: [new]})[0][1] == [text.replace("\tRome\t", "\tBonn\t")]
    new = moved(new, "e2", Span(16, 19))
    with pytest.raises(InputError, match=r"train.txt:1: it cannot be written as it has become"):
        rewrite(path, "tsv", {0: [new]})


def test_a_row_under_a_header_keeps_the_columns_that_are_not_ours(tmp_path):
    path = tmp_path / "train.tsv"
    text = "sentence\thead\ttail\tlabel\tnote\thead_start\nAda of Rome\tAda\tRome\tIn\tn1\t\n"
    new = relabelled(document(path, "tsv", text), "Of")
    assert only_change(path, "tsv", text, {0: [new]})[0][1] == ["Ada of Rome\tAda\tRome\tOf\tn1\t\n"]


CONLL = "#doc 1\n0  Ada  B-P  ['In']  [3]\n1  Byron  L-P  ['N']  [1]\n2  of  O  ['N']  [2]\n3  Rome  U-L  ['N']  [3]\n"


def test_a_moved_entity_of_conll_changes_the_rows_of_its_words_in_their_scheme(tmp_path):
    path = tmp_path / "train.conll"
    new = moved(document(path, "conll", CONLL), "0", Span(0, 3))
    rows = ["0  Ada  U-P  ['In']  [3]\n", "1  Byron  O  ['N']  [1]\n"]
    assert only_change(path, "conll", CONLL, {0: [new]})[0][1] == rows


ORIGINAL = "\n".join(
    [
        "7\tPeop\t0\tO\tNNP/NNP\tAda/Byron\tO\tO\tx",
        "7\tO\t1\tO\tIN\tof\tO\tO\tO",
        "7\tLoc\t2\tO\tNNP\tRome\tO\tO\tO",
        *("", "0\t2\tLive_In", "", "8\tO\t0\tO\t,\tCOMMA\tO\tO\tO", ""),
    ]
)


def test_a_relation_of_the_original_conll_changes_its_line(tmp_path):
    path = tmp_path / "train.conll"
    new = relabelled(document(path, "conll", ORIGINAL), "Born_In")
    assert only_change(path, "conll", ORIGINAL, {0: [new]}) == [(["0\t2\tLive_In\n"], ["0\t2\tBorn_In\n"])]


def test_an_entity_cut_in_the_original_conll_makes_rows_of_its_words(tmp_path):
    path = tmp_path / "train.conll"
    new = moved(document(path, "conll", ORIGINAL), "0", Span(0, 3))
    (_, rows), (_, more) = only_change(path, "conll", ORIGINAL, {0: [new]})
    assert rows == [
        "7\tPeop\t0\tO\tNNP\tAda\tO\tO\tx\n",
        "7\tO\t1\tO\tNNP\tByron\tO\tO\tx\n",
        "7\tO\t2\tO\tIN\tof\tO\tO\tO\n",
        "7\tLoc\t3\tO\tNNP\tRome\tO\tO\tO\n",
    ]
    assert more == ["0\t3\tLive_In\n"]


ANN = "T1\tP 1 4\tAnn\r\nT4\tO 8 12\tAcme\r\nR3\tAt Arg1:T1 Arg2:T4\r\nA1\tSure T1\r\n#1\tAnnotatorNotes R3\tyes\r\n*\tSame T1 T4"


def brat(tmp_path: Path, ann: str) -> Document:
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "a.txt").write_bytes("\ufeffAnn of Acme left Bonn".encode())
    (folder / "a.ann").write_bytes(ann.encode())
    return read(folder, "brat")[0][0]


def test_brat_changes_the_line_of_an_entity_and_counts_as_the_file_does(tmp_path):
    old = brat(tmp_path, ANN)
    new = moved(relabelled(old, "Of"), "T1", Span(0, 6))
    rewrite(tmp_path / "train", "brat", {0: [new]})
    after = (tmp_path / "train" / "a.ann").read_bytes().decode()
    assert after == ANN.replace("P 1 4\tAnn", "P 1 7\tAnn of").replace("R3\tAt", "R3\tOf")


def test_brat_keeps_what_is_said_of_a_relation_whose_head_and_tail_are_swapped(tmp_path):
    old = brat(tmp_path, ANN.replace("Arg1:T1 Arg2:T4", "Who:T1 Where:T4"))
    at = next(each for each in old.relations if each.label == "At")
    swapped = tuple(Relation("T4", "T1", "At") if each == at else each for each in old.relations)
    rewrite(tmp_path / "train", "brat", {0: [replace(old, relations=swapped)]})
    after = (tmp_path / "train" / "a.ann").read_bytes().decode()
    assert after == ANN.replace("Arg1:T1 Arg2:T4", "Who:T4 Where:T1")


def test_brat_keeps_what_is_said_of_a_relation_beside_another_of_its_entities(tmp_path):
    old = brat(tmp_path, ANN.replace("*\tSame T1 T4", "R4\tIn Arg1:T1 Arg2:T4\r\n"))
    new = replace(old, relations=(Relation("T1", "T4", "In"), Relation("T1", "T4", "Of")))
    rewrite(tmp_path / "train", "brat", {0: [new]})
    after = (tmp_path / "train" / "a.ann").read_bytes().decode()
    assert after == ANN.replace("*\tSame T1 T4", "R4\tIn Arg1:T1 Arg2:T4\r\n").replace("R3\tAt", "R3\tOf")


def test_brat_drops_what_is_said_of_an_entity_that_goes_and_appends_what_is_new(tmp_path):
    old = brat(tmp_path, ANN)
    bonn = Entity("T5", (Span(17, 21),), "City")
    new = replace(old, entities=(old.entities[1], bonn), relations=(Relation("T4", "T5", "In"),))
    rewrite(tmp_path / "train", "brat", {0: [new]})
    after = (tmp_path / "train" / "a.ann").read_bytes().decode()
    assert after == "T4\tO 8 12\tAcme\r\nT5\tCity 18 22\tBonn\r\nR4\tIn Arg1:T4 Arg2:T5\r\n"


def test_all_documents_that_a_format_cannot_hold_are_told(tmp_path):
    path = tmp_path / "train.txt"
    olds = [document(path, "semeval", SEMEVAL, place) for place in (0, 1)]
    news = [replace(old, relations=()) for old in olds]
    with pytest.raises(InputError) as error:
        rewrite(path, "semeval", {0: [news[0]], 1: [news[1]]})
    assert [problem.source for problem in error.value.problems] == [f"{path}:1", f"{path}:5"]
    assert path.read_bytes().decode() == SEMEVAL
