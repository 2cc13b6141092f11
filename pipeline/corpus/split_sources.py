"""The sources of a corpus: which files of data/raw, or folders of brat, are of which split, and in which format.

raw_files.py finds what lies there, file_splits.py tells the splits by names or by parse.splits, formats/detection.py the formats by
the content. Nothing is left out without a word: a file of no split is a problem, or a line where parse.splits names files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.errors import InputError, Problem, listed
from pipeline.core.params import FILE, Splits
from pipeline.core.schema import SPLITS
from pipeline.core.wording import counted
from pipeline.corpus.file_splits import Told, by_names, by_patterns
from pipeline.corpus.formats import RECOGNISERS
from pipeline.corpus.formats.detection import another_format, detect
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.formats.text_lines import head_lines
from pipeline.corpus.raw_files import BRAT, RawFiles, find_raw_files

# Kinds of problems that leave open which files a split has.
UNCERTAIN = {
    "folder-unreadable",
    "file-name",
    "split-ambiguous",
    "split-missing",
    "pattern-unmatched",
}


class FoundSplits(NamedTuple):
    """The sources of each split, in the order of paths, and the files that are in none."""

    sources: dict[str, list[Source]]
    unused: list[Path]


def find_splits(folder: Path, splits: Literal["auto"] | Splits, format: str, *, needs_test: bool) -> FoundSplits:
    """The sources of each split; of validation there may be none, of test where it is not needed.

    Args: splits, format: as params.yaml has them.
    Raises: InputError with every file that has no name, no split or no format, or several, and every split without a file.
    """
    raw, problems = find_raw_files(folder)
    told, found = by_names(folder, raw) if splits == "auto" else by_patterns(folder, raw, splits)
    problems += found
    problems += _missing(folder, told, problems, needs_test)
    paths = _joined(raw, told)
    problems += _inside(raw, paths)
    sources: dict[str, list[Source]] = {split: [] for split in SPLITS}
    for path, split in sorted({path: told[unit].split for unit, path in paths.items()}.items()):
        source = _source(path, format)
        if isinstance(source, Problem):
            problems.append(source)
        else:
            sources[split].append(source)
    if problems:
        raise InputError(problems)
    return FoundSplits(sources, list(_unused(raw, set(paths.values()))))


def _unused(raw: RawFiles, paths: Collection[Path]) -> Iterator[Path]:
    """The files that are not read, by themselves or in a folder of brat."""
    for file in raw.all_files:
        in_folder = file.suffix in BRAT and any(above in paths for above in file.parents)
        if file not in paths and not in_folder:
            yield file


def unused_line(folder: Path, unused: Sequence[Path]) -> str | None:
    """What a run says of the files of a folder that are in no split; None where there are none."""
    if not unused:
        return None
    files = listed([file.relative_to(folder).as_posix() for file in unused])
    return f"{counted(len(unused), 'file')} of {folder} in no split: {files}"


def _joined(raw: RawFiles, told: Mapping[Path, Told]) -> dict[Path, Path]:
    """What each file or folder is read as: folders of brat below one that told their split are read as that one.

    So their documents' ids, which are paths below it, stay the same where another split is added.
    """
    spoilt = set()  # what holds something else too
    for unit in raw.units:
        by = told[unit].by if unit in raw.folders and unit in told else None
        spoilt |= {above for above in (unit, *unit.parents) if above != by}
    return {unit: unit if by in spoilt else by for unit, (_, by) in told.items()}


def _inside(raw: RawFiles, paths: Mapping[Path, Path]) -> list[Problem]:
    """Problems of what lies in a folder of brat and is no part of it: it would be read twice, or against parse.splits."""
    problems = []
    read = set(paths.values())
    for unit in raw.units:
        around = [above for above in unit.parents if above in read]
        if around and (unit in paths or unit in raw.folders) and paths.get(unit) not in around:
            found = f"{unit.relative_to(around[0]).as_posix()} lies in this folder of brat, which is read with all that is below it"
            problems.append(Problem(found, "put it beside the folder", "format-ambiguous", str(around[0])))
    return problems


def _source(path: Path, format: str) -> Source | Problem:
    """A path and its format, or why it can't be read."""
    is_folder = path.is_dir()
    if format == "auto":
        return _detected(path, is_folder)
    if problem := another_format(path, format, RECOGNISERS):
        return problem
    if is_folder == (format == "brat"):
        return Source(path, format)
    found = f"a folder of .ann files, not {format}" if is_folder else "a file, and brat is a folder of .txt and .ann files"
    return Problem(found, "set parse.format to auto, or put it elsewhere", "format-unexpected", str(path))


def _detected(path: Path, is_folder: bool) -> Source | Problem:
    if not is_folder and not head_lines(path):
        return Problem("the file is empty", "add annotations, or remove the file", "file-empty", str(path))
    try:
        return Source(path, detect(path, RECOGNISERS))
    except InputError as error:
        [problem] = error.problems
    if not is_folder or problem.kind == "file-not-utf8":
        return problem
    hint = "put a .txt beside each .ann and other files elsewhere; with parse.format: brat each file's problem is told"
    return Problem("a folder of .ann files that is not brat's", hint, "format-unknown", str(path))


def _missing(folder: Path, told: Mapping[Path, Told], problems: Sequence[Problem], needs_test: bool) -> Iterator[Problem]:
    """Problems of splits without a file, unless what has a problem of name or pattern may be theirs."""
    if any(problem.kind in UNCERTAIN for problem in problems):
        return
    there = {split for split, _ in told.values()}
    for split, otherwise in (("train", ""), ("test", f", or have rows held out of train: parse.test_fraction in {FILE}")):
        if split not in there and (split == "train" or needs_test):
            hint = f"add one with {split} in its name or its folder's, or name one under parse.splits in {FILE}{otherwise}"
            yield Problem(f"there is no {split} file", hint, "split-missing", str(folder))
