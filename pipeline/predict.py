"""Predict entities and relations from the command line: text in, JSON lines out, in order, as they come.

    python -m pipeline.predict models/relation --text "Ann Lee founded Acme in Oslo. She left it last year."
    python -m pipeline.predict models/relation --text "The <e1>rain</e1> caused a <e2>flood</e2>."
    python -m pipeline.predict models/relation --format jsonl sentences.jsonl > predictions.jsonl
    python -m pipeline.predict models/relation --format brat papers --to label_studio --output tasks.json
    python -m pipeline.predict models/relation --cluster local:2 "texts/*.txt" --output predictions
    tail -f log.txt | python -m pipeline.predict models/relation --pretty terminal

What each format looks like: pipeline/prediction/readers.py; auto tells it by the content of the file or folder. Plain text gives
its entities and the relations between them (pipeline/prediction/extractions.py), a sentence with two marked entities the relation
of these (pipeline/prediction/types.py); "line" is where it began. The relation of a marked pair that is its "negative_label" says
that none of the others holds. What cannot be used gives {"line": ..., "error": ..., "hint": ...} in its place; the exit code is
then 1 at the end. With --to, predictions are written as documents of a format, and errors alone come out here; so do documents that
the format cannot hold.
With --cluster, each file of a folder or a pattern is predicted by a worker into a file of its own (pipeline/prediction/files.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.core import outputs
from pipeline.core.constraints import Address
from pipeline.core.errors import InputError, Problem, listed
from pipeline.core.outputs import made_new, require_apart
from pipeline.core.params import FormatName
from pipeline.core.stage import finite, log, run
from pipeline.core.wording import counted
from pipeline.corpus.conversion import Counts
from pipeline.prediction import extractions, files, found_files, targets
from pipeline.prediction.drawing import DRAWINGS, Drawing
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request
from pipeline.prediction.streams import as_line, predicted, read_requests
from pipeline.prediction.types import Prediction

Format = Literal["text", "jsonl", "semeval", "auto", FormatName]  # the keys of READERS, auto, and the other keys of FORMATS
Written = Literal["jsonl", "brat", "label_studio", "prodigy", "doccano", "spacy", "datasets"]  # targets.NAMES
Pretty = Literal["html", "terminal"]  # the keys of DRAWINGS
FILE_SECONDS = 3_600


LINES = Drawing("", as_line, "")


def main(
    model: Annotated[Path, typer.Argument(help="the model folder, such as models/relation")],
    file: Annotated[str, typer.Argument(help="what to predict; - for standard input")] = "-",
    text: Annotated[str | None, typer.Option(help="one text, instead of a file")] = None,
    format: Annotated[Format, typer.Option(help="of the file")] = "text",
    encoder: Annotated[Path | None, typer.Option(help="the encoder's folder (default: in the model folder or beside it)")] = None,
    pretty: Annotated[Pretty | None, typer.Option(help="draw for people instead of JSON lines")] = None,
    to: Annotated[Written | None, typer.Option(help="write documents of this format")] = None,
    output: Annotated[Path | None, typer.Option(help="with --to or --cluster: what to write, whole or not at all")] = None,
    cluster: Annotated[str | None, typer.Option(help="predict many files by Dask: local:4, tcp://host:8786 ...")] = None,
    seconds: Annotated[
        float, typer.Option(help="with --cluster: before another worker tries", min=1, callback=finite)
    ] = FILE_SECONDS,
) -> int:
    """Predict entities and relations: text in, JSON lines out, in order, as they come."""
    if text is not None and file != "-":
        raise typer.BadParameter("give a file or --text, not both")
    if text is not None and format != "text":
        raise typer.BadParameter(f"--text is plain text: give {format} as a file or standard input")
    if file == "-" and format not in READERS:
        raise typer.BadParameter(f"--format {format} reads a file or a folder, not standard input")
    if cluster and format == "brat":
        raise typer.BadParameter("--cluster reads each file by itself, and a document of brat is two: convert the folder first")
    if cluster and output and not (to or pretty or text) and file != "-":
        return predict_files(files.Job.of(model, encoder, format, output), file, cluster, seconds)
    if cluster:
        raise typer.BadParameter("--cluster reads a folder or a pattern of files and needs --output; not --to, --pretty or --text")
    if (to is None) != (output is None):
        raise typer.BadParameter("give --to and --output, or neither")
    if to and pretty:
        raise typer.BadParameter("give --to or --pretty, not both")
    requests = read_requests(file, format) if text is None else iter([Request.of(1, None, text)])
    if to and output:
        require_apart(output, [model] if file == "-" else [model, Path(file)])
        return write_documents(Predictor(model, encoder), requests, to, output)
    return write_predictions(Predictor(model, encoder), requests, DRAWINGS[pretty] if pretty else LINES)


def write_predictions(predictor: Predictor, requests: Iterable[Request], drawing: Drawing) -> int:
    """Answer the requests on standard output, as they come; the exit code is 1 where one of them could not be used."""
    sys.stdout.write(drawing.head)
    n_failed = 0
    for batch in predicted(predictor, requests):
        for asked, answer in batch:
            n_failed += not isinstance(answer, Prediction | Extraction)
            sys.stdout.write(drawing.show(asked, answer))
        sys.stdout.flush()
    sys.stdout.write(drawing.tail)
    return exit_code(n_failed)


def write_documents(predictor: Predictor, requests: Iterable[Request], to: Written, output: Path) -> int:
    """Write the answers as documents, and what could not be used to standard output.

    Raises: InputError where a document is more than the format can hold, and no other can be written because of it.
    """
    failed: list[Request] = []
    counts, last = Counts(), Request(0, None, ())

    def fail(asked: Request, problems: Sequence[Problem]) -> None:
        failed.append(asked)
        sys.stdout.write(as_line(asked, problems))

    def extracted() -> Iterator[Extraction]:
        nonlocal counts, last
        for batch in predicted(predictor, requests):
            for asked, answer in batch:
                if not isinstance(answer, Prediction | Extraction):
                    fail(asked, answer)
                    continue
                last, n_failed = asked, len(failed)
                extraction = answer if isinstance(answer, Extraction) else extractions.of_marked(asked.document, answer)
                yield extraction
                counts = counts.plus([extraction.annotated()] if n_failed == len(failed) else [])

    with made_new(output) as scratch:
        try:
            model = targets.Model(predictor.version, predictor.tokenize)
            changes = targets.write(extracted(), to, scratch, model, lambda problem: fail(last, [problem]))
        except ValueError as error:
            raise InputError.of(output, f"{to} cannot hold a document: {error}", targets.NARROW, "format-narrow") from None
    for line in changes:
        log(f"predict: changed: {line}")
    log(f"predict: {counts} in {output}")
    return exit_code(len(failed))


def predict_files(job: files.Job, given: str, where: str, seconds: float) -> int:
    """Predict each of many files into one of its own; the exit code is 1 where a file or a text could not be used."""
    if not Address().allows(where):
        raise typer.BadParameter(f"--cluster is {Address().describe('')}")
    with outputs.locked(Path(job.output)):
        found, skipped = found_files.find(given, Path(job.output)), found_files.skipped(given)
        for folder in skipped.links:
            log(f"predict: {folder} is a link to a folder, which is not followed: name it by itself, with an output of its own")
        standing = files.standing(job, found)
        log(f"predict: {counted(len(found), 'file')}, {len(found) - len(standing.waiting):,} of them there already")
        if standing.left:
            log(f"predict: predictions whose file is gone: {listed(standing.left)}")
        unreadable = (f"{folder}: a folder that cannot be read" for folder in skipped.unreadable)
        predicted = files.predict(job, standing.waiting, where, seconds) if standing.waiting else ()
        failed = False
        for line in chain(unreadable, standing.unusable, predicted):
            log(f"predict: {line}")
            failed = True
    return int(failed)


def exit_code(n_failed: int) -> int:
    """1 where something could not be used, which is said, else 0."""
    if n_failed:
        log(f"predict: {n_failed} of the texts could not be used")
    return int(n_failed > 0)


if __name__ == "__main__":
    run(main)
