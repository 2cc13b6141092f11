"""A hub that answers to do harm: each answer is one line and a hint, and nothing is written outside the cache."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.encoding import snapshot
from pipeline.encoding.guard import UntrustedAnswerError
from tests.support.hub import COMMITS, LOCATE, NAME, WEIGHTS, Hub, locate, refusal, run

MEMORY = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))\n"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


def written(folder: Path) -> set[str]:
    """The names of all files below a folder that are of no cache of a hub."""
    return {path.name for path in folder.rglob("*") if path.is_file() and "hf/hub" not in path.as_posix()}


def refused(server: Hub, home: Path, before: str = MEMORY) -> str:
    """What is said of the hub's answers, which is two lines, in bounded time and memory, and leaves nothing outside the cache."""
    (home / "home").mkdir()
    ended = run(before + LOCATE, server.url, home / "home", NAME, "")
    assert ended.returncode == 1, ended.stdout
    assert len(ended.stderr.strip().splitlines()) == 2, ended.stderr
    assert "\n  hint: " in ended.stderr
    assert written(home) == set()
    return ended.stderr


def listing(**changes: Any) -> tuple[int, bytes, dict[str, str]]:
    files = [{"rfilename": "config.json", "size": 10}, {"rfilename": "model.safetensors", "size": len(WEIGHTS)}]
    return 200, json.dumps({"id": NAME, "sha": COMMITS["main"], "siblings": files} | changes).encode(), {}


@pytest.mark.parametrize(
    "etag",
    ["../../../evil", "/etc/evil", "", "a" * 10_000, "../" * 13 + "a", "a" * 39, "g" * 40, "a" * 64 + "/../b", SHA256 + ".lock"],
    ids=lambda etag: etag[:20],
)
@pytest.mark.parametrize("header", ["ETag", "X-Linked-Etag"])
def test_an_etag_that_is_no_hash_is_an_error(server: Hub, tmp_path: Path, etag: str, header: str) -> None:
    server.answers["config.json"] = (200, b"{}", {header: f'"{etag}"', "X-Repo-Commit": COMMITS["main"]})
    said = refused(server, tmp_path)
    assert "is no sha1 or sha256" in said
    assert len(said) < 1_000


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"'])
@pytest.mark.parametrize("etag", [SHA256, SHA256.upper()])
def test_a_hash_is_read_in_any_form_that_a_header_gives_it(server: Hub, tmp_path: Path, form: str, etag: str) -> None:
    server.etags["model.safetensors"] = form.format(etag)
    folder, _ = locate(server, tmp_path)
    assert (folder / "model.safetensors").resolve().name == SHA256


@pytest.mark.parametrize("etag", ["a" * 64, "a" * 40])
def test_a_file_of_another_hash_than_stated_is_an_error(server: Hub, tmp_path: Path, etag: str) -> None:
    server.etags["config.json"] = etag
    assert "but the hub states aaaaaaaaaaaa" in refused(server, tmp_path)


@pytest.mark.parametrize("commit", ["../../x", "/x", "", "1" * 41, "x" * 40, 7, None, ["1" * 40], {}])
def test_a_listed_commit_that_is_none_is_an_error(server: Hub, tmp_path: Path, commit: object) -> None:
    server.answers["/api/"] = listing(sha=commit)
    assert "it states the commit" in refused(server, tmp_path)


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("commit", ["../../x", "/x", "1" * 41])
def test_a_files_commit_that_is_none_is_an_error(server: Hub, tmp_path: Path, commit: str, status: int) -> None:
    headers = {"ETag": f'"{SHA256}"', "X-Repo-Commit": commit, "X-Error-Code": "EntryNotFound"}
    server.answers["model.safetensors"] = (status, WEIGHTS, headers)
    assert "it states the commit" in refused(server, tmp_path)


def test_a_file_of_another_commit_than_the_listed_is_an_error(server: Hub, tmp_path: Path) -> None:
    server.answers["model.safetensors"] = (200, WEIGHTS, {"ETag": f'"{SHA256}"', "X-Repo-Commit": "3" * 40})
    assert "of another commit than it lists" in refused(server, tmp_path)


def test_another_commit_than_the_pinned_is_an_error(server: Hub, tmp_path: Path) -> None:
    server.answers["/api/"] = listing()
    assert "it was asked for commit" in refusal(server, tmp_path, revision=COMMITS["old"])


@pytest.mark.parametrize(
    "name",
    [
        "../evil.safetensors",
        "/evil.safetensors",
        "a/../../evil.safetensors",
        "a//evil.safetensors",
        ".",
        "",
        "a\\..\\evil.safetensors",
        "evil\x00.safetensors",
        "\x1b[2Jevil.safetensors",
        "a" * 300 + ".safetensors",
        7,
        None,
    ],
    ids=str,
)
def test_a_listed_name_that_is_no_path_below_the_folder_is_an_error(server: Hub, tmp_path: Path, name: object) -> None:
    server.answers["/api/"] = listing(siblings=[{"rfilename": "config.json"}, {"rfilename": name}])
    said = refused(server, tmp_path)
    assert "which is no path below the repository" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("config.json", 10**6 + 1),
        ("tokenizer.json", 10**8 + 1),
        ("model.safetensors", 20 * 10**9 + 1),
        ("model.safetensors", 10**30),
        ("model.safetensors", -1),
        ("model.safetensors", "7"),
        ("model.safetensors", 0.5),
    ],
)
def test_a_listed_size_that_no_file_of_an_encoder_has_is_an_error(server: Hub, tmp_path: Path, name: str, size: object) -> None:
    server.answers["/api/"] = listing(siblings=[{"rfilename": name, "size": size}])
    assert "that one of its name has" in refused(server, tmp_path)


