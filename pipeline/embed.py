"""Compute a float16 vector a word for every sentence that the store lacks: data/positioned, models/encoder -> data/embedded.

Only what is new is computed (pipeline/store.py). Tokenizing, inference and pooling with writing run in a thread each.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline import backend, params, pieces, storage, store
from pipeline.encoder import Description
from pipeline.errors import InputError
from pipeline.pieces import Pieces
from pipeline.prefetch import prefetch
from pipeline.ragged import Ints
from pipeline.ragged import lengths as ragged_lengths
from pipeline.schema import CONTRACTS
from pipeline.stage import log, progress, run
from pipeline.store import Store
from pipeline.vectors import Vectors, WordEncoder

CHUNK_SENTENCES = 16_384
PROBE_PIECES = 24
MINIMUM_TO_PROBE = 2_000


def fingerprint(description: Description, backend_name: str, precision: str, pooling: str) -> str:
    """A hash of all that decides a sentence's vectors besides its words."""
    identity = [description.fingerprint, backend_name, precision, pooling]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def missing_sentences(known: Store, sentence_keys: pa.Array) -> Ints:
    """The first sentence of every key that the store lacks, ascending."""
    missing = np.flatnonzero(known.find_keys(sentence_keys) < 0)
    codes = sentence_keys.take(pa.array(missing)).dictionary_encode().indices.to_numpy()
    return np.sort(missing[np.unique(codes, return_index=True)[1]])


def embed(encoder: WordEncoder, chunks: Iterator[tuple[Ints, Pieces]]) -> Iterator[tuple[Ints, Ints, Vectors]]:
    """Encode chunks of sentences.

    Args: chunks: the sentences' numbers and their pieces.
    Yields: a batch's (B,) sentence numbers, (B,) words a sentence and the vectors of all their words end to end.
    """
    for numbers, sentences in chunks:
        for rows, vectors in encoder.batches(sentences):
            yield numbers[rows], sentences.n_words[rows], vectors


def write_shards(
    folder: Path,
    identity: str,
    sentence_keys: pa.Array,
    batches: Iterator[tuple[Ints, Ints, Vectors]],
    shard_words: int,
) -> Iterator[int]:
    """Gather batches into shards of at least shard_words words; yields the sentences of each batch taken in."""
    held: list[tuple[Ints, Ints, Vectors]] = []
    n_held = 0
    for batch in batches:
        held.append(batch)
        n_held += len(batch[2])
        if n_held >= shard_words:
            _write(folder, identity, sentence_keys, held)
            held, n_held = [], 0
        yield len(batch[0])
    if held:
        _write(folder, identity, sentence_keys, held)


def _write(folder: Path, identity: str, sentence_keys: pa.Array, held: list[tuple[Ints, Ints, Vectors]]) -> None:
    numbers, n_words, vectors = (np.concatenate(column) for column in zip(*held, strict=True))
    store.write_shard(folder, identity, sentence_keys.take(pa.array(numbers)), n_words, vectors)


def prepare(folder: Path, description: dict[str, object]) -> Store:
    """Open the store for the present encoder: half-written shards are removed, damaged ones named and removed."""
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    for path in (folder / "shards").glob("*.partial"):
        path.unlink()
    for path in store.damaged(folder):
        log(f"{path}: damaged, its checksum is not its name; its vectors are computed again")
        path.unlink()
    partial = folder / "encoder.partial"
    storage.write_json(partial, description)
    partial.rename(folder / "encoder.json")
    return Store.open(folder)


def announce(encoder: WordEncoder, n_sentences: int, new: Ints, n_words: Ints, folder: Path) -> None:
    """Say what is to be done.

    Raises: InputError where the disk is too small for it.
    """
    size = int(n_words[new].sum()) * encoder.description.width * np.dtype(np.float16).itemsize
    free = shutil.disk_usage(folder).free
    expected = f", about {_expected_seconds(encoder, n_words[new]):,.0f} s" if len(new) >= MINIMUM_TO_PROBE else ""
    log(f"embed: {len(new):,} of {n_sentences:,} sentences are new, {size / 1e6:,.0f} MB on disk{expected}")
    if size > free:
        hint = "free some space, or lower embed.max_stale in params.yaml so that unused vectors go sooner"
        raise InputError.of(folder, f"{size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free", hint)


def _expected_seconds(encoder: WordEncoder, n_words: Ints) -> float:
    """From the speed of one batch of typical sentences."""
    batch = np.full((encoder.batch_pieces // PROBE_PIECES, PROBE_PIECES), encoder.description.prefix_ids[0], np.int32)
    encoder.encode(batch)
    began = time.perf_counter()
    encoder.encode(batch)
    pieces_a_word = 1.2
    return (time.perf_counter() - began) / batch.size * float(n_words.sum()) * pieces_a_word


def _chunks(folder: Path, words: pa.ChunkedArray, new: Ints) -> Iterator[tuple[Ints, Pieces]]:
    tokenizer = pieces.load_tokenizer(folder)
    for start in range(0, len(new), CHUNK_SENTENCES):
        numbers = new[start : start + CHUNK_SENTENCES]
        yield numbers, pieces.split_words(tokenizer, words.take(pa.array(numbers)).to_pylist())


def main(argv: list[str]) -> str:
    """Fill data/embedded with the vectors of data/positioned's sentences."""
    began = time.perf_counter()
    source, encoder_folder, folder = map(Path, argv)
    settings = params.read(params.Embed)
    words = _words(source)
    description = Description.read(encoder_folder)
    precision = backend.resolve_precision(settings.backend, settings.precision)
    identity = fingerprint(description, settings.backend, precision, settings.pooling)
    present = {"fingerprint": identity, "backend": settings.backend, "precision": precision, "pooling": settings.pooling}
    known = prepare(folder, {"encoder": dataclasses.asdict(description), "width": description.width, **present})
    sentence_keys = store.keys(words, identity)
    new = missing_sentences(known, sentence_keys)
    if len(new):
        encode = backend.BACKENDS[settings.backend](encoder_folder, precision)
        encoder = WordEncoder(encode, description, settings.pooling, settings.batch_pieces)
        announce(encoder, len(words), new, ragged_lengths(words), folder)
        batches = embed(encoder, prefetch(_chunks(encoder_folder, words, new), depth=1))
        with progress(len(new), "sentences") as advance:
            for count in write_shards(folder, identity, sentence_keys, batches, settings.shard_words):
                advance(count)
    swept = store.sweep(folder, sentence_keys, identity, settings.max_stale)
    seconds = time.perf_counter() - began
    counts = f"{len(words):,} sentences, {len(new):,} computed, the rest reused, {swept:,} stale words swept"
    return f"embed: {counts}, {description.width}-d {precision}, {seconds:.1f} s"


def _words(source: Path) -> pa.ChunkedArray:
    """The words of every sentence of every split."""
    tables = storage.read(source, CONTRACTS["position"]).tables.values()
    return pa.chunked_array([chunk for table in tables for chunk in table["words"].chunks], pa.list_(pa.string()))


if __name__ == "__main__":
    run(main)
