"""A look-alike of the Hugging Face hub on loopback, and downloads from it, each in a process and cache of its own.

It answers as the hub does: the API names files and commit, a file's ETag is its hash (sha256 of large files, git's sha1 of small
ones), errors bear an X-Error-Code, and a Range is honoured.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = "somebody/tiny"
COMMITS = {"main": "1" * 40, "old": "2" * 40}
HUB_CHUNK = 10 * 2**20  # huggingface_hub keeps whole chunks of this size
WEIGHTS = bytes(range(256)) * 400


class Hub(ThreadingHTTPServer):
    """A hub of one repository, whose behaviour a test may spoil."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": WEIGHTS, "pytorch_model.bin": b"never fetched"}
        self.old_files = self.files | {"config.json": b'{"model_type": "electra"}'}
        self.cut = self.corrupt = self.broken = False
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}  # by a part of the path, instead of the right ones
        self.etags: dict[str, str] = {}  # by file, instead of its hash
        self.endless = self.trickling = ""  # the part of a path whose answers have no end
        self.silence: threading.Event | None = None  # no answer until it is set
        self.requests: list[tuple[str, str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.respond()

    def do_GET(self) -> None:
        self.respond()

    def log_message(self, *_: object) -> None:
        pass

    def respond(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.command, self.path, asked))
        found = re.fullmatch(r"/(?:api/models/)?(\w+/\w+)/(?:revision|resolve)/(\w+)(?:/(.+))?", self.path.split("?")[0])
        assert found, self.path
        name, revision, file = found.groups()
        commit = COMMITS.get(revision, revision)
        spoilt = [answer for part, answer in self.server.answers.items() if part in self.path]
        if self.server.silence:
            self.server.silence.wait()
        elif spoilt:
            self.send(*spoilt[0])
        elif self.server.endless and self.server.endless in self.path and self.command == "GET":
            self.send_forever(bytes(2**20), 0)
        elif self.server.trickling and self.server.trickling in self.path and self.command == "GET":
            self.send_forever(b" ", 0.1)
        elif self.server.broken:
            self.send(500, b"")
        elif name != NAME:
            self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif commit not in COMMITS.values():
            self.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        else:
            files = self.server.files if commit == COMMITS["main"] else self.server.old_files
            if file is None:
                siblings = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
                self.send(200, json.dumps({"id": NAME, "sha": commit, "siblings": siblings}).encode())
            else:
                self.send_file(file, files[file], commit, int(asked[6:].rstrip("-")) if asked else 0)

    def send_file(self, file: str, content: bytes, commit: str, start: int) -> None:
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if file.endswith(".safetensors"):
            headers |= {"X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Linked-Size": str(len(content))}
            if self.server.corrupt:
                content = content[:-1] + b"!"
        else:
            blob = b"blob %d\0" % len(content) + content
            headers["ETag"] = f'"{hashlib.sha1(blob, usedforsecurity=False).hexdigest()}"'
        if etag := self.server.etags.get(file):
            headers |= {"ETag": etag, "X-Linked-Etag": etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(206 if start else 200, content[start:], headers, cut=self.server.cut and file.endswith(".safetensors"))

    def send_forever(self, block: bytes, seconds: float) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):  # whoever asked has enough
            while True:
                self.wfile.write(block)
                time.sleep(seconds)

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


LOCATE = """
import sys
from pipeline.encoding import hub
from pipeline.core.errors import InputError
try:
    print(*hub.locate(sys.argv[1], sys.argv[2] or None), sep="\\n")
except InputError as error:
    sys.exit(str(error))
"""


# Each process is a fork of one that has loaded what reads no settings of the hub, which takes longer than most downloads here.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pipeline.encoding.hub", "requests"])


def run(code: str, endpoint: str, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process that sees nothing of this machine's own hub settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    with tempfile.NamedTemporaryFile() as said, tempfile.NamedTemporaryFile() as errors:
        outputs = said.name, errors.name
        process = FORKS.Process(target=_become, args=(code, arguments, {**own, **settings, **environment}, home, outputs))
        process.start()
        process.join(120)
        if (status := process.exitcode) is None:
            process.kill()
            raise AssertionError("it has not come to an end within two minutes")
        texts = [Path(output).read_text(encoding="utf-8") for output in outputs]
    return subprocess.CompletedProcess(arguments, status, *texts)


def _become(code: str, arguments: Sequence[str], environment: dict[str, str], home: Path, outputs: Sequence[str]) -> None:
    """Run code as `python -c` does, standard output and standard error in files."""
    assert "huggingface_hub" not in sys.modules
    for number, output in enumerate(outputs, 1):
        os.dup2(os.open(output, os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    sys.argv[1:] = arguments
    exec(code, {"__name__": "__main__"})  # noqa: S102


def locate(server: Hub, home: Path, name: str = NAME, revision: str = "", **environment: str) -> tuple[Path, str]:
    ended = run(LOCATE, server.url, home, name, revision, **environment)
    assert ended.returncode == 0, ended.stderr
    folder, commit = ended.stdout.split()
    return Path(folder), commit


def refusal(server: Hub, home: Path, name: str = NAME, revision: str = "", **environment: str) -> str:
    ended = run(LOCATE, server.url, home, name, revision, **environment)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr
