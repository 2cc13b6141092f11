"""Compute a float16 vector a word for every sentence that the store lacks: data/positioned, models/encoder -> data/embedded.

Only what is new is computed (pipeline/store.py). Batches are encoded and pooled in threads, while others are tokenized and written.

    python -m pipeline.embed data/positioned models/encoder data/embedded
    python -m pipeline.embed --stats data/positioned models/encoder data/embedded     what the store holds, as JSON
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.prefetch import prefetch
from pipeline.core.schema import CONTRACTS
from pipeline.core.stage import arguments, log, progress, run
from pipeline.core.storage import Folder
from pipeline.encoding import inference, pieces, store
from pipeline.encoding.description import Description
from pipeline.encoding.pieces import Pieces
from pipeline.encoding.store import Store
from pipeline.encoding.word_vectors import Vectors, WordEncoder, word_vectors

USAGE = "[--stats] positioned encoder embedded"
# Goes up when the same words and encoder are given other vectors: tokenizing, strides, pooling.
METHOD = 1
# New sentences are sorted by length within windows, so that few are in memory and yet batches of one length are full; and are
# tokenized in chunks of a window, small enough that inference starts at once.
WINDOW_SENTENCES = 16_384
CHUNK_SENTENCES = 2_048
# The speed is tried on a batch of few pieces: a full one would take a good part of a small corpus' time.
PROBED_SENTENCES, PROBED_PIECES = 256, 512
MINIMUM_TO_PROBE = 5_000  # words


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The sentences to embed and how."""

    source: Path
    folder: Folder  # the position stage's output, read from source
    keys: pa.Array  # (N,)
    lengths: Ints  # (N,) words a sentence
    description: Description
    settings: params.Embed  # the precision resolved
    fingerprint: str

    @classmethod
    def open(cls, source: Path, encoder_folder: Path, settings: params.Embed) -> Corpus:
        """The sentences of every split of the position stage's output."""
        folder = storage.read(source, CONTRACTS["position"])
        description = Description.read(encoder_folder)
        settings = dataclasses.replace(settings, precision=inference.resolve_precision(settings.backend, settings.precision))
        identity = fingerprint(description, settings)
        columns = (batch["words"] for batch in folder.batches(columns=["words"]))
        keys, lengths = zip(*((store.keys(words, identity), ragged.lengths(words)) for words in columns), strict=True)
        return cls(source, folder, pa.concat_arrays(keys), np.concatenate(lengths), description, settings, identity)

    def words(self) -> Iterator[pa.ListArray]:
        """The sentences in order, some at a time: list<string>.

        Raises: InputError where they are no longer those that the keys were made of: a key must never get others' vectors.
        """
        start = 0
        for batch in self.folder.batches(columns=["words"]):
            if not store.keys(batch["words"], self.fingerprint).equals(self.keys.slice(start, len(batch))):
                raise InputError.of(self.source, "the sentences changed while they were read", "run dvc repro again")
            start += len(batch)
            yield batch["words"].chunk(0)


def fingerprint(description: Description, settings: params.Embed) -> str:
    """A hash of all that decides a sentence's vectors besides its words."""
    identity = [METHOD, description.fingerprint, settings.backend, settings.precision, settings.pooling]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def missing_sentences(known: Store, sentence_keys: pa.Array) -> Ints:
    """The first sentence of every key that the store lacks, ascending."""
    missing = np.flatnonzero(known.find_keys(sentence_keys) < 0)
    return missing[store.firsts(sentence_keys.take(pa.array(missing)))]


def chunks(folder: Path, words: Iterable[pa.ListArray], new: Ints) -> Iterator[tuple[Ints, Pieces]]:
    """The new sentences, by length within a window, a chunk at a time: their numbers and their pieces.

    Args: words: all sentences in order, some at a time; new: (M,) the numbers of those wanted, ascending.
    """
    tokenizer = pieces.load_tokenizer(folder)
    for numbers, sentences in windows(words, new):
        order = np.argsort(ragged.lengths(sentences), kind="stable")
        for start in range(0, len(order), CHUNK_SENTENCES):
            rows = order[start : start + CHUNK_SENTENCES]
            yield numbers[rows], pieces.split_words(tokenizer, sentences.take(pa.array(rows)).to_pylist())


def windows(words: Iterable[pa.ListArray], new: Ints) -> Iterator[tuple[Ints, pa.ListArray]]:
    """The new sentences in order, a window at a time: their numbers and their words."""
    held: list[pa.ListArray] = []
    first = opened = taken = 0  # the number of the batch's first sentence; how many of `new` are in a window, in this one too
    for batch in words:
        end = int(np.searchsorted(new, first + len(batch)))
        held.append(batch.take(pa.array(new[taken:end] - first)))
        first, taken = first + len(batch), end
        if taken > opened and (taken - opened >= WINDOW_SENTENCES or taken == len(new)):
            yield new[opened:taken], pa.concat_arrays(held)
            opened, held = taken, []


def write_shards(folder: Path, corpus: Corpus, batches: Iterator[tuple[Ints, Ints, Vectors]], shard_words: int) -> Iterator[int]:
    """Gather batches into shards of at least shard_words words; yields the sentences of each batch taken in."""
    held: list[tuple[Ints, Ints, Vectors]] = []
    n_held = 0
    for batch in batches:
        held.append(batch)
        n_held += len(batch[2])
        if n_held >= shard_words:
            _write(folder, corpus, held)
            held, n_held = [], 0
        yield len(batch[0])
    if held:
        _write(folder, corpus, held)


