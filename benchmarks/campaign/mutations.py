"""Ways to spoil a corpus: bytes, lines, markers, labels, characters and JSON, as tools, people and transfers do."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

Mutation = Callable[[Random, bytes], bytes]
MOST = 4  # of one file
MARKERS = [b"<e1>", b"</e1>", b"<e2>", b"</e2>", b"<E1>", b"<e3>", b"< e1>", b"<e1/>"]
LABELS = [
    "Other",
    "Other(e1,e2)",
    "Cause-Effect(e1,e3)",
    "Cause-Effect (e1,e2)",
    "()",
    "(e1,e2)",
    "",
    " ",
    "a\tb",
    "é",
    "A" * 10_000,
]
# Not characters of words: controls, direction marks, joiners, separators, blanks of other widths, the last planes.
CHARACTERS = [
    *map(chr, range(0x20)),
    *"\x7f\x85\xa0\xad\u061c\u1680\u180e\u200b\u200d\u200e\u2028\u2029\u202e\u2066\u3000\ufeff\ufffd\uffff\u0130\U0010ffff",
    *("\U0001f600", "\U0001f469\u200d\U0001f680", "e\u0301", "ß", "'s", '"', "\\", "\\u0000", "}", "{"),
]
BAD_BYTES = [b"\xff", b"\xc3", b"\xe2\x82", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"]
HUGE = 50_000  # characters
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.0, 1e400, 10**30, "", " ", "0", [], {}),
    *([0], [0, 1, 2], [1, 0], ["0", "1"], [0.0, 1.0], [True, 2], [[0], 1]),
]


def mutate(rng: Random, content: bytes, name: str) -> bytes:
    """A file of a format, spoiled in one to MOST ways; some files stay as they are."""
    for _ in range(rng.randint(0, MOST)):
        content = rng.choice(COMMON + OF_FORMAT[name])(rng, content)
    return content


def flip_bytes(rng: Random, content: bytes) -> bytes:
    """Change some bits."""
    spoiled = bytearray(content)
    for _ in range(rng.randint(1, 3) if spoiled else 0):
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
    return bytes(spoiled)


def replace_byte(rng: Random, content: bytes) -> bytes:
    """Put any byte in the place of one."""
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.randbytes(1) + content[place + 1 :]


def truncate(rng: Random, content: bytes) -> bytes:
    """Cut the end off."""
    return content[: rng.randrange(len(content) + 1)]


def insert(rng: Random, content: bytes, piece: bytes) -> bytes:
    """Put something anywhere."""
    place = rng.randrange(len(content) + 1)
    return content[:place] + piece + content[place:]


def insert_character(rng: Random, content: bytes) -> bytes:
    """Put in what is no character of a word."""
    return insert(rng, content, rng.choice(CHARACTERS).encode())


def insert_not_utf8(rng: Random, content: bytes) -> bytes:
    """Put in bytes that are not UTF-8."""
    return insert(rng, content, rng.choice(BAD_BYTES))


def insert_huge(rng: Random, content: bytes) -> bytes:
    """Make a line huge."""
    return insert(rng, content, rng.choice(["a", "a ", "é", "\U0001f600", "-"]).encode() * (HUGE // 2))


def byte_order_mark(rng: Random, content: bytes) -> bytes:
    """Begin with a mark, or have one inside."""
    mark = rng.choice([codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
    return mark + content if rng.random() < 0.5 else insert(rng, content, mark)


def reencode(rng: Random, content: bytes) -> bytes:
    """Save in another encoding."""
    encoding = rng.choice(["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "utf-7"])
    return content.decode(errors="replace").encode(encoding, errors="replace")


def line_ends(rng: Random, content: bytes) -> bytes:
    """End all lines, or one, otherwise."""
    end = rng.choice([b"\r\n", b"\r", b"\n\n", b"\x0b", b"\xe2\x80\xa8", b"\r\r\n"])
    return content.replace(b"\n", end, rng.choice([-1, 1, 3]))


def of_lines(change: Callable[[Random, list[bytes], int], list[bytes]]) -> Mutation:
    """The mutation that changes a file's lines at a drawn one."""

    def changed(rng: Random, content: bytes) -> bytes:
        split = content.split(b"\n")
        return b"\n".join(change(rng, split, rng.randrange(len(split))))

    return changed


def swap_lines(rng: Random, split: list[bytes], place: int) -> list[bytes]:
    """Swap a line with another."""
    other = rng.randrange(len(split))
    split[place], split[other] = split[other], split[place]
    return split


