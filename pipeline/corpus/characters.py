"""What characters look like to a person: those that show nothing, names that look alike, and HTML entities."""

from __future__ import annotations

import html.entities
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.arrays import Bools

BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
HTML_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


@lru_cache(4_096)
def _shows_nothing(character: str) -> bool:
    return character in BLANKS or unicodedata.category(character) in {"Cf", "Cc", "Zs", "Zl", "Zp"}


def _is_seen(character: str) -> bool:
    return character.isspace() or not _shows_nothing(character)


# What makes names alike, by the word for it, the plainest first.
FOLDS: dict[str, Callable[[str], str]] = {
    "case": str.casefold,
    "blanks": lambda name: "".join(name.split()),
    "invisible characters": lambda name: "".join(filter(_is_seen, name)),
    "Unicode form": lambda name: unicodedata.normalize("NFKC", name),
}


def is_invisible(text: str) -> bool:
    r"""Whether a text shows nothing: blanks, format characters and the like alone.

    >>> is_invisible("\u200b\u2060 "), is_invisible("a\u200b"), is_invisible("-")
    (True, False, False)
    """
    return all(map(_shows_nothing, text))


def folded(name: str) -> str:
    r"""A name in a form that is the same for names that differ by case, blanks, invisible characters or Unicode form alone.

    >>> folded("Born In\u200b") == folded("born_in"), folded("Born In\u200b") == folded("bornin")
    (False, True)
    """
    for fold in ("invisible characters", "Unicode form", "case", "Unicode form", "blanks", "invisible characters"):
        name = FOLDS[fold](name)
    return name


def difference(names: Sequence[str]) -> str:
    r"""The word for what names that look alike differ by.

    >>> difference(["Cause", "cause"]), difference(["caf\u00e9", "cafe\u0301"]), difference(["A b", "ab"])
    ('case', 'Unicode form', 'case and blanks')
    """
    for word, fold in FOLDS.items():
        if len({fold(name) for name in names}) == 1:
            return word
    needed = [word for word in FOLDS if len({_without(name, word) for name in names}) > 1]
    return " and ".join(needed or FOLDS)


def _without(name: str, left_out: str) -> str:
    """A name folded in all ways but one."""
    for word in ("invisible characters", "Unicode form", "case", "blanks"):
        if word != left_out:
            name = FOLDS[word](name)
    return name


def told_apart(names: Sequence[str]) -> list[str]:
    r"""Names in quotes, with the code points of what looks alike in them or shows nothing.

    >>> told_apart(["caf\u00e9", "cafe\u0301"]), told_apart(["a b", "a\u200b b"])
    (['"caf<U+00E9>"', '"cafe<U+0301>"'], ['"a b"', '"a<U+200B> b"'])
    """
    common = set.intersection(*map(set, names))
    return ['"' + "".join(_shown(character, character in common) for character in name) + '"' for name in names]


def _shown(character: str, is_common: bool) -> str:
    if character.isascii() and character.isprintable():
        return character
    return character if is_common and not _shows_nothing(character) else f"<U+{ord(character):04X}>"


def html_entities(texts: pa.ChunkedArray) -> tuple[Bools, Counter[str]]:
    """(N,) which texts have HTML entities, and how often each entity is there."""
    is_escaped: Bools = pc.match_substring(texts, "&").to_numpy().copy()
    candidates = texts.filter(pa.array(is_escaped)).to_pylist()
    found = [[entity for entity in HTML_ENTITY.findall(text) if _is_defined(entity)] for text in candidates]
    is_escaped[is_escaped] = list(map(bool, found))
    return is_escaped, Counter(entity for of_text in found for entity in of_text)


def _is_defined(entity: str) -> bool:
    return entity.startswith("&#") or entity[1:] in html.entities.html5
