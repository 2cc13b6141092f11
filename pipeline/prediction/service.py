"""Predictions over HTTP, and for Label Studio, which asks a machine learning backend for pre-annotations.

    POST /predict                 {"texts": ["Ann founded Acme.", ...]} -> {"model": ..., "answers": [...]}, as predict's JSON lines
    GET  /health                  {"status": "UP", "model": ...}
    GET  /metrics                 counts and seconds, as Prometheus reads them
    GET  /docs, /openapi.json     the interface
    POST /label-studio/predict    tasks -> predictions (labelstud.io/guide/ml_create); its /setup and /health stand beside it

The text of a task is taken as it is, as `predict --format label_studio` takes it: offsets in the answer are offsets in it.

A text that is no string, is blank or is no Unicode gets an error in its place. A request of another form gets 422, one that is not
said to be JSON 415, one that is too large 413, one that is not there in time 408, one that comes while too much waits 503, one that
takes too long 504. What a client that has left asked for is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, Field, WithJsonSchema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pipeline.core.errors import InputError, Problem
from pipeline.core.files import Row
from pipeline.corpus.document import Document
from pipeline.corpus.formats.label_studio_predictions import Predicted, prediction_row
from pipeline.prediction.answers import Answer, answers, as_json
from pipeline.prediction.batching import Batcher, BusyError
from pipeline.prediction.extractions import Extraction
from pipeline.prediction.http_requests import Handler, Refusal, StrictRoute, refusal, refuse, refuse_form, refuse_unforeseen
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request as Asked
from pipeline.prediction.types import SOURCE

KEY = "text"  # of a task's data, where its text is
NO_TEXT = f'label <Text value="${KEY}"/> in the labelling configuration'
Text = Annotated[Any, WithJsonSchema({"type": "string"})]  # what is none is told in its place, and refuses no other text
JSON_NAMES = {type(None): "null", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
LEFT = 499, "the client has left", "wait for the answer"  # which nobody reads; the number is nginx's, for the metrics
BODILESS = ("GET", "HEAD", "OPTIONS")  # requests that need not say how long they are


@dataclass(frozen=True)
class Limits:
    """What a request may take.

    Args: body_bytes: of a request; texts: that wait or are being answered at once; seconds: until a request is there whole, and
        from then to its answer.
    """

    body_bytes: int = 1_000_000
    texts: int = 1_000
    seconds: float = 30.0


class Texts(BaseModel):
    """What is asked: texts, each with or without marked entities."""

    texts: list[Text] = Field(min_length=1, examples=[["Ann Lee founded Acme in Oslo."]])


class Answers(BaseModel):
    """An answer a text, in order: as `predict` writes it, or `error` and `hint`."""

    model: str
    answers: list[dict[str, Any]]


class Task(BaseModel):
    """A task of Label Studio."""

    data: dict[str, Any]


class Tasks(BaseModel):
    """What Label Studio asks."""

    tasks: list[Task]


class Service:
    """A predictor behind HTTP."""

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self.model = predictor.version
        self._limits = limits
        self._batcher: Batcher[Asked, tuple[Asked, Answer]] = Batcher(lambda asked: list(answers(predictor, asked)), limits.texts)
        predictor.before_batch = self._batcher.require_callers
        self._registry = CollectorRegistry()
        self._requests = Counter("requests", "Requests by status", ["status"], registry=self._registry)
        self._texts = Counter("texts", "Texts answered", registry=self._registry)
        self._seconds = Histogram("request_seconds", "Seconds from asking to answer", registry=self._registry)
        held = Gauge("texts_held", "Texts that wait or are being answered", registry=self._registry)
        held.set_function(lambda: self._batcher.n_held)

    async def answer(self, request: Request, asked: Sequence[Asked]) -> Sequence[tuple[Asked, Answer]]:
        """The answers to the texts of a request.

        Raises: BusyError, TimeoutError, ClientDisconnect where the client leaves before.
        """
        answering = asyncio.ensure_future(self._batcher.ask(asked))
        leaving = asyncio.ensure_future(request.receive())  # the body has been read: what comes now is that the client leaves
        try:
            done, _ = await asyncio.wait((answering, leaving), timeout=self._limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()  # which changes nothing of what is done
            leaving.cancel()
        if answering not in done:
            raise ClientDisconnect if leaving in done else TimeoutError
        self._texts.inc(len(asked))
        return answering.result()

    async def guard(self, request: Request, handle: Handler) -> Response:
        """Count a request and hold it to the limits; an error that nothing foresaw counts as the 500 that it becomes."""
        status = 500
        try:
            with self._seconds.time():
                response = await self._handled(request, handle)
            status = response.status_code
            return response
        finally:
            self._requests.labels(str(status)).inc()

    async def _handled(self, request: Request, handle: Handler) -> Response:
        most = self._limits.body_bytes
        length = request.headers.get("content-length", "0" if request.method in BODILESS else "")
        if not length.isdecimal() or "transfer-encoding" in request.headers:  # which says nothing of it, whatever stands beside
            return refusal(411, "the request does not say how long it is", "send it with content-length")
        if int(length) > most:
            return refusal(413, f"the request has {length} bytes, more than {most}", "send fewer texts at once")
        try:
            async with asyncio.timeout(self._limits.seconds):
                await request.body()
        except TimeoutError:
            return refusal(408, f"the request is not whole after {self._limits.seconds:g} s", "send it faster, or fewer texts")
        except ClientDisconnect:
            return refusal(*LEFT)
        try:
            return await handle(request)
        except ClientDisconnect:
            return refusal(*LEFT)
        except BusyError:
            return refusal(503, "too many texts wait", "ask again later", {"retry-after": "1"})
        except TimeoutError:
            return refusal(504, f"no answer within {self._limits.seconds:g} s", "send fewer texts at once")
        except InputError as error:
            return refusal(500, error.problems[0].found, error.problems[0].hint)

    def metrics(self) -> Response:
        """Counts and seconds."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def _asked(number: int, text: object) -> Asked:
    if isinstance(text, str):
        return Asked.of(number, None, text)
    found = f"a text is a JSON {JSON_NAMES[type(text)]}, no string"
    return Asked(number, None, (Problem(found, "give each text as a string", "value-malformed", SOURCE),))


