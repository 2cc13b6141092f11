"""What the oracles of corpora share: facts of rows, lines and places, read by no code of the pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = "\ufeff"
MARKERS = ("<e1>", "</e1>", "<e2>", "</e2>")


@dataclass(frozen=True)
class Facts:
    """What a row of a file says."""

    text: str
    e1: str
    e2: str
    relation: str


def lines(content: bytes) -> list[str]:
    """The lines of a file without marks at their beginning, bytes that are not UTF-8 as surrogates."""
    decoded = content.decode(errors="surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    return [line.removeprefix(MARK) for line in decoded.split("\n")]


def line_of(source: str) -> int:
    """The line of a place, from 1."""
    return int(source.rpartition(":")[2])


def is_undecoded(text: str) -> bool:
    """Whether a byte that is not UTF-8 stands in a text."""
    return bool(re.search("[\udc80-\udcff]", text))
