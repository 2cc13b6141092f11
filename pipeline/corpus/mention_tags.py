"""BIO tags of all entities of a sentence, which `tag.entities: all` asks for. The scheme is that of bio.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import Problem
from pipeline.core.schema import Mention, at_row
from pipeline.corpus.bio import rank


class MentionTags(NamedTuple):
    """Tags of N sentences.

    Shapes: ids: (sum of T,) int32, 0 for O; n_untagged: (N,) entities that have no tag.
    """

    ids: NDArray[np.int32]
    n_untagged: Ints


def mentions_of(table: pa.Table) -> list[list[Mention]]:
    """The entities of each row of a parsed table; none where not all are annotated."""
    return [[Mention(**mention) for mention in mentions or ()] for mentions in table["entities"].to_pylist()]


def which_entities(entities: Literal["auto", "pair", "all"], any_sentence: bool) -> Literal["pair", "all"]:
    """What `tag.entities` asks for, `auto` settled: pair or all.

    Args: any_sentence: whether training has a sentence with all its entities.

    >>> which_entities("auto", any_sentence=False), which_entities("auto", any_sentence=True), which_entities("pair", True)
    ('pair', 'all', 'pair')
    """
    if entities == "auto":
        return "all" if any_sentence else "pair"
    return entities


def tag_mentions(table: pa.Table, labels: str, types: Sequence[str], overlap: str) -> MentionTags:
    """Tag all entities of the sentences of a table.

    Args: labels: entity, or type, under which an entity without a type has no tag; types: in the order of their classes; overlap:
        see `chosen`.
    """
    starts = ragged.offsets(ragged.lengths(table["words"]))
    class_ids = {name: number for number, name in enumerate(types)} if labels == "type" else {}
    ids = np.zeros(int(starts[-1]), np.int32)
    n_untagged = np.zeros(len(table), np.int64)
    for row, mentions in enumerate(mentions_of(table)):
        tagged = chosen([mention for mention in mentions if labels == "entity" or mention.type is not None], overlap)
        for mention in tagged:
            begin = 1 + 2 * (class_ids[mention.type] if labels == "type" and mention.type is not None else 0)
            start = int(starts[row])
            ids[start + mention.start : start + mention.end] = begin + 1
            ids[start + mention.start] = begin
        n_untagged[row] = len(mentions) - len(tagged)
    return MentionTags(ids, n_untagged)


def chosen(mentions: Sequence[Mention], overlap: str) -> list[Mention]:
    """Entities of which no two share a word, so that BIO can mark them, in reading order.

    Args: overlap: see `bio.rank`. An entity is left out where it shares a word with one that is chosen before it.

    >>> [mention[:2] for mention in chosen([Mention(0, 2, None), Mention(1, 5, None), Mention(5, 6, None)], "outer")]
    [(1, 5), (5, 6)]
    >>> [mention[:2] for mention in chosen([Mention(0, 2, None), Mention(1, 5, None), Mention(5, 6, None)], "first")]
    [(0, 2), (5, 6)]
    """
    kept: list[Mention] = []
    taken: set[int] = set()
    for mention in sorted(mentions, key=lambda mention: rank(mention.start, mention.end, overlap)):
        words = range(mention.start, mention.end)
        if taken.isdisjoint(words):
            taken.update(words)
            kept.append(mention)
    return sorted(kept, key=lambda mention: mention.start)


def find_mention_problems(table: pa.Table, labels: str, overlap: str) -> Iterator[Problem]:
    """The sentences of a table whose entities have no BIO form.

    Args: labels, overlap: as in the section tag.
    """
    for row, mentions in enumerate(mentions_of(table)):
        if overlap == "error":
            for one, other in pairwise(mentions):  # in reading order, so that the nearest tell
                if other.start < one.end:
                    found = f"[{one.start}, {one.end}) and [{other.start}, {other.end}) share a word, which BIO tags cannot express"
                    hint = "set tag.overlap to outer or first, which tags one of them, in params.yaml"
                    yield at_row(Problem(found, hint, "entities-overlap"), table, row)
                    break
        if labels == "type" and any(mention.type is None for mention in mentions):
            found = "an entity has no type, which tag.labels: type needs"
            yield at_row(
                Problem(found, "annotate its type, or set tag.labels to entity in params.yaml", "type-missing"), table, row
            )
