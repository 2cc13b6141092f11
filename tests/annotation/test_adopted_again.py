"""An export that is adopted once more, or that has grown since: what it has said before changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import adopt, convert
from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from tests.test_adopt import DVC, corrected, send, set_params

TEXT = "Ann of Acme met Bob in Rome."
DOCUMENT = {
    "entities": [
        {"id": "T1", "spans": [[0, 3]], "type": "Person"},
        {"id": "T2", "spans": [[7, 11]], "type": "Company"},
        {"id": "T3", "spans": [[16, 19]], "type": "Person"},
    ],
    "relations": [{"head": "T1", "tail": "T2", "label": "works"}, {"head": "T3", "tail": "T1", "label": "knows"}],
}
OF_DOCUMENTS = {"jsonl": "train.jsonl", "brat": "train", "label_studio": "train.json", "spert": "train.json"}
OF_PAIRS = {"jsonl": "train.jsonl", "semeval": "train.txt", "opennre": "train.jsonl", "tacred": "train.json", "tsv": "train.tsv"}
TOOLS = ("label_studio", "prodigy", "doccano", "brat", "jsonl")


def raw_of(rows: list[dict], to: str, name: str) -> list[Document]:
    """A corpus of these objects in a format: its documents."""
    Path("dvc.yaml").write_text(DVC)
    set_params(test_fraction=0.2, negative_label="Other")
    Path("data/raw").mkdir(parents=True)
    Path("source.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    convert.main(Path("source.jsonl"), Path("data/raw") / name, to, lossy=True)
    return [each for each in FORMATS[to].read(Path("data/raw") / name) if isinstance(each, Document)]


def documents(to: str) -> list[Document]:
    return raw_of([{"id": f"d{number}", "text": f"{TEXT} {number}", **DOCUMENT} for number in range(2)], to, OF_DOCUMENTS[to])


def pairs(to: str) -> list[Document]:
    rows = [("works(e1,e2)", [0, 3], [7, 11]), ("Other", [7, 11], [16, 19]), ("knows(e2,e1)", [0, 3], [16, 19])]
    named = [{"id": str(n), "text": TEXT, "e1": e1, "e2": e2, "relation": label} for n, (label, e1, e2) in enumerate(rows)]
    return raw_of(named, to, OF_PAIRS[to])


def relabelled(document: Document) -> Document:
    return replace(document, relations=(replace(document.relations[0], label="owns"), *document.relations[1:]))


def turned(document: Document) -> Document:
    first, *more = document.relations
    return replace(document, relations=(replace(first, head=first.tail, tail=first.head), *more))


def moved(document: Document) -> Document:
    spans = {(Span(7, 11),): (Span(4, 11),)}
    return replace(document, entities=tuple(replace(each, spans=spans.get(each.spans, each.spans)) for each in document.entities))


def entity_added(document: Document) -> Document:
    return replace(document, entities=(*document.entities, Entity("99", (Span(23, 27),), document.entities[0].type)))


def entity_removed(document: Document) -> Document:
    gone = next(each.id for each in document.entities if each.spans == (Span(16, 19),))
    kept = tuple(each for each in document.relations if gone not in (each.head, each.tail))
    return replace(document, entities=tuple(each for each in document.entities if each.id != gone), relations=kept)


def relation_added(document: Document) -> Document:
    """Of an entity that is new."""
    new = entity_added(document)
    return replace(new, relations=(*new.relations, Relation("99", new.entities[0].id, "owns")))


def relation_removed(document: Document) -> Document:
    return replace(document, relations=document.relations[1:])


def all_at_once(document: Document) -> Document:
    return moved(turned(relabelled(relation_added(document))))


Correct = Callable[[Document], Document]
OF_A_PAIR: tuple[Correct, ...] = (relabelled, turned, moved, relation_added, relation_removed, all_at_once)
OF_A_DOCUMENT: tuple[Correct, ...] = (*OF_A_PAIR, entity_added, entity_removed)


def raw() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path("data/raw").rglob("*") if path.is_file()}


def adopted_twice(tool: str, own: list[Document], correct: Correct) -> None:
    export = corrected(tool, send(tool, *own), {own[0].id: correct})
    before = raw()
    assert "1 changed" in adopt.main(export, write=True)
    once = raw()
    assert once != before
    assert "changed" not in adopt.main(export, write=True)
    assert raw() == once


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("to", OF_DOCUMENTS)
@pytest.mark.parametrize("correct", OF_A_DOCUMENT)
def test_a_correction_of_a_document_is_adopted_once(to, correct):
    adopted_twice("label_studio", documents(to), correct)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("correct", OF_A_DOCUMENT)
def test_a_correction_of_a_document_that_somebody_annotated_is_adopted_once(tool, correct):
    documents("label_studio")
    path = Path("data/raw/train.json")
    tasks = json.loads(path.read_text())
    for task in tasks:
        task["annotations"][0] |= {"id": 5, "completed_by": 1}
    path.write_text(json.dumps(tasks))
    adopted_twice(tool, [each for each in FORMATS["label_studio"].read(path) if isinstance(each, Document)], correct)
    annotations = [one for task in json.loads(path.read_text()) for one in task["annotations"]]
    assert [(one["id"], one["completed_by"]) for one in annotations] == [(5, 1), (5, 1)]


@pytest.mark.parametrize("tool", TOOLS)
def test_corrections_of_every_tool_are_adopted_once(tool):
    adopted_twice(tool, documents("jsonl"), all_at_once)


@pytest.mark.parametrize("to", OF_PAIRS)
@pytest.mark.parametrize("correct", OF_A_PAIR)
def test_a_correction_of_a_row_is_adopted_once(to, correct):
    adopted_twice("label_studio", pairs(to), correct)


@pytest.mark.parametrize("tool", TOOLS)
def test_rows_more_of_every_tool_are_adopted_once(tool):
    adopted_twice(tool, pairs("tacred"), all_at_once)


def test_a_row_that_went_from_before_another_of_its_text_is_adopted_once():
    own = pairs("jsonl")
    set_params(test_fraction=0.2, negative_label="NA")
    adopted_twice("doccano", own, relation_removed)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("is_list", [True, False])
def test_rows_of_one_sentence_without_ids_are_adopted_once(tool, is_list):
    pairs("jsonl")
    ends = ([0, 3], [7, 11]), ([0, 3], [16, 19])
    rows = [json.dumps({"text": TEXT, "e1": e1, "e2": e2, "relation": "works"}) for e1, e2 in ends]
    Path("data/raw/train.jsonl").write_text(f"[{', '.join(rows)}]\n" if is_list else "".join(f"{row}\n" for row in rows))
    own = [each for each in FORMATS["jsonl"].read(Path("data/raw/train.jsonl")) if isinstance(each, Document)]

    def moved_second(document: Document) -> Document:
        entities = [replace(each, spans=(Span(12, 19),)) if each.spans == (Span(16, 19),) else each for each in document.entities]
        return replace(document, entities=tuple(entities))

    export = corrected(tool, send(tool, *own), {own[0].id: relation_added, own[1].id: moved_second})
    assert "2 changed" in adopt.main(export, write=True)
    once = raw()
    assert "changed" not in adopt.main(export, write=True)
    assert raw() == once


@pytest.mark.parametrize("tool", ["label_studio", "doccano"])
@pytest.mark.parametrize(("corpus", "to"), [(documents, "jsonl"), (pairs, "tacred"), (pairs, "semeval")])
def test_an_export_that_has_grown_adds_what_is_new(tool, corpus, to):
    own = corpus(to)
    target = send(tool, *own)
    adopt.main(corrected(tool, target, {own[0].id: all_at_once}), write=True)
    said = adopt.main(corrected(tool, target, {own[0].id: all_at_once, own[1].id: relabelled}), write=True)
    assert "1 changed" in said
    assert "1 relabelled" in said
    assert "changed" not in adopt.main(corrected(tool, target, {own[0].id: all_at_once, own[1].id: relabelled}), write=True)


def test_what_was_corrected_otherwise_meanwhile_is_an_error_also_where_entities_were_added():
    own = documents("jsonl")
    target = send("label_studio", *own)
    adopt.main(corrected("label_studio", target, {own[0].id: relation_added}), write=True)
    with pytest.raises(InputError, match="item d0 was annotated otherwise since it was sent"):
        adopt.main(corrected("label_studio", target, {own[0].id: entity_removed}), write=True)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("correct", [lambda relation: relation, lambda relation: Relation(relation.tail, relation.head, "owns")])
def test_the_label_of_a_relation_that_had_none_takes_its_place(tool, correct):
    row = {"id": "d0", "text": TEXT, "entities": DOCUMENT["entities"]}
    unlabelled = {"head": "T2", "tail": "T3", "label": None}
    raw_of([{**row, "relations": [*DOCUMENT["relations"], unlabelled]}], "jsonl", "train.jsonl")
    own = [each for each in FORMATS["jsonl"].read(Path("data/raw/train.jsonl")) if isinstance(each, Document)]

    def label(document: Document) -> Document:
        ids = {each.spans: each.id for each in document.entities}
        new = correct(Relation(ids[(Span(7, 11),)], ids[(Span(16, 19),)], "owns"))
        return replace(document, relations=(*(each for each in document.relations if each.label), new))

    adopted_twice(tool, own, label)
    relations = json.loads(Path("data/raw/train.jsonl").read_text())["relations"]
    assert [each["label"] for each in relations] == ["works", "knows", "owns"]


def test_what_was_rejected_stays_so():
    own = documents("jsonl")
    export = corrected("prodigy", send("prodigy", *own), {own[0].id: relabelled, own[1].id: relation_added})
    export.write_text(export.read_text().replace('"accept"', '"reject"', 1))
    assert "1 changed, 1 rejected" in adopt.main(export, write=True)
    once = raw()
    assert "1 confirmed as they are, 1 rejected" in adopt.main(export, write=True)
    assert raw() == once
