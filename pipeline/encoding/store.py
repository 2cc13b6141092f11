"""The embedding store: word vectors of sentences, addressed by content, in append-only shards.

A sentence's key is a hash of its words and of everything that decides their vectors (the fingerprint), so ids, splits, labels and
marks may change and nothing is computed again (unless a mark moves into a word and so changes the words). A shard is an Arrow
file named by its own checksum: a name that does not match the bytes is a damaged shard, a file with another ending a half-written
one, and neither is ever read. Nothing is synced to disk: what a power cut tears is found by its checksum.

    manifest.json           how the vectors of the present corpus are made (VectorsDescription of core/schema.py)
    shards/<checksum>.arrow key (16 bytes), vectors (ragged list of H float16), n_empty (words whose vector is zero because they
                            have no pieces); fingerprint and format in the schema's metadata
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core import manifests, ragged
from pipeline.core.arrays import Floats, Ints, Vectors
from pipeline.core.errors import InputError
from pipeline.core.files import checksum
from pipeline.core.schema import VECTORS, VectorsDescription

REPAIR = "run dvc repro --force embed"
FORMAT = "2"
KEY = pa.binary(16)


def keys(words: pa.ChunkedArray, fingerprint: str) -> pa.Array:
    """Every sentence's key: blake2b over fingerprint, word lengths and characters, so that no two word lists share a message.

    Args: words: (N,) list<string>.
    Returns: (N,) binary(16).
    """
    digests = bytearray()
    prefix = hashlib.blake2b(fingerprint.encode(), digest_size=16)
    for chunk in words.chunks:
        rows, (_, edges, characters) = chunk.offsets.to_numpy(), chunk.values.buffers()
        edges = np.frombuffer(edges, np.int32)[chunk.values.offset :]
        text = memoryview(characters) if characters else memoryview(b"")
        for start, end in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
            key = prefix.copy()
            key.update(np.diff(edges[start : end + 1]).tobytes() + b"\0\0\0\0")
            key.update(text[edges[start] : edges[end]])
            digests += key.digest()
    return pa.Array.from_buffers(KEY, len(words), [None, pa.py_buffer(bytes(digests))])


def firsts(sentence_keys: pa.Array) -> Ints:
    """The place of each distinct key's first occurrence, ascending.

    >>> firsts(pa.array([b"a", b"b", b"a", b"c"])).tolist()
    [0, 1, 3]
    """
    codes = sentence_keys.dictionary_encode().indices.to_numpy()  # in the order of first occurrence
    return np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))


def first_places(held: pa.ChunkedArray, wanted: pa.Array) -> Ints:
    """Where each of N wanted keys is first held: (N,), -1 where it is not.

    All that is held is looked up in a table of what is wanted, for that is mostly the smaller one.

    >>> first_places(pa.chunked_array([[b"a", b"b"], [b"b"]]), pa.array([b"b", b"c", b"b"])).tolist()
    [1, -1, 1]
    """
    distinct = wanted.dictionary_encode()
    places = pc.index_in(held, distinct.dictionary)  # (all held,) among the distinct, or null
    found = np.flatnonzero(places.is_valid().to_numpy())
    place_of_key = np.full(len(distinct.dictionary), -1, np.int64)
    place_of_key[places.drop_null().to_numpy()[::-1]] = found[::-1]  # of one key's places the last that is set stays: the first
    of_wanted: Ints = place_of_key[distinct.indices.to_numpy()]
    return of_wanted


@dataclass(frozen=True)
class Shard:
    """One file of the store, memory-mapped."""

    path: Path
    fingerprint: str
    keys: pa.Array  # (N,)
    starts: NDArray[np.int32]  # (N + 1,) in words
    vectors: Vectors  # (all words, H)
    n_empty: NDArray[np.int32]  # (N,)

    @classmethod
    def open(cls, path: Path) -> Shard:
        """Map a shard that was verified, for Arrow may crash on damaged bytes; no vector is read until it is used.

        Raises: InputError where the file is no whole shard of this format.
        """
        try:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError.of(path, f"a damaged shard ({error})", REPAIR) from None
        metadata = table.schema.metadata or {}
        if metadata.get(b"format") != FORMAT.encode():
            raise InputError.of(path, "a shard of another version", REPAIR)
        rows = table["vectors"].chunk(0)
        width = rows.type.value_type.list_size
        return cls(
            path=path,
            fingerprint=metadata[b"fingerprint"].decode(),
            keys=table["key"].chunk(0),
            starts=rows.offsets.to_numpy(),
            vectors=rows.values.flatten().to_numpy(zero_copy_only=True).reshape(-1, width),
            n_empty=table["n_empty"].chunk(0).to_numpy(),
        )

    @property
    def n_words(self) -> Ints:
        """(N,) words a sentence."""
        return np.diff(self.starts).astype(np.int64)


class Store:
    """The vectors of the present corpus: look sentences up by their words, get (T, H) float16 views of the mapped files."""

    def __init__(self, folder: Path, description: VectorsDescription, shards: Iterable[Shard]) -> None:
        """Args: shards: those of other encoders among them are not looked at."""
        self.folder = folder
        self.description = description
        self.shards = [shard for shard in shards if shard.fingerprint == description.fingerprint]
        self._keys = pa.chunked_array([shard.keys for shard in self.shards], KEY)
        self._first_rows = ragged.offsets(np.array([len(shard.keys) for shard in self.shards], np.int64))

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store that the embed stage wrote, its shards verified.

        Raises: InputError where there is none, or a shard is damaged.
        """
        description, _ = manifests.read_manifest(folder, VECTORS)
        return cls(folder, description, (Shard.open(verify(path)) for path in shard_paths(folder)))

    def find_keys(self, wanted: pa.Array) -> Ints:
        """(N,) int64 row ids of keys, the first of each, -1 where the store lacks one."""
        return first_places(self._keys, wanted)

    def find(self, words: pa.ChunkedArray) -> Ints:
        """(N,) int64 row ids of sentences given as word lists.

        Raises: InputError when some are missing.
        """
        rows = self.find_keys(keys(words, self.description.fingerprint))
        if missing := int((rows < 0).sum()):
            raise InputError.of(self.folder, f"{missing} of {len(rows)} sentences have no vectors", VECTORS.remake)
        return rows

    def vectors(self, row: int) -> Vectors:
        """(T, H) float16, a view of the mapped file: one vector a word of the whole sentence."""
        index = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        shard = self.shards[index]
        start, end = shard.starts[row - self._first_rows[index] :][:2]
        return shard.vectors[start:end]

    def means(self, words: pa.ChunkedArray) -> Floats:
        """(N, H) the mean word vector of each of N sentences, which are all there."""
        return np.array([self.vectors(row).mean(axis=0, dtype=np.float32) for row in self.find(words).tolist()], np.float32)


