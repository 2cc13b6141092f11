"""What a model was asked in each row that it predicted: a text and two entities.

Predictions name their rows by ids alone, and rows may be numbered anew. What an id means in a version, its annotations tell, read
as the parse stage reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pipeline.annotation.versions import Version
from pipeline.core import params
from pipeline.core.labels import undirected
from pipeline.core.schema import Span
from pipeline.core.storage import BATCH_ROWS
from pipeline.corpus.formats import reader
from pipeline.corpus.pair_options import PairOptions
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.reading import read_files
from pipeline.corpus.sentences import Segments, segmenter_of
from pipeline.corpus.split_sources import find_splits
from pipeline.corpus.words import load_tokenizer


class Asked(NamedTuple):
    """A text, two entities in its characters, and which of the rows it is that ask just this, from 1 on."""

    text: str
    e1: Span
    e2: Span
    number: int


def find_asked(version: Version, golds: Mapping[str, str | None]) -> dict[str, Asked]:
    """What the test rows ask, by id: those that the annotations have with the same label.

    Args: golds: the labels of the rows by their ids.
    Raises: InputError where the annotations cannot be found.
    """
    with version.named():
        settings = params.read(params.Parse, version.folder / params.FILE)
        raw = version.raw()
        found: dict[str, Asked] = {}
        n_alike: Counter[tuple[str, Span, Span]] = Counter()
        for pair in _test_pairs(version, raw, settings):
            row_id = _row_id(pair, raw, golds)
            label = pair.relation if settings.directed or pair.relation is None else undirected(pair.relation)
            if row_id in golds and golds[row_id] == label:
                question = pair.text, pair.e1, pair.e2
                n_alike[question] += 1
                found[row_id] = Asked(*question, n_alike[question])
        return found


def _test_pairs(version: Version, raw: Path, settings: params.Parse) -> Iterator[AnnotatedPair]:
    """The pairs of the test files, or of those of train, of which test is held out where it has none."""
    sources = find_splits(raw, settings.splits, settings.format, needs_test=False).sources
    files = ((source.path, reader(source.format, settings.ambiguous)) for source in sources["test"] or sources["train"])
    options = PairOptions.of(settings, params.read(params.Position, version.folder / params.FILE))
    load = cache(lambda: segmenter_of(load_tokenizer(settings.language, settings.segmenter)))  # a second, for documents alone

    def segmenter(text: str) -> Segments:
        return load()(text)

    for readings, *_ in read_files(files, segmenter, options, BATCH_ROWS):
        yield from (reading for reading in readings if isinstance(reading, AnnotatedPair))


def _row_id(pair: AnnotatedPair, raw: Path, ids: Container[str]) -> str:
    """The id of a pair's row, with its file before it where rows of several files have the id (corpus/checks.py)."""
    file = Path(pair.source.rpartition(":")[0]).relative_to(raw).with_suffix("").as_posix()
    full = f"{file}/{pair.id}"
    return full if full in ids else pair.id
