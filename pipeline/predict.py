"""Predict relations from the command line: sentences in, JSON lines out, in order, as they come.

    python -m pipeline.predict models/relation --text "The <e1>rain</e1> caused a <e2>flood</e2>."
    python -m pipeline.predict models/relation --format jsonl sentences.jsonl > predictions.jsonl
    tail -f log.txt | python -m pipeline.predict models/relation --pretty terminal

What each format looks like: pipeline/prediction/readers.py. What a line says: pipeline/prediction/types.py; "line" is where the
sentence began, and a relation that is its "negative_label" says that none of the others holds.
A sentence that cannot be used gives {"line": ..., "error": ..., "hint": ...} in its place; the exit code is then 1 at the end.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, TypeVar

import typer

from pipeline.core.errors import Problem
from pipeline.core.stage import log, run
from pipeline.core.untrusted import json_text
from pipeline.corpus.formats.text_lines import decode
from pipeline.prediction.drawing import DRAWINGS, Answer, Drawing
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request
from pipeline.prediction.types import Prediction, Sentence

Item = TypeVar("Item")
Format = Literal["text", "jsonl", "semeval"]  # the keys of READERS
Pretty = Literal["html", "terminal"]  # the keys of DRAWINGS
BATCH_SENTENCES = 1_024
STDIN = 0


def answers(predictor: Predictor, requests: Sequence[Request]) -> Iterator[tuple[Request, Answer]]:
    """Each request of a batch with its prediction or what is wrong with it."""
    sentences = [asked.content for asked in requests if isinstance(asked.content, Sentence)]
    answer_of = dict(zip(sentences, predictor.predict(sentences), strict=True))  # equal sentences have equal answers
    for asked in requests:
        answer = answer_of[asked.content] if isinstance(asked.content, Sentence) else asked.content
        yield asked, (answer,) if isinstance(answer, Problem) else answer


def as_line(asked: Request, answer: Answer) -> str:
    """A JSON line."""
    head: dict[str, object] = {"line": asked.line} | ({"id": asked.id} if asked.id else {})
    if isinstance(answer, Prediction):
        head |= answer.as_json()
    else:
        head |= {"error": "; ".join(problem.found for problem in answer), "hint": "; ".join(problem.hint for problem in answer)}
    return json_text(head) + "\n"


LINES = Drawing("", as_line, "")


def as_they_come(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Batches of what has arrived so far, at most size items each: full ones of a file, single ones of somebody typing.

    An error of the items is raised after those before it.
    """
    arrived: queue.Queue[Item | None] = queue.Queue(size)
    errors: list[Exception] = []

    def read() -> None:
        try:
            for item in items:
                arrived.put(item)
        except Exception as error:
            errors.append(error)
        arrived.put(None)

    threading.Thread(target=read, daemon=True).start()
    item = arrived.get()
    while item is not None:
        batch = [item]
        while len(batch) < size and not arrived.empty() and (item := arrived.get()) is not None:
            batch.append(item)
        yield batch
        item = arrived.get() if item is not None else None
    if errors:
        raise errors[0]


def open_bytes(name: str) -> BinaryIO:
    """A file, or standard input: as its descriptor, for /dev/stdin cannot be opened where a socket stands behind it."""
    return open(STDIN, "rb", closefd=False) if name == "-" else Path(name).open("rb")


def main(
    model: Annotated[Path, typer.Argument(help="the model folder, such as models/relation")],
    file: Annotated[str, typer.Argument(help="sentences; - for standard input")] = "-",
    text: Annotated[str | None, typer.Option(help="one sentence, instead of a file")] = None,
    format: Annotated[Format, typer.Option(help="of the file")] = "text",
    encoder: Annotated[Path | None, typer.Option(help="the encoder's folder (default: in the model folder or beside it)")] = None,
    pretty: Annotated[Pretty | None, typer.Option(help="draw for people instead of JSON lines")] = None,
) -> int:
    """Predict relations: sentences in, JSON lines out, in order, as they come."""
    if text is not None and file != "-":
        raise typer.BadParameter("give a file or --text, not both")
    if text is not None and format != "text":
        raise typer.BadParameter(f"--text is a sentence of plain text: give {format} as a file or standard input")
    requests = READERS[format](decode(open_bytes(file))) if text is None else iter([Request.of(1, None, text)])
    drawing = DRAWINGS[pretty] if pretty else LINES
    return write_predictions(Predictor(model, encoder), requests, drawing)


def write_predictions(predictor: Predictor, requests: Iterable[Request], drawing: Drawing) -> int:
    """Answer the requests on standard output, as they come; the exit code is 1 where one of them could not be used."""
    sys.stdout.write(drawing.head)
    n_failed = 0
    for batch in as_they_come(requests, BATCH_SENTENCES):
        for asked, answer in answers(predictor, batch):
            n_failed += not isinstance(answer, Prediction)
            sys.stdout.write(drawing.show(asked, answer))
        sys.stdout.flush()
    sys.stdout.write(drawing.tail)
    if n_failed:
        log(f"predict: {n_failed} of the sentences could not be used")
    return int(n_failed > 0)


if __name__ == "__main__":
    run(main)
