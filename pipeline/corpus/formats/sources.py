"""The annotation files of a file or folder, each with its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.errors import InputError, Problem
from pipeline.corpus.formats import FORMATS, RECOGNISERS
from pipeline.corpus.formats.detection import another_format, detect

SUFFIXES = frozenset({".json", ".jsonl", ".txt", ".tsv", ".conll"})  # of files that are read; those of a brat folder are one

UNKNOWN = "name its format with --from, or move the file elsewhere"

# fmt: off
FormatName = Literal[  # the keys of FORMATS
    "semeval", "jsonl", "opennre", "tacred", "spert", "dygie", "fewrel",
    "brat", "label_studio", "prodigy", "doccano", "conll", "tsv",
]
# fmt: on


class Source(NamedTuple):
    """A file, or a folder of brat, and the name of its format."""

    path: Path
    format: str


def find_sources(path: Path, asked: str | None = None) -> list[Source]:
    """What can be read at a path: itself, or else the files below a folder and its folders of brat, in order.

    Args: asked: the format that all of them are in; each tells its own where it is not given.
    Raises: InputError where there is none, or where one is of no format, of several, or of another one than asked.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for each in _readable(path):
        try:
            name = asked or detect(each, RECOGNISERS)
        except InputError as error:
            [problem] = error.problems
            problems.append(problem if problem.kind == "file-not-utf8" else replace(problem, hint=UNKNOWN))
            continue
        if asked and (another := another_format(each, asked, RECOGNISERS)):
            problems.append(replace(another, hint="leave --from out, or name that format"))
        sources.append(Source(each, name))
    if problems:
        raise InputError(problems)
    if not sources:
        found = f"the folder has no file whose name ends in {', '.join(sorted(SUFFIXES))}, and is no folder of brat"
        raise InputError.of(path, found, "name a file, or a folder of annotations")
    return sources


def _readable(path: Path) -> Iterator[Path]:
    if not path.is_dir() or FORMATS["brat"].recognises(path):
        yield path
        return
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from _readable(entry)
        elif entry.suffix.lower() in SUFFIXES and not entry.name.startswith("."):
            yield entry
