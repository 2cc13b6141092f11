"""What a review sends: each tool's file tells a person why, its export finds its way home, and what was sent stands beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, get_args

import pytest

from pipeline.annotation.item import Item, Reason
from pipeline.annotation.review_file import Tool, read_sent, sent_beside, told_id, write_review
from pipeline.core.errors import InputError
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import FORMATS
from pipeline.corpus.words import load_tokenizer

RAIN = Document(
    "7",
    "data/raw/train.txt:25",
    "Rain caused a flood.",
    (Entity("e1", (Span(0, 4),), "EVENT"), Entity("e2", (Span(14, 19),), "EVENT")),
    (Relation("e1", "e2", "Has"),),
)
WHY = "Rain, flood: Has, but Causes is more probable"
REASON = Reason("7", WHY, 0.02, {"Has": 0.02, "Causes": 0.98})
ITEM = Item(RAIN, "doubtful", (REASON,), relation_scores=(0.02,))
TOOLS: tuple[Tool, ...] = get_args(Tool)


def no_tokenizer(text: str) -> NoReturn:
    raise AssertionError(f"{text} needs no words")


def written(folder: Path, to: Tool, *items: Item) -> Path:
    """The target of a review."""
    target = folder / "review"
    write_review(items or [ITEM], target, to, load_tokenizer("en", "char") if to == "prodigy" else no_tokenizer)
    return target


def exported(target: Path, to: Tool) -> list[Any]:
    """What the format reads of a target that a tool gives back as it got it: documents, or tasks that were left out."""
    return list(FORMATS[to].read(target))


@pytest.mark.parametrize("to", TOOLS)
def test_what_a_tool_gives_back_has_the_text_and_the_id_that_it_got(tmp_path: Path, to: Tool) -> None:
    target = written(tmp_path, to, ITEM, replace(ITEM, document=replace(RAIN, source="data/raw/test.txt:3")))
    home = [getattr(reading, "document", reading) for reading in exported(target, to)]
    assert [document.text for document in home] == [RAIN.text, RAIN.text]
    ids = [told_id(document) or document.id for document in home]
    assert ids == [sent.id for sent in read_sent(sent_beside(target))] == ["7", "7~2"]


@pytest.mark.parametrize("to", TOOLS)
def test_what_was_sent_is_read_as_the_items_with_their_own_ids_and_places(tmp_path: Path, to: Tool) -> None:
    items = [ITEM, replace(ITEM, document=replace(RAIN, source="data/raw/test.txt:3"))]
    sent = read_sent(sent_beside(written(tmp_path, to, *items)))
    assert [(each.item.document.id, each.item.document.source) for each in sent] == [
        ("7", "data/raw/train.txt:25"),
        ("7", "data/raw/test.txt:3"),
    ]
    assert [each.item.reasons for each in sent] == [(REASON,), (REASON,)]
    assert sent[0].item.document.relations == RAIN.relations


@pytest.mark.parametrize("to", TOOLS)
def test_a_person_sees_why_in_the_tool(tmp_path: Path, to: Tool) -> None:
    target = written(tmp_path, to)
    files = [target] if target.is_file() else sorted(target.iterdir())
    assert WHY in "".join(file.read_text() for file in files)


@pytest.mark.parametrize("to", ["doccano", "brat", "jsonl"])
def test_an_untouched_export_says_what_was_sent(tmp_path: Path, to: Tool) -> None:
    target = written(tmp_path, to)
    [document], [sent] = exported(target, to), read_sent(sent_beside(target))
    said = [
        [(entity.spans, entity.type) for entity in each.entities]
        + [(each.entity(one.head).spans, each.entity(one.tail).spans, one.label) for one in each.relations]
        for each in (document, sent.item.document)
    ]
    assert said[0] == said[1]


def test_label_studio_gets_predictions_with_the_probability_of_what_is_annotated(tmp_path: Path) -> None:
    [task] = json.loads(written(tmp_path, "label_studio").read_text())
    assert "annotations" not in task
    assert task["predictions"][0]["score"] == 0.02
    assert task["data"]["review_probabilities"] == "Causes 0.98, Has 0.02"
    assert task["data"]["review_place"] == "data/raw/train.txt:25"


def test_prodigy_gets_tasks_with_tokens_and_without_an_answer(tmp_path: Path) -> None:
    task = json.loads(written(tmp_path, "prodigy").read_text())
    assert "answer" not in task
    assert task["meta"]["review_why"] == WHY
    assert (task["relations"][0]["head"], task["relations"][0]["child"]) == (0, 3)


def test_a_brat_document_keeps_its_own_notes_beside_the_new_one(tmp_path: Path) -> None:
    entities = (replace(RAIN.entities[0], id="T4"), replace(RAIN.entities[1], id="T5"))
    own = replace(
        RAIN, entities=entities, relations=(Relation("T4", "T5", "Has"),), meta={"lines": ["#3\tAnnotatorNotes T5\tsure?"]}
    )
    notes = [
        line
        for line in (written(tmp_path, "brat", replace(ITEM, document=own)) / "7.ann").read_text().splitlines()
        if line[0] == "#"
    ]
    assert notes[0] == "#3\tAnnotatorNotes T5\tsure?"
    assert notes[1].startswith(f"#4\tAnnotatorNotes T4\tdata/raw/train.txt:25; {WHY}")


def test_what_the_tool_cannot_hold_is_sent_as_the_tool_got_it(tmp_path: Path) -> None:
    untyped = replace(RAIN, entities=tuple(replace(entity, type=None) for entity in RAIN.entities))
    [sent] = read_sent(sent_beside(written(tmp_path, "brat", replace(ITEM, document=untyped))))
    assert {entity.type for entity in sent.item.document.entities} == {"Entity"}


def test_nothing_is_written_where_an_item_does_not_fit(tmp_path: Path) -> None:
    spaced = replace(RAIN, text="\ufeffRain", entities=(), relations=())
    with pytest.raises(InputError, match="brat cannot hold an item"):
        written(tmp_path, "brat", ITEM, replace(ITEM, document=spaced))
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "review").write_text("mine")
    with pytest.raises(InputError, match="there is something already"):
        written(tmp_path, "jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["review"]


def test_the_same_items_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, "label_studio")
    assert (tmp_path / "one/review").read_bytes() == (tmp_path / "other/review").read_bytes()


def test_a_file_that_no_review_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "Rain.", "entities": [], "relations": []}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:1: no item of a review"):
        read_sent(path)


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_what_was_sent_of_a_folder_is_beside_it_however_it_is_named(tmp_path, monkeypatch, name):
    (tmp_path / "export/below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "export" if name == "." else tmp_path / "export/below")
    assert sent_beside(Path(name)) == (Path("/.sent.jsonl") if name == "/" else tmp_path / "export.sent.jsonl")
