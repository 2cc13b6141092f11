"""What a worker of a cluster does with a window of sentences: load the encoder once, embed, write the shards."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tokenizers import Tokenizer

from pipeline.core import cluster, manifests, typed
from pipeline.core.cluster_work import Done
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, VectorsDescription
from pipeline.encoding import inference, pieces
from pipeline.encoding.windows import Embedded, Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder

ONE_AT_A_TIME = threading.Lock()  # the encoder takes all threads of its worker for a window


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
    if problem := check_place(job.mark, job.versions):
        return problem
    try:
        vectors = _vectors(job)
        encoder, _ = manifests.open_sealed(Path(job.encoder), ENCODER)
        inference.resolve_precision(vectors.backend, vectors.precision)
    except InputError as error:
        return str(error.problems[0].found)
    return None if encoder == vectors.encoder else f"the encoder in {job.encoder} is not the driver's"


def check_place(mark: str, versions: tuple[tuple[str, str], ...]) -> str | None:
    """What keeps this worker from working for a driver in the place of its mark, with its versions, if so."""
    if not Path(mark).is_file():
        return f"it does not see the driver's {Path(mark).parent}, or the run has ended"
    other = dict(cluster.versions()).items() ^ dict(versions).items()
    return f"it has other versions than the driver: {', '.join(sorted({name for name, _ in other}))}" if other else None


def embed(words: bytes, job: Job) -> Done[int]:
    """Embed a window, given as an Arrow stream of keys and words, and write its shards."""
    from distributed import get_worker

    here = get_worker()
    table = pa.ipc.open_stream(words).read_all().combine_chunks()
    window = Window(table["key"].chunk(0), table["words"].chunk(0))
    try:
        with ONE_AT_A_TIME:
            encoder, tokenizer = _loaded(job, here.state.nthreads)
            embedded = _while_marked(job.mark, embed_window(window, encoder, tokenizer))
            done = sum(write_shards(Path(job.folder), encoder_fingerprint(job), embedded, job.shard_words))
    except InputError as error:
        return Done(here.address, problem=error.problems[0].found)
    except OSError as error:
        return Done(here.address, problem=said(error))
    return Done(here.address, done)


def encoder_fingerprint(job: Job) -> str:
    """What the vectors of a job are known by in the store."""
    return _vectors(job).fingerprint


def said(error: OSError) -> str:
    """An error of the system in a few words."""
    return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror or error)


def _while_marked(mark: str, batches: Iterable[Embedded]) -> Iterator[Embedded]:
    """Batches as long as the run goes on: the store of one that has ended is no longer written."""
    for batch in batches:
        if not Path(mark).is_file():
            raise InputError.of(mark, "the run has ended", "")
        yield batch


def _vectors(job: Job) -> VectorsDescription:
    return typed.build(VectorsDescription, job.vectors)


_encoders: dict[tuple[str, str, int], tuple[WordEncoder, Tokenizer]] = {}  # of this process: loading one takes seconds


def _loaded(job: Job, threads: int) -> tuple[WordEncoder, Tokenizer]:
    """The encoder of a job, checked once.

    Raises: InputError where this worker is not fit for the job.
    """
    key = (job.encoder, encoder_fingerprint(job), job.batch_pieces)
    problem = check_place(job.mark, job.versions) if key in _encoders else check(job)
    if problem:
        raise InputError.of("worker", problem, "")
    if key not in _encoders:
        take_threads(threads)
        folder = Path(job.encoder)
        encoder = WordEncoder.load(folder, _vectors(job), job.batch_pieces, threads)
        _encoders.clear()  # a cluster outlives runs: one encoder in memory is enough
        _encoders[key] = encoder, pieces.load_tokenizer(folder, encoder.inference.vocabulary)
    return _encoders[key]


def take_threads(threads: int) -> None:
    """Have the libraries of this process take its share of the cores, not all: a tokenizer's threads begin with its first use."""
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    pa.set_cpu_count(threads)
