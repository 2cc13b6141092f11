"""Folders that we write: whole or not at all, by one process at a time, and never in the place of somebody's files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.core import manifests, outputs
from pipeline.core.errors import InputError
from pipeline.core.manifests import MANIFEST, Kind
from tests.support.project import ROOT


@dataclass(frozen=True)
class About:
    size: int
    names: tuple[str, ...] = ()


THING = Kind("thing", 3, About, "run dvc repro thing")
# A program that makes a folder; what stands for %s runs while it is under way.
MAKE = """
import os, signal, sys, time
from pathlib import Path
from pipeline.core import manifests, outputs
from tests.core.test_outputs import About, THING
with outputs.made_whole(Path(sys.argv[1])) as scratch:
    (scratch / "a.txt").write_text("new")
    manifests.seal(scratch, THING, About(2))
    %s
"""


def make(folder: Path, text: str = "old", about: About = About(1)) -> None:
    with outputs.made_whole(folder) as scratch:
        (scratch / "inner").mkdir()
        (scratch / "a.txt").write_text(text)
        (scratch / "inner/b.bin").write_bytes(b"\0\1")
        manifests.seal(scratch, THING, about)


def started(folder: Path, while_under_way: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAKE % while_under_way, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "thing")
    return tmp_path / "thing"


def test_what_a_manifest_tells_comes_back_with_the_files(folder: Path) -> None:
    make(folder, about=About(5, ("x", "y")))
    about, files = manifests.open_sealed(folder, THING)
    assert about == About(5, ("x", "y"))
    assert files == (folder / "a.txt", folder / "inner/b.bin")


@pytest.mark.parametrize("name", ["a.txt", "inner/b.bin"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"other"), lambda path: path.write_bytes(b"")])
def test_a_damaged_file_is_named(folder: Path, name: str, damage: Callable[[Path], object]) -> None:
    damage(folder / name)
    with pytest.raises(InputError, match=f"{name}: missing, damaged or changed.*\n.*run dvc repro thing"):
        manifests.open_sealed(folder, THING)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"version": 2}, "written as version 2 of 'thing'; version 3 of 'thing' is wanted"),
        ({"kind": "other"}, "version 3 of 'other'"),
        ({"about": {"size": "big"}}, "damaged: size is 'big'"),
        ({"about": {}}, "key size is missing"),
        ({"files": ["a.txt"]}, "damaged: files is"),
        ({"files": {"a.txt": 7}}, "damaged: files.a.txt is 7"),
        ({"more": 1}, "unknown key more"),
    ],
)
def test_another_kind_of_folder_or_a_damaged_manifest_is_refused(folder: Path, changes: dict[str, object], found: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | changes))
    with pytest.raises(InputError) as refused:
        manifests.open_sealed(folder, THING)
    assert found in str(refused.value)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\udcff", "9" * 10_000, "[" * 100_000])
def test_a_manifest_that_is_no_json_object_is_named(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content, errors="surrogateescape")
    with pytest.raises(InputError, match=MANIFEST):
        manifests.open_sealed(folder, THING)


@pytest.mark.parametrize(("old", "new"), [('"size": 1', '"size": 2'), ('"checksum": "', '"checksum": "0'), ('"a.txt"', '"b.txt"')])
def test_a_manifest_that_was_changed_is_refused(folder: Path, old: str, new: str) -> None:
    text = (folder / MANIFEST).read_text()
    assert text.count(old) == 1
    (folder / MANIFEST).write_text(text.replace(old, new))
    with pytest.raises(InputError, match=f"{MANIFEST}: damaged or changed since it was written"):
        manifests.open_sealed(folder, THING)


def test_a_missing_folder_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file\n  hint: run dvc repro thing"):
        manifests.open_sealed(tmp_path / "none", THING)


def test_a_manifest_names_no_file_outside_its_folder(folder: Path) -> None:
    (folder.parent / "secret").write_text("x")
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"files": {"../secret": "0"}}))
    with pytest.raises(InputError, match=r"damaged: files names \.\./secret, which is no path below the folder"):
        manifests.open_sealed(folder, THING)


def test_a_block_that_fails_leaves_the_old_folder_and_no_trace(folder: Path) -> None:
    def fail() -> None:
        with outputs.made_whole(folder) as scratch:
            (scratch / "a.txt").write_text("half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert (folder / "a.txt").read_text() == "old"
    assert os.listdir(folder.parent) == ["thing"]


def test_nothing_is_left_beside_a_folder_that_was_replaced(folder: Path) -> None:
    make(folder, "new")
    assert (folder / "a.txt").read_text() == "new"
    assert os.listdir(folder.parent) == ["thing"]


def beside(folder: Path) -> Iterator[str]:
    return (path.name for path in folder.parent.iterdir() if path != folder and path.suffix != ".lock")


@pytest.mark.parametrize("n_renames", [0, 1, 2, 3])
def test_a_process_killed_at_any_rename_leaves_a_whole_folder_to_the_next(folder: Path, n_renames: int) -> None:
    killer = (
        "n, rename = [0], Path.rename\n"
        "    def killing(self, target):\n"
        f"        if n[0] == {n_renames}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        n[0] += 1\n"
        "        return rename(self, target)\n"
        "    Path.rename = killing\n"
        "    import shutil; shutil.rmtree = lambda *a, **b: os.kill(os.getpid(), signal.SIGKILL)"
    )
    process = started(folder, killer)
    assert process.wait() == -signal.SIGKILL
    assert list(beside(folder))
    with outputs.locked(folder):
        assert (folder / "a.txt").read_text() == ("new" if n_renames >= 2 else "old")
        manifests.open_sealed(folder, THING)
        assert not list(beside(folder))
    make(folder, "again")
    assert os.listdir(folder.parent) == ["thing"]


def test_what_a_process_left_of_a_single_file_is_removed_and_a_neighbours_stays(tmp_path: Path) -> None:
    for name in (".card.md.4711.partial", ".card.md.json.4711.partial"):
        (tmp_path / name).write_text("half")
    with outputs.locked(tmp_path / "card.md"):
        assert {path.name for path in tmp_path.iterdir()} == {".card.md.json.4711.partial", ".card.md.lock"}


@pytest.mark.parametrize("name", [".thing.2019.old", ".thing.7b.partial", ".thing.7b.scratch", ".thing.x.old"])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_a_person_named_almost_so_is_left_alone(tmp_path: Path, name: str, is_there: bool) -> None:
    if is_there:
        make(tmp_path / "thing")
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("years of work")
    (tmp_path / ".thing.2020.old").write_text("years of work")
    make(tmp_path / "thing", "new")
    assert (tmp_path / name / "mine.txt").read_text() == (tmp_path / ".thing.2020.old").read_text() == "years of work"
    assert (tmp_path / "thing/a.txt").read_text() == "new"


@pytest.mark.parametrize("content", ["", "process 7 (python -m pipeline.parse)"])
def test_the_lock_of_a_process_that_died_is_in_nobodys_way(tmp_path: Path, content: str) -> None:
    (tmp_path / ".thing.lock").write_text(content)
    make(tmp_path / "thing")
    assert os.listdir(tmp_path) == ["thing"]


def test_a_file_of_the_name_of_a_lock_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".thing.lock").write_text("my notes\n")
    with pytest.raises(InputError, match=r"\.thing\.lock: this is no lock of ours.*\n  hint: move it"):
        make(tmp_path / "thing")
    assert (tmp_path / ".thing.lock").read_text() == "my notes\n"


def test_a_second_process_is_refused_and_told_which_one_writes(folder: Path) -> None:
    with started(folder, "print('under way', flush=True); time.sleep(60)") as process:
        assert process.stdout
        assert process.stdout.readline() == "under way\n"
        with pytest.raises(InputError, match=rf"thing: it is being written by process {process.pid} \("):
            make(folder)
        process.kill()
    make(folder, "free again")
    assert (folder / "a.txt").read_text() == "free again"


def test_a_process_may_write_what_it_has_locked(folder: Path) -> None:
    with outputs.locked(folder):
        make(folder, "mine")
    assert (folder / "a.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "config.json", "metrics.json", "inner/model.safetensors"])
def test_a_folder_with_a_file_that_we_did_not_write_is_never_replaced(folder: Path, name: str) -> None:
    (folder / name).write_text("years of work")
    with pytest.raises(InputError, match=f"the folder holds {name}, which this pipeline did not write"):
        make(folder)
    assert (folder / name).read_text() == "years of work"


def test_a_folder_with_one_that_may_not_be_read_is_never_replaced(folder: Path, unreadable: Callable[..., None]) -> None:
    (folder / "notes").mkdir()
    (folder / "notes/mine.txt").write_text("years of work")
    unreadable("notes")
    with pytest.raises(PermissionError, match="notes"):
        make(folder)
    assert (folder / "notes/mine.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "manifest", [None, "{}", '{"name": "a web app", "icons": []}', '{"files": {"config.json": ""}}', "no json"]
)
def test_a_folder_without_a_manifest_of_ours_is_never_replaced(tmp_path: Path, manifest: str | None) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    if manifest is not None:
        (folder / MANIFEST).write_text(manifest)
    with pytest.raises(InputError, match=r"the folder holds config\.json, and no manifest\.json of this pipeline"):
        make(folder)
    assert (folder / "config.json").read_text() == "{}"


def test_an_empty_folder_and_the_files_of_a_file_manager_are_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "thing").mkdir()
    (tmp_path / "thing/.DS_Store").write_text("")
    make(tmp_path / "thing")
    assert (tmp_path / "thing/a.txt").is_file()


def test_a_link_or_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(InputError, match="stands where the output folder belongs"):
            make(tmp_path / name)


@pytest.mark.parametrize(("output", "given"), [("a", "a"), ("a/b", "a"), ("a", "a/b"), ("x/../a", "a"), ("link/a", "a")])
def test_an_output_that_is_holds_or_lies_in_an_input_is_refused(tmp_path: Path, output: str, given: str) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is, holds or lies in the input"):
        outputs.require_apart(tmp_path / output, [tmp_path / "c", tmp_path / given])
    outputs.require_apart(tmp_path / output, [tmp_path / "ab"])


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_new_is_there_whole_or_not_at_all(tmp_path: Path, is_folder: bool) -> None:
    def fill(scratch: Path) -> None:
        if is_folder:
            scratch.mkdir()
        (scratch / "a.txt" if is_folder else scratch).write_text("new")

    def fail() -> None:
        with outputs.made_new(tmp_path / "place") as scratch:
            fill(scratch)
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        fail()
    assert list(tmp_path.iterdir()) == []
    with outputs.made_new(tmp_path / "place") as scratch:
        fill(scratch)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.core import files, outputs
with outputs.made_new(Path(sys.argv[1])) as place, files.written_whole(place) as scratch:
    scratch.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_of_something_new_is_removed_by_the_next(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "place")], cwd=ROOT, check=False).returncode == -9
    with outputs.made_new(tmp_path / "place") as place:
        place.write_text("whole")
    assert os.listdir(tmp_path) == ["place"]


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("elsewhere")])
def test_what_is_new_takes_no_place_that_is_taken(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "place")
    with pytest.raises(InputError, match="there is something already"), outputs.made_new(tmp_path / "place"):
        pass


@pytest.mark.parametrize("place", ["/", ".", ".."])
def test_a_path_without_a_name_is_no_place_to_write_to(place: str) -> None:
    with pytest.raises(InputError, match="names no place to write to"), outputs.locked(Path(place)):
        pass
