"""Speed and memory of reading every format: a corpus is written in each, and read into rows as parse does. Prints a line a format.

The time is CPU time of one process, without the start of Python and spaCy, and without splitting the rows of pair formats into
words, which parse does for all of them alike. The first turn meets words that spaCy has not split before; the best of three says
what a larger corpus comes near to.

    taskset -c 0 python -m benchmarks.formats FILE...     # such as TRAIN_FILE.TXT of SemEval-2010 Task 8

With --memory it is the peak memory of a process of its own that reads the documents of the file over and over, with ids of their
own.

    python -m benchmarks.formats --memory 20000 200000 -- FILE
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import cast

from benchmarks.measure import run
from pipeline import convert
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus.document import Document
from pipeline.corpus.formats import FORMATS, RECOGNISERS, reader
from pipeline.corpus.formats.detection import detect
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.reading import read_files
from pipeline.corpus.sentences import Segmenter, segmenter_of
from pipeline.corpus.words import load_tokenizer

TURNS = 3


def read(path: Path, name: str, segmenter: Segmenter) -> tuple[int, float]:
    """How many rows a file or folder gives, and how many a second of CPU time."""
    began, n_rows = time.process_time(), 0
    for readings, *_ in read_files([(path, reader(name, "nearest"))], segmenter, PairOptions(), BATCH_ROWS):
        n_rows += sum(isinstance(reading, AnnotatedPair) for reading in readings)
    return n_rows, n_rows / (time.process_time() - began)


def loaded_segmenter() -> Segmenter:
    """A segmenter that has split nothing but one text, for which it has loaded what it needs."""
    segmenter = segmenter_of(load_tokenizer("en", "char"))
    segmenter("Ada left. Eve came.")
    return segmenter


def written(file: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """A file in each format, one after the other."""
    own = detect(file, RECOGNISERS)
    for name in FORMATS:
        path = file if name == own else folder / f"corpus.{name}"
        if name != own:
            with contextlib.redirect_stderr(io.StringIO()):
                convert.main(file, path, to=cast(convert.Written, name), lossy=True)
        yield name, path


def print_speed(file: Path) -> None:
    """The speed of every format; each turn of one has a segmenter that only the turns before have used."""
    with tempfile.TemporaryDirectory() as folder:
        for name, path in written(file, Path(folder)):
            segmenter = loaded_segmenter()
            turns = [read(path, name, segmenter) for _ in range(TURNS)]
            speeds = [speed for _, speed in turns]
            print(f"{file.name}: {name} {turns[0][0]:,} rows, {speeds[0]:,.0f} rows/s, best of {TURNS} {max(speeds):,.0f}")


def print_memory(file: Path, sizes: Sequence[int]) -> None:
    """The peak memory of every format at every size."""
    with tempfile.TemporaryDirectory() as folder:
        for name, path in written(file, Path(folder)):
            peaks = [_peak(path, name, n_documents) for n_documents in sizes]
            shown = [f"{size:,} documents {peak:.0f} MB" for size, peak in zip(sizes, peaks, strict=True)]
            print(f"{file.name}: {name} {', '.join(shown)}", flush=True)


def _peak(path: Path, name: str, n_documents: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        longer = Path(folder) / f"longer.{name}"
        FORMATS[name].write(islice(_over_and_over(path, name), n_documents), longer)
        return run("-m", "benchmarks.formats", "--read", name, str(longer))["peak_mb"]


def _over_and_over(path: Path, name: str) -> Iterator[Document]:
    """The documents of a file again and again, those of each turn with its number before their ids."""
    for turn in count(1_000):  # of one width, so that no two ids are one
        for document in reader(name, "nearest")(path):
            if isinstance(document, Document):
                yield replace(document, id=f"{turn}{document.id}")


def main() -> None:
    """Read the files in every format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--memory", type=int, nargs="+", metavar="DOCUMENTS", help="measure peak memory at these sizes")
    parser.add_argument("--read", choices=FORMATS, metavar="FORMAT", help="read the files, and nothing else")
    options = parser.parse_args()
    for file in options.files:
        if options.read:
            read(file, options.read, loaded_segmenter())
        elif options.memory:
            print_memory(file.resolve(), options.memory)
        else:
            print_speed(file)


if __name__ == "__main__":
    main()
