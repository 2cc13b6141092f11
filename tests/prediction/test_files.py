"""Many files predicted by workers, which are threads of this process, their predictor a stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import cluster
from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.core.manifests import MANIFEST
from pipeline.prediction import files
from pipeline.prediction.drawing import Answer
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.files import Job
from pipeline.prediction.readers import Request

pytestmark = pytest.mark.xdist_group("cluster")
PREDICTED: list[str] = []  # texts, in the order in which workers had them


def stand_in(predictor: object, requests: Iterable[Request]) -> Iterator[list[tuple[Request, Answer]]]:
    for asked in requests:
        if isinstance(asked.content, tuple):
            yield [(asked, asked.content)]
        else:
            PREDICTED.append(asked.document.text)
            yield [(asked, Extraction(asked.document, (), (), None))]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(files, "predicted", stand_in)
    monkeypatch.setattr(files, "_loaded", lambda job, mark, threads: None)
    PREDICTED.clear()
    model = tmp_path / "model"
    model.mkdir()
    (model / MANIFEST).write_text("{}")
    for number in range(4):
        path = tmp_path / f"texts/{number % 2}/{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first of {number}\nsecond of {number}\n")
    return Job(str(model), checksum(model / MANIFEST), None, "text", str(tmp_path / "out"), cluster.versions())


def predict(job: Job, given: Path, two_workers: str) -> list[str]:
    waiting = files.waiting(job, files.find(str(given), Path(job.output)))
    return list(files.predict(job, waiting, two_workers, seconds=60))


def outputs(job: Job) -> dict[str, list[dict[str, Any]]]:
    """The lines of each output by its name; there is nothing else but the record."""
    paths = [path for path in Path(job.output).rglob("*") if path.is_file() and path.name != files.RECORD]
    names = [path.relative_to(job.output).as_posix() for path in paths]
    return {name: list(map(json.loads, path.read_text().splitlines())) for name, path in zip(names, paths, strict=True)}


def test_every_file_has_an_output_with_its_lines_in_order(job: Job, tmp_path: Path, two_workers: str) -> None:
    assert predict(job, tmp_path / "texts", two_workers) == []
    made = outputs(job)
    assert sorted(made) == ["0/0.txt.jsonl", "0/2.txt.jsonl", "1/1.txt.jsonl", "1/3.txt.jsonl"]
    assert [row["text"] for row in made["1/3.txt.jsonl"]] == ["first of 3", "second of 3"]


def test_only_what_is_new_or_changed_is_predicted_again(job: Job, tmp_path: Path, two_workers: str) -> None:
    predict(job, tmp_path / "texts", two_workers)
    (tmp_path / "texts/0/0.txt").write_text("changed\n")
    (tmp_path / "texts/new.txt").write_text("new\n")
    (tmp_path / "out/1/3.txt.jsonl").write_text("{}\n")
    PREDICTED.clear()
    predict(job, tmp_path / "texts", two_workers)
    assert sorted(PREDICTED) == ["changed", "first of 3", "new", "second of 3"]
    assert [row["text"] for row in outputs(job)["0/0.txt.jsonl"]] == ["changed"]


def test_a_record_whose_last_line_is_torn_loses_that_file_alone(job: Job, tmp_path: Path, two_workers: str) -> None:
    predict(job, tmp_path / "texts", two_workers)
    record = tmp_path / "out" / files.RECORD
    record.write_text(record.read_text()[:-20])
    assert len(files.waiting(job, files.find(str(tmp_path / "texts"), tmp_path / "out"))) == 1


def test_texts_that_cannot_be_used_are_told_and_the_others_are_predicted(job: Job, tmp_path: Path, two_workers: str) -> None:
    (tmp_path / "texts/0/0.txt").write_text("good\n<e1>unusable\n")
    [said] = predict(job, tmp_path / "texts", two_workers)
    assert said.endswith("texts/0/0.txt: 1 of 2 texts could not be used")
    assert "error" in outputs(job)["0/0.txt.jsonl"][1]


def test_a_file_that_cannot_be_read_is_told_and_has_no_output(job: Job, tmp_path: Path, two_workers: str) -> None:
    said = predict(replace(job, format="auto"), tmp_path / "texts", two_workers)
    assert sum("this is no format that we know" in line for line in said) == 4
    assert outputs(job) == {}


def test_predictions_of_another_model_are_not_mixed(job: Job, tmp_path: Path) -> None:
    files.waiting(job, [])
    other = Job(job.model, "0" * 32, None, "text", job.output, job.versions)
    with pytest.raises(InputError, match="predictions are of another model"):
        files.waiting(other, [])


def test_a_folder_with_files_of_somebody_is_refused(job: Job, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is something already"):
        files.waiting(Job(job.model, "", None, "text", str(tmp_path / "texts"), ()), [])


def test_a_pattern_names_files_below_the_folder_before_it(job: Job, tmp_path: Path) -> None:
    found = files.find(str(tmp_path / "texts/*/[12].txt"), tmp_path / "out")
    assert [file.name for file in found] == ["0/2.txt", "1/1.txt"]


@pytest.mark.parametrize(("given", "output"), [("texts", "texts/out"), ("texts/*/*.txt", "texts/0"), ("texts/none*", "out")])
def test_no_file_and_an_output_among_the_inputs_are_errors(job: Job, tmp_path: Path, given: str, output: str) -> None:
    with pytest.raises(InputError):
        files.find(str(tmp_path / given), tmp_path / output)


def test_a_worker_with_another_model_is_refused(job: Job, tmp_path: Path, two_workers: str) -> None:
    other = Job(job.model, "0" * 32, None, "text", job.output, job.versions)
    with pytest.raises(InputError, match="is not the driver's"):
        predict(other, tmp_path / "texts", two_workers)
