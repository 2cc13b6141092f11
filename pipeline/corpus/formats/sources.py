"""The annotation files of a file or folder, each with its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem, for_all
from pipeline.corpus.formats import FORMATS, RECOGNISERS
from pipeline.corpus.formats.detection import another_format, detect
from pipeline.corpus.raw_files import BRAT, find_raw_files


class Source(NamedTuple):
    """A file, or a folder of brat, and the name of its format."""

    path: Path
    format: str


def find_sources(path: Path, asked: str | None = None, option: str = "--from") -> list[Source]:
    """What can be read at a path: itself, or else what a folder of annotations has: files, and folders of brat, in order.

    Args: asked: the format that all of them are in; each tells its own where it is not given; option: by which a person gives it.
    Raises: InputError where there is none, or where one is of no format, of several, or of another one than asked.
    """
    path.stat()  # an error of the system where nothing is there
    paths, problems = _readable(path) if path.is_dir() else ([path], [])
    sources = for_all(lambda each: _source(each, asked, option), paths, problems)
    if not sources:
        raise InputError.of(path, "the folder has no annotations", "name a file, or a folder of annotations")
    return sources


def _readable(folder: Path) -> tuple[list[Path], list[Problem]]:
    """The files of a folder and those below it, each folder of brat as one, and what of it cannot be read."""
    raw, problems = find_raw_files(folder)
    whole = {_whole(each, folder) for each in raw.folders}
    files = [file for file in raw.files if whole.isdisjoint(file.parents)]
    for file in raw.files:
        if file.suffix not in BRAT and not whole.isdisjoint(file.parents):
            problems.append(Problem("a file in a folder of brat", "put it beside the folder", "format-ambiguous", str(file)))
    return sorted([*files, *(each for each in whole if whole.isdisjoint(each.parents))]), problems


def _whole(folder: Path, root: Path) -> Path:
    """The largest folder of brat that holds one with annotation, so that its documents' ids are paths in that; else that one."""
    below_root = [above for above in (folder, *folder.parents) if above.is_relative_to(root)]
    return next((above for above in reversed(below_root) if FORMATS["brat"].recognises(above)), folder)


def _source(path: Path, asked: str | None, option: str) -> Source:
    """A path and its format.

    Raises: InputError where it cannot be told, or is another one than asked.
    """
    if asked is None:
        try:
            return Source(path, detect(path, RECOGNISERS))
        except InputError as error:
            [problem] = error.problems
        hint = f"name its format with {option}, or move the file elsewhere; how to come from others: docs/formats.md"
        raise InputError([problem if problem.kind == "file-not-utf8" else replace(problem, hint=hint)])
    if another := another_format(path, asked, RECOGNISERS):
        hint = f"name that format with {option}"
        raise InputError([another if another.kind == "file-not-utf8" else replace(another, hint=hint)])
    if path.is_dir() != (asked == "brat"):
        found = f"this is a {'folder of .ann files' if path.is_dir() else 'file'}, and brat is a folder of .txt and .ann files"
        raise InputError.of(path, found, f"name another format with {option}, or put it elsewhere", "format-unexpected")
    return Source(path, asked)


def prefixes(sources: Sequence[Source], root: Path) -> list[str]:
    """What begins the ids of the documents of each source of a folder: its path, without its suffix where that is no other one's.

    >>> prefixes([Source(Path("a", name), "tsv") for name in ("b/c.txt", "d.csv", "d.tsv")], Path("a"))
    ['b/c/', 'd.csv/', 'd.tsv/']
    """
    if [source.path for source in sources] == [root]:
        return [""]
    names = [source.path.relative_to(root) for source in sources]
    stems = [name if source.format == "brat" else name.with_suffix("") for source, name in zip(sources, names, strict=True)]
    counts = Counter(stems)
    told = [stem if counts[stem] == 1 else name for stem, name in zip(stems, names, strict=True)]
    return [f"{name.as_posix()}/" for name in told]
