"""Readers of annotation formats, all with one signature: path in, annotations and problems out, row by row.

A row that cannot be used yields each of its problems, and the reader goes on with the next row, so that one run reports a whole
file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.corpus.formats import jsonl, semeval
from pipeline.corpus.formats.annotation import Annotation

__all__ = ["READERS", "Annotation", "Reader"]

Reader = Callable[[Path], Iterator[Annotation | Problem]]

READERS: dict[str, Reader] = {"semeval": semeval.read, "jsonl": jsonl.read}