def _write(folder: Path, corpus: Corpus, held: list[tuple[Ints, Ints, Vectors]]) -> None:
    numbers, n_words, vectors = (np.concatenate(column) for column in zip(*held, strict=True))
    store.write_shard(folder, corpus.fingerprint, corpus.keys.take(pa.array(numbers)), n_words, vectors)


def prepare(folder: Path, corpus: Corpus) -> Store:
    """Open the store for the present encoder; what can't be read in it is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for line in store.discard_unusable(folder):
        log(line)
    settings = corpus.settings
    description = {
        "encoder": dataclasses.asdict(corpus.description),
        "width": corpus.description.width,
        "fingerprint": corpus.fingerprint,
        "backend": settings.backend,
        "precision": settings.precision,
        "pooling": settings.pooling,
    }
    partial = folder / "encoder.partial"
    storage.write_json(partial, description)
    partial.rename(folder / "encoder.json")
    return Store.open(folder)


def require_space(folder: Path, corpus: Corpus, new: Ints) -> None:
    """Say how much is to be written; where the disk is too small, but not without the stale vectors, sweep these first.

    Raises: InputError where the disk is too small.
    """
    size = int(corpus.lengths[new].sum()) * corpus.description.width * np.dtype(np.float16).itemsize
    free = shutil.disk_usage(folder).free
    if size > free:
        held = store.summary(folder, corpus.keys, corpus.fingerprint)
        if size <= free + held["share_stale"] * held["bytes"]:
            swept = store.sweep(folder, corpus.keys, corpus.fingerprint, corpus.settings.max_stale)
            log(f"embed: too little space, so {swept:,} stale words were swept first")
            free = shutil.disk_usage(folder).free
    if size > free:
        hint = "free some space, or lower embed.max_stale in params.yaml so that vectors no longer used go"
        raise InputError.of(folder, f"{size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free", hint)
    log(f"embed: {size / 1e6:,.0f} MB to write, {free / 1e6:,.0f} MB free")


def expected_seconds(encoder: WordEncoder, sample: Pieces, n_sentences: int) -> float:
    """The inference of n_sentences like those of a sample, from the speed of a batch of the sample's median length."""
    n_pieces = np.diff(sample.starts)
    length = int(np.clip(np.median(n_pieces), 1, encoder.limit))
    batch = np.resize(sample.ids, (max(1, min(encoder.batch_pieces, PROBED_PIECES) // length), length))
    workers = encoder.inference.workers
    list(prefetch(encoder.hidden, [batch] * workers, workers))  # the first batch of a shape makes its kernels
    began = time.perf_counter()
    list(prefetch(encoder.hidden, [batch] * workers, workers))
    return (time.perf_counter() - began) / (workers * batch.size) * float(n_pieces.mean()) * n_sentences


def fill(folder: Path, encoder_folder: Path, corpus: Corpus, new: Ints) -> None:
    """Compute the new sentences' vectors into the store."""
    settings = corpus.settings
    require_space(folder, corpus, new)
    encoder = WordEncoder.load(
        encoder_folder,
        corpus.description,
        backend=settings.backend,
        precision=settings.precision,
        pooling=settings.pooling,
        batch_pieces=settings.batch_pieces,
    )
    if corpus.lengths[new].sum() >= MINIMUM_TO_PROBE:
        _, sample = next(chunks(encoder_folder, corpus.words(), new[:: -(-len(new) // PROBED_SENTENCES)]))
        log(f"embed: about {expected_seconds(encoder, sample, len(new)):,.0f} s")
    else:
        log("embed: a few seconds")
    batches = word_vectors(encoder, chunks(encoder_folder, corpus.words(), new))
    with progress(len(new), "sentences") as advance:
        for count in write_shards(folder, corpus, batches, settings.shard_words):
            advance(count)


def stats(argv: list[str]) -> str:
    """What the store holds and how much of it the corpus uses, as JSON; changes nothing."""
    source, encoder_folder, folder = map(Path, arguments(argv, USAGE))
    corpus = Corpus.open(source, encoder_folder, params.read(params.Embed))
    if damaged := [Problem(found, "run dvc repro --force embed", source=str(path)) for path, found in store.unusable(folder)]:
        raise InputError(damaged)
    held = store.summary(folder, corpus.keys, corpus.fingerprint)
    found: dict[str, Any] = {"sentences": len(corpus.keys), **held, "encoder": dataclasses.asdict(corpus.description)}
    return json.dumps(found, indent=2, ensure_ascii=False)


def main(argv: list[str]) -> str:
    """Fill data/embedded with the vectors of data/positioned's sentences."""
    if argv[:1] == ["--stats"]:
        return stats(argv[1:])
    began = time.perf_counter()
    source, encoder_folder, folder = map(Path, arguments(argv, USAGE))
    corpus = Corpus.open(source, encoder_folder, params.read(params.Embed))
    new = missing_sentences(prepare(folder, corpus), corpus.keys)
    log(f"embed: {len(new):,} of {len(corpus.keys):,} sentences are new")
    if len(new):
        fill(folder, encoder_folder, corpus, new)
    swept = store.sweep(folder, corpus.keys, corpus.fingerprint, corpus.settings.max_stale)
    n_empty = store.summary(folder, corpus.keys, corpus.fingerprint)["words_without_pieces"]
    seconds = time.perf_counter() - began
    counts = f"{len(corpus.keys):,} sentences, {len(new):,} computed, the rest reused, {swept:,} stale words swept"
    empty = f", {n_empty:,} words without pieces have the zero vector" if n_empty else ""
    return f"embed: {counts}{empty}, {corpus.description.width}-d {corpus.settings.precision}, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
