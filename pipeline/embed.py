"""Compute a float16 vector a word for every sentence that the store lacks: data/positioned, models/encoder -> data/embedded.

Only what is new is computed (pipeline/encoding/store.py), a window of sentences at a time (pipeline/encoding/windows.py): batches
are encoded and pooled in threads, while others are tokenized and written.

    python -m pipeline.embed data/positioned models/encoder data/embedded
    python -m pipeline.embed --stats data/positioned models/encoder data/embedded     what the store holds, as JSON
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from tokenizers import Tokenizer

from pipeline.core import manifests, params
from pipeline.core.arrays import Ints
from pipeline.core.cluster import address
from pipeline.core.errors import InputError, sift
from pipeline.core.schema import VECTORS
from pipeline.core.stage import Input, Output, log, progress, run
from pipeline.core.untrusted import json_text
from pipeline.core.wording import counted
from pipeline.encoding import cluster, known_words, pieces, upkeep
from pipeline.encoding.known_words import KnownWords
from pipeline.encoding.sentences import Corpus, missing_sentences
from pipeline.encoding.store import Shard, Store, shard_paths
from pipeline.encoding.unknown_words import count_words
from pipeline.encoding.windows import embed_window, windows, write_shards
from pipeline.encoding.word_vectors import WordEncoder, expected_seconds

# The speed is tried on some sentences of a corpus, unless it is done in seconds.
PROBED_SENTENCES = 256
MINIMUM_TO_PROBE = 5_000  # words


def prepare(folder: Path, corpus: Corpus) -> list[Shard]:
    """Make the store that of the corpus' encoder; what can't be read in it is removed.

    Returns: its shards, of other encoders too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for shard in upkeep.discard_unusable(folder):
        if isinstance(shard, str):
            log(shard)
        else:
            shards.append(shard)
    manifests.describe(folder, VECTORS, corpus.vectors)
    return shards


def require_space(folder: Path, shards: list[Shard], corpus: Corpus, new: Ints) -> None:
    """Say how much is to be written; where the disk is too small, but not without the stale vectors, sweep these first.

    Raises: InputError where the disk is too small.
    """
    size = int(corpus.lengths[new].sum()) * corpus.vectors.encoder.width * np.dtype(np.float16).itemsize
    free = shutil.disk_usage(folder).free
    if size > free:
        held = upkeep.summary(shards, corpus.keys, corpus.vectors.fingerprint)
        if size <= free + held.share_stale * held.bytes:
            swept = upkeep.sweep(folder, shards, corpus.keys, corpus.vectors.fingerprint, corpus.settings.max_stale)
            log(f"embed: too little space, so {counted(swept, 'stale word was', 'stale words were')} swept first")
            free = shutil.disk_usage(folder).free
    if size > free:
        hint = "free some space, or lower embed.max_stale in params.yaml so that vectors no longer used go"
        raise InputError.of(folder, f"{size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free", hint)
    log(f"embed: {size / 1e6:,.0f} MB to write, {free / 1e6:,.0f} MB free")


def fill(folder: Path, encoder_folder: Path, corpus: Corpus, new: Ints) -> None:
    """Compute the new sentences' vectors into the store."""
    cluster_settings = params.read(params.Cluster)
    if address(cluster_settings):
        new_windows = windows(corpus.words(), corpus.keys, new)
        with progress(len(new), "sentences") as advance:
            for count in cluster.embed(new_windows, folder, encoder_folder, corpus.vectors, corpus.settings, cluster_settings):
                advance(count)
        return
    encoder = WordEncoder.load(encoder_folder, corpus.vectors, corpus.settings.batch_pieces)
    tokenizer = pieces.load_tokenizer(encoder_folder, encoder.inference.vocabulary)
    log(f"embed: {_expected_time(encoder, tokenizer, corpus, new)}")
    with progress(len(new), "sentences") as advance:
        for window in windows(corpus.words(), corpus.keys, new):
            embedded = embed_window(window, encoder, tokenizer)
            for count in write_shards(folder, corpus.vectors.fingerprint, embedded, corpus.settings.shard_words):
                advance(count)


def _expected_time(encoder: WordEncoder, tokenizer: Tokenizer, corpus: Corpus, new: Ints) -> str:
    if corpus.lengths[new].sum() < MINIMUM_TO_PROBE:
        return "a few seconds"
    probed = new[:: -(-len(new) // PROBED_SENTENCES)]
    sentences = pa.concat_arrays([window.words for window in windows(corpus.words(), corpus.keys, probed)])
    return f"about {expected_seconds(encoder, pieces.split_words(tokenizer, sentences.to_pylist()), len(new)):,.0f} s"


def tell(folder: Path, corpus: Corpus) -> str:
    """What the store holds and how much of it the corpus uses, as JSON; changes nothing.

    Raises: InputError with every damaged shard.
    """
    shards, problems = sift(upkeep.verified(folder))
    if problems:
        raise InputError(problems)
    held = dataclasses.asdict(upkeep.summary(shards, corpus.keys, corpus.vectors.fingerprint))
    content = {"sentences": len(corpus.keys), **held, "encoder": dataclasses.asdict(corpus.vectors.encoder)}
    return json_text(content, indent=2)


def main(
    positioned: Input,
    encoder: Input,
    embedded: Output,
    stats: Annotated[bool, typer.Option("--stats", help="only tell what the store holds, as JSON")] = False,
) -> str:
    """Compute a vector a word for every sentence that the store lacks."""
    began = time.perf_counter()
    corpus = Corpus.open(positioned, encoder, params.read(params.Embed))
    if stats:
        return tell(embedded, corpus)
    shards = prepare(embedded, corpus)
    new = missing_sentences(Store(embedded, corpus.vectors, shards), corpus.keys)
    log(f"embed: {len(new):,} of {counted(len(corpus.keys), 'sentence')} {'is' if len(new) == 1 else 'are'} new")
    if len(new):
        require_space(embedded, shards, corpus, new)
        fill(embedded, encoder, corpus, new)
    known = count_words(pieces.load_tokenizer(encoder), corpus.words())
    known_words.write(embedded, known)
    for finding in known.findings():
        log(f"embed: {finding.severity}: {finding.found}: {finding.hint}")
    return f"embed: {_finish(embedded, corpus, len(new), known)}, {time.perf_counter() - began:.1f} s"


def _finish(folder: Path, corpus: Corpus, n_new: int, known: KnownWords) -> str:
    """Sweep the store, and say what was done to it."""
    fingerprint = corpus.vectors.fingerprint
    swept = upkeep.sweep(folder, list(map(Shard.open, shard_paths(folder))), corpus.keys, fingerprint, corpus.settings.max_stale)
    n_empty = upkeep.summary(list(map(Shard.open, shard_paths(folder))), corpus.keys, fingerprint).words_without_pieces
    counts = f"{counted(len(corpus.keys), 'sentence')}, {n_new:,} computed, the rest reused, {counted(swept, 'stale word')} swept"
    empty = f", {counted(n_empty, 'word without pieces has', 'words without pieces have')} the zero vector" if n_empty else ""
    unknown = f", {counted(known.unknown, 'word')} ({known.share:.1%}) unknown to the encoder" if known.unknown else ""
    return f"{counts}{empty}{unknown}, {corpus.vectors.encoder.width}-d {corpus.vectors.precision}"


if __name__ == "__main__":
    run(main)
