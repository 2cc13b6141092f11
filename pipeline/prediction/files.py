"""Many files predicted by a cluster's workers: each becomes FILE.jsonl in one folder, its lines in order, whole or not at all.

A file is the unit. .predicted.jsonl in that folder names the model in its first line, then every file that is done with the
checksums of what was read and written: those that are still so are not predicted again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from glob import has_magic
from pathlib import Path
from typing import Any

from pipeline.core import cluster, cluster_worker
from pipeline.core.cluster_work import Done, Work
from pipeline.core.errors import InputError
from pipeline.core.files import checksum, write_lines
from pipeline.core.manifests import MANIFEST
from pipeline.core.outputs import require_apart
from pipeline.core.stage import progress
from pipeline.core.untrusted import json_text
from pipeline.model.manifest import SavedModel
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.streams import as_line, predicted, read_requests
from pipeline.prediction.types import Prediction

RECORD = ".predicted.jsonl"  # no output is hidden, as no file that is found


@dataclass(frozen=True)
class File:
    """A file to predict, and its name in the folder of outputs, to which .jsonl is added."""

    path: str
    name: str


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
        """What decides the bytes of the outputs."""
        return {"model": self.model_checksum, "format": self.format, "versions": dict(self.versions)}


@dataclass(frozen=True)
class Answered:
    """What became of a file: the texts in it and those that could not be used, or what is wrong with the file."""

    read: str  # its checksum
    written: str = ""
    texts: int = 0
    unusable: int = 0
    problem: str | None = None


def find(given: str, output: Path) -> list[File]:
    """The files of a folder and below, or of a pattern; none whose name or folder begins with a dot.

    Raises: InputError where there is none, or one lies in the output.
    """
    parts = Path(given).parts
    fixed = next((place for place, part in enumerate(parts) if has_magic(part)), len(parts))
    base, pattern = Path(*parts[:fixed]), "/".join(parts[fixed:]) or "**/*"
    if base.is_file():
        return [File(str(base.resolve()), base.name)]
    if pattern == "**/*":
        require_apart(output, [base])
    paths = sorted(path for path in base.glob(pattern) if path.is_file())
    names = [path.relative_to(base) for path in paths]
    found = [
        File(str(path.resolve()), name.as_posix())
        for path, name in zip(paths, names, strict=True)
        if not any(part.startswith(".") for part in name.parts)
    ]
    if not found:
        raise InputError.of(given, "there is no such file", "name a file, a folder, or a pattern in quotes")
    if inside := [file.path for file in found if output.resolve() in Path(file.path).parents]:
        raise InputError.of(inside[0], f"it lies in the output {output}", "name another output")
    return found


def waiting(job: Job, found: Sequence[File]) -> list[File]:
    """The files that are still to be predicted; what a killed run left half-written goes.

    Raises: InputError where the output folder has other files, or predictions of another model.
    """
    output = Path(job.output)
    record = output / RECORD
    if output.exists() and not record.is_file() and (not output.is_dir() or any(output.iterdir())):
        raise InputError.of(output, f"there is something already, and no {RECORD}", "name a place where nothing is, or move it")
    rows = _rows(record)
    if rows and rows[0] != job.as_row():
        found_other = "its predictions are of another model, format or version"
        raise InputError.of(output, found_other, "name another folder, or remove this one to predict all again")
    output.mkdir(parents=True, exist_ok=True)
    for left in output.rglob("*.partial"):
        left.unlink()
    done = {str(row.get("file")): row for row in rows[1:]}
    still = {file.name for file in found if _is_done(output, file, done.get(file.name))}
    write_lines(record, [job.as_row(), *(row for name, row in done.items() if name in still)])
    return [file for file in found if file.name not in still]


def _rows(record: Path) -> list[dict[str, Any]]:
    """The lines of a record that are whole: its last one may be torn, and that file is predicted again."""
    rows = []
    for line in record.read_text(encoding="utf-8", errors="replace").splitlines() if record.is_file() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows += [row] if isinstance(row, dict) else []
    return rows


def _is_done(output: Path, file: File, row: dict[str, Any] | None) -> bool:
    written = output / f"{file.name}.jsonl"
    return (
        row is not None
        and written.is_file()
        and [checksum(Path(file.path)), checksum(written)] == [row.get("read"), row.get("written")]
    )


def predict(job: Job, files: Sequence[File], where: str, seconds: float) -> Iterator[str]:
    """Predict files by a cluster.

    Yields: a line for people for each file that could not be used, or some texts of it.
    Raises: InputError where the cluster is gone, a worker sees other folders or another model, or a file fails everywhere.
    """
    output = Path(job.output)
    with (
        cluster.connected(where) as client,
        cluster.marked(output) as mark,
        (output / RECORD).open("a", encoding="utf-8") as record,
        progress(len(files), "files") as advance,
    ):
        cluster.require_fit(client, check, job, str(mark))
        work = Work[File](client, answer, lambda file: (file, job, str(mark)), lambda file: file.path, seconds)
        for file, answered in work.results(files):
            if answered.problem is None:
                record.write(json_text({"file": file.name, **asdict(answered)}) + "\n")
                record.flush()
            if answered.problem or answered.unusable:
                yield f"{file.path}: {answered.problem or f'{answered.unusable:,} of {answered.texts:,} texts could not be used'}"
            advance(1)


def check(job: Job, mark: str) -> str | None:
    """What keeps this worker from doing a job's files, if so."""
    if problem := cluster_worker.check_place(mark, job.versions):
        return problem
    manifest = Path(job.model) / MANIFEST
    fits = manifest.is_file() and checksum(manifest) == job.model_checksum
    return None if fits else f"the model in {job.model} is not the driver's"


def answer(file: File, job: Job, mark: str) -> Done[Answered]:
    """Predict a file on a worker, and write its lines."""
    return cluster_worker.done(lambda threads: _write(_loaded(job, mark, threads), file, job, mark))


def _write(predictor: Predictor, file: File, job: Job, mark: str) -> Answered:
    """Raises: InputError where the run has ended meanwhile."""
    read, n_texts, n_unusable = checksum(Path(file.path)), 0, 0
    target = Path(job.output) / f"{file.name}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        with scratch.open("w", encoding="utf-8") as lines:
            for batch in predicted(predictor, read_requests(file.path, job.format)):
                n_texts += len(batch)
                n_unusable += sum(not isinstance(given, Prediction | Extraction) for _, given in batch)
                lines.writelines(as_line(asked, given) for asked, given in batch)
        written = checksum(scratch)
        if not Path(mark).is_file():
            raise OSError(None, "the run has ended")
        scratch.replace(target)
    except InputError as error:
        return Answered(read, problem=str(error.problems[0].found))
    finally:
        scratch.unlink(missing_ok=True)
    return Answered(read, written, n_texts, n_unusable)


def _loaded(job: Job, mark: str, threads: int) -> Predictor:
    """The predictor of a job.

    Raises: InputError where this worker is not fit for the job.
    """
    if problem := check(job, mark):
        raise InputError.of("worker", problem, "")
    model, encoder = Path(job.model), Path(job.encoder) if job.encoder else None
    return cluster_worker.kept((job.model, job.model_checksum, job.encoder), threads, lambda: Predictor(model, encoder, threads))
