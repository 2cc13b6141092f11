"""Predict relations from the command line: sentences in, JSON lines out, in order, as they come.

    python -m pipeline.predict models/relation --text "The <e1>rain</e1> caused a <e2>flood</e2>."
    python -m pipeline.predict models/relation --format jsonl sentences.jsonl > predictions.jsonl
    tail -f log.txt | python -m pipeline.predict models/relation --pretty terminal

What each format looks like: pipeline/prediction/readers.py. What a line says: pipeline/prediction/types.py; "line" is where the
sentence began.
A sentence that cannot be used gives {"line": ..., "error": ..., "hint": ...} in its place; the exit code is then 1 at the end.
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from pipeline.core.errors import InputError, Problem
from pipeline.core.stage import INTERRUPTED, drop_output, log, quiet
from pipeline.corpus.formats.annotation import decode
from pipeline.prediction.drawing import DRAWINGS, Answer, Drawing
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request
from pipeline.prediction.types import Prediction, Sentence

Item = TypeVar("Item")
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
    return json.dumps(head, ensure_ascii=False, allow_nan=False) + "\n"


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


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.predict", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, help="the model folder, such as models/relation")
    parser.add_argument("file", nargs="?", help="sentences; - for standard input (default)")
    parser.add_argument("--text", help="one sentence, instead of a file")
    parser.add_argument("--format", choices=READERS, default="text", help="of the file (default: text)")
    parser.add_argument("--encoder", type=Path, help="the encoder's folder (default: in the model folder or beside it)")
    parser.add_argument("--pretty", choices=DRAWINGS, help="draw for people instead of JSON lines")
    options = parser.parse_intermixed_args(argv)
    if options.file and options.text is not None:
        parser.error("give a file or --text, not both")
    if options.text is not None and options.format != "text":
        parser.error(f"--text is a sentence of plain text: give {options.format} as a file or standard input")
    return options


def open_bytes(name: str | None) -> BinaryIO:
    """A file, or standard input: as its descriptor, for /dev/stdin cannot be opened where a socket stands behind it."""
    return open(STDIN, "rb", closefd=False) if name in (None, "-") else Path(name).open("rb")


def main(argv: list[str]) -> int:
    """Predict what the command line asks for; returns the exit code."""
    options = arguments(argv)
    if options.text is None:
        requests = READERS[options.format](decode(open_bytes(options.file)))
    else:
        requests = iter([Request.of(1, None, options.text)])
    predictor = Predictor(options.model, options.encoder)
    drawing = DRAWINGS[options.pretty] if options.pretty else LINES
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
    quiet()
    if sys.stdout is None:  # and the next file opened would take its place
        sys.exit("predict: standard output is closed\n  hint: send it to a file, a pipe or /dev/null")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        sys.exit(main(sys.argv[1:]))
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        drop_output()
        # Where the pipe is closed, whoever read along has enough.
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"{error.filename or 'predict'}: {error.strerror}")
