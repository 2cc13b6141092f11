"""What is asked of a file, a folder or a stream, and the answers as they come, a JSON line each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from pipeline.core.errors import InputError
from pipeline.core.untrusted import json_text
from pipeline.corpus.formats.sources import Source, find_sources
from pipeline.corpus.formats.text_lines import decode
from pipeline.prediction.answers import Answer, answers, as_json
from pipeline.prediction.extractions import BATCH_CHARACTERS
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request, read_sources

Item = TypeVar("Item")
STDIN = 0
REQUEST_CHARACTERS = 100  # what a request takes beside its text


def as_line(asked: Request, answer: Answer) -> str:
    """The answer to a request as a line of JSON."""
    return json_text(as_json(asked, answer)) + "\n"


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


def standard_input() -> BinaryIO:
    """Standard input as its descriptor, for /dev/stdin cannot be opened where a socket stands behind it."""
    return open(STDIN, "rb", closefd=False)


def read_requests(file: str, format: str) -> Iterator[Request]:
    """What is asked of a file, a folder or standard input.

    Raises: InputError where it is in no format that we know, or in another one.
    """
    if file == "-":
        return READERS[format](decode(standard_input()))
    path = Path(file)
    if format == "text" and path.is_dir():
        raise InputError.of(path, "this is a folder, and text is read from a file", "say with --format what it holds, or auto")
    if format in READERS and not path.is_dir():
        path.stat()  # an error of the system where nothing is there
        return read_sources([Source(path, format)], path)
    return read_sources(find_sources(path, None if format == "auto" else format, "--format"), path)


def predicted(predictor: Predictor, requests: Iterable[Request]) -> Iterator[list[tuple[Request, Answer]]]:
    """The requests of each batch with their answers, as they come."""
    for batch in as_they_come(requests, BATCH_CHARACTERS, lambda asked: REQUEST_CHARACTERS + asked.n_characters):
        yield list(answers(predictor, batch))
