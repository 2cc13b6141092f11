"""The file of data/raw that texts of a pool become documents of: JSON lines of ours, with documents more or in another version."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.core.errors import InputError, Problem
from pipeline.corpus.document import Document
from pipeline.corpus.formats import jsonl
from pipeline.corpus.rewriting import Edit, numbered, rewritten
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
    held = [(reading, number) for reading, number in numbered(jsonl.read(path))] if path.exists() else []
    if problems := [reading for reading, _ in held if isinstance(reading, Problem)]:
        raise InputError(replace(problem, hint=ELSEWHERE) for problem in problems)
    found = [(reading, number) for reading, number in held if isinstance(reading, Document)]
    said, ids = {content(old) for old, _ in found}, {old.id for old, _ in found}
    edits, more = [], []
    for document in (each for each in documents if content(each) not in said):
        old = next(((old, number) for old, number in found if is_version(old, document)), None)
        if old:
            edits.append(Edit(old[0], (replace(document, id=old[0].id),), old[1]))
        else:
            more.append(replace(document, id=free_id(document.id, ids)))
            ids.add(more[-1].id)
    before = rewritten(path, "jsonl", edits, jsonl.read)[path] if edits else path.read_bytes() if path.exists() else b""
    return {path: before + (b"\n" if before and not before.endswith(b"\n") else b"") + lines(more)} if edits or more else {}


def is_version(old: Document, new: Document) -> bool:
    """Whether a document is an earlier version of one of a pool, under its id or under the one that it got for it."""
    return old.text == new.text and (old.id == new.id or old.id.startswith(f"{new.id}~"))


def free_id(own: str, taken: Collection[str]) -> str:
    """An id that no other document has.

    >>> free_id("7", {"7", "7~2"})
    '7~3'
    """
    return next(each for each in (own, *(f"{own}~{number}" for number in range(2, len(taken) + 3))) if each not in taken)


def lines(documents: Sequence[Document]) -> bytes:
    """Documents as the format writes them."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "more.jsonl"
        jsonl.write(documents, scratch)
        return scratch.read_bytes()
