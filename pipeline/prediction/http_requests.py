"""Requests over HTTP read as strictly as files are, and what is told of those that get no answer: `error` and `hint`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from pipeline.core.errors import Problem
from pipeline.core.files import Row
from pipeline.prediction.readers import read_object

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
FAULTS = 3  # of a request's form that are told


class Refusal(BaseModel):
    """What is told of a request that gets no answer."""

    error: str
    hint: str


class StrictRequest(Request):
    """A request whose body is read as `predict` reads a line of JSON: UTF-8, one object, no key twice."""

    async def json(self) -> Row:
        """The body as one JSON object.

        Raises: HTTPException 422 with what is wrong with it.
        """
        try:
            value = read_object((await self.body()).decode())
        except UnicodeDecodeError as error:
            raise HTTPException(422, f"body: not UTF-8 at byte {error.start}") from None
        if isinstance(value, Problem):
            raise HTTPException(422, f"body: {value.found}")
        return value


class StrictRoute(APIRoute):
    """A route whose requests are read strictly."""

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def refusal(status: int, error: str, hint: str, headers: dict[str, str] | None = None) -> Response:
    """What is told of a request that gets no answer."""
    return JSONResponse({"error": error, "hint": hint}, status, headers)


async def refuse_form(_: Request, error: Exception) -> Response:
    """What is told of a request of another form: where and what, without the input, of which not all can be encoded."""
    if isinstance(error, RequestValidationError) and isinstance(error.body, bytes):  # which nothing has read
        return refusal(415, "the request is not said to be JSON", "send it with content-type: application/json")
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:FAULTS]]
    told += [f"{len(faults) - FAULTS} more"] if len(faults) > FAULTS else []
    return refusal(422, "; ".join(told).encode(errors="replace").decode(), "see /docs for the form of a request")


async def refuse(_: Request, error: Exception) -> Response:
    """What is told of a request that no route takes, or whose body cannot be read."""
    if not isinstance(error, HTTPException):
        raise error
    return refusal(error.status_code, error.detail, "see /docs for what can be asked, and how", dict(error.headers or {}))


async def refuse_unforeseen(_: Request, error: Exception) -> Response:
    """What is told of a request that ends in an error of ours, which the terminal tells."""
    return refusal(500, f"an error that nothing foresaw: {type(error).__name__}", "see what the server says of it, and report it")
