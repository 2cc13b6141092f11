"""Compute a float16 vector a word for every sentence that the store lacks: data/positioned, models/encoder -> data/embedded.

Only what is new is computed (pipeline/encoding/store.py), a window of sentences at a time (pipeline/encoding/windows.py): batches
are encoded and pooled in threads, while others are tokenized and written.

    python -m pipeline.embed data/positioned models/encoder data/embedded
    python -m pipeline.embed --stats data/positioned models/encoder data/embedded     what the store holds, as JSON
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipeline.core import params, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.stage import arguments, log, progress, run
from pipeline.encoding import pieces, upkeep
from pipeline.encoding.sentences import Corpus, missing_sentences
from pipeline.encoding.store import Store
from pipeline.encoding.windows import embed_window, windows, write_shards
from pipeline.encoding.word_vectors import WordEncoder, expected_seconds

USAGE = "[--stats] positioned encoder embedded"
# The speed is tried on some sentences of a corpus, unless it is done in seconds.
PROBED_SENTENCES = 256
MINIMUM_TO_PROBE = 5_000  # words


def prepare(folder: Path, corpus: Corpus) -> Store:
    """Open the store for the present encoder; what can't be read in it is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for line in upkeep.discard_unusable(folder):
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
        held = upkeep.summary(folder, corpus.keys, corpus.fingerprint)
        if size <= free + held["share_stale"] * held["bytes"]:
            swept = upkeep.sweep(folder, corpus.keys, corpus.fingerprint, corpus.settings.max_stale)
            log(f"embed: too little space, so {swept:,} stale words were swept first")
            free = shutil.disk_usage(folder).free
    if size > free:
        hint = "free some space, or lower embed.max_stale in params.yaml so that vectors no longer used go"
        raise InputError.of(folder, f"{size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free", hint)
    log(f"embed: {size / 1e6:,.0f} MB to write, {free / 1e6:,.0f} MB free")


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
    tokenizer = pieces.load_tokenizer(encoder_folder)
    log(f"embed: {_expected_time(encoder, tokenizer, corpus, new)}")
    with progress(len(new), "sentences") as advance:
        for window in windows(corpus.words(), corpus.keys, new):
            embedded = embed_window(window, encoder, tokenizer)
            for count in write_shards(folder, corpus.fingerprint, embedded, settings.shard_words):
                advance(count)


def _expected_time(encoder: WordEncoder, tokenizer: Tokenizer, corpus: Corpus, new: Ints) -> str:
    if corpus.lengths[new].sum() < MINIMUM_TO_PROBE:
        return "a few seconds"
    probed = new[:: -(-len(new) // PROBED_SENTENCES)]
    sentences = pa.concat_arrays([window.words for window in windows(corpus.words(), corpus.keys, probed)])
    return f"about {expected_seconds(encoder, pieces.split_words(tokenizer, sentences.to_pylist()), len(new)):,.0f} s"


def stats(argv: list[str]) -> str:
    """What the store holds and how much of it the corpus uses, as JSON; changes nothing."""
    source, encoder_folder, folder = map(Path, arguments(argv, USAGE))
    corpus = Corpus.open(source, encoder_folder, params.read(params.Embed))
    if damaged := [Problem(found, "run dvc repro --force embed", source=str(path)) for path, found in upkeep.unusable(folder)]:
        raise InputError(damaged)
    held = upkeep.summary(folder, corpus.keys, corpus.fingerprint)
    content: dict[str, Any] = {"sentences": len(corpus.keys), **held, "encoder": dataclasses.asdict(corpus.description)}
    return json.dumps(content, indent=2, ensure_ascii=False)


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
    swept = upkeep.sweep(folder, corpus.keys, corpus.fingerprint, corpus.settings.max_stale)
    n_empty = upkeep.summary(folder, corpus.keys, corpus.fingerprint)["words_without_pieces"]
    seconds = time.perf_counter() - began
    counts = f"{len(corpus.keys):,} sentences, {len(new):,} computed, the rest reused, {swept:,} stale words swept"
    empty = f", {n_empty:,} words without pieces have the zero vector" if n_empty else ""
    return f"embed: {counts}{empty}, {corpus.description.width}-d {corpus.settings.precision}, {seconds:.1f} s"


if __name__ == "__main__":
    run(main)
