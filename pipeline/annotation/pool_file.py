"""The file of data/raw that texts of a pool become documents of: JSON lines of ours, with documents more or in another version."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.annotation.correction import free_ids
from pipeline.annotation.raw_files import RawFile
from pipeline.core.errors import InputError, Problem
from pipeline.corpus.document import Document
from pipeline.corpus.formats import jsonl
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.rewriting import Edit
from pipeline.corpus.rewriting.edits import content

ELSEWHERE = "texts of a pool become JSON lines: name another file with --new"


def with_more(path: Path, documents: Sequence[Document], changed: Collection[Path] = ()) -> dict[Path, bytes]:
    """The file with documents more, by its path, or nothing where it says all of them already.

    A document that the file has in another version takes its place; one whose id another text has gets an id of its own.

    Args: changed: files of the corpus that are about to be written.
    Raises: InputError where the file is there and is not of this format, or is one of these.
    """
    if path in changed:
        raise InputError.of(path, "corrections of this file and texts of a pool for it come at once", ELSEWHERE)
    readings = list(jsonl.read(path)) if path.exists() else []
    if problems := [reading for reading in readings if isinstance(reading, Problem)]:
        raise InputError(replace(problem, hint=ELSEWHERE) for problem in problems)
    file = RawFile.of(Source(path, "jsonl"), jsonl.read, readings)
    said, ids = set(map(content, file.documents)), set(file.ids)
    edits, more = [], []
    for document in (each for each in documents if content(each) not in said):
        earlier = (found for found in file.by_text.get(document.text, ()) if is_version(found.document, document))
        if old := next(earlier, None):
            edits.append(Edit(old.document, (replace(document, id=old.document.id),), old.number))
        else:
            own = document.id if document.id not in ids else next(free_ids(document.id, ids))
            more.append(replace(document, id=own))
            ids.add(own)
    before = file.rewritten(edits)[path] if edits else path.read_bytes() if path.exists() else b""
    return {path: before + (b"\n" if before and not before.endswith(b"\n") else b"") + lines(more)} if edits or more else {}


def is_version(old: Document, new: Document) -> bool:
    """Whether a document is an earlier version of one of the same text, under its id or under the one that it got for it."""
    return old.id == new.id or old.id.startswith(f"{new.id}~")


def lines(documents: Sequence[Document]) -> bytes:
    """Documents as the format writes them."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "more.jsonl"
        jsonl.write(documents, scratch)
        return scratch.read_bytes()
