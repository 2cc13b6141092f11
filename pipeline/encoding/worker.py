"""What a worker of a cluster does with a window of sentences: load the encoder once, embed, write the shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tokenizers import Tokenizer

from pipeline.core import cluster_worker, manifests, typed
from pipeline.core.cluster_work import Done
from pipeline.core.cluster_worker import UnfitError
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, VectorsDescription
from pipeline.encoding import inference, pieces
from pipeline.encoding.windows import Embedded, Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder


@dataclass(frozen=True)
class Job:
    """What all windows of a run share; plain values, so that nothing but these is sent."""

    folder: str
    encoder: str
    mark: str  # a file of the folder, there as long as the run
    vectors: dict[str, Any]  # the fields of a VectorsDescription
    batch_pieces: int
    shard_words: int
    versions: tuple[tuple[str, str], ...] = ()


def check(job: Job) -> str | None:
    """What keeps this worker from doing a job's windows, if so."""
    if problem := cluster_worker.check_place(job.mark, job.versions):
        return problem
    try:
        vectors = _vectors(job)
        encoder, _ = manifests.open_sealed(Path(job.encoder), ENCODER)
        inference.resolve_precision(vectors.backend, vectors.precision)
    except InputError as error:
        return f"{error.problems[0].found} ({error.problems[0].hint})"
    return None if encoder == vectors.encoder else f"the encoder in {job.encoder} is not the driver's"


def embed(words: bytes, job: Job) -> Done[int]:
    """Embed a window, given as an Arrow stream of keys and words, and write its shards."""

    def write(threads: int) -> int:
        table = pa.ipc.open_stream(words).read_all().combine_chunks()
        window = Window(table["key"].chunk(0), table["words"].chunk(0))
        encoder, tokenizer = _loaded(job, threads)
        embedded = _while_marked(job.mark, embed_window(window, encoder, tokenizer))
        return sum(write_shards(Path(job.folder), _vectors(job).fingerprint, embedded, job.shard_words))

    return cluster_worker.done(write)


def _while_marked(mark: str, batches: Iterable[Embedded]) -> Iterator[Embedded]:
    """Batches as long as the run goes on: the store of one that has ended is no longer written."""
    for batch in batches:
        if not Path(mark).is_file():
            raise UnfitError("the run has ended")
        yield batch


def _vectors(job: Job) -> VectorsDescription:
    return typed.build(VectorsDescription, job.vectors)


def _loaded(job: Job, threads: int) -> tuple[WordEncoder, Tokenizer]:
    """The encoder of a job.

    Raises: UnfitError where this worker is not fit for the job.
    """

    def load() -> tuple[WordEncoder, Tokenizer]:
        if problem := check(job):
            raise UnfitError(problem)
        encoder = WordEncoder.load(Path(job.encoder), _vectors(job), job.batch_pieces, threads)
        return encoder, pieces.load_tokenizer(Path(job.encoder), encoder.inference.vocabulary)

    if problem := cluster_worker.check_place(job.mark, job.versions):
        raise UnfitError(problem)
    return cluster_worker.kept((job.encoder, _vectors(job).fingerprint, job.batch_pieces), threads, load)
