"""Readers of annotation formats, all with one signature: path in, documents and problems out, one by one.

What cannot be used yields each of its problems, and the reader goes on behind it, so that one run reports a whole file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import jsonl, semeval

__all__ = ["READERS", "Reader"]

Reader = Callable[[Path], Iterator[Document | Problem | Skipped]]

READERS: dict[str, Reader] = {"semeval": semeval.read, "jsonl": jsonl.read}
