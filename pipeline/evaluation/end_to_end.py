"""Scores of entities and relations that are found in plain sentences, beside those of given entities.

As SpERT is evaluated (Eberts and Ulges 2020, section 5): an entity is right where its span and its type are; a relation where its
label and direction are, and its two entities: in span ("boundaries"), or in span and type ("strict"). Micro scores are those of
all instances together; the macro score of entities is the mean over the types that gold has. What is found twice counts once.

Gold are all entities of the sentences that the tag stage passes on, nested ones too, and the relations of their rows other than
the negative label. Relations whose entities lie in two sentences are told apart: what looks at one sentence cannot find them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import params
from pipeline.core.arrays import Doubles, Ints
from pipeline.core.labels import parse_label
from pipeline.evaluation import bootstrap, scorer
from pipeline.evaluation.tables import Metrics, bounded, percent
from pipeline.model.config import Config
from pipeline.model.spans import Spans, class_names


class Entity(NamedTuple):
    """Half-open in words; the type is empty where tags have none."""

    start: int
    end: int
    type: str


class Triple(NamedTuple):
    """A relation from its head to its tail."""

    head: Entity
    tail: Entity
    relation: str

    @classmethod
    def of(cls, e1: Entity, e2: Entity, label: str, symmetric: Collection[str]) -> Triple:
        """The triple of a pair's label, so that a relation is the same triple however its pair is turned.

        Args: symmetric: relations without direction, whose head is the first in reading order.

        >>> old, new = Entity(0, 1, ""), Entity(4, 5, "")
        >>> Triple.of(old, new, "Cause(e2,e1)", ()) == Triple.of(new, old, "Cause(e1,e2)", ()) == Triple(new, old, "Cause")
        True
        >>> Triple.of(new, old, "Synonym", {"Synonym"}) == Triple(old, new, "Synonym")
        True
        """
        relation, direction = parse_label(label)
        head, tail = (e2, e1) if direction == "e2,e1" else (e1, e2)
        if relation in symmetric:
            head, tail = sorted((head, tail))
        return cls(head, tail, relation)

    @property
    def boundaries(self) -> tuple[tuple[int, int], tuple[int, int], str]:
        """What of it is right without types."""
        return self.head[:2], self.tail[:2], self.relation


@dataclass(frozen=True)
class Extractions:
    """The entities and relations of N sentences, annotated or found."""

    entities: list[set[Entity]]
    relations: list[set[Triple]]
    n_across: int = 0  # relations of these sentences' documents that no sentence holds

    def __add__(self, other: Extractions) -> Extractions:
        """These sentences and others behind them."""
        return Extractions(self.entities + other.entities, self.relations + other.relations, self.n_across + other.n_across)


def annotated(sentences: pa.Table, rows: pa.Table, negative_label: str, symmetric: Collection[str], typed: bool) -> Extractions:
    """The entities and relations that are annotated in sentences.

    A relation of a sentence that its document says several times is that of the first which lacks it. Which has it changes no score
    of all sentences, for the same is found in them all.

    Args: sentences: N of TAGGED_SENTENCES; rows: the pairs of the split; typed: whether types count.
    """
    entities = [
        {Entity(one["start"], one["end"], (one["type"] or "") if typed else "") for one in mentions}
        for mentions in sentences["entities"].to_pylist()
    ]
    places = _places(sentences)
    relations: list[set[Triple]] = [set() for _ in entities]
    n_across = 0
    for row in _related(rows, negative_label):
        found = places.get((row["source"], tuple(row["words"])))
        if found is None:
            n_across += 1
            continue
        e1, e2 = (
            Entity(row[f"{name}_start"], row[f"{name}_end"], (row[f"{name}_type"] or "") if typed else "") for name in ("e1", "e2")
        )
        triple = Triple.of(e1, e2, row["relation"], symmetric)
        own = _of_document(found, row["id"])
        relations[next((number for number in own if triple not in relations[number]), own[0])].add(triple)
    return Extractions(entities, relations, n_across)


def found(
    n_sentences: int, spans: Spans, pairs: tuple[Ints, Ints], labels: Sequence[str], config: Config, symmetric: Collection[str]
) -> Extractions:
    """What a model finds: entities, and of the pairs of them those with another label than the negative one.

    Args: spans: M entities; pairs: (P,) indices of e1 and of e2 among them; labels: P.
    """
    types = class_names(config.tags)
    named = [Entity(start, end, types[class_id]) for start, end, class_id in zip(*map(np.ndarray.tolist, spans[1:]), strict=True)]
    entities: list[set[Entity]] = [set() for _ in range(n_sentences)]
    relations: list[set[Triple]] = [set() for _ in range(n_sentences)]
    for row, entity in zip(spans.rows.tolist(), named, strict=True):
        entities[row].add(entity)
    for e1, e2, label in zip(pairs[0].tolist(), pairs[1].tolist(), labels, strict=True):
        if label != config.negative_label:
            relations[int(spans.rows[e1])].add(Triple.of(named[e1], named[e2], label, symmetric))
    return Extractions(entities, relations)


def _places(sentences: pa.Table) -> Mapping[tuple[str, tuple[str, ...]], list[tuple[str, int]]]:
    """The ids and numbers of the sentences by source and words: one, unless a file says a sentence again."""
    places: dict[tuple[str, tuple[str, ...]], list[tuple[str, int]]] = defaultdict(list)
    for number, (row_id, source, words) in enumerate(
        zip(*(sentences[n].to_pylist() for n in ("id", "source", "words")), strict=True)
    ):
        places[source, tuple(words)].append((row_id, number))
    return dict(places)


def _related(rows: pa.Table, negative_label: str) -> Iterable[dict[str, Any]]:
    """The pairs with a relation, in sentences or runs of them of which all entities are annotated."""
    has_relation = pc.and_(pc.is_valid(rows["relation"]), pc.not_equal(rows["relation"], negative_label))
    columns = ["id", "source", "words", "relation", *(f"{e}_{part}" for e in ("e1", "e2") for part in ("start", "end", "type"))]
    related: list[dict[str, Any]] = rows.filter(pc.and_(has_relation, pc.is_valid(rows["entities"]))).select(columns).to_pylist()
    return related


def _of_document(found: Sequence[tuple[str, int]], row_id: str) -> list[int]:
    """The numbers of the sentences, of those with the same words, whose document's id a pair's id has; else of all.

    A pair's id begins with its document's, before which the path of a file may stand.

    >>> _of_document([("d1#1", 0), ("d1#2", 1), ("d11", 2)], "test/a/d1:T1-T2")
    [0, 1]
    """
    documents = [(name, number) for whole, number in found for name in (whole, whole.rpartition("#")[0]) if name]
    own = [(len(document), number) for document, number in documents if f"/{document}:" in f"/{row_id}:"]
    longest = max(own, default=(0, 0))[0]
    return [number for length, number in own if length == longest] or [number for _, number in found]


def scores(gold: Extractions, found: Extractions, typed: bool, settings: params.Evaluate) -> Metrics:
    """The parts `entities` and `end_to_end` of a split in scores.json, and `tags`, which else counts a sentence once a pair.

    Scores are null where gold has nothing to find, as in a split without labels, strict ones of relations without types too; there
    is no interval on few sentences.
    """
    any_entities, any_relations = any(gold.entities), any(gold.relations)
    entities = _counts(gold.entities, found.entities, lambda entity: entity, lambda entity: entity.type)
    boundaries = _counts(gold.relations, found.relations, lambda triple: triple.boundaries, lambda triple: triple.relation)
    strict = _counts(gold.relations, found.relations, lambda triple: triple, lambda triple: triple.relation)
    micro, precision, recall = _micro(entities if any_entities else None, "micro_f1", settings)
    macro = bootstrap.estimate(entities, _macro_f1, settings) if any_entities else None
    return {
        "tags": {name.replace("micro_", ""): value for name, value in micro.items()} | {"positions_visible": False},
        "entities": {
            **micro,
            **precision,
            **recall,
            **bounded("macro_f1", macro, len(entities)),
            "gold": _n(gold.entities),
            "found": _n(found.entities),
        },
        "end_to_end": {
            **_prefixed("boundaries", boundaries if any_relations else None, settings),
            **_prefixed("strict", strict if any_relations and typed else None, settings),
            "gold": _n(gold.relations),
            "found": _n(found.relations),
            "across_sentences": gold.n_across,
        },
    }


def _counts(
    gold: Sequence[set[Any]], found: Sequence[set[Any]], part: Callable[[Any], Any], class_of: Callable[[Any], str]
) -> Doubles:
    """The correct, found and gold instances of each class in each sentence: (N, 3, Q).

    Args: part: what of an instance has to be right.
    """
    classes = sorted({class_of(one) for of_sentence in (*gold, *found) for one in of_sentence})
    numbers = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(gold), 3, len(classes)))
    for row, (ours, theirs) in enumerate(zip(gold, found, strict=True)):
        right = {(part(one), class_of(one)) for one in ours}, {(part(one), class_of(one)) for one in theirs}
        for place, instances in enumerate((right[0] & right[1], right[1], right[0])):
            for _, name in instances:
                counts[row, place, numbers[name]] += 1
    return counts


def _macro_f1(counts: Doubles) -> Doubles:
    return scorer.macro_f1(counts, [str(number) for number in range(counts.shape[-1])], negative_label="")


def _micro(counts: Doubles | None, name: str, settings: params.Evaluate) -> tuple[Metrics, Metrics, Metrics]:
    """F1 with its interval, precision and recall of all classes together; null without counts."""
    if counts is None:
        return bounded(name, None), {"precision": None}, {"recall": None}
    together = counts.sum(-1, keepdims=True)
    f1 = bootstrap.estimate(together, lambda sums: scorer.precision_recall_f1(sums)[..., 2, 0], settings)
    precision, recall, _ = scorer.precision_recall_f1(together.sum(0))[:, 0].tolist()
    return bounded(name, f1, len(counts)), {"precision": percent(precision)}, {"recall": percent(recall)}


def _prefixed(prefix: str, counts: Doubles | None, settings: params.Evaluate) -> Metrics:
    parts = _micro(counts, "f1", settings)
    return {f"{prefix}_{name}": value for part in parts for name, value in part.items()}


def _n(sets: Sequence[set[Any]]) -> int:
    return sum(map(len, sets))
