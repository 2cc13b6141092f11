"""Which texts are edited forms of which others.

Two texts are as alike as the share of their trigrams of characters that they have in common (Dice 1945). Of few texts all pairs
are compared. Of many those that share runs of characters, the rarest runs first and as many of them as WORK allows, as joins of
similar texts look for candidates (Bayardo et al. 2007, section 4); a text that shares none of these is compared with those at its
place, counted from the beginning and from the end. So time grows with the number of texts and no faster, whatever they hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from pipeline.annotation.difference import is_same_pair
from pipeline.core import ragged
from pipeline.core.arrays import Bools, Doubles, Ints
from pipeline.corpus.document import Document

ALIKE = 0.5  # share of common trigrams from which on a text is an edited form of another
ALL_PAIRS = 100_000  # up to so many are compared
WORK = 4_000_000  # pairs of texts, counted for each run that both have, that are looked at in a round
WORK_AT_ONCE = 1_000_000  # of these in memory
ROUNDS = 5
MOST = 3  # candidates of a text by its runs that are compared, the likeliest
MOST_OF_ID = 10  # texts with the id of another that are compared with it
MOST_REFUSED = 10  # texts alike that have another pair, after which a pair is looked for no more
NEAR = 1  # places before and behind its own where a text is looked for
TRIGRAM, RUN = 3, 5  # characters
TRIGRAM_BITS, RUN_BITS = 30, 22  # of the hash of one: runs only choose what is compared
TEXTS_AT_ONCE = 10_000
PADDING = "\udfff"  # of texts shorter than a run: half a character, which no text has
PRIME, ODD = np.uint64(1_099_511_628_211), np.uint64(0x9E3779B97F4A7C15)


class Named(NamedTuple):
    """A text and its id, None where it tells nothing; its document where that is one pair: a text has several."""

    id: str | None
    text: str
    pair: Document | None = None


def edited_forms(old: Sequence[Named], new: Sequence[Named]) -> list[tuple[int, int]]:
    """The places of old texts and of their edited forms, each once: first those of one id, then the most alike, then the nearest.

    An edited form of an annotated pair is of that pair too, or has its id.

    >>> edited_forms([Named("1", "It rained."), Named("2", "Ann left the house.")], [Named("3", "Ann left her house.")])
    [(1, 0)]
    """
    found: list[tuple[int, int]] = []
    mine, theirs = np.arange(len(old)), np.arange(len(new))
    for _ in range(ROUNDS):
        pairs = _round([old[place] for place in mine], [new[place] for place in theirs])
        found += [(int(mine[one]), int(theirs[other])) for one, other in pairs]
        if not pairs or len(mine) * len(theirs) <= ALL_PAIRS:
            break
        mine, theirs = (np.delete(side, of_side) for side, of_side in zip((mine, theirs), zip(*pairs, strict=True), strict=True))
    return sorted(found)


def _round(old: Sequence[Named], new: Sequence[Named]) -> list[tuple[int, int]]:
    """The edited forms among the candidates."""
    if not old or not new:
        return []
    one, other = candidates(old, new)
    scores = alike([each.text for each in old], [each.text for each in new], one, other)
    is_alike = scores >= ALIKE
    one, other, scores = one[is_alike], other[is_alike], scores[is_alike]
    has_other_id = np.array([old[i].id is None or old[i].id != new[j].id for i, j in zip(one, other, strict=True)], bool)
    order = np.lexsort((other, one, abs(one - other), -scores, has_other_id))
    taken: tuple[set[int], set[int]] = set(), set()
    n_refused = Counter[int]()
    pairs = []
    for i, j in zip(one[order].tolist(), other[order].tolist(), strict=True):
        if i in taken[0] or j in taken[1] or n_refused[i] == MOST_REFUSED:
            continue
        if _may_be(old[i], new[j]):
            taken[0].add(i)
            taken[1].add(j)
            pairs.append((i, j))
        else:
            n_refused[i] += 1
    return pairs


def _may_be(one: Named, other: Named) -> bool:
    """Whether texts that are alike may be one, by what is annotated in them."""
    has_its_id = one.id is not None and one.id == other.id
    return has_its_id or one.pair is None or other.pair is None or is_same_pair(one.pair, other.pair)


def alike(old: Sequence[str], new: Sequence[str], one: Ints, other: Ints) -> Doubles:
    """(C,) how alike texts are, from 0 to 1. Args: one, other: (C,) their places.

    >>> alike(["Ann left the house.", "Ann left."], ["Ann left her house.", "It rained."], *np.array([[0, 1], [0, 1]])).round(2)
    array([0.71, 0.  ])
    """
    mine, theirs = (runs(texts, TRIGRAM, TRIGRAM_BITS) for texts in (old, new))
    n_mine, n_theirs = (np.diff(side.indptr) for side in (mine, theirs))
    scores = np.zeros(len(one))
    for start in range(0, len(one), TEXTS_AT_ONCE):
        i, j = (side[start : start + TEXTS_AT_ONCE] for side in (one, other))
        common = mine[i].multiply(theirs[j]).sum(1)
        scores[start : start + TEXTS_AT_ONCE] = 2 * common / (n_mine[i] + n_theirs[j])
    return scores


def runs(texts: Sequence[str], length: int, n_bits: int) -> csr_array:
    """(N, 2**n_bits) ones where a text has a run of characters, by its hash; a shorter text is one run."""
    parts = [csr_array((0, 1 << n_bits), dtype=np.int8)]
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        padded = [text.ljust(length, PADDING) for text in texts[start : start + TEXTS_AT_ONCE]]
        lengths = np.array([len(text) for text in padded], np.int64)
        codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32)
        n_runs = lengths - length + 1
        places = np.repeat(ragged.offsets(lengths)[:-1], n_runs) + ragged.indices(n_runs)
        keys = np.zeros(len(places), np.uint64)
        for step in range(length):
            keys = keys * PRIME + codes[places + step]
        columns = ((keys * ODD) >> np.uint64(64 - n_bits)).astype(np.int32)
        part = csr_array((np.ones(len(columns), np.int8), columns, ragged.offsets(n_runs)), shape=(len(padded), 1 << n_bits))
        part.sum_duplicates()
        part.data[:] = 1
        parts.append(part)
    return vstack(parts, format="csr")


def candidates(old: Sequence[Named], new: Sequence[Named]) -> tuple[Ints, Ints]:
    """The places of texts that are compared, each pair once."""
    if len(old) * len(new) <= ALL_PAIRS:
        pairs = np.array([*product(range(len(old)), range(len(new)))], np.int64)
    else:
        by_runs = np.concatenate([*_by_runs([each.text for each in old], [each.text for each in new])])
        alone = np.setdiff1d(np.arange(len(old)), by_runs[:, 0])
        pairs = np.concatenate([_by_id(old, new), by_runs, _by_place(alone, len(old), len(new))])
    return np.divmod(np.unique(pairs[:, 0] * len(new) + pairs[:, 1]), len(new))


def _by_id(old: Sequence[Named], new: Sequence[Named]) -> Ints:
    """(C, 2) pairs of one id."""
    places: dict[str, list[int]] = {}
    for place, each in enumerate(new):
        if each.id is not None:
            places.setdefault(each.id, []).append(place)
    pairs = [(place, other) for place, each in enumerate(old) for other in places.get(each.id or "", ())[:MOST_OF_ID]]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _by_place(alone: Ints, n_old: int, n_new: int) -> Ints:
    """(C, 2) pairs of the same place, or nearly."""
    shifts = [shift + near for shift in {0, n_new - n_old} for near in range(-NEAR, NEAR + 1)]
    pairs: Ints = np.concatenate([np.stack([alone, alone + shift], axis=1) for shift in shifts])
    is_there = (pairs[:, 1] >= 0) & (pairs[:, 1] < n_new)
    return pairs.compress(is_there, axis=0)


def _by_runs(old: Sequence[str], new: Sequence[str]) -> Iterator[Ints]:
    """(C, 2) pairs that share rare runs: of each old text those that share most."""
    mine, theirs = (runs(texts, RUN, RUN_BITS) for texts in (old, new))
    n_mine, n_theirs = (np.diff(side.indptr) for side in (mine, theirs))
    n_texts = [np.bincount(side.indices, minlength=1 << RUN_BITS) for side in (mine, theirs)]
    is_rare = _cheapest(n_texts[0] * n_texts[1])
    mine, theirs = mine[:, is_rare].astype(np.int32), theirs[:, is_rare].astype(np.int32).T.tocsr()
    work = np.cumsum(mine @ n_texts[1][is_rare])
    edges = np.unique([0, *np.searchsorted(work, np.arange(WORK_AT_ONCE, WORK + 1, WORK_AT_ONCE)), len(old)])
    for start, end in pairwise(edges.tolist()):
        shared = (mine[start:end] @ theirs).tocoo()
        most = np.zeros(end - start, np.int32)
        np.maximum.at(most, shared.row, shared.data)
        is_likely = 2 * shared.data >= most[shared.row]
        one, other, n_shared = (part[is_likely].astype(np.int64) for part in (shared.row + start, shared.col, shared.data))
        order = np.lexsort((other, abs(one - other), -n_shared / (n_mine[one] + n_theirs[other]), one))
        one, other = one[order], other[order]
        counts = np.unique(one, return_counts=True)[1]
        is_first = ragged.indices(counts) < MOST
        yield np.stack([one[is_first], other[is_first]], axis=1)


def _cheapest(cost: Ints) -> Bools:
    """Which runs are looked at: those that least pairs have, as many as WORK allows; none that no pair has."""
    ordered = np.sort(cost[cost > 0])
    n_paid = int(np.searchsorted(np.cumsum(ordered), WORK, side="right"))
    limit = ordered[n_paid] if n_paid < len(ordered) else np.inf
    return (cost > 0) & (cost < limit)
