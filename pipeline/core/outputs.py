"""Folders that we write: each there whole or not at all, by one process at a time, and never in the place of somebody's files.

A folder is ours only where a manifest says so (manifests.py), and is replaced only where that names every file in it.

A folder is made in .NAME.PROCESS.partial beside its place. To publish it, the old folder is renamed to .NAME.PROCESS.old, then the
new one takes its name. What a killed process leaves is put back or removed by the next one. .NAME.lock guards all of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path

from pipeline.core import typed
from pipeline.core.errors import InputError, listed
from pipeline.core.files import read_json
from pipeline.core.manifests import MANIFEST, Manifest, file_names

NAMING_SECONDS = 1  # that the holder of a lock may take to write its name
FULL_BYTES = 1_000_000  # a disk with less than this free is full
HOLDER = re.compile(r"process [0-9]+ \(.*\)")  # what a lock says, or said where its process died
SYSTEM_FILES = frozenset({".DS_Store"})  # that a system puts into any folder
_held: set[Path] = set()  # outputs that this process has locked


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A scratch folder, filled and sealed (manifests.seal) by the block: it replaces `folder` if that ends well, else it goes.

    Raises: InputError where `folder` holds files that we did not write, which replacing it would lose, or another process writes
        it; OSError, ENOSPC, where the block fails on a full disk, whatever error OpenVINO, safetensors or tokenizers raise for it.
    """
    with locked(folder):
        require_ours(folder)
        scratch = _beside(folder, "partial")
        scratch.mkdir(parents=True)
        try:
            yield scratch
            _take_place(scratch, folder)
        except Exception as error:
            if shutil.disk_usage(folder.parent).free < FULL_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def made_new(place: Path) -> Iterator[Path]:
    """A path for the block to make a file or a folder at: it becomes `place` if that ends well, else it goes.

    It lies in a scratch folder, so that what a writer puts beside it goes too. What is made so has no manifest: nothing is ever
    replaced by it.

    Raises: InputError where there is something at `place`, or another process writes it.
    """
    with locked(place):
        if place.is_symlink() or place.exists():
            raise InputError.of(place, "there is something already", "name a place where nothing is, or move it")
        scratch = _beside(place, "partial")
        scratch.mkdir()
        try:
            yield scratch / place.name
            (scratch / place.name).rename(place)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder(folder: Path | None) -> Iterator[Path]:
    """A temporary folder on the disk of an output, for what waits to be written into it; removed after the block.

    Where there is no output it is one of the system's.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    with locked(folder):
        scratch = _beside(folder, "scratch")
        scratch.mkdir(parents=True)
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def require_ours(folder: Path) -> None:
    """Raises: InputError where there is something at `folder` that we did not write."""
    hint = "name another folder, or move what it holds"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError.of(folder, "a link or a file stands where the output folder belongs", "name another folder, or move it")
    if not folder.is_dir():
        return
    present = [name for name in file_names(folder) if Path(name).name not in SYSTEM_FILES]
    if not present and not (folder / MANIFEST).exists():
        return
    try:
        manifest = typed.build(Manifest, read_json(folder / MANIFEST, hint))
    except (InputError, typed.MismatchError):
        raise InputError.of(folder, f"the folder holds {listed(present)}, and no {MANIFEST} of this pipeline", hint) from None
    if foreign := [name for name in present if name not in manifest.files]:
        raise InputError.of(folder, f"the folder holds {listed(foreign)}, which this pipeline did not write", hint)


def require_apart(output: Path, inputs: Iterable[Path]) -> None:
    """Raises: InputError where an output is a link, or is, holds or lies in an input."""
    if output.is_symlink():
        raise InputError.of(output, "the output is a link", f"name the place itself: {output.resolve()}")
    place = output.resolve()
    for given in inputs:
        source = given.resolve()
        if place == source or place in source.parents or source in place.parents:
            raise InputError.of(output, f"the output is, holds or lies in the input {given}", "name another output")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Within the block no other process writes this output; the system ends the lock with the process, however that dies.

    Raises: InputError that names the process which has the lock.
    """
    if folder.name in ("", ".."):
        raise InputError.of(folder, "this names no place to write to", "name a file or a folder that may be made anew")
    place = folder.parent.resolve() / folder.name
    if place in _held:  # by this process: a command holds the locks of its outputs from its start
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    path = place.with_name(f".{place.name}.lock")
    lock = _lock(path, folder)
    _held.add(place)
    try:
        _clear(folder)
        yield
    finally:
        _held.discard(place)
        path.unlink(
            missing_ok=True
        )  # before the lock is let go: a process that opened this file sees that it is gone, and opens a new one
        os.close(lock)


def _lock(path: Path, folder: Path) -> int:
    """The descriptor of a lock file that is this process' own."""
    until = time.monotonic() + NAMING_SECONDS
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(lock)
            os.close(lock)
            if not holder and time.monotonic() < until:  # it got the lock a moment ago, and is about to write its name
                time.sleep(0.01)
                continue
            found = f"it is being written by {holder or 'another process'}"
            raise InputError.of(folder, found, "wait for it to end, or end it, and run again") from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), path.stat()):
                break
        os.close(lock)  # its last holder removed it after we had opened it
    if (last := _holder(lock)) and not HOLDER.fullmatch(last):
        os.close(lock)
        raise InputError.of(path, "this is no lock of ours, and stands where one belongs", "move it, or name another output")
    os.ftruncate(lock, 0)
    command = " ".join(" ".join(sys.orig_argv).split())
    os.write(lock, f"process {os.getpid()} ({command[:200]})".encode(errors="replace"))
    return lock


def _holder(lock: int) -> str:
    """What a process has written into a lock file: its name, nothing yet, or what is none of ours."""
    return os.pread(lock, 1_000, 0).decode(errors="replace")


def _clear(folder: Path) -> None:
    """Put back or remove what processes that died have left beside a folder; its lock is ours, so none of them lives."""
    for left in [*_left(folder, "partial"), *_left(folder, "scratch")]:
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:  # of an output that is a single file
            left.unlink()
    for old in filter(_is_ours, _left(folder, "old")):
        if folder.exists():
            shutil.rmtree(_half_gone(old))
        else:
            old.rename(folder)


def _left(folder: Path, ending: str) -> list[Path]:
    """What has a name that _beside gives, of any process."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.[0-9]+\.{ending}")
    return sorted(path for path in folder.parent.glob(f".{escape(folder.name)}.*.{ending}") if name.fullmatch(path.name))


def _is_ours(folder: Path) -> bool:
    try:
        require_ours(folder)
    except (InputError, OSError):
        return False
    return True


def _half_gone(old: Path) -> Path:
    """An old folder under the name of what may be removed without a manifest: removing may be cut short."""
    return old.rename(old.with_suffix(".partial"))


def _take_place(scratch: Path, folder: Path) -> None:
    if not (scratch / MANIFEST).is_file():
        raise RuntimeError(f"{folder} was not sealed")
    old = _beside(folder, "old")
    if folder.is_dir():
        folder.rename(old)
    scratch.rename(folder)
    if old.is_dir():
        shutil.rmtree(_half_gone(old), ignore_errors=True)


def _beside(folder: Path, ending: str) -> Path:
    return folder.with_name(f".{folder.name}.{os.getpid()}.{ending}")