def test_files_that_together_are_larger_than_an_encoder_are_an_error(server: Hub, tmp_path: Path) -> None:
    parts = [{"rfilename": f"model-{part}.safetensors", "size": 11 * 10**9} for part in range(2)]
    server.answers["/api/"] = listing(siblings=parts)
    assert "its files have 22,000,000,000 bytes, of at most 20,000,000,000" in refused(server, tmp_path)


@pytest.mark.parametrize("size", ["9" * 10_000, "10000001", "-1", "x"])
def test_a_file_that_is_larger_than_one_of_its_name_is_an_error(server: Hub, tmp_path: Path, size: str) -> None:
    headers = {"ETag": f'"{SHA256}"', "X-Repo-Commit": COMMITS["main"], "X-Linked-Size": size}
    server.answers["config.json"] = (200, b"{}", headers)
    assert "that one of its name has" in refused(server, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"7",
        b"null",
        b'"text"',
        b"{}",
        b'{"id": "a/b", "sha": "1", "siblings": 7}',
        b'{"id": "a/b", "siblings": [7], "lastModified": "never"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"<html>",
        b"",
        b"\xff\xfe\x00",
        b"1" * 10_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_listing_that_is_none_is_an_error(server: Hub, tmp_path: Path, body: bytes) -> None:
    server.answers["/api/"] = (200, body, {})
    refused(server, tmp_path)


def test_a_repository_without_a_file_of_an_encoder_is_an_error(server: Hub, tmp_path: Path) -> None:
    server.answers["/api/"] = listing(siblings=[{"rfilename": "pytorch_model.bin"}])
    assert "has no file of an encoder" in refused(server, tmp_path)


@pytest.mark.parametrize("place", ["/api/", "config.json"])
def test_an_answer_that_is_compressed_is_an_error(server: Hub, tmp_path: Path, place: str) -> None:
    bomb = gzip.compress(bytes(3 * 10**9 // 10), 1)
    headers = {"Content-Encoding": "gzip", "ETag": f'"{SHA256}"', "X-Repo-Commit": COMMITS["main"]}
    server.answers[place] = (200, bomb, headers)
    assert "it compresses what it was asked not to" in refused(server, tmp_path)


@pytest.mark.parametrize("place", ["/api/", "config.json"])
@pytest.mark.parametrize("target", ["relative", "absolute"])
def test_an_endless_redirect_is_an_error(server: Hub, tmp_path: Path, place: str, target: str) -> None:
    location = f"{server.url if target == 'absolute' else ''}/{NAME}/resolve/main/config.json"
    api = f"{server.url if target == 'absolute' else ''}/api/models/{NAME}/revision/main"
    headers = {"Location": api if place == "/api/" else location, "X-Repo-Commit": COMMITS["main"]}
    server.answers[place] = (307, b"", headers | ({"ETag": SHA256, "X-Linked-Size": "2"} if place != "/api/" else {}))
    assert "redirect" in refused(server, tmp_path)


@pytest.mark.parametrize("place", ["/api/", "config.json"])
def test_an_answer_without_an_end_is_an_error(server: Hub, tmp_path: Path, place: str) -> None:
    server.endless = place
    assert "bytes" in refused(server, tmp_path)


@pytest.mark.parametrize("place", ["/api/", "config.json"])
def test_an_answer_that_trickles_ends_the_process(server: Hub, tmp_path: Path, place: str) -> None:
    server.trickling = place
    quick = "from pipeline.encoding import snapshot; snapshot.ANSWER_SECONDS = 1; snapshot.SLOWEST_BYTES_A_SECOND = 10**6\n"
    assert "has not come to an end within 1 seconds" in refused(server, tmp_path, before=quick)


def test_a_file_of_a_snapshot_that_leads_out_of_the_cache_is_an_error(server: Hub, tmp_path: Path) -> None:
    folder, _ = locate(server, tmp_path)
    (tmp_path / "elsewhere").write_bytes(b"{}")
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(tmp_path / "elsewhere")
    assert "cannot be checked" in refusal(server, tmp_path)
    assert (tmp_path / "elsewhere").read_bytes() == b"{}"


def test_a_file_of_a_snapshot_that_no_hash_names_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")
    with pytest.raises(InputError, match="cannot be checked"):
        snapshot.verify(tmp_path / "config.json", tmp_path)


def test_what_is_said_of_an_answer_is_short() -> None:
    with pytest.raises(UntrustedAnswerError) as caught:
        snapshot._require_below("../" * 10_000)
    assert len(str(caught.value)) < 200
