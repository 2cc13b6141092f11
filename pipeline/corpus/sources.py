from typing import NamedTuple
from pathlib import Path
from pipeline.corpus.split import find_files


class Source(NamedTuple):
    path: Path
    format: str


def find_sources(folder, splits, format, formats, needs_test):
    return {split: [Source(p, format) for p in paths] for split, paths in find_files(folder).items()}
