"""Answer over HTTP what predict answers on the command line; Label Studio can ask here for pre-annotations.

    relation-pipeline serve models/relation
    curl --json '{"texts": ["Ann Lee founded Acme in Oslo."]}' http://127.0.0.1:8000/predict

The interface stands at http://127.0.0.1:8000/docs and in pipeline/prediction/service.py; Label Studio is told
http://127.0.0.1:8000/label-studio. It listens on this machine alone unless told otherwise, and has no accounts: put a proxy that
has some before it. SIGTERM and Ctrl-C let what has begun end.

    uv pip install --constraint requirements.lock --editable ".[serve]"
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from pipeline.core.errors import InputError
from pipeline.core.stage import finite, log, run
from pipeline.prediction.predictor import Predictor

GRACE_SECONDS = 30


def main(
    model: Annotated[Path, typer.Argument(help="the model folder, such as models/relation")],
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free")] = 8000,
    encoder: Annotated[Path | None, typer.Option(help="the encoder's folder (default: in the model folder or beside it)")] = None,
    most_bytes: Annotated[int, typer.Option(min=1, help="of a request")] = 1_000_000,
    most_texts: Annotated[int, typer.Option(min=1, help="that wait at once; more get 503, but for one request alone")] = 1_000,
    most_seconds: Annotated[float, typer.Option(min=0.1, callback=finite, help="until an answer; longer gets 504")] = 30.0,
) -> int:
    """Answer over HTTP until stopped."""
    try:
        import uvicorn

        from pipeline.prediction.service import Limits, create_app
    except ModuleNotFoundError as error:
        raise InputError.of("serve", f"{error.name} is not installed", 'install the extra "serve" (see --help)') from None
    with bound(host, port) as listener:
        app = create_app(Predictor(model, encoder), Limits(most_bytes, most_texts, most_seconds))
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS)
        listener.listen(config.backlog)  # whoever reads the next line may ask
        log(f"serve: {url(host, listener.getsockname()[1])}/docs")
        uvicorn.Server(config).run([listener])
    return 0


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address, which does not listen yet.

    Raises: InputError where it cannot be had.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        address = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4]  # no empty name, which were all addresses
        found = socket.socket(family)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, ValueError) as error:  # of a name that is none
        what = (error.strerror if isinstance(error, OSError) else None) or "no name of a machine"
        raise InputError.of(
            f"{host}:{port}", what, "give a --host of this machine and a --port that is free, or 0 for any"
        ) from None
    return found


def url(host: str, port: int) -> str:
    """The address of a server.

    >>> url("localhost", 8000), url("::1", 8000)
    ('http://localhost:8000', 'http://[::1]:8000')
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    run(main)
