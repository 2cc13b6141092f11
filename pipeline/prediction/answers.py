"""What a model answers to a batch of requests, and the JSON object of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.core.errors import Problem
from pipeline.corpus.document import Document
from pipeline.prediction import extractions
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Prediction, Sentence

Answer = Prediction | Extraction | Sequence[Problem]


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
