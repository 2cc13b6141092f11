"""Items of the corpus: documents of data/raw, for what a model doubts of their pairs and entities, the most doubtful first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.annotation import reviewed
from pipeline.annotation.held_out import text_hash
from pipeline.annotation.item import DIGITS, Item, Reason, ranked
from pipeline.annotation.judged import Judged, Parsed, entities_of
from pipeline.annotation.raw_documents import RawDocuments, ends_of, rest_of
from pipeline.annotation.selection import DOUBT_DIGITS, doubtful
from pipeline.corpus.document import Document

LIKELY = 0.5  # what is annotated of an entity is doubted where it is less probable
SHOWN_CHARACTERS = 40  # of an entity, for people


class Row(NamedTuple):
    """Where a row or a sentence of data/parsed is from, and its text."""

    id: str
    source: str
    text: str


class Doubt(NamedTuple):
    """What speaks against an annotation."""

    probability: float  # of what is annotated
    margin: float  # by how much something else is more probable
    row: Row
    reason: Reason

    @property
    def order(self) -> tuple[float, float]:
        """What doubts are sorted by: see selection.doubtful."""
        return round(self.probability, DOUBT_DIGITS), -self.margin


@dataclass(frozen=True)
class Wanted:
    """Which items are wanted.

    Args: pick: the name of what picks them; seen: keys of the documents that were reviewed (reviewed.py).
    """

    pick: str
    count: int
    raw: Path
    seen: frozenset[str]


def doubts(judged: Judged, entities: pa.Table, parsed: Parsed) -> list[Doubt]:
    """All doubts of a corpus, the most doubtful first.

    Args: entities: of held_out.ENTITIES.
    """
    found = [*pair_doubts(judged), *entity_doubts(entities, list(parsed.sentences.values()))]
    return sorted(found, key=lambda doubt: doubt.order)


def pair_doubts(judged: Judged) -> Iterator[Doubt]:
    """The pairs of which another label is more probable."""
    given = judged.given
    for row in doubtful(judged.probabilities, given).tolist():
        probabilities = judged.probabilities[row]
        own, best = float(probabilities[given[row]]), int(probabilities.argmax())
        values = judged.rows.slice(row, 1).to_pylist()[0]
        label, rather = judged.relations[given[row]], judged.relations[best]
        why = f"{_pair(values)}: {label} has {judged.by} probability {own:.2f}, {rather} {probabilities[best]:.2f}"
        reason = Reason(values["id"], why, round(own, DIGITS), ranked(judged.relations, probabilities))
        yield Doubt(own, float(probabilities[best]) - own, _row(values), reason)


def _pair(values: Mapping[str, Any]) -> str:
    return " - ".join(_quoted(values["text"][start:end]) for start, end in entities_of(dict(values)))


def _quoted(text: str) -> str:
    one_line = " ".join(text.split())
    return f'"{one_line if len(one_line) <= SHOWN_CHARACTERS else one_line[: SHOWN_CHARACTERS - 1] + chr(0x2026)}"'


def _row(values: Mapping[str, Any]) -> Row:
    return Row(values["id"], values["source"], values["text"])


def entity_doubts(entities: pa.Table, sentences: Sequence[pa.Table]) -> Iterator[Doubt]:
    """The entities that are annotated and hardly probable, and those that are probable and not annotated.

    Args: entities: of held_out.ENTITIES; sentences: of data/parsed, of which those that are no longer as they were are left out.
    """
    rows = {(row["id"], row["source"]): _row(row) for table in sentences for row in table.select(list(Row._fields)).to_pylist()}
    for entity in entities.to_pylist():
        row, sure = rows.get((entity["id"], entity["source"])), entity["probability"]
        probability = sure if entity["annotated"] else 1 - sure
        if probability < LIKELY and row is not None and text_hash(row.text) == entity["text_key"]:
            named = f"{_quoted(row.text[entity['start'] : entity['end']])} {entity['type']}".rstrip()
            said = "annotated" if entity["annotated"] else "not annotated"
            why = f"{named} is {said}, the held-out probability that it is an entity is {sure:.2f}"
            yield Doubt(probability, 1 - 2 * probability, row, Reason(row.id, why, round(probability, DIGITS)))


def items(doubts: Iterable[Doubt], judged: Judged, wanted: Wanted) -> list[Item]:
    """The documents of the first doubts, in their order, each with all doubts that are its own."""
    ranked = sorted(doubts, key=lambda doubt: doubt.order)
    raw = RawDocuments(wanted.raw, {doubt.row.source for doubt in ranked})
    chosen: dict[tuple[str, str], tuple[Document, list[Reason]]] = {}
    for doubt in ranked:
        document = raw.of_row(*doubt.row)
        place = document.source, document.id
        if place in chosen or (len(chosen) < wanted.count and reviewed.key(document) not in wanted.seen):
            chosen.setdefault(place, (document, []))[1].append(doubt.reason)
    scores = _scores_by_source(judged, {source for source, _ in chosen})
    return [
        Item(document, wanted.pick, tuple(reasons), relation_scores=_relation_scores(document, scores[document.source]))
        for document, reasons in chosen.values()
    ]


def _scores_by_source(judged: Judged, sources: Set[str]) -> dict[str, dict[str, float]]:
    """The probability of the label of every row of some places, by id."""
    own = judged.probabilities[np.arange(len(judged.rows)), judged.given]
    scores: dict[str, dict[str, float]] = {source: {} for source in sources}
    for row_id, source, probability in zip(*(judged.rows[name].to_pylist() for name in ("id", "source")), own, strict=True):
        if source in scores:
            scores[source][row_id] = float(probability)
    return scores


def _relation_scores(document: Document, scores: Mapping[str, float]) -> list[float | None]:
    """The probability of each relation of a document, where it is known."""
    by_ends = {ends_of(row_id, document): score for row_id, score in scores.items() if rest_of(row_id, document) is not None}
    return [by_ends.get((relation.head, relation.tail)) for relation in document.relations]


def drawn_items(rows: pa.Table, order: Iterable[int], wanted: Wanted) -> list[Item]:
    """The documents of rows in an order, for no reason of their own."""
    drawn = [_row(row) for row in rows.select(list(Row._fields)).take(pa.array(order, pa.int64())).to_pylist()]
    raw = RawDocuments(wanted.raw, {row.source for row in drawn})
    chosen: dict[tuple[str, str], Item] = {}
    for row in drawn:
        document = raw.of_row(*row)
        if len(chosen) < wanted.count and reviewed.key(document) not in wanted.seen:
            item = Item(document, wanted.pick, (Reason(row.id, "drawn at random"),))
            chosen.setdefault((document.source, document.id), item)
    return list(chosen.values())
