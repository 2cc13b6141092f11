"""Tasks with predictions: what a model says, with its scores, under the keys of Label Studio."""

import json

import pytest

from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, Skipped
from pipeline.corpus.formats import label_studio, label_studio_predictions
from pipeline.corpus.formats.label_studio_predictions import Predicted

TEXT = "😀 Ann founded Acme."
ENTITIES = (Entity("T1", (Span(2, 5),), "PER"), Entity("T2", (Span(14, 18),)))
DOCUMENT = Document("3", "a:1", TEXT, ENTITIES, (Relation("T1", "T2", "Founded(e2,e1)"),), meta={"page": 4})


def written(tmp_path, *predicted):
    path = tmp_path / "tasks.json"
    label_studio_predictions.write(predicted, path, "relation-1")
    return json.loads(path.read_text())


def test_a_task_has_its_data_and_one_prediction(tmp_path):
    [task] = written(tmp_path, Predicted(DOCUMENT, [0.9, None], [0.25]))
    assert (task["id"], task["data"], "annotations" in task) == (3, {"text": TEXT, "page": 4}, False)
    [prediction] = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("relation-1", 0.25)
    first, second, relation = prediction["result"]
    assert first == {
        **{"id": "T1", "type": "labels", "from_name": "label", "to_name": "text", "score": 0.9},
        "value": {"start": 2, "end": 5, "text": "Ann", "labels": ["PER"]},
    }
    assert (second["value"]["labels"], "score" in second) == ([], False)
    assert relation == {
        **{"type": "relation", "from_id": "T2", "to_id": "T1", "direction": "right"},
        **{"labels": ["Founded"], "score": 0.25},
    }


def test_a_text_in_which_nothing_is_found_has_a_prediction_without_score(tmp_path):
    [task] = written(tmp_path, Predicted(Document("a", "a:1", "No.", (), ()), [], []))
    assert task["predictions"] == [{"model_version": "relation-1", "result": []}]


def test_predictions_are_no_annotations_where_they_are_read_again(tmp_path):
    written(tmp_path, Predicted(DOCUMENT, [0.9, 0.8], [0.25]))
    path = tmp_path / "tasks.json"
    assert label_studio.recognises(path)
    [skipped] = label_studio.read(path)
    assert isinstance(skipped, Skipped)
    assert (skipped.document.text, skipped.document.entities) == (TEXT, ())


def test_there_is_a_score_for_each_result(tmp_path):
    with pytest.raises(ValueError, match="shorter"):
        written(tmp_path, Predicted(DOCUMENT, [0.9], [0.25]))


def test_a_document_that_cannot_be_held_leaves_no_file(tmp_path):
    fragments = Document("a", "a:1", TEXT, (Entity("T1", (Span(0, 1), Span(2, 5))),), ())
    with pytest.raises(ValueError, match="cannot hold fragments"):
        written(tmp_path, Predicted(fragments, [0.9], []))
    assert list(tmp_path.iterdir()) == []
