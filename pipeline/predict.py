"""Predict entities and relations from the command line: text in, JSON lines out, in order, as they come.

    python -m pipeline.predict models/relation --text "Ann Lee founded Acme in Oslo. She left it last year."
    python -m pipeline.predict models/relation --text "The <e1>rain</e1> caused a <e2>flood</e2>."
    python -m pipeline.predict models/relation --format jsonl sentences.jsonl > predictions.jsonl
    python -m pipeline.predict models/relation --format brat papers --to label_studio --output tasks.json
    tail -f log.txt | python -m pipeline.predict models/relation --pretty terminal

What each format looks like: pipeline/prediction/readers.py; auto tells it by the content of the file or folder. Plain text gives
its entities and the relations between them (pipeline/prediction/extractions.py), a sentence with two marked entities the relation
of these (pipeline/prediction/types.py); "line" is where it began. The relation of a marked pair that is its "negative_label" says
that none of the others holds. What cannot be used gives {"line": ..., "error": ..., "hint": ...} in its place; the exit code is
then 1 at the end. With --to, predictions are written as documents of a format, and errors alone come out here.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, TypeVar

import typer

from pipeline.core.errors import InputError
from pipeline.core.outputs import made_new, require_apart
from pipeline.core.stage import log, run
from pipeline.core.untrusted import json_text
from pipeline.corpus.conversion import Counts
from pipeline.corpus.formats.sources import find_sources
from pipeline.corpus.formats.text_lines import decode
from pipeline.prediction import extractions, targets
from pipeline.prediction.answers import answers, as_json
from pipeline.prediction.drawing import DRAWINGS, Answer, Drawing
from pipeline.prediction.extractions import BATCH_CHARACTERS, Extraction
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request, read_documents
from pipeline.prediction.types import Prediction

Item = TypeVar("Item")
# fmt: off
Format = Literal[  # the keys of READERS, auto, and the other keys of FORMATS
    "text", "jsonl", "semeval", "auto", "opennre", "tacred", "spert", "dygie", "fewrel",
    "brat", "label_studio", "prodigy", "doccano", "conll", "tsv",
]
# fmt: on
Written = Literal["jsonl", "brat", "label_studio", "prodigy", "doccano", "spacy", "datasets"]  # targets.NAMES
Pretty = Literal["html", "terminal"]  # the keys of DRAWINGS
STDIN = 0
REQUEST_CHARACTERS = 100  # what a request takes beside its text


def as_line(asked: Request, answer: Answer) -> str:
    """A JSON line."""
    return json_text(as_json(asked, answer)) + "\n"


LINES = Drawing("", as_line, "")


def one(item: object) -> int:
    """The weight of an item where all weigh the same."""
    return 1


def as_they_come(items: Iterable[Item], size: int, weight: Callable[[Item], int] = one) -> Iterator[list[Item]]:
    """Batches of what has arrived so far, of at most this size or of one item: full ones of a file, single ones of somebody typing.

    No more than a batch is read ahead. An error of the items is raised after those before it.
    """
    arrived: deque[Item] = deque()
    held = 0  # the weight of what has arrived
    changed = threading.Condition()
    ended: list[Exception | None] = []

    def put(item: Item) -> None:
        nonlocal held
        with changed:
            changed.wait_for(lambda: not arrived or held + weight(item) <= size)
            arrived.append(item)
            held += weight(item)
            changed.notify()

    def read() -> None:
        error = None
        try:
            for item in items:
                put(item)
        except Exception as raised:
            error = raised
        with changed:
            ended.append(error)
            changed.notify()

    threading.Thread(target=read, daemon=True).start()
    while not ended or arrived:
        with changed:
            changed.wait_for(lambda: arrived or ended)
            batch, held = list(arrived), 0
            arrived.clear()
            changed.notify()
        if batch:
            yield batch
    if error := ended[0]:
        raise error


def open_bytes(name: str) -> BinaryIO:
    """A file, or standard input: as its descriptor, for /dev/stdin cannot be opened where a socket stands behind it."""
    return open(STDIN, "rb", closefd=False) if name == "-" else Path(name).open("rb")


def read_requests(file: str, format: Format) -> Iterator[Request]:
    """What is asked of a file, a folder or standard input.

    Raises: InputError where it is in no format that we know, or in another one.
    """
    if format in READERS:
        return READERS[format](decode(open_bytes(file)))
    path = Path(file)
    sources = find_sources(path, None if format == "auto" else format)
    if [source.path for source in sources] == [path] and sources[0].format in READERS:
        return READERS[sources[0].format](decode(open_bytes(file)))
    return read_documents(sources, path)


def main(
    model: Annotated[Path, typer.Argument(help="the model folder, such as models/relation")],
    file: Annotated[str, typer.Argument(help="what to predict; - for standard input")] = "-",
    text: Annotated[str | None, typer.Option(help="one text, instead of a file")] = None,
    format: Annotated[Format, typer.Option(help="of the file")] = "text",
    encoder: Annotated[Path | None, typer.Option(help="the encoder's folder (default: in the model folder or beside it)")] = None,
    pretty: Annotated[Pretty | None, typer.Option(help="draw for people instead of JSON lines")] = None,
    to: Annotated[Written | None, typer.Option(help="write documents of this format")] = None,
    output: Annotated[Path | None, typer.Option(help="with --to: the file or folder to write, whole or not at all")] = None,
) -> int:
    """Predict entities and relations: text in, JSON lines out, in order, as they come."""
    if text is not None and file != "-":
        raise typer.BadParameter("give a file or --text, not both")
    if text is not None and format != "text":
        raise typer.BadParameter(f"--text is plain text: give {format} as a file or standard input")
    if file == "-" and format not in READERS:
        raise typer.BadParameter(f"--format {format} reads a file or a folder, not standard input")
    if (to is None) != (output is None):
        raise typer.BadParameter("give --to and --output, or neither")
    if to and pretty:
        raise typer.BadParameter("give --to or --pretty, not both")
    requests = read_requests(file, format) if text is None else iter([Request.of(1, None, text)])
    if to and output:
        require_apart(output, [model] if file == "-" else [model, Path(file)])
        return write_documents(Predictor(model, encoder), requests, to, output)
    return write_predictions(Predictor(model, encoder), requests, DRAWINGS[pretty] if pretty else LINES)


def predicted(predictor: Predictor, requests: Iterable[Request]) -> Iterator[list[tuple[Request, Answer]]]:
    """The requests of each batch with their answers, as they come."""
    for batch in as_they_come(requests, BATCH_CHARACTERS, lambda asked: REQUEST_CHARACTERS + asked.n_characters):
        yield list(answers(predictor, batch))


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

    Raises: InputError where a document is more than the format can hold.
    """
    failed: list[Request] = []
    counts = Counts()

    def extracted() -> Iterator[Extraction]:
        nonlocal counts
        for batch in predicted(predictor, requests):
            for asked, answer in batch:
                if isinstance(answer, Prediction | Extraction):
                    extraction = answer if isinstance(answer, Extraction) else extractions.of_marked(asked.document, answer)
                    counts = counts.plus([extraction.annotated()])
                    yield extraction
                else:
                    failed.append(asked)
                    sys.stdout.write(as_line(asked, answer))

    with made_new(output) as scratch:
        try:
            changes = targets.write(extracted(), to, scratch, targets.Model(predictor.version, predictor.tokenize))
        except ValueError as error:
            hint = "take another format, or correct the input"
            raise InputError.of(output, f"{to} cannot hold a document: {error}", hint, "format-narrow") from None
    for line in changes:
        log(f"predict: changed: {line}")
    log(f"predict: {counts} in {output}")
    return exit_code(len(failed))


def exit_code(n_failed: int) -> int:
    """1 where something could not be used, which is said, else 0."""
    if n_failed:
        log(f"predict: {n_failed} of the texts could not be used")
    return int(n_failed > 0)


if __name__ == "__main__":
    run(main)
