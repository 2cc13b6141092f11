"""Annotation files read into rows, in batches: no more than a batch is in memory, whatever the size of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.excerpts import Excerpts, find_annotated
from pipeline.corpus.formats import Reader
from pipeline.corpus.names import Names
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import find_pairs
from pipeline.corpus.sentences import Segmenter, segment
from pipeline.corpus.summary import Reading
from pipeline.corpus.unread import count_unread


class Readings(NamedTuple):
    """A batch of readings, what became of the documents that they come from, and what these call things."""

    readings: list[Reading]
    counts: Counter[str]
    names: Names


def read_files(files: Iterable[tuple[Path, Reader]], segmenter: Segmenter, options: PairOptions, n_rows: int) -> Iterator[Readings]:
    """The readings of several files, one file after the other, in batches of at least n_rows but for the last."""
    readings: list[Reading] = []
    counts: Counter[str] = Counter()
    names = Names()
    for path, read in files:
        for document in _documents(path, read):
            if isinstance(document, Document):
                segmented = segment(document, segmenter)
                excerpts = Excerpts(document, segmented.words, options.rename)
                found = find_pairs(segmented.sentences, excerpts, options)
                annotated = find_annotated(segmented.sentences, excerpts)
                for part in (found.problems, found.pairs, annotated.problems, annotated.sentences):
                    readings += part
                for name, number in (*found.counts.items(), *count_unread(document).items()):
                    counts[name] += number
                names.add(document)
                counts["documents"] += 1
                counts["sentences"] += len(annotated.sentences)
                counts["entities_across"] += annotated.n_across
            else:
                readings.append(document)
            if len(readings) >= n_rows:
                yield Readings(readings, counts, names)
                readings, counts, names = [], Counter(), Names()
    yield Readings(readings, counts, names)


def _documents(path: Path, read: Reader) -> Iterator[Document | Problem | Skipped]:
    """What a file holds; a file that holds nothing is a problem."""
    is_empty = True
    for document in read(path):
        is_empty = False
        yield document.or_exclude() if isinstance(document, Problem) else document
    if is_empty:
        yield Problem("the file is empty", "add annotations, or remove the file", "file-empty").at(str(path))
