"""Where a model is strong and weak: its test rows cut by what may make them hard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.core.labels import parse_label
from pipeline.core.schema import Span

SEEN = ("neither seen in training", "one seen in training", "both seen in training")


@dataclass(frozen=True)
class Sentence:
    """What the cuts look at."""

    words: list[str]
    e1: Span
    e2: Span
    relation: str

    @property
    def entities(self) -> list[str]:
        """The two entity strings, without regard to case."""
        return [" ".join(self.words[span.start : span.end]).casefold() for span in (self.e1, self.e2)]


def words_between(sentence: Sentence) -> int:
    """Words between the entities, 0 where they touch or overlap."""
    return max(0, max(sentence.e1.start, sentence.e2.start) - min(sentence.e1.end, sentence.e2.end))


def longer_entity(sentence: Sentence) -> int:
    """Words of the longer entity."""
    return max(span.end - span.start for span in (sentence.e1, sentence.e2))


# A cut by number: its measure, the least number, and the largest of each bin but the last, which is open.
NUMBERS: dict[str, tuple[Callable[[Sentence], int], int, tuple[int, ...]]] = {
    "words between the entities": (words_between, 0, (0, 2, 5, 10)),
    "words of the sentence": (lambda sentence: len(sentence.words), 1, (10, 20, 30, 40)),
    "words of the longer entity": (longer_entity, 1, (1, 2)),
}


def cut(test: pa.Table, train: pa.Table) -> dict[str, dict[str, list[int]]]:
    """Cut the test rows in every way.

    Returns: row numbers by value by cut, values in reading order, those without rows left out.
    """
    sentences = list(_sentences(test))
    seen = {entity for sentence in _sentences(train) for entity in sentence.entities}
    values: dict[str, list[str]] = {
        name: [_bin(measure(sentence), least, edges) for sentence in sentences] for name, (measure, least, edges) in NUMBERS.items()
    }
    values["direction"] = [parse_label(sentence.relation).direction or "none" for sentence in sentences]
    values["entity strings"] = [SEEN[sum(entity in seen for entity in sentence.entities)] for sentence in sentences]
    order = {
        **{name: [_bin(edge, least, edges) for edge in (*edges, edges[-1] + 1)] for name, (_, least, edges) in NUMBERS.items()},
        "direction": ["e1,e2", "e2,e1", "none"],
        "entity strings": list(SEEN),
    }
    return {
        name: {
            value: [row for row, own in enumerate(values[name]) if own == value] for value in order[name] if value in values[name]
        }
        for name in values
    }


def _bin(number: int, least: int, edges: tuple[int, ...]) -> str:
    """Name the bin of a number.

    >>> [_bin(number, 0, (0, 2, 5)) for number in (0, 1, 5, 6)]
    ['0', '1 to 2', '3 to 5', '6 or more']
    """
    low = least
    for edge in edges:
        if number <= edge:
            return f"{low} to {edge}" if low < edge else str(edge)
        low = edge + 1
    return f"{low} or more"


def _sentences(table: pa.Table) -> Iterator[Sentence]:
    columns = ["words", "e1_start", "e1_end", "e2_start", "e2_end", "relation"]
    row: dict[str, Any]
    for batch in table.select(columns).to_batches(max_chunksize=1_000):
        for row in batch.to_pylist():
            e1, e2 = Span(row["e1_start"], row["e1_end"]), Span(row["e2_start"], row["e2_end"])
            yield Sentence(row["words"], e1, e2, row["relation"])
