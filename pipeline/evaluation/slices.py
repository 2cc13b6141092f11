"""Where a model is strong and weak: its test rows cut by what may make them hard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.core.labels import parse_label
from pipeline.core.schema import Span

Slices = dict[str, list[int]]  # row numbers by slice, slices in reading order, those without rows left out
DIRECTIONS = ("e1,e2", "e2,e1", "none")
ORDERS = ("e1 first", "e2 first")
SEEN = ("neither seen in training", "one seen in training", "both seen in training")


@dataclass(frozen=True)
class MarkedSentence:
    """What the cuts look at: a sentence's words, its two entities as spans of words, and its gold label."""

    words: list[str]
    e1: Span
    e2: Span
    relation: str

    @property
    def entities(self) -> list[str]:
        """The two entity strings, without regard to case."""
        return [" ".join(self.words[span.start : span.end]).casefold() for span in (self.e1, self.e2)]


def words_between(sentence: MarkedSentence) -> int:
    """Words between the entities, 0 where they touch or overlap."""
    return max(0, max(sentence.e1.start, sentence.e2.start) - min(sentence.e1.end, sentence.e2.end))


def n_words(sentence: MarkedSentence) -> int:
    """Words of the sentence."""
    return len(sentence.words)


def longer_entity(sentence: MarkedSentence) -> int:
    """Words of the longer entity."""
    return max(span.end - span.start for span in (sentence.e1, sentence.e2))


# A cut by number: its measure, the least number, and the largest of each bin but the last, which is open.
NUMBERS: dict[str, tuple[Callable[[MarkedSentence], int], int, tuple[int, ...]]] = {
    "words between the entities": (words_between, 0, (0, 2, 5, 10)),
    "words of the sentence": (n_words, 1, (10, 20, 30, 40)),
    "words of the longer entity": (longer_entity, 1, (1, 2)),
}


def cut(test: pa.Table, train: pa.Table) -> dict[str, Slices]:
    """The test rows cut in every way: slices by the name of the cut.

    Args: test, train: rows of the position stage; train tells which entity strings the model has seen.
    """
    sentences = list(_sentences(test))
    seen = {entity for sentence in _sentences(train) for entity in sentence.entities}
    cuts = {}
    for name, (measure, least, edges) in NUMBERS.items():
        bins = [bin_name(number, least, edges) for number in (*edges, edges[-1] + 1)]
        cuts[name] = _slices([bin_name(measure(sentence), least, edges) for sentence in sentences], bins)
    cuts["direction"] = _slices([parse_label(sentence.relation).direction or "none" for sentence in sentences], DIRECTIONS)
    cuts["order of the entities"] = _slices([ORDERS[sentence.e2 < sentence.e1] for sentence in sentences], ORDERS)
    n_seen = [sum(entity in seen for entity in sentence.entities) for sentence in sentences]
    cuts["entity strings"] = _slices([SEEN[n] for n in n_seen], SEEN)
    return cuts


def bin_name(number: int, least: int, edges: Sequence[int]) -> str:
    """Name the bin of a number.

    >>> [bin_name(number, 0, (0, 2, 5)) for number in (0, 1, 5, 6)]
    ['0', '1 to 2', '3 to 5', '6 or more']
    """
    low = least
    for edge in edges:
        if number <= edge:
            return f"{low} to {edge}" if low < edge else str(edge)
        low = edge + 1
    return f"{low} or more"


def _slices(names: Sequence[str], order: Sequence[str]) -> Slices:
    """Gather the rows of each slice.

    Args: names: of each row's slice; order: the slices in reading order.
    """
    rows = {name: [row for row, own in enumerate(names) if own == name] for name in order}
    return {name: numbers for name, numbers in rows.items() if numbers}


def _sentences(table: pa.Table) -> Iterator[MarkedSentence]:
    columns = ["words", "e1_start", "e1_end", "e2_start", "e2_end", "relation"]
    row: dict[str, Any]
    for batch in table.select(columns).to_batches(max_chunksize=1_000):
        for row in batch.to_pylist():
            e1, e2 = Span(row["e1_start"], row["e1_end"]), Span(row["e2_start"], row["e2_end"])
            yield MarkedSentence(row["words"], e1, e2, row["relation"])
