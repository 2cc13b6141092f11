"""Checks that every format of tokens in JSON passes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.core.errors import KINDS, Problem
from pipeline.corpus.document import Document

Read = Callable[[Path], Iterator[Document | Problem]]


def read_rows(read: Read, folder: Path, rows: Sequence[dict[str, Any]]) -> list[Document | Problem]:
    """What a reader makes of objects, one a line."""
    path = folder / "corpus.json"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return list(read(path))


def assert_a_problem_then_the_good_row(
    module: ModuleType, folder: Path, bad: dict[str, Any], good: dict[str, Any], found: str
) -> None:
    """The first problem of a bad row tells the line, what was found and a hint; the row after it is read."""
    *problems, last = read_rows(module.read, folder, [good, bad, good])[1:]
    (problem,) = problems
    assert isinstance(problem, Problem)
    assert problem.found == found
    assert problem.source == f"{folder / 'corpus.json'}:2"
    assert problem.kind in KINDS
    assert problem.hint
    assert problem.row_id
    assert isinstance(last, Document)


def written_and_read(module: ModuleType, folder: Path, documents: Sequence[Document]) -> list[Document]:
    """Documents after a round trip through a file, their source as before."""
    path = folder / "round.json"
    module.write(documents, path)
    first = path.read_bytes()
    module.write(documents, path)
    assert path.read_bytes() == first, "the same documents gave other bytes"
    read = list(module.read(path))
    assert all(isinstance(document, Document) for document in read), read
    return [dataclasses.replace(document, source="") for document in read]
