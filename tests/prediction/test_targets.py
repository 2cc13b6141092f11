"""Predictions as documents of every format that holds them, read again."""

import json

import pytest

from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import FORMATS
from pipeline.prediction import targets
from pipeline.prediction.extractions import extract
from tests.support.stand_in import StandIn

TEXT = "Ann met Bob . She left ."
UNCONFIRMED = ("label_studio", "prodigy")  # which tell what a person has confirmed
READ = [name for name in targets.NAMES if name in FORMATS and name not in UNCONFIRMED]


def write(name, place, *texts, ids=None, refused=None):
    predictor = StandIn()
    ids = ids or [str(number) for number in range(1, len(texts) + 1)]
    documents = [Document(each, f"line {n}", text, (), ()) for n, (each, text) in enumerate(zip(ids, texts, strict=True), 1)]
    model = targets.Model(predictor.version, predictor.tokenize)
    return targets.write(extract(predictor, documents), name, place, model, [].append if refused is None else refused.append)


@pytest.mark.parametrize("name", READ)
def test_predictions_are_read_again_as_they_were_written(tmp_path, name):
    write(name, tmp_path / "target", TEXT, "nobody here .")
    first, second = FORMATS[name].read(tmp_path / "target")
    assert (first.text, second.text, second.entities) == (TEXT, "nobody here .", ())
    assert sorted(TEXT[slice(*entity.cover)] for entity in first.entities) == ["Ann", "Bob", "She"]
    names = {entity.id: TEXT[slice(*entity.cover)] for entity in first.entities}
    assert {(names[each.head], names[each.tail]) for each in first.relations} == {("Ann", "Bob"), ("Bob", "Ann")}


@pytest.mark.parametrize("name", READ)
def test_an_id_that_comes_again_is_numbered_and_counted(tmp_path, name):
    lines = write(name, tmp_path / "target", "Ann met Bob .", "Bob left .", "Eve met Bob .", ids=["2", "2", "3"])
    assert lines[0] == "ids that an earlier document has, 1: numbered, such as 7~2"
    documents = list(FORMATS[name].read(tmp_path / "target"))
    assert len({document.id for document in documents}) == 3


def test_a_document_that_a_format_cannot_hold_does_not_end_the_writing(tmp_path):
    refused = []
    write("brat", tmp_path / "target", "Ann met Bob .", "\ufeffBob left .", "Eve met Bob .", refused=refused)
    assert [problem.source for problem in refused] == ["line 2"]
    assert "begins with a byte order mark" in refused[0].found
    assert [document.text for document in FORMATS["brat"].read(tmp_path / "target")] == ["Ann met Bob .", "Eve met Bob ."]


@pytest.mark.parametrize("name", ["jsonl", "doccano"])
def test_probabilities_and_the_model_stand_in_meta_where_a_format_has_it(tmp_path, name):
    write(name, tmp_path / "target", TEXT)
    [document] = FORMATS[name].read(tmp_path / "target")
    assert document.meta["model"] == "stand-in-1"
    assert document.meta["probabilities"] == {"entities": [0.5, 0.5, 0.5], "relations": [0.75, 0.75]}


@pytest.mark.parametrize("name", UNCONFIRMED)
def test_what_a_model_found_is_no_annotation_where_the_format_tells(tmp_path, name):
    write(name, tmp_path / "target", TEXT)
    [skipped] = FORMATS[name].read(tmp_path / "target")
    assert isinstance(skipped, Skipped)
    assert skipped.document.text == TEXT


def test_prodigy_gets_tasks_with_tokens_and_without_an_answer(tmp_path):
    write("prodigy", tmp_path / "target", TEXT)
    task = json.loads((tmp_path / "target").read_text())
    assert "answer" not in task
    assert [token["text"] for token in task["tokens"]] == TEXT.split()
    assert [(span["token_start"], span["token_end"]) for span in task["spans"]] == [(0, 0), (2, 2), (4, 4)]
    assert {(relation["head"], relation["child"]) for relation in task["relations"]} == {(0, 2), (2, 0)}
    assert (task["model"], task["probabilities"]["relations"]) == ("stand-in-1", [0.75, 0.75])


def test_label_studio_gets_predictions_with_scores(tmp_path):
    write("label_studio", tmp_path / "target", TEXT)
    [task] = json.loads((tmp_path / "target").read_text())
    [prediction] = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("stand-in-1", 0.5)
    assert [result.get("score") for result in prediction["result"]] == [0.5, 0.5, 0.5, 0.75, 0.75]
    assert [result["labels"] for result in prediction["result"] if result["type"] == "relation"] == [["Uses"], ["Uses"]]


def test_spacy_gets_entities_that_are_whole_words(tmp_path):
    import spacy
    from spacy.tokens import DocBin

    write("spacy", tmp_path / "target", TEXT)
    [doc] = DocBin().from_disk(tmp_path / "target").get_docs(spacy.blank("en").vocab)
    assert [span.text for span in doc.spans["entities"]] == ["Ann", "Bob", "She"]
    assert list(doc.user_data["relations"]) == [(1, 0, "Uses", None), (0, 1, "Uses", None)]


def test_what_a_format_cannot_hold_is_changed_and_counted(tmp_path):
    changes = write("brat", tmp_path / "target", TEXT)
    assert "entities without type, 3: their type is Entity" in changes
