"""The lines of text files, the beginning of a file by which its format is told, and ids for documents that have none of their own.

A line of a file ends with LF, CRLF or CR. A byte order mark at the beginning of a line is no text: files put one after the other
have it in their middle. What is wrong with a whole file, its encoding, is said once, and nothing of the file is read beyond it; so
it is a problem of no row, which cannot be left out. A stream of lines to predict is read to its end instead, whatever is wrong with
some of them.
"""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import xxhash

from pipeline.core.errors import Problem

HEAD_BYTES = 1 << 16  # enough to tell a format by, whatever the size of the file
MARK = "\ufeff"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UTF8_HINT = "save the whole file as UTF-8"
UTF16 = Problem("the file is UTF-16", UTF8_HINT, "file-not-utf8")


class TextLine(NamedTuple):
    """A line without its end, and its number from 1."""

    number: int
    text: str


class StreamLine(NamedTuple):
    """A line of a stream, and its problem where it is not UTF-8: the bytes that are not stand in its text as surrogates."""

    number: int
    text: str
    problem: Problem | None


def read_lines(path: Path) -> Iterator[TextLine | Problem]:
    """The lines of a file, or what is wrong with its encoding after the lines before."""
    if is_utf16(path):
        yield UTF16.at(f"{path}:1")
        return
    with path.open(encoding="utf-8", errors="surrogateescape") as file:  # ends a line with LF, CRLF or CR, and with nothing else
        for number, line in enumerate(file, 1):
            if problem := _encoding_problem(line):
                yield problem.at(f"{path}:{number}")
                return
            yield TextLine(number, line.removesuffix("\n").removeprefix(MARK))


def is_utf16(path: Path) -> bool:
    """Whether a file is in UTF-16, by its mark or by the zero bytes that it has beside every Latin character."""
    with path.open("rb") as file:
        return begins_utf16(file.read(HEAD_BYTES))


def begins_utf16(raw: bytes) -> bool:
    """Whether the bytes of a file are UTF-16, by the first of them."""
    return raw.startswith(UTF_16) or 3 * raw.count(0, 0, HEAD_BYTES) > min(len(raw), HEAD_BYTES)


def head_problem(path: Path) -> Problem | None:
    """What is wrong with the encoding of a file, by its beginning."""
    if is_utf16(path):
        return UTF16.at(f"{path}:1")
    with path.open("rb") as file:
        head = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(file.read(HEAD_BYTES))
    for number, line in enumerate(io.StringIO(head, newline=None), 1):
        if problem := _encoding_problem(line):
            return problem.at(f"{path}:{number}")
    return None


def _encoding_problem(line: str) -> Problem | None:
    """What is wrong with a line in which a byte that is not UTF-8 stands as a surrogate."""
    if line.isascii():
        return None
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) & 0xFF
        found = f"byte 0x{byte:02x} at character {error.start + 1} is not UTF-8, the file may be in cp1252"
        return Problem(found, UTF8_HINT, "file-not-utf8")
    return None


def decode(raw_lines: Iterable[bytes]) -> Iterator[StreamLine]:
    """The lines of a stream of UTF-8, with or without byte order marks before them; one that CR ends comes with the next LF."""
    lines = (line for raw in raw_lines for line in raw.splitlines())  # of bytes: at LF, CRLF and CR alone
    for number, raw in enumerate(lines, 1):
        if number == 1 and raw.startswith(UTF_16):
            yield StreamLine(1, "\ufffd", UTF16)
            return
        yield _decode(number, raw.removeprefix(codecs.BOM_UTF8))


def _decode(number: int, raw: bytes) -> StreamLine:
    try:
        return StreamLine(number, raw.decode(), None)
    except UnicodeDecodeError as error:
        character = len(raw[: error.start].decode()) + 1
        found = f"byte 0x{raw[error.start]:02x} at character {character} is not UTF-8"
        return StreamLine(number, raw.decode(errors="surrogateescape"), Problem(found, UTF8_HINT, "not-utf8"))


def head_lines(path: Path) -> list[str]:
    """The lines at the beginning of a file that are more than white space; none of a folder.

    A line that reaches beyond HEAD_BYTES is cut there where it is the first, and left out otherwise.
    """
    if not path.is_file():
        return []
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES + 1)
    text = head[:HEAD_BYTES].decode("utf-16" if head.startswith(UTF_16) else "utf-8", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    whole = lines[:-1] if len(head) > HEAD_BYTES and len(lines) > 1 else lines
    return [line.removeprefix(MARK) for line in whole if line.strip(MARK + " \t")]


def content_id(parts: Iterable[object]) -> str:
    """An id made of what a document says, so that it stays the same where lines are inserted above it.

    >>> content_id(["A pack of beers.", 2, 6])
    '459acc98bdb3'
    """
    return hashlib.blake2b("\0".join(map(str, parts)).encode(errors="surrogatepass"), digest_size=6).hexdigest()


class DistinctIds:
    """Ids that are all different: the second of two equal ones gets ~2, the third ~3.

    >>> ids = DistinctIds()
    >>> [ids.distinct("a"), ids.distinct("b"), ids.distinct("a")]
    ['a', 'b', 'a~2']
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()  # hashes: a set of all ids would take more memory than all else that a reader keeps
        self._repeats: dict[str, int] = {}

    def distinct(self, row_id: str) -> str:
        """The id, or with its number where it was given before."""
        distinct = row_id
        while (key := xxhash.xxh3_64_intdigest(distinct.encode(errors="surrogatepass"))) in self._seen:
            self._repeats[row_id] = self._repeats.get(row_id, 1) + 1
            distinct = f"{row_id}~{self._repeats[row_id]}"
        self._seen.add(key)
        return distinct
