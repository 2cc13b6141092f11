"""The files of data/raw that items of a review come from: found there again, and written with their corrections."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.annotation.correction import Labels
from pipeline.core import params
from pipeline.core.errors import for_all
from pipeline.core.files import written_whole
from pipeline.corpus.document import Document
from pipeline.corpus.formats import RECOGNISERS, Reader, reader
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.rewriting import Edit, numbered, rewritten
from pipeline.corpus.rewriting.edits import content
from pipeline.corpus.sources import find_splits


class Found(NamedTuple):
    """A document of a file, and how many records before it begin at its line."""

    document: Document
    number: int


@dataclass(frozen=True)
class RawFile:
    """A file, or a folder of brat, with its documents by their texts."""

    source: Source
    read: Reader
    by_text: Mapping[str, Sequence[Found]]
    labels: Labels

    def find(self, sent: Document) -> Found | None:
        """A document as it lies here now: by its text and its id, of several the one at its line; else by its text at its line."""
        alike = self.by_text.get(sent.text, ())
        own = [found for found in alike if found.document.id == sent.id]
        here = [found for found in own or alike if found.document.source == sent.source]
        return next(iter([*here, *own]), None)

    def has(self, document: Document) -> bool:
        """Whether a document here says the same."""
        return any(content(found.document) == content(document) for found in self.by_text.get(document.text, ()))

    def rewritten(self, edits: Sequence[Edit]) -> Mapping[Path, bytes]:
        """The bytes of the file with edits made."""
        return rewritten(self.source.path, self.source.format, edits, self.read)


def wanted_sources(raw: Path, places: Iterable[str], settings: params.Parse) -> Iterator[tuple[Source, Reader]]:
    """The files and folders of brat that have one of these places, file:line, each with its reader.

    Raises: InputError where the files cannot be told as the parse stage tells them.
    """
    files = {Path(place.rpartition(":")[0]) for place in places}
    wanted = files.union(*(file.parents for file in files))
    found = find_splits(raw, settings.splits, settings.format, RECOGNISERS, needs_test=not settings.test_fraction)
    for source in (source for of_split in found.sources.values() for source in of_split):
        if source.path in wanted:
            yield source, reader(source.format, settings.ambiguous)


def read_raw(raw: Path, places: Iterable[str]) -> list[RawFile]:
    """The files of a folder of annotations that have one of these places, file:line.

    Raises: InputError where the files cannot be told as the parse stage tells them.
    """
    settings = params.read(params.Parse)
    files = []
    for source, read in wanted_sources(raw, places, settings):
        by_text: dict[str, list[Found]] = {}
        for document, number in numbered(read(source.path)):
            if isinstance(document, Document):
                by_text.setdefault(document.text, []).append(Found(document, number))
        documents = (found.document for alike in by_text.values() for found in alike)
        files.append(RawFile(source, read, by_text, Labels.of(documents, settings.negative_label)))
    return files


def file_of(files: Sequence[RawFile], place: str) -> RawFile | None:
    """The file that a place is in."""
    path = Path(place.rpartition(":")[0])
    return next((file for file in files if file.source.path == path or file.source.path in path.parents), None)


def rewrite_all(edits: Sequence[tuple[RawFile, Edit]]) -> dict[Path, bytes]:
    """The bytes of every file with its edits made.

    Raises: InputError with every document that its format cannot hold as it has become.
    """
    of_files: dict[Path, list[tuple[RawFile, Edit]]] = {}
    for file, edit in edits:
        of_files.setdefault(file.source.path, []).append((file, edit))
    written = for_all(lambda own: own[0][0].rewritten([edit for _, edit in own]), of_files.values())
    return {path: content_ for of_file in written for path, content_ in of_file.items()}


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, all of them beside their places before the first takes its own."""
    with contextlib.ExitStack() as files:
        for path, content_ in contents.items():
            scratch = files.enter_context(written_whole(path))
            scratch.write_bytes(content_)
            if path.exists():
                shutil.copymode(path, scratch)
