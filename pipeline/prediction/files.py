"""Many files predicted by a cluster's workers: each becomes FILE.jsonl in one folder, its lines in order, whole or not at all.

A file is the unit. Which ones: found_files.py; which of them are done already: file_record.py.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.core import cluster, cluster_worker
from pipeline.core.cluster_work import Done, Work
from pipeline.core.cluster_worker import UnfitError
from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.core.manifests import MANIFEST
from pipeline.core.stage import progress
from pipeline.core.untrusted import json_text
from pipeline.model.manifest import SavedModel
from pipeline.prediction import file_record
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.file_record import RECORD, Standing, source, unusable_line
from pipeline.prediction.found_files import File
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request
from pipeline.prediction.streams import as_line, predicted, read_requests
from pipeline.prediction.types import Prediction


@dataclass(frozen=True)
class Job:
    """What all files of a run share; plain values."""

    model: str
    model_checksum: str
    encoder: str | None
    format: str
    output: str
    versions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, model: Path, encoder: Path | None, format: str, output: Path) -> Job:
        """The job of a model folder.

        Raises: InputError where it is none.
        """
        SavedModel.open(model)
        places = str(model.resolve()), checksum(model / MANIFEST), str(encoder.resolve()) if encoder else None
        return cls(*places, format, str(output.resolve()), cluster.versions())

    def as_row(self) -> dict[str, Any]:
        """What decides the bytes of the outputs, but for this package's code: a run may end after an update of it."""
        versions = {name: version for name, version in self.versions if name != cluster.CODE}
        return {"model": self.model_checksum, "format": self.format, "versions": versions}


@dataclass(frozen=True)
class Answered:
    """What became of a file: the texts in it and those that could not be used, or what is wrong with the file."""

    read: str  # its checksum, if it has outputs
    written: str = ""
    texts: int = 0
    unusable: int = 0
    problem: str | None = None


def standing(job: Job, found: Sequence[File]) -> Standing:
    """How far the files of a job are.

    Raises: InputError where its output has other files, or predictions of another model or of other files.
    """
    return file_record.standing(job.as_row(), Path(job.output), found)


def predict(job: Job, files: Sequence[File], where: str, seconds: float) -> Iterator[str]:
    """Predict files by a cluster.

    Yields: a line for people for each file that could not be used, or some texts of it.
    Raises: InputError where the cluster is gone, a worker sees other folders or another model, or a file fails everywhere.
    """
    output = Path(job.output)
    with (
        cluster.connected(where, cluster.OPTION) as client,
        cluster.marked(output) as mark,
        (output / RECORD).open("a", encoding="utf-8") as record,
        progress(len(files), "files") as advance,
    ):
        inputs = os.path.commonpath([os.path.dirname(file.path) for file in files])
        cluster.require_fit(client, check, job, str(mark), inputs)
        work = Work[File](client, answer, lambda file: (file, job, str(mark)), lambda file: file.path, seconds)
        for file, answered in work.results(files):
            row = {"file": file.name, "source": source(file, output), **asdict(answered)}
            if answered.problem is None:
                record.write(json_text(row) + "\n")
                record.flush()
            if line := answered.problem or unusable_line(file, row):
                yield line
            advance(1)


def check(job: Job, mark: str, inputs: str | None = None) -> str | None:
    """What keeps this worker from doing a job's files, if so.

    Args: inputs: the folder that they lie in; whoever comes late is not asked.
    """
    if problem := cluster_worker.check_place(mark, job.versions):
        return problem
    if inputs and not os.path.isdir(inputs):
        return f"it does not see the folder {inputs}"
    manifest = Path(job.model) / MANIFEST
    fits = manifest.is_file() and checksum(manifest) == job.model_checksum
    return None if fits else f"the model in {job.model} is not the driver's"


def answer(file: File, job: Job, mark: str) -> Done[Answered]:
    """Predict a file on a worker, and write its lines."""
    return cluster_worker.done(lambda threads: _answered(_loaded(job, mark, threads), file, job, mark))


def _answered(predictor: Predictor, file: File, job: Job, mark: str) -> Answered:
    """Raises: UnfitError where the run has ended meanwhile."""
    target = Path(job.output) / file.output
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        answered = _write(predictor, file.path, job.format, scratch)
        if not Path(mark).is_file():
            raise UnfitError("the run has ended")
        scratch.replace(target)
    except InputError as error:
        first = error.problems[0]
        return Answered("", problem=str(first if first.source.startswith(file.path) else first.at(file.path)))
    finally:
        scratch.unlink(missing_ok=True)
    return answered


def _write(predictor: Predictor, path: str, format: str, scratch: Path) -> Answered:
    """Raises: InputError where the file cannot be read."""
    with _reading(path):
        read = checksum(Path(path))
    n_texts = n_unusable = 0
    with scratch.open("w", encoding="utf-8") as lines:
        for batch in predicted(predictor, _requests(path, format)):
            n_texts += len(batch)
            n_unusable += sum(not isinstance(given, Prediction | Extraction) for _, given in batch)
            lines.writelines(as_line(asked, given) for asked, given in batch)
    return Answered(read, checksum(scratch), n_texts, n_unusable)


def _requests(path: str, format: str) -> Iterator[Request]:
    with _reading(path):
        yield from read_requests(path, format)


@contextlib.contextmanager
def _reading(path: str) -> Iterator[None]:
    """An error of the system within the block is one of the file that is read, not of a worker's disk."""
    try:
        yield
    except OSError as error:
        found = f"it cannot be read: {error.strerror or error}"
        raise InputError.of(path, found, "check that it is there and that workers may read it") from None


def _loaded(job: Job, mark: str, threads: int) -> Predictor:
    """The predictor of a job.

    Raises: UnfitError where this worker is not fit for the job.
    """
    if problem := check(job, mark):
        raise UnfitError(problem)
    model, encoder = Path(job.model), Path(job.encoder) if job.encoder else None
    return cluster_worker.kept((job.model, job.model_checksum, job.encoder), threads, lambda: Predictor(model, encoder, threads))
