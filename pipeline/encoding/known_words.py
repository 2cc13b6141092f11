"""How many words of a corpus an encoder does not know: those that its tokenizer makes of nothing but its piece for the unknown.

The embed stage counts them, whichever vectors it computes, into known_words.json of the store; evaluate reads them for the report.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import typed
from pipeline.core.errors import InputError
from pipeline.core.files import read_json, with_checksum, write_json
from pipeline.core.schema import VECTORS, Finding

NAME = "known_words.json"
MANY = 0.05  # of the words: more are told as a finding
N_EXAMPLES = 5


@dataclass(frozen=True)
class KnownWords:
    """How many words a corpus has, how many of them are unknown, and the most frequent of these."""

    words: int
    unknown: int
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of words that are unknown, from 0 to 1."""
        return self.unknown / max(1, self.words)

    def findings(self) -> tuple[Finding, ...]:
        """A finding where many words are unknown."""
        if self.share <= MANY:
            return ()
        found = f"{self.share:.1%} of the words, which the encoder does not know, such as {', '.join(self.examples)}"
        hint = "the encoder may be of another language or spelling: set encoder.name to one of the language of the texts"
        return (Finding("words-unknown", "warning", self.unknown, found, hint, ()),)


def write(folder: Path, known: KnownWords) -> None:
    """Write the counts into the folder of a store."""
    write_json(folder / NAME, with_checksum(dataclasses.asdict(known)))


def read(folder: Path) -> KnownWords:
    """The counts in the folder of a store.

    Raises: InputError where they are missing or damaged.
    """
    path = folder / NAME
    try:
        value = read_json(path, VECTORS.remake)
        known = typed.build(KnownWords, {name: part for name, part in value.items() if name != "checksum"})
    except typed.MismatchError as error:
        raise InputError.of(path, f"damaged: {error}", VECTORS.remake) from None
    if value.get("checksum") != with_checksum(value)["checksum"]:
        raise InputError.of(path, "damaged or changed since it was written", VECTORS.remake)
    return known
