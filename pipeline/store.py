"""The embedding store: word vectors of sentences, addressed by content, in append-only shards.

A sentence's key is a hash of its words and of everything that decides their vectors (the fingerprint), so ids, splits, labels and
marks may change and nothing is computed again. A shard is an Arrow file named by its own checksum: a name that does not match
the bytes is a damaged shard, a file with another ending is a half-written one, and neither is ever read.

    encoder.json            the fingerprint and width that the present corpus uses
    shards/<checksum>.arrow key (16 bytes), vectors (ragged list of H float16); fingerprint in the schema's metadata
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import storage
from pipeline.errors import InputError
from pipeline.ragged import Ints
from pipeline.ragged import starts as ragged_starts

KEY = pa.binary(16)
Vectors = NDArray[np.float16]


def keys(words: pa.ChunkedArray, fingerprint: str) -> pa.Array:
    """Every sentence's key: blake2b over fingerprint, word lengths and characters, so that no two word lists share a message.

    Args: words: (N,) list<string>.
    Returns: (N,) binary(16).
    """
    found: list[bytes] = []
    prefix = hashlib.blake2b(fingerprint.encode(), digest_size=16)
    for chunk in words.chunks:
        rows, (_, edges, characters) = chunk.offsets.to_numpy(), chunk.values.buffers()
        edges = np.frombuffer(edges, np.int32)[chunk.values.offset :]
        text = memoryview(characters) if characters else memoryview(b"")
        for start, end in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
            key = prefix.copy()
            key.update(np.diff(edges[start : end + 1]).tobytes() + b"\0\0\0\0")
            key.update(text[edges[start] : edges[end]])
            found.append(key.digest())
    return pa.array(found, KEY)


@dataclass(frozen=True)
class Shard:
    """One file of the store, memory-mapped."""

    path: Path
    fingerprint: str
    keys: pa.Array  # (N,)
    starts: Ints  # (N + 1,) in words
    vectors: Vectors  # (all words, H)

    @classmethod
    def open(cls, path: Path) -> Shard:
        """Map a shard; nothing is read until its vectors are used."""
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        rows = table["vectors"].chunk(0)
        width = rows.type.value_type.list_size
        flat = rows.values.flatten().to_numpy(zero_copy_only=True).reshape(-1, width)
        fingerprint = table.schema.metadata[b"fingerprint"].decode()
        return cls(path, fingerprint, table["key"].chunk(0), rows.offsets.to_numpy().astype(np.int64), flat)

    @property
    def n_bytes(self) -> int:
        """Size on disk."""
        return self.path.stat().st_size


class Store:
    """The vectors of the present corpus: look sentences up by their words, get (T, H) float16 views of the mapped files."""

    def __init__(self, description: dict[str, Any], shards: Iterable[Shard]) -> None:
        self.fingerprint: str = description["fingerprint"]
        self.width: int = description["width"]
        self.n_layers: int = len(description["encoder"]["layers"])
        self.description = description
        self.shards = [shard for shard in shards if shard.fingerprint == self.fingerprint]
        self._keys = pa.chunked_array([shard.keys for shard in self.shards], KEY)
        self._first_rows = ragged_starts(np.array([len(shard.keys) for shard in self.shards], np.int64))

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store that the embed stage wrote.

        Raises: InputError where there is none.
        """
        description = storage.read_json(folder / "encoder.json", "run dvc repro embed")
        return cls(description, map(Shard.open, shard_paths(folder)))

    def find_keys(self, wanted: pa.Array) -> Ints:
        """(N,) int64 row ids of keys, -1 where the store lacks one."""
        found: Ints = pc.fill_null(pc.index_in(wanted, self._keys), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return found

    def find(self, words: pa.ChunkedArray) -> Ints:
        """(N,) int64 row ids of sentences given as word lists.

        Raises: InputError when some are missing.
        """
        rows = self.find_keys(keys(words, self.fingerprint))
        if missing := int((rows < 0).sum()):
            raise InputError.of("data/embedded", f"{missing} of {len(rows)} sentences have no vectors", "run dvc repro embed")
        return rows

    def vectors(self, row: int) -> Vectors:
        """(T, H) float16, a view of the mapped file: one vector a word of the whole sentence."""
        index = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        shard = self.shards[index]
        start, end = shard.starts[row - self._first_rows[index] :][:2]
        return shard.vectors[start:end]


def shard_paths(folder: Path) -> list[Path]:
    """The complete shards of a store, in a fixed order."""
    return sorted((folder / "shards").glob("*.arrow"))


def damaged(folder: Path) -> Iterator[Path]:
    """The shards whose bytes do not match their name."""
    for path in shard_paths(folder):
        if storage.checksum(path) != path.stem:
            yield path


def write_shard(folder: Path, fingerprint: str, sentence_keys: pa.Array, n_words: Ints, vectors: Vectors) -> Path:
    """Add a shard: written beside, synced and renamed, so that it is there whole or not at all.

    Args: sentence_keys: (N,); n_words: (N,); vectors: (sum of n_words, H), end to end.
    """
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), pa.float16()), vectors.shape[1])
    rows = pa.ListArray.from_arrays(pa.array(ragged_starts(n_words), pa.int32()), values)
    schema = pa.schema([("key", KEY), ("vectors", rows.type)], {"fingerprint": fingerprint})
    shards = folder / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    partial = shards / "shard.partial"
    with partial.open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_table(pa.table([sentence_keys, rows], schema=schema))
        file.flush()
        os.fsync(file.fileno())
    return partial.rename(shards / f"{storage.checksum(partial)}.arrow")


def sweep(folder: Path, live: pa.Array, fingerprint: str, max_stale: float) -> int:
    """Drop vectors that no sentence uses, once their share of the words exceeds max_stale.

    A shard with live rows is rewritten without the others before it is removed, so a kill at any moment loses nothing.
    Returns: words dropped.
    """
    shards = [Shard.open(path) for path in shard_paths(folder)]
    alive = [_alive(shard, live, fingerprint) for shard in shards]
    n_words = [np.diff(shard.starts) for shard in shards]
    total = sum(int(counts.sum()) for counts in n_words)
    stale = sum(int(counts[~mask].sum()) for counts, mask in zip(n_words, alive, strict=True))
    if stale <= max_stale * total:
        return 0
    for shard, mask, counts in zip(shards, alive, n_words, strict=True):
        if mask.all():
            continue
        if mask.any():
            vectors = shard.vectors[np.repeat(mask, counts)]
            write_shard(folder, fingerprint, shard.keys.filter(pa.array(mask)), counts[mask], vectors)
        shard.path.unlink()
    return stale


def _alive(shard: Shard, live: pa.Array, fingerprint: str) -> NDArray[np.bool_]:
    used = pc.is_in(shard.keys, live).to_numpy(zero_copy_only=False)
    return used if shard.fingerprint == fingerprint else np.zeros_like(used)
