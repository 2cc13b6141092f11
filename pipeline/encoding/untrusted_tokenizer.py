"""The one place that loads and runs a tokenizer.json, which anybody may have written.

Its rules are a small program: rules that replace text by more text, one after the other, make gigabytes of a word, and patterns may
look for a match for ever. So what rules may add is bounded before the file is loaded, and its runs are watched.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

from pipeline.core.errors import InputError
from pipeline.core.watchdog import GIGABYTE, Limits, hushed, watched

MOST_BYTES = 10**8
MOST_GROWTH = 1_000  # characters that all rules together may make of one
# A batch takes a tenth of a second and some megabytes.
LIMITS = Limits(60, 4 * GIGABYTE)
REPLACED = "take the tokenizer that the encoder was trained with"


def load(path: Path, hint: str) -> Tokenizer:
    """A tokenizer that neither pads nor cuts.

    Raises: InputError where the file is missing or damaged, too large, or its rules make too much of a text.
    """
    check(path, hint)
    try:
        with watched(path, LIMITS, hint), hushed():
            tokenizer = Tokenizer.from_file(str(path))
            tokenizer.no_padding()
            tokenizer.no_truncation()
    except BaseException as error:
        raise _explained(error, path, "the tokenizer is missing or damaged", hint) from None
    return tokenizer


def check(path: Path, hint: str) -> None:
    """Raises: InputError where a tokenizer.json is missing or damaged, too large, or its rules make too much of a text."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise InputError.of(path, f"the tokenizer is missing or damaged, or has more than {MOST_BYTES:,} bytes", hint)
        written = json.loads(path.read_bytes())
        rules = [written.get(part) for part in ("normalizer", "pre_tokenizer")]
        growth = math.prod(_growth(rule) for rule in _mappings(rules))
    except (OSError, ValueError, AttributeError, RecursionError):
        raise InputError.of(path, "the tokenizer is missing or damaged", hint) from None
    if growth > MOST_GROWTH:
        raise InputError.of(path, f"the tokenizer's rules make more than {MOST_GROWTH:,} characters of one", REPLACED)


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """All mappings within a JSON value."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(part)


def _growth(rule: dict[str, Any]) -> int:
    """The most characters that a rule makes of one: it may put a text in the place of each, or before it."""
    return max([1, *(len(text) for name in ("content", "prepend", "replacement") if isinstance(text := rule.get(name), str))])


def encode(tokenizer: Tokenizer, sentences: list[list[str]]) -> list[Encoding]:
    """The pieces of sentences given as words, without special ones.

    Raises: InputError where the tokenizer fails on them, or gives a piece that is of no word.
    """
    try:
        with watched("the tokenizer", LIMITS, REPLACED), hushed():
            encodings: list[Encoding] = tokenizer.encode_batch(sentences, is_pretokenized=True, add_special_tokens=False)
    except BaseException as error:
        raise _explained(error, "the tokenizer", "it fails on a sentence", REPLACED) from None
    if any(None in encoding.word_ids for encoding in encodings):
        raise InputError.of("the tokenizer", "it gives a piece that is of no word", REPLACED)
    return encodings


def _explained(error: BaseException, source: object, found: str, hint: str) -> BaseException:
    """What to raise of what the library raised: its panics are no Exception, and have a class without a name to import."""
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return InputError.of(source, f"{found} ({' '.join(str(error).split())[:200]})", hint)
    return error
