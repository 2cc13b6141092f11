"""The file of data/raw that texts of a pool become documents of: JSON lines of ours, with documents added or replaced.

It is of use where the parse stage reads it. So the corpus is looked at as it would be with it, links in a scratch folder, before
anything is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.annotation.corpus_files import CorpusFile
from pipeline.annotation.correction import free_ids
from pipeline.core import params
from pipeline.core.errors import InputError, Problem, sift
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document
from pipeline.corpus.formats import jsonl
from pipeline.corpus.formats.sources import Source
from pipeline.corpus.rewriting import Edit, Loss, Rewritten
from pipeline.corpus.rewriting.edits import content
from pipeline.corpus.split_sources import find_splits

HINT = "name with --new a file with train in its name, in a folder of JSON lines"
HINTS = {  # by the kinds of problems
    "format-unexpected": f"set parse.format to auto in {params.FILE}: texts of a pool become JSON lines",
    "format-ambiguous": "name with --new a file that is in no folder of brat",
}
ELSEWHERE = "texts of a pool become JSON lines: name another file with --new"


class Landed(NamedTuple):
    """What is to be written, and the place of each document there, file:line, None where it is there already."""

    files: dict[Path, bytes]
    places: list[str | None]
    losses: Sequence[Loss] = ()


def landed(path: Path, documents: Sequence[Document], raw: Path, changed: Collection[Path]) -> Landed:
    """The file with documents added; no file where it says all of them already.

    A document that the file has in another version takes its place; one whose id another text has gets an id of its own.

    Args: raw: the folder of the corpus; changed: files of it that are about to be written.
    Raises: InputError where the file is there and is not of this format, is one of these, or would be no part of the corpus.
    """
    content_, ids, losses = _with_more(path, documents, changed)
    if content_ is None:
        return Landed({}, [None for _ in documents])
    lines_of = _lines_in_corpus(path, content_, raw)
    return Landed({path: content_}, [None if own is None else f"{path}:{lines_of[own]}" for own in ids], losses)


def _lines_in_corpus(path: Path, content_: bytes, raw: Path) -> dict[str, str]:
    """The line of each document of a file as the parse stage would read it.

    Raises: InputError where it would not, or not so.
    """
    try:
        below = path.absolute().relative_to(raw.absolute())
    except ValueError:
        raise InputError.of(path, f"it is not in {raw}, and parse would not read it", f"name a file of {raw} with --new") from None
    settings = params.read(params.Parse)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / raw.name
        _link_all(raw, copy)
        own = copy / below
        own.parent.mkdir(parents=True, exist_ok=True)
        own.unlink(missing_ok=True)
        own.write_bytes(content_)
        try:
            found = find_splits(copy, settings.splits, settings.format, needs_test=not settings.test_fraction)
        except InputError as error:
            raise InputError(_with_hint(problem, path, copy, raw) for problem in error.problems) from None
        if not any(source == Source(own, "jsonl") for of_split in found.sources.values() for source in of_split):
            hint = (
                f"add {json_text(below.as_posix())} to parse.splits.train in {params.FILE}, or name with --new a file that is there"
            )
            raise InputError.of(path, "it is in no split of parse.splits, and parse would not read it", hint)
        read, problems = sift(jsonl.read(own))
    if problems:
        raise InputError(replace(problem, source=str(path), hint=ELSEWHERE) for problem in problems)
    return {each.id: each.source.rpartition(":")[2] for each in read}


def _link_all(raw: Path, copy: Path) -> None:
    """A folder of links to all that is in another one."""
    copy.mkdir()
    for entry in raw.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _link_all(entry, copy / entry.name)
        else:
            (copy / entry.name).symlink_to(entry.absolute())


def _with_hint(problem: Problem, path: Path, copy: Path, raw: Path) -> Problem:
    """A problem of the corpus with the file, at its own place, and with what helps."""
    source = problem.source.replace(str(copy), str(raw))
    hint = HINTS.get(problem.kind, HINT)
    return replace(problem, found=f"with {path} in it: {problem.found.replace(str(copy), str(raw))}", source=source, hint=hint)


def _with_more(
    path: Path, documents: Sequence[Document], changed: Collection[Path]
) -> tuple[bytes | None, list[str | None], Sequence[Loss]]:
    """The content of the file, None where it is as it was, the id of each document there, None where it was there, and losses."""
    if path in changed:
        raise InputError.of(path, "corrections of this file and texts of a pool for it come at once", ELSEWHERE)
    if path.is_dir():
        raise InputError.of(path, "this is a folder", ELSEWHERE)
    read, problems = sift(jsonl.read(path) if path.exists() else ())
    if problems:
        raise InputError(replace(problem, hint=ELSEWHERE) for problem in problems)
    file = CorpusFile.of(Source(path, "jsonl"), jsonl.read, read)
    said, ids = set(map(content, file.documents)), set(file.ids)
    edits, more = [], []
    given: list[str | None] = []
    for document in documents:
        if content(document) in said:
            given.append(None)
            continue
        earlier = (found for found in file.by_text.get(document.text, ()) if is_version(found.document, document))
        if old := next(earlier, None):
            own = old.document.id
            edits.append(Edit(old.document, (replace(document, id=own),), old.number))
        else:
            own = document.id if document.id not in ids else next(free_ids(document.id, ids))
            more.append(replace(document, id=own))
            ids.add(own)
        given.append(own)
    if not edits and not more:
        return None, given, ()
    revised = file.rewritten(edits) if edits else Rewritten({path: path.read_bytes() if path.exists() else b""}, ())
    before = revised.files[path]
    return before + (b"\n" if before and not before.endswith(b"\n") else b"") + lines(more), given, revised.losses


def is_version(old: Document, new: Document) -> bool:
    """Whether a document is an earlier version of one of the same text, under its id or under the one that it got for it."""
    return old.id == new.id or old.id.startswith(f"{new.id}~")


def lines(documents: Sequence[Document]) -> bytes:
    """Documents as the format writes them."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "more.jsonl"
        jsonl.write(documents, scratch)
        return scratch.read_bytes()
