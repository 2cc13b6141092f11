"""The files of data/raw that items of a review come from: found there again, and written with their corrections."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pipeline.annotation.corpus_labels import Labels
from pipeline.annotation.correction import is_pair
from pipeline.core import params
from pipeline.core.errors import InputError, for_all
from pipeline.core.files import written_whole
from pipeline.corpus.document import Document
from pipeline.corpus.formats import Reader, reader
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.mend_entities import TYPE
from pipeline.corpus.rewriting import Edit, Rewritten, numbered, rewritten
from pipeline.corpus.rewriting.edits import Reading, annotation
from pipeline.corpus.split_sources import find_splits
from pipeline.corpus.words import Tokenizer, lazy_tokenizer

EMPTIED = "leave one as it was sent, adopt the others, then remove the file"
GONE = "give the file its name again, or run pipeline.review again, and correct it there"


class Found(NamedTuple):
    """A document of a file, and how many records before it begin at its line."""

    document: Document
    number: int


@dataclass(frozen=True)
class CorpusFile:
    """A file, or a folder of brat, with its documents by their texts."""

    source: Source
    read: Reader
    by_text: Mapping[str, Sequence[Found]]

    @classmethod
    def of(cls, source: Source, read: Reader, readings: Iterable[Reading]) -> CorpusFile:
        """A file by all that was read of it."""
        by_text: dict[str, list[Found]] = {}
        for document, number in numbered(readings):
            if isinstance(document, Document):
                by_text.setdefault(document.text, []).append(Found(document, number))
        return cls(source, read, by_text)

    def find(self, sent: Document) -> Found | None:
        """A document as it lies here now: by its text and its id, of several the one at its line; else by its text at its line."""
        alike = self.by_text.get(sent.text, ())
        own = [found for found in alike if found.document.id == sent.id]
        here = [found for found in own or alike if found.document.source == sent.source]
        return next(iter([*here, *own]), None)

    def has(self, document: Document) -> bool:
        """Whether a document here says the same."""
        return any(annotation(found.document) == annotation(document) for found in self.by_text.get(document.text, ()))

    @property
    def documents(self) -> Iterator[Document]:
        """All documents, those of one text together."""
        return (found.document for alike in self.by_text.values() for found in alike)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids of all documents of the file."""
        return frozenset(document.id for document in self.documents)

    def rewritten(self, edits: Sequence[Edit]) -> Rewritten:
        """The file with edits made.

        Raises: InputError with every document that its format cannot hold as it has become, and where none would be left.
        """
        if not any(edit.new for edit in edits) and len(edits) == sum(1 for _ in self.documents):
            raise InputError.of(edits[-1].old.source, "the last row of the file would go, and parse refuses an empty file", EMPTIED)
        return rewritten(self.source.path, self.source.format, edits, self.read)


@dataclass(frozen=True)
class CorpusFiles:
    """The files of a folder of annotations that are asked for, and how the whole corpus writes its labels.

    Args: of_pairs, of_documents: the labels of documents that are one annotated pair, and those of all others; types: those
        of the entities of each file.
    """

    folder: Path
    files: Sequence[CorpusFile]
    of_pairs: Labels
    of_documents: Labels
    types: Mapping[Path, Collection[str | None]]

    def file_of(self, place: str) -> CorpusFile | None:
        """The file that a place, file:line, is in; None for a place outside of the folder.

        Raises: InputError where the place is in the folder, and the file is not.
        """
        path = Path(place.rpartition(":")[0])
        found = next((file for file in self.files if file.source.path == path or file.source.path in path.parents), None)
        if found is None and path.absolute().is_relative_to(self.folder.absolute()):
            raise InputError.of(place, "an item that was sent is of a file that parse does not find any more", GONE, "item-stale")
        return found

    @cached_property
    def tokenize(self) -> Tokenizer:
        """The tokenizer of the corpus, loaded when it is first needed."""
        settings = params.read(params.Parse)
        return lazy_tokenizer(settings.language, settings.segmenter)

    @cached_property
    def all_types(self) -> frozenset[str | None]:
        """The types of the entities of all files, None among them where one has none."""
        return frozenset[str | None]().union(*self.types.values())

    def labels_of(self, document: Document) -> Labels:
        """How labels of documents such as this one are written, in its file, or in all where it is in none."""
        file = self.file_of(document.source)
        types = self.types[file.source.path] if file else self.all_types
        return replace(self.of_pairs if is_pair(document) else self.of_documents, untyped=None in types and TYPE not in types)


def all_sources(raw: Path, settings: params.Parse) -> Iterator[tuple[Source, Reader]]:
    """The files and folders of brat of a folder of annotations, each with its reader.

    Raises: InputError where the files cannot be told as the parse stage tells them.
    """
    found = find_splits(raw, settings.splits, settings.format, needs_test=not settings.test_fraction)
    for source in (source for of_split in found.sources.values() for source in of_split):
        yield source, reader(source.format, settings.ambiguous)


def paths_of(places: Iterable[str]) -> frozenset[Path]:
    """The files of places, file:line, and the folders above them, one of which may be a folder of brat."""
    files = {Path(place.rpartition(":")[0]) for place in places}
    return frozenset(files.union(*(file.parents for file in files)))


def read_raw(raw: Path, places: Iterable[str]) -> CorpusFiles:
    """The files of a folder of annotations that have one of these places, file:line.

    Raises: InputError where the files cannot be told as the parse stage tells them.
    """
    settings, wanted = params.read(params.Parse), paths_of(places)
    files = []
    labels: dict[bool, set[str]] = {True: set(), False: set()}
    types: dict[Path, set[str | None]] = {}
    for source, read in all_sources(raw, settings):
        documents: Iterator[Document] = (reading for reading in read(source.path) if isinstance(reading, Document))
        if source.path in wanted:
            files.append(CorpusFile.of(source, read, read(source.path)))
            documents = files[-1].documents
        own_types = types.setdefault(source.path, set())
        for document in documents:
            own_types.update(entity.type for entity in document.entities)
            labels[is_pair(document)].update(relation.label for relation in document.relations if relation.label is not None)
    of_pairs, of_documents = (Labels.of(labels[pairs], settings.negative_label, settings.rename) for pairs in (True, False))
    return CorpusFiles(raw, files, of_pairs, of_documents, types)


def rewrite_all(edits: Sequence[tuple[CorpusFile, Edit]]) -> Rewritten:
    """Every file with its edits made.

    Raises: InputError with every document that its format cannot hold as it has become, and every file that would be empty.
    """
    of_files: dict[Path, list[tuple[CorpusFile, Edit]]] = {}
    for file, edit in edits:
        of_files.setdefault(file.source.path, []).append((file, edit))
    written = for_all(lambda own: own[0][0].rewritten([edit for _, edit in own]), of_files.values())
    files = {path: content_ for of_file in written for path, content_ in of_file.files.items()}
    return Rewritten(files, [loss for of_file in written for loss in of_file.losses])


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, all of them beside their places before the first takes its own."""
    with contextlib.ExitStack() as files:
        for path, content_ in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = files.enter_context(written_whole(path))
            scratch.write_bytes(content_)
            if path.exists():
                shutil.copymode(path, scratch)
