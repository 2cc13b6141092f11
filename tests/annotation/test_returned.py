"""Exports of tools read back: who said what, and what nobody has said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.annotation.returned import _sortable, read_export
from pipeline.core.errors import InputError

REGION = {"id": "a", "type": "labels", "from_name": "label", "to_name": "text"}
ANN = {**REGION, "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["Person"]}}


def task(*annotations: dict, **more: object) -> dict:
    return {"id": 90, "data": {"text": "Ann left.", "review_id": "7"}, "annotations": list(annotations), "predictions": [1], **more}


def export(folder: Path, *tasks: dict) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def test_each_annotation_of_a_task_is_one_version_with_who_and_when(tmp_path):
    bare = {"result": [], "completed_by": 2, "created_at": "2026-01-02T00:00:00Z"}
    one = {"result": [ANN], "completed_by": {"id": 1, "email": "ann@example.com"}, "updated_at": "2026-01-01T00:00:00Z"}
    versions, tool = read_export(export(tmp_path, task(one, bare)))
    assert tool == "label_studio"
    assert [(each.id, each.annotator, each.when, each.is_confirmed) for each in versions] == [
        ("7", "ann@example.com", "2026-01-01T00:00:00Z", True),
        ("7", "2", "2026-01-02T00:00:00Z", True),
    ]
    assert [len(each.document.entities) for each in versions] == [1, 0]
    assert versions[0].document.entities[0].id == "a"


def test_predictions_are_nobodys_and_a_skipped_task_is_told(tmp_path):
    skipped = {"result": [ANN], "was_cancelled": True, "completed_by": 1}
    versions, _ = read_export(export(tmp_path, task(), task(skipped)))
    assert [(each.state, each.id) for each in versions] == [("untouched", "7"), ("skipped", "7")]


def test_an_answer_of_prodigy_is_confirmed_rejected_skipped_or_left_open(tmp_path):
    path = tmp_path / "export.jsonl"
    row = {
        "text": "Ann left.",
        "meta": {"review_id": 7},
        "spans": [],
        "relations": [],
        "_timestamp": 5,
        "_session_id": "ann",
    }
    rows = [{**row, "answer": answer} for answer in ("accept", "reject", "ignore")] + [row]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    versions, _ = read_export(path)
    assert [(each.id, each.state, each.is_confirmed) for each in versions] == [
        ("7", "annotated", True),
        ("7", "rejected", False),
        ("7", "skipped", False),
        ("7", "untouched", False),
    ]
    assert {each.annotator for each in versions} == {"ann"}
    assert versions[0].when == f"{5:023.6f}"


def test_files_of_a_folder_are_an_annotator_each(tmp_path):
    for name in ("ann", "bob"):
        line = {"id": 1, "text": "Ann left.", "entities": [], "relations": [], "Comments": [], "review_id": "7"}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line) + "\n")
    versions, tool = read_export(tmp_path)
    assert tool == "doccano"
    assert [(each.annotator, each.id) for each in versions] == [("ann", "7"), ("bob", "7")]


def test_all_that_is_wrong_with_an_export_is_told(tmp_path):
    bad = {"result": 3}
    with pytest.raises(InputError) as error:
        read_export(export(tmp_path, task(bad), task(bad)))
    assert len(error.value.problems) == 2


def test_times_with_and_without_a_fraction_sort_by_time():
    times = [5, 5.5, 6, 1700000000, 1700000000.25, 1700000001]
    assert sorted(map(_sortable, times)) == list(map(_sortable, times))
    assert [_sortable(each) for each in (None, "5", float("nan"), float("inf"), 10**400, -1)] == [""] * 6
