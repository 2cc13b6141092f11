"""The entities that BIO tag ids mark, as arrays over many sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Ints
from pipeline.model.manifest import TypePairs


class Spans(NamedTuple):
    """M entities in reading order, sentence by sentence.

    Shapes: rows: (M,) of which sentence; starts, ends: (M,) half-open, in its words; class_ids: (M,) of which class of tags.
    """

    rows: Ints
    starts: Ints
    ends: Ints
    class_ids: Ints


def find_spans(tag_ids: Ints, lengths: Ints) -> Spans:
    """The entities of N sentences' tags, in which each class has two ids, B and I, behind that of O (see corpus/bio.py).

    An I that continues no B of its class, which decoding never gives, ends an entity and begins none.

    Args: tag_ids: (sum of T,) of all sentences end to end; lengths: (N,) words.

    >>> spans = find_spans(np.array([1, 2, 1, 0, 3]), np.array([4, 1]))
    >>> spans.rows.tolist(), spans.starts.tolist(), spans.ends.tolist(), spans.class_ids.tolist()
    ([0, 0, 1], [0, 2, 0], [2, 3, 1], [0, 0, 1])
    """
    offsets, word = ragged.offsets(lengths), ragged.indices(lengths)
    continues = np.zeros(len(tag_ids) + 1, bool)
    continues[1:-1] = (tag_ids[1:] > 0) & (tag_ids[1:] % 2 == 0) & np.isin(tag_ids[:-1] - tag_ids[1:], (0, -1)) & (word[1:] > 0)
    begins = np.flatnonzero(tag_ids % 2 == 1)
    breaks = np.flatnonzero(~continues)
    after = breaks[np.searchsorted(breaks, begins, side="right")]
    rows = np.repeat(np.arange(len(lengths)), lengths)[begins]
    return Spans(rows, begins - offsets[rows], after - offsets[rows], (tag_ids[begins].astype(np.int64) - 1) // 2)


def class_names(tags: Sequence[str]) -> list[str]:
    """The classes of K tags in the order of their ids, "" where tags have none.

    >>> class_names(["O", "B-Loc", "I-Loc"]), class_names(["O", "B", "I"])
    (['Loc'], [''])
    """
    return [tag.partition("-")[2] for tag in tags[1::2]]


def may_be_related(spans: Spans, e1: Ints, e2: Ints, tags: Sequence[str], type_pairs: TypePairs | None) -> Bools:
    """(P,) which pairs of entities have types of which a relation is known.

    Args: e1, e2: (P,) indices of entities; type_pairs: the types of e1 and e2 that any relation has; None: all.
    """
    if type_pairs is None:
        return np.ones(len(e1), bool)
    names = class_names(tags)
    known = np.array([[(one, other) in type_pairs for other in names] for one in names])
    related: Bools = known[spans.class_ids[e1], spans.class_ids[e2]]
    return related
