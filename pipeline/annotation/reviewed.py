"""Which documents a person has reviewed: data/reviewed.jsonl, a line each, beside data/raw and tracked by git as it is.

    {"id": "7", "document": "459acc98bdb3"}

`document` is made of the id and the text, so that a document whose text was edited is a new one. Lines are only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.core.errors import InputError, Problem, sift
from pipeline.core.files import written_whole
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document
from pipeline.corpus.formats.json_values import read_values
from pipeline.corpus.formats.text_lines import content_id

FILE = "reviewed.jsonl"
LINE = 'a line is {"id": "...", "document": "..."}, as pipeline.adopt writes it'


def beside(raw: Path) -> Path:
    """The path of reviewed.jsonl, which lies beside the folder of annotations.

    >>> beside(Path("data/raw")).name
    'reviewed.jsonl'
    """
    return raw.parent / FILE


def key(document: Document) -> str:
    """The key by which a document is recognised, made of its id and its text."""
    return content_id([document.id, document.text])


def read(path: Path) -> frozenset[str]:
    """The keys of the documents that were reviewed; none where there is no file.

    Raises: InputError where a line is none of ours.
    """
    if not path.exists():
        return frozenset()
    rows, problems = sift(read_values(path))
    problems += [
        Problem("there is no document", LINE, "key-missing").at(f"{path}:{row.line}")
        for row in rows
        if not isinstance(row.value.get("document"), str)
    ]
    if problems:
        raise InputError(problems)
    return frozenset(row.value["document"] for row in rows)


def add(path: Path, documents: Iterable[Document]) -> int:
    """Add documents that are not there yet; returns how many."""
    known = read(path)
    new = {key(document): document.id for document in documents if key(document) not in known}
    if new:
        before = path.read_bytes() if path.exists() else b""
        end = b"\r\n" if before.split(b"\n", 1)[0].endswith(b"\r") else b"\n"
        lines = [json_text({"id": own_id, "document": each}).encode() + end for each, own_id in new.items()]
        with written_whole(path) as scratch:
            scratch.write_bytes(b"".join([before, end if before and not before.endswith(b"\n") else b"", *lines]))
    return len(new)
