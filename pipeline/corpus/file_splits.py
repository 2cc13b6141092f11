"""Which files and folders of data/raw are of which split: by their names, or by the patterns of parse.splits."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem, listed
from pipeline.core.nearest import KnownNames
from pipeline.core.params import FILE, Splits
from pipeline.core.schema import SPLITS
from pipeline.core.typed_yaml import load_or_empty
from pipeline.corpus.raw_files import RawFiles
from pipeline.corpus.split_names import split_of_beginning, splits_in

WORDS_WANTED = "put train, validation (or dev) or test into its name or its folder's"
NONE_TOLD = 'put train or test into their names, or write parse.splits: {train: ["*"]} and parse.test_fraction: 0.2 in params.yaml'
LONGEST_LINE = 250


class Told(NamedTuple):
    """The split of a file or folder, and what told it: the path itself, or a folder above it."""

    split: str
    by: Path


Tellings = tuple[dict[Path, Told], list[Problem]]


def by_names(folder: Path, raw: RawFiles) -> Tellings:
    """The splits that names tell: a file's or folder's own, else that of the nearest folder, else the beginning of a file's."""
    told: dict[Path, Told] = {}
    problems: list[Problem] = []
    strays: list[Path] = []
    for unit in raw.units:
        by, splits = _told_by_name(folder, unit, unit in raw.folders)
        if len(splits) == 1:
            told[unit] = Told(splits[0], by)
        elif splits:
            lines = " or ".join(_line(folder, {unit: split}) for split in splits)
            hint = f"list all files under parse.splits in {FILE}, this one as {lines}"
            problems.append(Problem(f"{by.name} says {' and '.join(splits)}", hint, "split-ambiguous", str(unit)))
        else:
            strays.append(unit)
    if strays and not told and not problems:
        found = f"no name tells a split: {listed([path.relative_to(folder).as_posix() for path in strays])}"
        return {}, [Problem(found, NONE_TOLD, "split-missing", str(folder))]
    return told, problems + [_stray(folder, raw, unit, told) for unit in strays]


def _stray(folder: Path, raw: RawFiles, unit: Path, told: Mapping[Path, Told]) -> Problem:
    """The problem of what tells no split; its hint says how to leave it out, or to train on it where there is no train file."""
    found = "a folder of annotations of no split" if unit in raw.folders else "an annotation file of no split"
    wanted = {path: split for path, (split, _) in told.items()}
    if "train" not in wanted.values():
        wanted[unit] = "train"
    line = _line(folder, wanted)
    shown = line if len(line) <= LONGEST_LINE else "{train: [...], validation: [...], test: [...]}"
    hint = f"{WORDS_WANTED}, move it elsewhere, or name the files to read in {FILE}: parse.splits: {shown}"
    return Problem(found, hint, "file-unexpected", str(unit))


def _told_by_name(folder: Path, unit: Path, is_folder: bool) -> tuple[Path, list[str]]:
    """What tells the split of a file or folder, and the splits that it tells, sorted."""
    for path in (unit, *unit.parents):
        if path == folder:
            break
        if splits := splits_in(path.name):
            return path, sorted(splits)
    beginning = None if is_folder else split_of_beginning(unit.name)
    return unit, [beginning] if beginning else []


def _line(folder: Path, wanted: Mapping[Path, str]) -> str:
    """What to write under parse.splits where files and folders are of these splits."""
    patterns: dict[str, list[str]] = {split: [] for split in SPLITS}
    for unit, split in sorted(wanted.items()):
        name = unit.relative_to(folder).as_posix()
        patterns[split].append(json.dumps("*" if name == "." else glob.escape(name), ensure_ascii=False))
    lists = ", ".join(f"{split}: [{', '.join(of_split)}]" for split, of_split in patterns.items() if of_split)
    return f"{{{lists}}}"


def by_patterns(folder: Path, raw: RawFiles, splits: Splits) -> Tellings:
    """The splits that patterns tell. What no pattern matches is of none."""
    matched, problems = _matched(folder, raw, splits)
    told: dict[Path, Told] = {}
    for unit in raw.units:
        files = raw.folders.get(unit, [unit])
        found = {split for file in files for split in matched.get(file, {})}
        if len(found) > 1:
            keys = " and ".join(f"parse.splits.{split}" for split in asdict(splits) if split in found)
            what = "documents of it" if unit in raw.folders else "it"
            problems.append(Problem(f"{keys} match {what}", _hint(unit in raw.folders), "split-ambiguous", str(unit)))
        elif found and (alone := {file.stem for file in files} - {file.stem for file in files if file in matched}):
            message = f"{len(alone):,} of its documents match no pattern, such as {min(alone)}"
            problems.append(Problem(message, _hint(True), "split-ambiguous", str(unit)))
        elif found:
            [split] = found
            by = {matched.get(file, {}).get(split, unit) for file in files}
            told[unit] = Told(split, by.pop() if len(by) == 1 and unit in raw.folders else unit)
    return told, problems


def _hint(is_folder: bool) -> str:
    if is_folder:
        return "brat is read a folder at a time: match all its documents, or put those of each split into a folder of its own"
    return "match it in one split alone"


def _matched(folder: Path, raw: RawFiles, splits: Splits) -> tuple[dict[Path, dict[str, Path]], list[Problem]]:
    """Of each file, by split, the path that a pattern matches: the file itself or a folder above it."""
    below: dict[Path, list[Path]] = {}
    for file in raw.all_files:
        for path in (file, *file.parents):
            below.setdefault(path, []).append(file)
            if path == folder:
                break
    names = KnownNames(path.relative_to(folder).as_posix() for path in below if path != folder)
    matched: dict[Path, dict[str, Path]] = {}
    problems, settings_file = [], load_or_empty(FILE)
    for split, patterns in asdict(splits).items():
        for number, pattern in enumerate(patterns):
            hits = sorted(path for path in folder.glob(pattern) if path in below)
            if not hits:
                found = f"parse.splits.{split} has {pattern}, which no file of {folder} matches"
                place = settings_file.place(("parse", "splits", split, number))
                problems.append(Problem(found, names.hint(pattern), "pattern-unmatched", place))
            for hit in hits:
                for file in below[hit]:
                    matched.setdefault(file, {}).setdefault(split, hit)
    return matched, problems
