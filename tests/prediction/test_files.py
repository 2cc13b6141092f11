"""Many files predicted by workers, which are threads of this process, their predictor a stand-in."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import cluster
from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.core.manifests import MANIFEST
from pipeline.prediction import files, found_files
from pipeline.prediction.drawing import Answer
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.file_record import RECORD, Standing
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
    waiting = standing(job, given).waiting
    return list(files.predict(job, waiting, two_workers, seconds=60)) if waiting else []


def standing(job: Job, given: Path) -> Standing:
    return files.standing(job, found_files.find(str(given), Path(job.output)))


def outputs(job: Job) -> dict[str, list[dict[str, Any]]]:
    """The lines of each output by its name; there is nothing else but the record."""
    paths = [path for path in Path(job.output).rglob("*") if path.is_file() and path.name != RECORD]
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
    record = tmp_path / "out" / RECORD
    record.write_text(record.read_text()[:-20])
    assert len(standing(job, tmp_path / "texts").waiting) == 1


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
    files.standing(job, [])
    other = Job(job.model, "0" * 32, None, "text", job.output, job.versions)
    with pytest.raises(InputError, match="predictions are of another model"):
        files.standing(other, [])


def test_a_folder_with_files_of_somebody_is_refused(job: Job, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is something already"):
        files.standing(Job(job.model, "", None, "text", str(tmp_path / "texts"), ()), [])


def test_a_worker_with_another_model_is_refused(job: Job, tmp_path: Path, two_workers: str) -> None:
    other = Job(job.model, "0" * 32, None, "text", job.output, job.versions)
    with pytest.raises(InputError, match="is not the driver's"):
        predict(other, tmp_path / "texts", two_workers)


def test_a_worker_that_does_not_see_the_inputs_is_refused(job: Job, tmp_path: Path, two_workers: str) -> None:
    waiting = standing(job, tmp_path / "texts").waiting
    (tmp_path / "texts").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"it does not see the folder .*/texts"):
        list(files.predict(job, waiting, two_workers, seconds=60))


def test_a_file_that_is_gone_meanwhile_is_told_and_the_others_are_predicted(job: Job, tmp_path: Path, two_workers: str) -> None:
    waiting = standing(job, tmp_path / "texts").waiting
    (tmp_path / "texts/0/2.txt").unlink()
    [said] = files.predict(job, waiting, two_workers, seconds=60)
    assert re.search(r"texts/0/2.txt: it cannot be read: No such file or directory\n  hint: check", said)
    assert len(outputs(job)) == 3


def test_a_file_that_cannot_be_read_is_told_with_its_hint(job: Job, tmp_path: Path, two_workers: str) -> None:
    (tmp_path / "texts/0/0.txt").unlink()
    (tmp_path / "texts/0/0.txt").symlink_to("nowhere")
    [said] = predict(job, tmp_path / "texts", two_workers)
    assert "it cannot be read: No such file" in said
    assert len(outputs(job)) == 3


def test_a_full_disk_is_the_worker_s_and_not_the_file_s(
    job: Job, tmp_path: Path, two_workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(asked: Request, answer: Answer) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "as_line", full)
    with pytest.raises(InputError, match="fails everywhere: the disk is full"):
        predict(job, tmp_path / "texts", two_workers)


def test_the_code_of_this_package_decides_which_worker_is_fit_and_not_what_is_done() -> None:
    here = Job("model", "", None, "text", "out", (("numpy", "1"), (cluster.CODE, "a")))
    assert here.as_row()["versions"] == {"numpy": "1"}