def join_lines(rng: Random, split: list[bytes], place: int) -> list[bytes]:
    """Join a line with the next one."""
    return [*split[:place], rng.choice([b"", b" "]).join(split[place : place + 2]), *split[place + 2 :]]


def cut_line(rng: Random, split: list[bytes], place: int) -> list[bytes]:
    """Keep the beginning of a line."""
    return [*split[:place], split[place][: rng.randrange(len(split[place]) + 1)], *split[place + 1 :]]


LINES = [
    of_lines(lambda rng, split, place: split[:place] + split[place + 1 :]),  # drop one
    of_lines(lambda rng, split, place: split[: place + 1] + split[place:]),  # double one
    of_lines(lambda rng, split, place: [*split[:place], b"", *split[place:]]),
    of_lines(lambda rng, split, place: [*split[:place], rng.choice([b"\t", b" "]) + split[place], *split[place + 1 :]]),
    *map(of_lines, [join_lines, cut_line, swap_lines]),
]


def move_marker(rng: Random, content: bytes) -> bytes:
    """Remove a marker, and put it or another one somewhere near."""
    places = [match.span() for match in re.finditer(rb"</?e[12]>", content)]
    if not places:
        return insert(rng, content, rng.choice(MARKERS))
    start, end = rng.choice(places)
    marker = rng.choice([content[start:end], b"", rng.choice(MARKERS)])
    rest = content[:start] + content[end:]
    place = min(len(rest), max(0, start + rng.randint(-40, 40)))
    return rest[:place] + marker + rest[place:]


def replace_label(rng: Random, content: bytes) -> bytes:
    """Put something else in the place of a relation."""
    places = [match.span() for match in re.finditer(rb"[\w-]+\(e[12],e[12]\)|\bOther\b", content)]
    if not places:
        return content
    start, end = rng.choice(places)
    return content[:start] + rng.choice(LABELS).encode() + content[end:]


def of_object(change: Callable[[Random, dict[str, Any]], object]) -> Mutation:
    """The mutation that changes the object of a drawn JSON line."""

    def changed(rng: Random, content: bytes) -> bytes:
        split = content.split(b"\n")
        place = rng.randrange(len(split))
        try:
            value = json.loads(split[place])
            change(rng, value)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):  # it is spoiled already
            return content
        split[place] = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
        return b"\n".join(split)

    return changed


def shift_offsets(rng: Random, value: dict[str, Any]) -> None:
    """Move an edge of an entity by one or so."""
    value[rng.choice(["e1", "e2"])][rng.randrange(2)] += rng.choice([-1, 1, 2, 10_000])


def utf16_offsets(rng: Random, value: dict[str, Any]) -> None:
    """Count as JavaScript does, in a text that has characters of two units."""
    value["text"] = "\U0001f600" + value["text"]
    shift = rng.choice([0, 1, 2])
    for entity in ("e1", "e2"):
        value[entity] = [edge + shift for edge in value[entity]]


def change_type(rng: Random, value: dict[str, Any]) -> None:
    """Put a value of another type at a key, known or not."""
    value[rng.choice([*value, "e1_type", "e2_type", "label"])] = rng.choice(VALUES)


def change_character(rng: Random, value: dict[str, Any]) -> None:
    """Put a character, or half of one, into a string."""
    key = rng.choice([key for key in value if isinstance(value[key], str)])
    place = rng.randrange(len(value[key]) + 1)
    value[key] = value[key][:place] + rng.choice([*CHARACTERS, "\ud83d", "\udc00"]) + value[key][place:]


def repeat_key(rng: Random, content: bytes) -> bytes:
    """Give a key twice."""
    places = [match.end() for match in re.finditer(rb"\{", content)]
    key = rng.choice([b'"text": "x", ', b'"e1": [0, 1], ', b'"id": 3, ', b'"relation": "Other", '])
    place = rng.choice(places) if places else 0
    return content[:place] + key + content[place:]


def nest(rng: Random, content: bytes) -> bytes:
    """Nest deeply, or write a number of thousands of digits."""
    return insert(rng, content, rng.choice([b"[" * 5_000, b'{"a":' * 5_000, b"9" * 5_000, b"1e999"]))


COMMON: list[Mutation] = [
    flip_bytes,
    replace_byte,
    truncate,
    insert_character,
    insert_not_utf8,
    insert_huge,
    byte_order_mark,
    reencode,
    line_ends,
    replace_label,
    *LINES,
]
OF_FORMAT: dict[str, list[Mutation]] = {
    "semeval": [move_marker] * 6,
    "jsonl": [*map(of_object, [shift_offsets, utf16_offsets, change_type, change_character] * 2), repeat_key, nest],
}
