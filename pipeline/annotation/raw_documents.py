"""The documents of data/raw that rows of data/parsed come from, and which pair of entities a row is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.annotation.corpus_files import all_sources, paths_of
from pipeline.core import params
from pipeline.core.errors import InputError
from pipeline.corpus.document import Document

REPEAT = re.compile(r"(~\d+)+\Z")  # of an id given again
REST = ("", ":", "#")  # what begins that which stands behind the id of a document
STALE = "run dvc repro parse, and what depends on it"
Ends = tuple[str, str]  # the ids of two entities


class RawDocuments:
    """Documents of a folder of annotations by the place where each begins."""

    def __init__(self, raw: Path, places: Iterable[str]) -> None:
        """Read the files that have one of these places, file:line, as the rows of data/parsed name them.

        Raises: InputError where the files cannot be told as the parse stage tells them.
        """
        self._raw = raw
        wanted = frozenset(places)
        paths = paths_of(wanted)
        self._at: dict[str, list[Document]] = {}
        for source, read in all_sources(raw, params.read(params.Parse)):
            for document in read(source.path) if source.path in paths else ():
                if isinstance(document, Document) and document.source in wanted:
                    self._at.setdefault(document.source, []).append(document)

    def of_row(self, row_id: str, source: str, text: str) -> Document:
        """The document of a row or a sentence of data/parsed.

        Args: text: the row's, which stands in the document's.
        Raises: InputError where there is none any more.
        """
        here = [document for document in self._at.get(source, []) if text in document.text]
        own = [document for document in here if rest_of(row_id, document) is not None]
        if not here:
            raise InputError.of(source, f"row {row_id} is no longer there: {self._raw} has changed since it was parsed", STALE)
        return max(own or here[:1], key=lambda document: len(document.id))


def rest_of(row_id: str, document: Document) -> str | None:
    """What the id of a row or a sentence has behind its document's, :HEAD-TAIL or #NUMBER; None where it is another document's.

    An id that rows of several files have stands behind its file without suffix (corpus/checks.py).

    >>> rest_of("train/7:T1-T2", Document("7", "data/raw/train.json:1", "", (), ()))
    ':T1-T2'
    """
    file = Path(document.source.rpartition(":")[0]).with_suffix("").parts
    names = ("/".join(file[start:]) + "/" for start in range(len(file)))
    for own in (row_id, *(row_id.removeprefix(name) for name in names if row_id.startswith(name))):
        rest = own.removeprefix(document.id)
        if own.startswith(document.id) and rest[:1] in REST:
            return rest
    return None


def ends_of(row_id: str, document: Document) -> Ends | None:
    """The head and the tail of the pair that a row is, by its id; None where the document has no such pair.

    The id is the document's where this has one relation, else DOCUMENT:HEAD-TAIL (corpus/pairs.py).
    """
    pair = REPEAT.sub("", rest_of(row_id, document) or "").removeprefix(":")
    ids = {entity.id for entity in document.entities}
    for head, tail in _splits(pair):
        if head in ids and tail in ids:
            return head, tail
    if len(document.relations) == 1:
        [relation] = document.relations
        return relation.head, relation.tail
    return None


def _splits(pair: str) -> Iterator[Ends]:
    """All ways to take a text apart at a hyphen.

    >>> list(_splits("T1-a-b"))
    [('T1', 'a-b'), ('T1-a', 'b')]
    """
    parts = pair.split("-")
    for place in range(1, len(parts)):
        yield "-".join(parts[:place]), "-".join(parts[place:])
