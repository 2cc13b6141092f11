"""The files that a file, a folder or a pattern names, each with the place of its predictions in one folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path, PurePosixPath

from pipeline.core.errors import InputError, Problem
from pipeline.core.outputs import require_apart

ENDING = ".jsonl"
LONGEST_NAME = 255  # bytes of a file's name in the file systems that are common
FOLDER = ("**", "*")  # the pattern of a folder


@dataclass(frozen=True)
class File:
    """A file to predict.

    Args: path: without links, as workers open it; source: as it was found, absolute; name: below the folder or before the pattern.
    """

    path: str
    source: str
    name: str

    @property
    def output(self) -> str:
        """The name of its predictions."""
        return self.name + ENDING


@dataclass(frozen=True)
class Skipped:
    """Folders that were not looked into: links, which ** does not follow, and those that may not be read."""

    links: list[str]
    unreadable: list[str]


def find(given: str, output: Path) -> list[File]:
    """A file, the files of a folder and below, or of a pattern; none whose name or folder begins with a dot.

    What is there by the name itself is meant, whatever brackets it has.
    Raises: InputError where there is none, or one lies in the output or cannot have one.
    """
    base, pattern = _split(given)
    if not pattern and os.path.isfile(base):
        base, paths = base.parent, [base]
    else:
        try:
            _require_apart(output, base, pattern)
            paths = sorted(path for path in base.glob("/".join(pattern or FOLDER)) if _is_file(path))
        except ValueError as error:  # a**, a NUL
            raise InputError.of(given, f"this is no pattern: {error}", "write ** alone between slashes, * within a name") from None
    names = [path.relative_to(base) for path in paths]
    found = [
        File(str(path.resolve()), os.path.abspath(path), name.as_posix())
        for path, name in zip(paths, names, strict=True)
        if not any(part.startswith(".") for part in name.parts)
    ]
    if not found:
        what = "all that is there has a name or a folder that begins with a dot" if names else "there is no such file"
        raise InputError.of(given, what, "name a file, a folder, or a pattern in quotes")
    if problems := list(_problems(found, output)):
        raise InputError(problems)
    return found


def skipped(given: str) -> Skipped:
    """What find did not look into, of all that the folder or the pattern reaches."""
    base, pattern = _split(given)
    asked, links, unreadable = pattern or FOLDER, list[str](), list[str]()
    for folder, names, _ in os.walk(base, onerror=lambda error: unreadable.append(str(error.filename))):
        places = {name: (*Path(folder).relative_to(base).parts, name) for name in sorted(names) if not name.startswith(".")}
        names[:] = [name for name, parts in places.items() if _reaches(asked, parts)]
        of_any_depth = asked.index("**") if "**" in asked else len(asked)
        links += [
            place for name in names if len(places[name]) > of_any_depth and os.path.islink(place := os.path.join(folder, name))
        ]
    return Skipped(links, unreadable if os.path.isdir(base) else [])


def _split(given: str) -> tuple[Path, tuple[str, ...]]:
    """What stands before the first part that is a pattern, and the parts from there."""
    parts = Path(given).parts
    ends = range(1, len(parts) + 1)
    first = next((end - 1 for end in ends if has_magic(parts[end - 1]) and not _exists(Path(*parts[:end]))), len(parts))
    return Path(*parts[:first]), parts[first:]


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _is_file(path: Path) -> bool:
    """Whether it is to be read: that too of which nothing can be known, so that it is told."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _require_apart(output: Path, base: Path, pattern: Sequence[str]) -> None:
    """Raises: InputError where the files of a folder or of a pattern may be outputs."""
    if not pattern:
        require_apart(output, [base])
        return
    place, start = output.resolve(), base.resolve()
    if place.is_relative_to(start) and _reaches(pattern, place.relative_to(start).parts):
        raise InputError.of(
            base.joinpath(*pattern), f"it reaches into the output {output}", "name another output, outside the inputs"
        )


def _reaches(pattern: Sequence[str], folder: Sequence[str]) -> bool:
    """Whether something in a folder, or below it, may match a pattern; both from the same place."""
    for asked, part in zip(pattern, folder, strict=False):
        if asked == "**":
            return True
        if not fnmatchcase(part, asked):
            return False
    return len(pattern) > len(folder)


def _problems(found: Sequence[File], output: Path) -> Iterator[Problem]:
    """Why files cannot have their predictions in an output."""
    folders = {str(folder) for file in found for folder in PurePosixPath(file.name).parents}
    for file in found:
        if output.resolve() in Path(file.path).parents:
            yield Problem(f"it lies in the output {output}", "name another output", source=file.path)
        if len(os.fsencode(Path(file.output).name)) > LONGEST_NAME:
            yield Problem(f"its name with {ENDING} has more than {LONGEST_NAME} bytes", "give it a shorter name", source=file.path)
        if file.output in folders:
            yield Problem(f"its predictions would have the name of the folder {file.output}", "rename one", source=file.path)
