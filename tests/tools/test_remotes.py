"""DVC against real servers on loopback: what a team does with a remote, and what it reads when something is wrong.

The messages are those of the table in docs/team.md: when DVC words one otherwise, both change.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools import servers, team
from tests.tools.servers import Server

NOTHING_TO_DO = "Data and pipelines are up to date."
N_OBJECTS = team.N_SHARDS + 1  # and DVC's list of the folder
MIDWAY = team.N_SHARDS * team.SHARD_BYTES // 3
MISSING = "Some of the cache files do not exist neither locally nor on remote"
FORBIDDEN = "An error occurred (403) when calling the HeadObject operation: Forbidden"
# What dvc push and dvc pull say by server and fault; None where they do what they should not: succeed.
SAYS: dict[tuple[str, str], tuple[str | None, str]] = {
    ("s3", "no key"): ("Unable to locate credentials", "Unable to locate credentials"),
    ("s3", "wrong key"): (FORBIDDEN, FORBIDDEN),
    ("s3", "wrong place"): ("The specified bucket does not exist", MISSING),
    ("sftp", "no key"): ("ERROR: unexpected error", "failed to connect to ssh"),
    ("sftp", "wrong key"): ("ERROR: unexpected error", "failed to connect to ssh"),
    ("sftp", "wrong place"): (None, MISSING),  # the folder is made
    ("webdav", "no key"): ("expected a bytes-like object, NoneType found", "expected a bytes-like object, NoneType found"),
    ("webdav", "wrong key"): ("401 Unauthorized", MISSING),
    ("webdav", "wrong place"): ("could not be found in the server", MISSING),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run; clone it."""
    return team.make(tmp_path_factory.mktemp("project") / "project")


@pytest.fixture(params=["s3", "sftp", "webdav"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with servers.serving(request.param, tmp_path) as server:
        yield server


@pytest.fixture
def pusher(project: Path, tmp_path: Path, server: Server) -> Path:
    """A clone that has the outputs and is let in to the server."""
    folder = shutil.copytree(project, tmp_path / "first", symlinks=True)
    team.let_in(folder, server)
    return folder


def kill_midway(process, server: Server, n_bytes: Callable[[], int]) -> str:
    """Kill the server when a part has arrived; what the command, which must fail, printed."""
    before = n_bytes()
    servers.wait_for(lambda: n_bytes() > before + MIDWAY)
    server.kill()
    return team.fails(process)


def remove(server: Server, names: list[str]) -> None:
    """Remove objects of the storage, as docs/team.md says, while the server is down."""
    for name in names:
        (server.data / servers.BUCKET / "files/md5" / name[:2] / name[2:]).unlink(missing_ok=True)


def test_what_one_pushes_the_other_pulls_and_has_nothing_to_do(pusher: Path, tmp_path: Path, server: Server) -> None:
    assert f"{N_OBJECTS} files pushed" in team.dvc(pusher, "push")
    second = team.clone(pusher, tmp_path / "second", server)
    assert f"{N_OBJECTS} files fetched" in team.dvc(second, "pull")
    assert team.contents(second) == team.contents(pusher)
    assert NOTHING_TO_DO in team.dvc(second, "repro")
    assert "Everything is up to date." in team.dvc(second, "push")


def test_a_push_and_a_pull_go_on_where_the_server_was_killed(pusher: Path, tmp_path: Path, server: Server) -> None:
    said = kill_midway(team.started(pusher, *team.DVC, "push"), server, server.n_bytes)
    broken = re.findall(r"failed to transfer '([\w.]+)'", said)
    assert broken
    if server.in_place:
        remove(server, broken)
    server.start()
    assert "files pushed" in team.dvc(pusher, "push")

    second = team.clone(pusher, tmp_path / "second", server)
    cache = second / ".dvc/cache/files"
    kill_midway(team.started(second, *team.DVC, "pull"), server, lambda: servers.n_bytes(cache))
    server.start()
    team.dvc(second, "pull")
    assert team.contents(second) == team.contents(pusher)
    assert NOTHING_TO_DO in team.dvc(second, "repro")


@pytest.mark.parametrize("server", ["webdav"], indirect=True)
def test_half_a_file_in_the_storage_is_no_data_and_can_be_replaced(pusher: Path, tmp_path: Path, server: Server) -> None:
    team.dvc(pusher, "push")
    server.kill()
    [half, *_] = sorted((server.data / servers.BUCKET).glob("files/md5/*/*[!r]"))
    with half.open("r+b") as file:
        file.truncate(team.SHARD_BYTES // 2)
    server.start()

    second = team.clone(pusher, tmp_path / "second", server)
    said = team.fails(team.started(second, *team.DVC, "pull", "--verbose"))
    assert not (second / "store").exists()
    broken = re.findall(r"corrupted cache file '.*files/md5/(\w\w)/(\w+)'", said)
    assert broken == [(half.parent.name, half.name)]

    server.kill()
    remove(server, ["".join(*broken), *(path.parent.name + path.name for path in server.data.rglob("*.dir"))])
    server.start()
    assert "2 files pushed" in team.dvc(pusher, "push")
    team.dvc(second, "pull")
    assert team.contents(second) == team.contents(pusher)


def test_two_pushes_at_once_leave_both_whole(pusher: Path, tmp_path: Path, server: Server) -> None:
    second = shutil.copytree(pusher, tmp_path / "second", symlinks=True)
    team.draw(second, range(100, 103), 50_000)
    team.dvc(second, "repro")
    team.git(second, "commit", "--quiet", "--all", "--message", "More shards")
    for folder, push in [(folder, team.started(folder, *team.DVC, "push")) for folder in (pusher, second)]:
        status, output = team.ended(push)
        if status:  # WebDAV locks a file that is being written, and refuses whoever comes second
            assert (server.name, "423 (Locked)" in output) == ("webdav", True), output
            team.dvc(folder, "push")

    third = team.clone(second, tmp_path / "third", server)
    team.dvc(third, "fetch", "--all-commits")
    held = {path.parent.name + path.name.removesuffix(".dir"): path for path in team.cached(third)}
    assert len(held) == N_OBJECTS + 4  # three shards and another list
    assert all(hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == name for name, path in held.items())


def test_a_wrong_key_or_place_says_what_the_page_for_teams_explains(pusher: Path, tmp_path: Path, server: Server) -> None:
    team.dvc(pusher, "push")
    secret = "secret_access_key" if server.name == "s3" else "password"
    faults: dict[str, dict[str, str | None]] = {
        "no key": dict.fromkeys(server.secrets),
        "wrong key": {secret: "wrong"},
        "wrong place": {"url": server.url.replace(servers.BUCKET, "elsewhere")},
    }
    page = (team.ROOT / "docs/team.md").read_text(encoding="utf-8")
    for fault, changes in faults.items():
        puller = team.clone(pusher, tmp_path / f"puller, {fault}", server)
        anew = shutil.copytree(pusher, tmp_path / f"pusher, {fault}", symlinks=True)
        for folder in (puller, anew):
            team.let_in(folder, server, **changes)
        push, pull = team.started(anew, *team.DVC, "push"), team.started(puller, *team.DVC, "pull")
        on_push, on_pull = SAYS[server.name, fault]
        if on_push is None:
            team.succeeds(push)
        else:
            assert on_push in team.fails(push)
            assert on_push in page
        assert on_pull in team.fails(pull)
        assert on_pull in page