def create_app(predictor: Predictor, limits: Limits) -> FastAPI:
    """The application of a model."""
    service = Service(predictor, limits)
    app: FastAPI = FastAPIOffline(title="relation-pipeline", description="Entities and relations of text.")
    app.middleware("http")(service.guard)
    app.exception_handler(RequestValidationError)(refuse_form)
    app.exception_handler(HTTPException)(refuse)
    app.exception_handler(Exception)(refuse_unforeseen)
    app.router.route_class = StrictRoute
    app.include_router(_label_studio(service), prefix="/label-studio", tags=["Label Studio"])

    @app.post("/predict", responses={422: {"model": Refusal}})
    async def predict(request: Request, asked: Texts) -> Answers:
        """Entities and relations of each text."""
        answered = await service.answer(request, [_asked(number, text) for number, text in enumerate(asked.texts, 1)])
        return Answers(model=service.model, answers=[as_json(*each) for each in answered])

    @app.head("/health", include_in_schema=False)
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the model is there."""
        return {"status": "UP", "model": service.model}

    @app.get("/metrics")
    async def metrics() -> Response:
        """Counts and seconds, for Prometheus."""
        return service.metrics()

    return app


def _label_studio(service: Service) -> APIRouter:
    router = APIRouter(route_class=StrictRoute)

    @router.post("/predict", response_model=None, responses={422: {"model": Refusal}})
    async def predict(request: Request, asked: Tasks) -> dict[str, Any] | Response:
        """A prediction a task, of the text under `text` in its data."""
        if asked.tasks and not any(isinstance(task.data.get(KEY), str) for task in asked.tasks):
            return refusal(422, f"no task has {KEY!r} in its data", NO_TEXT)
        answered = await service.answer(request, [_of_task(number, task) for number, task in enumerate(asked.tasks, 1)])
        return {"model_version": service.model, "results": [_task_prediction(*each, service.model) for each in answered]}

    @router.post("/setup")
    async def setup() -> dict[str, str]:
        """Which model answers."""
        return {"model_version": service.model}

    @router.head("/health", include_in_schema=False)
    @router.get("/health")
    async def health() -> dict[str, str]:
        """Whether the model is there."""
        return {"status": "UP", "model_class": "relation-pipeline"}

    return router


def _of_task(number: int, task: Task) -> Asked:
    text = task.data.get(KEY)
    if isinstance(text, str):
        return Asked.of_document(number, Document(str(number), f"task {number}", text, (), ()))
    return Asked(number, None, (Problem(f"the data of the task has no {KEY!r}", NO_TEXT, "value-malformed", SOURCE),))


def _task_prediction(asked: Asked, answer: Answer, model: str) -> Row:
    """What Label Studio gets for a task; nothing annotated, and the error, where there is no answer."""
    if not isinstance(answer, Extraction):
        return {"model_version": model, "result": [], **as_json(asked, answer)}
    scores = ([each.probability for each in answer.entities], [each.probability for each in answer.relations])
    return prediction_row(Predicted(replace(answer.annotated(), id="1"), *scores), model)
