"""What lies in data/raw: files that may be annotations, and folders of brat, whose documents are two files each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem, sift
from pipeline.corpus.split_names import splits_in

BRAT = frozenset({".ann", ".txt"})
# What tools and people put beside annotations: DVC, brat's settings, texts about the corpus.
BESIDE = re.compile(r"\..*|.*\.dvc|(annotation|visual|tools|kb_shortcuts)\.conf|(readme|license)([^a-z].*)?", re.IGNORECASE)


class RawFiles(NamedTuple):
    """The units that are of one split each, all in the order of paths.

    Args: files: each a unit of its own; folders: those of brat, and the .ann and .txt files right in each.
    """

    files: list[Path]
    folders: dict[Path, list[Path]]

    @property
    def units(self) -> list[Path]:
        """All files and folders."""
        return sorted([*self.files, *self.folders])

    @property
    def all_files(self) -> list[Path]:
        """The files that are units of their own, and those in the folders of brat."""
        return sorted([*self.files, *(file for files in self.folders.values() for file in files)])


def find_raw_files(folder: Path) -> tuple[RawFiles, list[Problem]]:
    """What lies in a folder and those below it, and what of it cannot be read.

    Raises: InputError where there is no such folder, or its name is not UTF-8.
    """
    if not _is_utf8(str(folder)):
        raise InputError.of(_escaped(folder), "the name of the folder is not UTF-8", "rename it", "file-name")
    if not folder.is_dir():
        raise InputError.of(folder, "there is no such folder", "put the annotation files there", "folder-missing")
    paths, problems = sift(_walk(folder))
    paths.sort()
    annotated = {path.parent for path in paths if path.suffix == ".ann"}
    raw = RawFiles([], {})
    for path in paths:
        if path.parent in annotated and path.suffix in BRAT:
            raw.folders.setdefault(path.parent, []).append(path)
        else:
            raw.files.append(path)
    return raw, problems


def _walk(folder: Path) -> Iterator[Path | Problem]:
    """The files that may be annotations, and what is neither file nor folder, may not be read, or has no name that can be shown."""
    refused: list[OSError] = []
    for above, folders, names in os.walk(folder, onerror=refused.append):
        here = Path(above)
        shut = [name for name in folders if (here / name).is_symlink() or not _is_utf8(name)]
        folders[:] = sorted(name for name in folders if name not in shut and not BESIDE.fullmatch(name))
        for name in sorted([*names, *shut]):
            path = here / name
            if not _is_utf8(name):
                noun = "folder" if path.is_dir() else "file"
                yield Problem(f"the name of the {noun} is not UTF-8", "rename it", "file-name", _escaped(path))
            elif not _is_beside(name):
                yield path if path.is_file() else _unexpected(path)
    for error in refused:
        hint = "let it be read, or move it elsewhere"
        yield Problem(f"the folder cannot be read: {error.strerror}", hint, "folder-unreadable", str(error.filename))


def _is_beside(name: str) -> bool:
    """Whether a file is no annotation by its name; Markdown is none unless its name has the word of a split."""
    return bool(BESIDE.fullmatch(name)) or (name.lower().endswith(".md") and not splits_in(name))


def _unexpected(path: Path) -> Problem:
    if path.is_dir():
        return Problem("a link to a folder, which DVC does not follow", "put the folder itself here", "file-unexpected", str(path))
    found = "a link to nothing" if path.is_symlink() else "neither a file nor a folder"
    return Problem(found, "remove it", "file-unexpected", str(path))


def _is_utf8(name: str) -> bool:
    """Whether the bytes of a name are UTF-8: Python has those that are not as halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _escaped(path: Path) -> str:
    return str(path).encode(errors="surrogateescape").decode(errors="backslashreplace")
