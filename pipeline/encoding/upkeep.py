"""What the store holds, and what goes: shards that cannot be read, and vectors that no sentence uses any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Ints
from pipeline.core.errors import InputError, Problem
from pipeline.encoding.store import KEY, Shard, first_places, shard_paths, verify, write_shard


@dataclass(frozen=True)
class Summary:
    """What a store holds, and how much of it a corpus uses."""

    shards: int
    rows: int  # sentences, of all encoders
    words: int
    bytes: int
    words_without_pieces: int  # of the corpus
    share_reused: float  # of the corpus' sentences, that are there
    share_stale: float  # of the words, that no sentence of the corpus uses
    fingerprint: str
    words_by_fingerprint: dict[str, int]


def verified(folder: Path) -> Iterator[Shard | Problem]:
    """Every shard of a store in a fixed order, or what is wrong with it."""
    for path in shard_paths(folder):
        try:
            yield Shard.open(verify(path))
        except InputError as error:
            yield error.problems[0]


def discard_unusable(folder: Path) -> Iterator[Shard | str]:
    """Remove what can't be read: half-written shards and damaged ones.

    Yields: every shard that stays, and a line for people for each complete one removed.
    """
    for path in (folder / "shards").glob("*.partial"):
        path.unlink()
    for shard in verified(folder):
        if isinstance(shard, Problem):
            Path(shard.source).unlink()
            yield f"{shard.source}: {shard.found}; it is removed and its vectors are computed again"
        else:
            yield shard


def sweep(folder: Path, shards: list[Shard], live: pa.Array, fingerprint: str, max_stale: float) -> int:
    """Drop vectors that no sentence uses, once their share of the words exceeds max_stale.

    A shard with live rows is rewritten without the others before it is removed, so a kill at any moment loses nothing.
    Args: shards: all of the folder.
    Returns: words dropped.
    """
    alive = _alive(shards, _places(shards, live), fingerprint)
    total = sum(int(shard.starts[-1]) for shard in shards)
    stale = total - _words_of(shards, alive)
    if stale <= max_stale * total:
        return 0
    written = set()  # after a killed sweep a shard's live rows may be there already, under the name they get again
    for shard, mask in zip(shards, alive, strict=True):
        if mask.all() or shard.path in written:
            continue
        if mask.any():
            vectors = shard.vectors[np.repeat(mask, shard.n_words)]
            written.add(write_shard(folder, fingerprint, shard.keys.filter(pa.array(mask)), shard.n_words[mask], vectors))
        shard.path.unlink()
    return stale


def summary(shards: list[Shard], live: pa.Array, fingerprint: str) -> Summary:
    """What a store holds, and how much of it the corpus uses.

    Args: live: the keys of the corpus' sentences.
    """
    places = _places(shards, live)
    alive = _alive(shards, places, fingerprint)
    words = sum(int(shard.starts[-1]) for shard in shards)
    by_fingerprint: dict[str, int] = {}
    for shard in shards:
        by_fingerprint[shard.fingerprint] = by_fingerprint.get(shard.fingerprint, 0) + int(shard.starts[-1])
    return Summary(
        shards=len(shards),
        rows=sum(len(shard.keys) for shard in shards),
        words=words,
        bytes=sum(shard.path.stat().st_size for shard in shards),
        words_without_pieces=sum(int(shard.n_empty[mask].sum()) for shard, mask in zip(shards, alive, strict=True)),
        share_reused=float((places >= 0).mean()) if len(places) else 0.0,
        share_stale=(words - _words_of(shards, alive)) / max(words, 1),
        fingerprint=fingerprint,
        words_by_fingerprint=by_fingerprint,
    )


def _words_of(shards: list[Shard], masks: list[Bools]) -> int:
    return sum(int(shard.n_words[mask].sum()) for shard, mask in zip(shards, masks, strict=True))


def _places(shards: list[Shard], live: pa.Array) -> Ints:
    """(N,) the place of each live key among the rows of all shards, -1 where none holds it."""
    return first_places(pa.chunked_array([shard.keys for shard in shards], KEY), live)


def _alive(shards: list[Shard], places: Ints, fingerprint: str) -> list[Bools]:
    """A mask a shard: which rows the corpus uses, each key once (a killed sweep leaves some twice)."""
    edges = ragged.offsets(np.array([len(shard.keys) for shard in shards], np.int64))
    used = np.zeros(edges[-1], bool)
    used[places[places >= 0]] = True
    rows = zip(shards, pairwise(edges.tolist()), strict=True)
    return [used[start:end] & (shard.fingerprint == fingerprint) for shard, (start, end) in rows]
