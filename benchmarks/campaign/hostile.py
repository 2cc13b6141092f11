"""Hostile models, encoders and hubs: each is refused in a few lines and with exit code 1, in bounded time and memory.

A round spoils a copy of a finished project's model, its encoder or the folder that an encoder is made of, in a way of
benchmarks/campaign/hostile_folders.py, with every checksum made right again, or answers as a hub would not. Then it runs `predict`
or the encoder stage on it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.campaign.damage import copy_parts
from benchmarks.campaign.hostile_folders import ENCODERS, MODELS, Spoil
from benchmarks.campaign.projects import OUTPUTS
from benchmarks.campaign.rounds import Draw, Finished, Round, require
from pipeline.core.untrusted import shown
from tests.support import project

CPU_SECONDS, SECONDS = 20, 120  # of a command; it waits for a busy machine as well
MB = 4_000
LINES, CHARACTERS = 20, 5_000  # of what it says
SENTENCE = "The <e1>engine</e1> of the <e2>car</e2>."
PREDICT = ["predict", str(OUTPUTS["train"]), "--text", SENTENCE]
ENCODE = ["encoder", "models/new"]
HUB_NAME = "somebody/tiny"
ANSWERS: dict[str, tuple[int, str, dict[str, str]]] = {
    "a page": (200, "<html>", {"Content-Type": "text/html"}),
    "no object": (200, "[]", {}),
    "no keys": (200, "{}", {}),
    "other types": (200, '{"id": 1, "sha": [], "siblings": {"a": 1}}', {}),
    "a file outside": (200, '{"id": "a/b", "sha": "../x", "siblings": [{"rfilename": "../../evil.safetensors"}]}', {}),
    "deep JSON": (200, "[" * 100_000, {}),
    "itself again": (302, "", {"Location": "/again"}),
    "teapot": (418, "", {}),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str
    cpu_seconds: float
    seconds: float
    mb: float


def prepare(finished: Finished) -> Round:
    """The round of this campaign, which takes the cases in turn, those that need no TensorFlow first."""
    cases = [*(("model", name) for name in MODELS), *(("hub", name) for name in ANSWERS), *(("encoder", name) for name in ENCODERS)]

    @cache
    def usual(folder: Path) -> Ended:
        return run(folder, PREDICT)

    def play_round(draw: Draw) -> None:
        require(usual(finished()).code == 0, "the model is refused before it is spoiled")
        kind, name = cases[draw.number % len(cases)]
        folder = copy_parts(finished(), draw.folder / "project")
        (draw.folder / "drawn.txt").write_text(f"{kind}: {name}\n", encoding="utf-8")
        check(run_case(kind, name, folder))

    return play_round


def run_case(kind: str, name: str, folder: Path) -> Ended:
    """Spoil a project and run what reads it."""
    if kind == "model":
        spoil(MODELS[name], folder)
        return run(folder, PREDICT)
    if kind == "encoder":
        spoil(ENCODERS[name], folder)
        return run(folder, ENCODE)
    project.set_params(folder, {"encoder": {"name": HUB_NAME}})
    with hub(*ANSWERS[name]) as address:
        return run(folder, ENCODE, HF_ENDPOINT=address, HF_HOME=str(folder / "cache"), HF_HUB_ETAG_TIMEOUT="5")


def spoil(how: Spoil, folder: Path) -> None:
    """Spoil a project in a way of hostile_folders."""
    with contextlib.chdir(folder):
        how()


def run(folder: Path, arguments: list[str], **environment: str) -> Ended:
    """Run a command of the pipeline in a project."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", f"pipeline.{arguments[0]}", *arguments[1:]],
            cwd=folder,
            env=project.environment() | {"PYTHONPATH": str(project.ROOT)} | environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (2 * MB * 10**6, 2 * MB * 10**6))
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (2 * CPU_SECONDS, 2 * CPU_SECONDS))
        ending = threading.Timer(SECONDS, process.kill)
        ending.start()
        _, status, usage = os.wait4(process.pid, 0)
        ending.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        seconds = time.monotonic() - began
        return Ended(process.returncode, said.read(), usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 1024)


def check(ended: Ended) -> None:
    """Raises: WrongError where a command was not refused in a few lines, in bounded time and memory."""
    end = ended.said[-1_000:]
    require("Traceback" not in ended.said, f"a traceback: {end}")
    require(ended.code == 1, f"exit code {ended.code}: {end}")
    require("\n  hint: " in ended.said, f"no hint: {end}")
    require(len(ended.said) <= CHARACTERS and ended.said.count("\n") <= LINES, f"it says {len(ended.said):,} characters: {end}")
    require(ended.said == shown(ended.said), f"what a terminal obeys: {ended.said!r}")
    require(
        ended.cpu_seconds <= CPU_SECONDS and ended.seconds < SECONDS, f"{ended.cpu_seconds:.0f} s of {ended.seconds:.0f}: {end}"
    )
    require(ended.mb <= MB, f"{ended.mb:,.0f} MB: {end}")


@contextlib.contextmanager
def hub(status: int, content: str, headers: dict[str, str]) -> Iterator[str]:
    """The address of a server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            body = content.encode()
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body if self.command == "GET" else b"")

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
