"""Folders that we write: each there whole or not at all, by one process at a time, and never in the place of somebody's files.

A folder of ours holds manifest.json: the kind of folder it is, the version of that kind, what is to know of it, and a checksum of
every file, its own among them. So a damaged folder, another version's or another stage's is an error, never a wrong result; and a
folder is replaced only where every file in it stands in the manifest.

While a folder is made, it is a scratch folder beside its place: .NAME.PROCESS.partial. To take its place takes two renames, the old
folder's to .NAME.PROCESS.old and its own. What a process that died in between has left is put back or removed by the next one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any, Generic, TypeVar

from pipeline.core import typed
from pipeline.core.errors import InputError
from pipeline.core.files import checksum, read_json, with_checksum, write_json

About = TypeVar("About")
MANIFEST = "manifest.json"
FULL_BYTES = 1_000_000  # a disk with less than this free is full
NOBODYS = frozenset({".DS_Store"})  # files that a system puts into any folder


@dataclass(frozen=True)
class Kind(Generic[About]):
    """A kind of folder: its name, the version of its meaning, what its manifest tells, and how people make one anew."""

    name: str
    version: int
    about: type[About]
    remake: str


@dataclass(frozen=True)
class Manifest:
    """What stands in manifest.json."""

    kind: str
    version: int
    about: dict[str, Any]
    files: dict[str, str]  # checksum by path below the folder
    checksum: str = ""  # of these values


def seal(folder: Path, kind: Kind[About], about: About) -> None:
    """Write the manifest of a folder whose other files are written."""
    describe(folder, kind, about, {name: checksum(folder / name) for name in _names(folder)})


def describe(folder: Path, kind: Kind[About], about: About, files: dict[str, str] | None = None) -> None:
    """Write the manifest of a folder, with the checksums of its files where they do not tell themselves whether they are whole."""
    manifest = Manifest(kind.name, kind.version, dataclasses.asdict(about), files or {})  # type: ignore[call-overload]
    write_json(folder / MANIFEST, with_checksum(dataclasses.asdict(manifest)))


def open_sealed(folder: Path, kind: Kind[About]) -> tuple[About, tuple[Path, ...]]:
    """What the manifest of a folder tells, and its files in order, once every one was compared with its checksum.

    Raises: InputError where the folder is missing, of another kind or version, or has a file missing or changed.
    """
    about, files = read_manifest(folder, kind)
    for name, written in files.items():
        path = folder / name
        if not path.is_file() or checksum(path) != written:
            raise InputError.of(path, f"missing, damaged or changed since {MANIFEST} was written", kind.remake)
    return about, tuple(folder / name for name in sorted(files))


def read_manifest(folder: Path, kind: Kind[About]) -> tuple[About, dict[str, str]]:
    """What the manifest of a folder tells, and the checksums that it states, which stay uncompared.

    Raises: InputError where the folder is missing, or of another kind or version.
    """
    path = folder / MANIFEST
    value = read_json(path, kind.remake)
    try:
        manifest = typed.build(Manifest, value)
        _require_inside(manifest.files, path, kind.remake)
        if (manifest.kind, manifest.version) != (kind.name, kind.version):
            written = f"written as version {manifest.version} of {manifest.kind!r}"
            raise InputError.of(path, f"{written}; version {kind.version} of {kind.name!r} is wanted", kind.remake)
        about = typed.build(kind.about, manifest.about)
    except typed.MismatchError as error:
        raise InputError.of(path, f"damaged: {error}", kind.remake) from None
    if manifest.checksum != with_checksum(value)["checksum"]:  # last: what is wrong with a value says more
        raise InputError.of(path, "damaged or changed since it was written", kind.remake)
    return about, manifest.files


def _require_inside(names: Iterable[str], path: Path, hint: str) -> None:
    """Raises: InputError where a name in a manifest leads out of its folder."""
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise InputError.of(path, f"damaged: files names {name}, which is no path below the folder", hint)


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A scratch folder, which the block fills and seals: it takes the place of `folder` where that ends well, else leaves no trace.

    Raises: InputError where `folder` holds files that we did not write, which replacing it would lose, or another process writes
        it; OSError, ENOSPC, where the block fails on a full disk, whatever OpenVINO, safetensors and tokenizers call that.
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
def scratch_folder(folder: Path) -> Iterator[Path]:
    """A folder beside an output, which has the room, for what waits to be written into it; gone after the block."""
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
    present = [name for name in _names(folder) if Path(name).name not in NOBODYS]
    if not present and not (folder / MANIFEST).exists():
        return
    try:
        manifest = typed.build(Manifest, read_json(folder / MANIFEST, hint))
    except (InputError, typed.MismatchError):
        raise InputError.of(folder, f"the folder holds {_some(present)}, and no {MANIFEST} of ours", hint) from None
    if foreign := [name for name in present if name not in manifest.files]:
        raise InputError.of(folder, f"the folder holds {_some(foreign)}, which we did not write", hint)


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
    place = folder.parent.resolve() / folder.name
    if place in _held:  # by this process
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
        path.unlink(missing_ok=True)  # before it is let go, so that whoever waits for it takes a new one
        os.close(lock)


_held: set[Path] = set()


def _lock(path: Path, folder: Path) -> int:
    """The descriptor of a lock file that is this process' own."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 1_000).decode(errors="replace") or "another process"
            os.close(lock)
            raise InputError.of(folder, f"{holder} is writing it", "wait for it to end, or end it, and run again") from None
        if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
            break
        os.close(lock)  # its last holder removed it between our two calls
    os.ftruncate(lock, 0)
    command = " ".join(" ".join(sys.orig_argv).split())
    os.write(lock, f"process {os.getpid()} ({command[:200]})".encode(errors="replace"))
    return lock


def _clear(folder: Path) -> None:
    """Put back or remove what processes that died have left beside a folder; its lock is ours, so none of them lives."""
    for old in sorted(folder.parent.glob(f".{escape(folder.name)}.[0-9]*.old")):
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)
    for ending in ("partial", "scratch"):
        for left in folder.parent.glob(f".{escape(folder.name)}.[0-9]*.{ending}"):
            if left.is_dir():
                shutil.rmtree(left)
            else:  # of an output that is a single file
                left.unlink()


def _take_place(scratch: Path, folder: Path) -> None:
    if not (scratch / MANIFEST).is_file():
        raise RuntimeError(f"{folder} was not sealed")
    old = _beside(folder, "old")
    if folder.is_dir():
        folder.rename(old)
    scratch.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path, ending: str) -> Path:
    return folder.with_name(f".{folder.name}.{os.getpid()}.{ending}")


def _names(folder: Path) -> list[str]:
    """The paths of all files below a folder but its manifest, in order."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(name for name in paths if name != MANIFEST)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