def shard_paths(folder: Path) -> list[Path]:
    """The complete shards of a store, in a fixed order."""
    return sorted((folder / "shards").glob("*.arrow"))


def verify(path: Path) -> Path:
    """A shard's path, once its bytes were compared with the checksum that its name states.

    Raises: InputError where they differ.
    """
    if checksum(path) != path.stem:
        raise InputError.of(path, "a damaged shard: its bytes are not those its name states", REPAIR)
    return path


def write_shard(folder: Path, fingerprint: str, sentence_keys: pa.Array, n_words: Ints, vectors: Vectors) -> Path:
    """Add a shard: written beside and renamed, so that it is there whole or not at all.

    Args: sentence_keys: (N,); n_words: (N,); vectors: (sum of n_words, H), end to end.
    """
    starts = ragged.offsets(n_words)
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), pa.float16()), vectors.shape[1])
    rows = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), values)
    empty = ragged.offsets(~vectors.view(np.uint16).any(axis=1))
    n_empty = pa.array(empty[starts[1:]] - empty[starts[:-1]], pa.int32())
    metadata = {"fingerprint": fingerprint, "format": FORMAT}
    schema = pa.schema([("key", KEY), ("vectors", rows.type), ("n_empty", pa.int32())], metadata)
    partial = folder / "shards" / f"{uuid.uuid4().hex}.partial"  # several may write at once, on several machines
    partial.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_table(pa.table([sentence_keys, rows, n_empty], schema=schema))
    return partial.rename(partial.with_name(f"{checksum(partial)}.arrow"))
