"""What a file says beside what its format reads: it stays where a correction does not touch it, and follows what it is said of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.formats.targets import SUFFIXES
from tests.corpus.rewriting.test_rewriting import moved, relabelled, rewrite

Correct = Callable[[Document], Document]
TEXT = "Ann of Acme left Bonn."
PLACES = ((0, 3), (7, 11))


def turned(document: Document) -> Document:
    first, *more = document.relations
    return replace(document, relations=(replace(first, head=first.tail, tail=first.head), *more))


def corrected(folder: Path, name: str, text: str, correct: Correct) -> str:
    """The text of a file when its first document was corrected."""
    path = folder / f"train{SUFFIXES[name]}"
    path.write_bytes(text.encode())
    first = next(iter(FORMATS[name].read(path)))
    assert isinstance(first, Document), first
    return rewrite(path, name, {0: [correct(first)]}).decode()


def prodigy(*, spans: bool = True, **more: object) -> str:
    marks = [{"by": "ann", "start": start, "end": end, **more} for start, end in PLACES]
    relation = {"sure": 1.1, "head": 5, "child": 6, "head_span": marks[0], "child_span": marks[1], "label": "at"}
    row = {"text": TEXT, **({"spans": marks} if spans else {}), "relations": [relation], "answer": "accept"}
    return json.dumps(row).replace("1.1,", "1.10,")


def doccano(as_id: type) -> str:
    entities = [
        {"id": as_id(number), "by": "ann", "label": "P", "start_offset": start, "end_offset": end}
        for number, (start, end) in enumerate(PLACES, 5)
    ]
    ends = (("at", 5, 6), ("of", 6, 5))
    relations = [
        {"id": number, "by": 1, "from_id": as_id(one), "to_id": as_id(other), "type": label}
        for number, (label, one, other) in enumerate(ends, 8)
    ]
    return json.dumps({"text": TEXT, "entities": entities, "relations": relations})


def jsonl(as_id: type) -> str:
    entities = [{"by": "ann", "id": as_id(number), "spans": [span]} for number, span in enumerate(PLACES)]
    relation = {"by": 1, "head": as_id(0), "tail": as_id(1), "label": "at"}
    return json.dumps({"text": TEXT, "entities": entities, "relations": [relation]})


ROWS = {
    "prodigy without tokens": ("prodigy", prodigy(label="P")),
    "prodigy without labels": ("prodigy", prodigy()),
    "prodigy without spans": ("prodigy", prodigy(spans=False, label="P")),
    "prodigy with wrong tokens": ("prodigy", prodigy(label="P", token_start=40, token_end=3)),
    "doccano with texts for ids": ("doccano", doccano(str)),
    "doccano": ("doccano", doccano(int)),
    "jsonl with numbers for ids": ("jsonl", jsonl(int)),
    "jsonl": ("jsonl", jsonl(str)),
}


@pytest.mark.parametrize("case", ROWS)
def test_another_label_is_all_that_changes_however_the_file_spells_ids_and_tokens(tmp_path, case):
    name, row = ROWS[case]
    assert corrected(tmp_path, name, row, lambda document: relabelled(document, "new")) == row.replace('"at"', '"new"', 1)


@pytest.mark.parametrize("case", ROWS)
def test_a_moved_entity_keeps_what_else_is_said_of_it_however_the_file_spells_ids_and_tokens(tmp_path, case):
    name, row = ROWS[case]
    written = corrected(tmp_path, name, row, lambda document: moved(document, document.entities[0].id, Span(0, 6)))
    places = (("[0, 3]", "[0, 6]"), ('"end": 3', '"end": 6'), ('"end_offset": 3', '"end_offset": 6'))
    for was, now in places:
        row = row.replace(was, now)
    assert written == row


@pytest.mark.parametrize("case", ROWS)
def test_an_arrow_that_is_turned_has_ids_in_the_words_of_the_file(tmp_path, case):
    name, row = ROWS[case]
    (was, *_), (now, *_) = (json.loads(each)["relations"] for each in (row, corrected(tmp_path, name, row, turned)))
    ends = {"prodigy": ("head_span", "child_span"), "doccano": ("from_id", "to_id"), "jsonl": ("head", "tail")}[name]
    assert [now[end] for end in ends] == [was[end] for end in reversed(ends)]
    assert {key: now[key] for key in now if key not in (*ends, "head", "child")} == {
        key: was[key] for key in was if key not in (*ends, "head", "child")
    }


def test_what_a_span_of_prodigy_quotes_moves_with_it(tmp_path):
    row = prodigy(label="P").replace('"start": 0,', '"text":  "Ann", "start": 0,')
    written = corrected(tmp_path, "prodigy", row, lambda document: moved(document, "0", Span(0, 6)))
    assert written == row.replace('"Ann"', '"Ann of"').replace('"end": 3', '"end": 6')


def test_what_is_said_of_the_end_of_an_arrow_follows_it_when_it_is_turned(tmp_path):
    row = prodigy(label="P").replace('{"by": "ann", "start": 7', '{"by":  "bob", "start": 7')
    relation = json.loads(corrected(tmp_path, "prodigy", row, turned))["relations"][0]
    assert (relation["head_span"]["by"], relation["child_span"]["by"]) == ("bob", "ann")


def test_ids_of_a_pair_of_opennre_follow_its_entities_when_it_is_turned(tmp_path):
    one, other = '{"name": "Ann", "id": "Q1",  "x": 1.10, "pos": [0,3]}', '{"id": "Q2", "name": "Acme", "pos": [7, 11]}'
    row = f'{{"text": "{TEXT}", "h": {one}, "t": {other}, "relation": "at"}}\n'
    assert corrected(tmp_path, "opennre", row, turned) == f'{{"text": "{TEXT}", "h": {other}, "t": {one}, "relation": "at"}}\n'


def test_ids_and_names_of_a_pair_of_fewrel_follow_its_entities_when_it_is_turned(tmp_path):
    one, other = '["ann lee", "Q1",  [[0], [3]]]', '["acme", "Q2", [[2]]]'
    row = f'{{"at": [{{"tokens": ["Ann", "of", "Acme", "Lee"], "h": {one}, "t": {other}, "x": 1e5}}]}}'
    assert corrected(tmp_path, "fewrel", row, turned) == row.replace(one, "-").replace(other, one).replace("-", other)


def test_relations_of_doccano_keep_their_ids_and_a_new_one_gets_the_next(tmp_path):
    row = doccano(int)
    gone = corrected(tmp_path, "doccano", row, lambda document: replace(document, relations=document.relations[1:]))
    assert [each["id"] for each in json.loads(gone)["relations"]] == [9]
    more = Relation("6", "5", "in")
    written = corrected(tmp_path, "doccano", row, lambda document: replace(document, relations=(*document.relations, more)))
    assert [each["id"] for each in json.loads(written)["relations"]] == [8, 9, 10]


def test_an_entity_of_a_relation_of_prodigy_that_goes_becomes_a_span(tmp_path):
    written = corrected(tmp_path, "prodigy", prodigy(spans=False, label="P"), lambda document: replace(document, relations=()))
    assert [span["start"] for span in json.loads(written)["spans"]] == [0, 7]


def test_an_entity_more_is_a_span_more_of_prodigy_beside_relations_without_spans(tmp_path):
    row = prodigy(spans=False, label="P")
    more = Entity("2", (Span(17, 21),), "City")
    written = corrected(tmp_path, "prodigy", row, lambda document: replace(document, entities=(*document.entities, more)))
    assert [span["start"] for span in json.loads(written)["spans"]] == [17]
    assert json.loads(written)["relations"] == json.loads(row)["relations"]
