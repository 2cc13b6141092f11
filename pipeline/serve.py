"""Answer over HTTP what predict answers on the command line; Label Studio can ask here for pre-annotations.

    relation-pipeline serve models/relation
    curl --json '{"texts": ["Ann Lee founded Acme in Oslo."]}' http://127.0.0.1:8000/predict

The interface stands at http://127.0.0.1:8000/docs and in pipeline/prediction/service.py; Label Studio is told
http://127.0.0.1:8000/label-studio. It listens on this machine alone unless told otherwise, and has no accounts: put a proxy that
has some before it. SIGTERM and Ctrl-C let what has begun end.

    uv pip install --constraint requirements.lock --editable ".[serve]"
"""

from __future__ import annotations

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
    app = create_app(Predictor(model, encoder), Limits(most_bytes, most_texts, most_seconds))
    config = uvicorn.Config(app, host, port, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS)
    with config.bind_socket() as socket:
        socket.listen(config.backlog)  # whoever reads the next line may ask
        log(f"serve: http://{host}:{socket.getsockname()[1]}/docs")
        uvicorn.Server(config).run([socket])
    return 0


if __name__ == "__main__":
    run(main)
