"""What changed in the annotations between two versions of the data: documents, and the labels of each split.

Splits are those of the files; rows that parse holds out of train are train's here. What cannot be read is counted and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pipeline.annotation.difference import Change, Kind, document_changes
from pipeline.annotation.matching import Pair, Placed, match
from pipeline.annotation.versions import Version
from pipeline.core import params
from pipeline.core.errors import Problem
from pipeline.core.schema import SPLITS
from pipeline.corpus.document import Document
from pipeline.corpus.formats import reader
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.split_sources import find_splits


@dataclass
class Tally:
    """What a version holds, counted while it is read."""

    documents: Counter[str] = field(default_factory=Counter)  # by split
    labels: dict[str, Counter[str]] = field(default_factory=lambda: {split: Counter() for split in SPLITS})
    skipped: int = 0
    unread: int = 0
    first_unread: str = ""  # where, and what is wrong


@dataclass
class DataChanges:
    """What changed, counted; and the changes themselves, of each kind the first."""

    old: Tally
    new: Tally
    kinds: Counter[Kind] = field(default_factory=Counter)
    relabelled: Counter[tuple[str, str]] = field(default_factory=Counter)  # from, to
    retyped: Counter[tuple[str, str]] = field(default_factory=Counter)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)  # from split to split
    files: Counter[tuple[str, str]] = field(default_factory=Counter)  # documents that lie in another file of their split
    renamed: int = 0  # documents that have another id
    changed: int = 0  # documents
    changes: list[Change] = field(default_factory=list)


def compare_data(old: Version, new: Version, most: int | None) -> DataChanges:
    """Compare the annotation files of two versions.

    Args: most: changes of a kind that are kept; None for all.
    Raises: InputError where the files of a version cannot be found.
    """
    found = DataChanges(Tally(), Tally())
    for pair in match(_documents(old, found.old), _documents(new, found.new)):
        before = found.kinds.total()
        for change in _changes(pair, old, new):
            found.kinds[change.kind] += 1
            if change.kind in ("relabelled", "retyped", "moved"):
                getattr(found, change.kind)[change.old, change.new] += 1
            if most is None or found.kinds[change.kind] <= most:
                found.changes.append(change)
        found.changed += found.kinds.total() > before
        _count_names(pair, found)
    return found


def _documents(version: Version, tally: Tally) -> dict[str, Iterator[Placed]]:
    """The documents of each split, counted as they are read."""
    with version.named():
        settings = params.read(params.Parse, version.folder / params.FILE)
        raw = version.raw()
        sources = find_splits(raw, settings.splits, settings.format, needs_test=False).sources

    def read(split: str, of_split: Sequence[Source]) -> Iterator[Placed]:
        for source in of_split:
            file = source.path.relative_to(raw).as_posix()
            for reading in reader(source.format, settings.ambiguous)(source.path):
                if isinstance(reading, Document):
                    tally.documents[split] += 1
                    tally.labels[split].update(relation.label or "" for relation in reading.relations)
                    yield Placed(split, file, reading)
                elif isinstance(reading, Problem):
                    tally.unread += 1
                    tally.first_unread = tally.first_unread or f"{version.place_of(reading.source)}: {reading.found}"
                else:
                    tally.skipped += 1

    return {split: read(split, of_split) for split, of_split in sources.items()}


def _changes(pair: Pair, old: Version, new: Version) -> Iterator[Change]:
    """What became of a document, with places as a person finds them."""
    before, after = pair
    if before and not after:
        yield Change("removed", before.document.id, old.place_of(before.document.source), before.document.text, "", before.split)
    elif after and not before:
        yield Change("added", after.document.id, new.place_of(after.document.source), "", after.document.text, after.split)
    elif before and after:
        document = replace(after.document, source=new.place_of(after.document.source))
        if before.split != after.split:
            yield Change("moved", document.id, document.source, before.split, after.split)
        yield from document_changes(before.document, document)


def _count_names(pair: Pair, found: DataChanges) -> None:
    before, after = pair
    if before and after:
        found.renamed += before.document.id != after.document.id
        if before.split == after.split and before.file != after.file:
            found.files[before.file, after.file] += 1


def label_changes(changes: DataChanges) -> Iterator[tuple[str, str, int, int]]:
    """Split, label, its number in the older and in the newer version, of the labels whose number has changed."""
    for split in SPLITS:
        before, after = changes.old.labels[split], changes.new.labels[split]
        for label in sorted({*before, *after}):
            if before[label] != after[label]:
                yield split, label, before[label], after[label]
