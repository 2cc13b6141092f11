"""What is asked of files and streams, a model's answers to it, and the JSON object of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.core.errors import Problem
from pipeline.corpus.document import Document
from pipeline.corpus.formats.sources import find_sources
from pipeline.corpus.formats.text_lines import decode
from pipeline.prediction import extractions
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import READERS, Request, read_documents
from pipeline.prediction.types import Prediction, Sentence

Answer = Prediction | Extraction | Sequence[Problem]
STDIN = 0


def open_bytes(name: str) -> BinaryIO:
    """A file, or standard input: as its descriptor, for /dev/stdin cannot be opened where a socket stands behind it."""
    return open(STDIN, "rb", closefd=False) if name == "-" else Path(name).open("rb")


def read_requests(file: str, format: str) -> Iterator[Request]:
    """What is asked of a file, a folder or standard input.

    Args: format: auto, a key of READERS or of FORMATS.
    Raises: InputError where it is in no format that we know, or in another one.
    """
    if format in READERS:
        return READERS[format](decode(open_bytes(file)))
    path = Path(file)
    sources = find_sources(path, None if format == "auto" else format)
    if [source.path for source in sources] == [path] and sources[0].format in READERS:
        return READERS[sources[0].format](decode(open_bytes(file)))
    return read_documents(sources, path)


def answers(predictor: Predictor, requests: Sequence[Request]) -> Iterator[tuple[Request, Answer]]:
    """Each request of a batch with its prediction or what is wrong with it."""
    sentences = [asked.content for asked in requests if isinstance(asked.content, Sentence)]
    answer_of = dict(zip(sentences, predictor.predict(sentences), strict=True))  # equal sentences have equal answers
    documents = [asked.content for asked in requests if isinstance(asked.content, Document)]
    extracted = iter(extractions.extract(predictor, documents))
    for asked in requests:
        answer: Answer | Problem
        if isinstance(asked.content, Sentence):
            answer = answer_of[asked.content]
        else:
            answer = next(extracted) if isinstance(asked.content, Document) else asked.content
        yield asked, (answer,) if isinstance(answer, Problem) else answer


def as_json(asked: Request, answer: Answer) -> dict[str, Any]:
    """A prediction as a JSON object, or `error` and `hint`."""
    head: dict[str, Any] = {"line": asked.line} | ({"id": asked.id} if asked.id else {})
    if isinstance(answer, Prediction | Extraction):
        return head | answer.as_json()
    return head | {"error": "; ".join(problem.found for problem in answer), "hint": "; ".join(problem.hint for problem in answer)}
