"""Speed of reading every format: a corpus is written in each, and read into rows as parse does. Prints a line a format.

The time is CPU time of one process, without the start of Python and spaCy, and without splitting the rows of pair formats into
words, which parse does for all of them alike.

    taskset -c 0 python -m benchmarks.formats FILE...     # such as TRAIN_FILE.TXT of SemEval-2010 Task 8
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from pathlib import Path
from typing import cast

from pipeline import convert
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus.formats import FORMATS, RECOGNISERS, reader
from pipeline.corpus.formats.detection import detect
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.reading import read_files
from pipeline.corpus.sentences import Segmenter, segmenter_of
from pipeline.corpus.words import load_tokenizer


def rows_per_second(path: Path, name: str, segmenter: Segmenter) -> tuple[int, float]:
    """How many rows a file or folder gives, and how many a second of CPU time."""
    began, n_rows = time.process_time(), 0
    for readings, _ in read_files([(path, reader(name, "nearest"))], segmenter, PairOptions(), BATCH_ROWS):
        n_rows += sum(isinstance(reading, AnnotatedPair) for reading in readings)
    return n_rows, n_rows / (time.process_time() - began)


def main() -> None:
    """Read the files in every format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    segmenter = segmenter_of(load_tokenizer("en", "char"))
    segmenter("Ada left. Eve came.")  # loads what it needs
    for file in parser.parse_args().files:
        own = detect(file, RECOGNISERS)
        for name in FORMATS:
            with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
                path = file if name == own else Path(folder) / f"corpus.{name}"
                if name != own:
                    convert.main(file, path, to=cast(convert.Written, name), lossy=True)
                n_rows, speed = rows_per_second(path, name, segmenter)
            print(f"{file.name}: {name} {n_rows:,} rows, {speed:,.0f} rows/s")


if __name__ == "__main__":
    main()
