"""manifest.json, in every folder that we write: the kind of folder it is, the version of that kind, and what is to know of it.

It states a checksum of every file, its own among them. So a damaged folder, another version's or another stage's is an error, never
a wrong result.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, NoReturn, TypeVar

from pipeline.core import typed
from pipeline.core.constraints import Line
from pipeline.core.errors import InputError
from pipeline.core.files import checksum, read_json, with_checksum, write_json

About = TypeVar("About")
MANIFEST = "manifest.json"


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

    kind: Annotated[str, Line(100)]
    version: int
    about: dict[str, Any]
    files: dict[str, str]  # checksum by path below the folder
    checksum: str = ""  # of these values


def seal(folder: Path, kind: Kind[About], about: About) -> None:
    """Write the manifest of a folder whose other files are written."""
    describe(folder, kind, about, {name: checksum(folder / name) for name in file_names(folder)})


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
        _require_unchanged(folder / name, written, kind)
    return about, tuple(folder / name for name in sorted(files))


def verified(path: Path, kind: Kind[Any]) -> Path:
    """A file's path, once it was compared with the manifest of its folder.

    Raises: InputError where the folder is missing, of another kind or version, or the file is missing or changed.
    """
    _, files = read_manifest(path.parent, kind)
    _require_unchanged(path, files.get(path.name), kind)
    return path


def _require_unchanged(path: Path, written: str | None, kind: Kind[Any]) -> None:
    if not path.is_file() or checksum(path) != written:
        raise InputError.of(path, f"missing, damaged or changed since {MANIFEST} was written", kind.remake)


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
            raise InputError.of(
                path,
                f"damaged: files names {name[:100] if name.isprintable() else repr(name[:100])}, which is no path below the folder",
                hint,
            )


def file_names(folder: Path) -> list[str]:
    """The paths of all files below a folder but its manifest, in order.

    Raises: OSError where a folder may not be read, whose files would be missing.
    """
    paths = (
        Path(above, name).relative_to(folder).as_posix()
        for above, folders, files in os.walk(folder, onerror=_refuse)
        for name in [*files, *(each for each in folders if Path(above, each).is_symlink())]
    )
    return sorted(name for name in paths if name != MANIFEST)


def _refuse(error: OSError) -> NoReturn:
    raise error
