"""What a worker of a cluster does with a window of sentences: load the encoder once, embed, write the shards."""

from __future__ import annotations

import errno
import importlib.metadata
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from tokenizers import Tokenizer

from pipeline.core import manifests, typed
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, VectorsDescription
from pipeline.encoding import inference, pieces
from pipeline.encoding.windows import Window, embed_window, write_shards
from pipeline.encoding.word_vectors import WordEncoder

DECIDING = ("openvino", "tokenizers", "numpy", "pyarrow", "relation-pipeline")  # packages whose version may move a bit
ONE_AT_A_TIME = threading.Lock()  # the encoder takes all threads of its worker for a window


@dataclass(frozen=True)
class Job:
    """What all windows of a run share; plain values, so that nothing but these is sent."""

    folder: str
    encoder: str
    mark: str  # a file of the folder
    vectors: dict[str, Any]  # the fields of a VectorsDescription
    batch_pieces: int
    shard_words: int
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Done:
    """What became of a window."""

    sentences: int
    worker: str
    problem: str | None = None


def check(job: Job) -> str | None:
    """What keeps this worker from doing a job's windows, if so."""
    if not (Path(job.folder) / job.mark).is_file():
        return f"it does not see the driver's {job.folder}"
    if other := dict(versions()).items() ^ dict(job.versions).items():
        return f"it has other versions than the driver: {', '.join(sorted({name for name, _ in other}))}"
    try:
        vectors = _vectors(job)
        encoder, _ = manifests.open_sealed(Path(job.encoder), ENCODER)
        inference.resolve_precision(vectors.backend, vectors.precision)
    except InputError as error:
        return str(error.problems[0].found)
    return None if encoder == vectors.encoder else f"the encoder in {job.encoder} is not the driver's"


def embed(words: bytes, job: Job) -> Done:
    """Embed a window, given as an Arrow stream of keys and words, and write its shards."""
    from distributed import get_worker

    here = get_worker()
    problem = check(job)
    if problem:
        return Done(0, here.address, problem)
    table = pa.ipc.open_stream(words).read_all().combine_chunks()
    window = Window(table["key"].chunk(0), table["words"].chunk(0))
    try:
        with ONE_AT_A_TIME:
            encoder, tokenizer = _loaded(job, here.state.nthreads)
            embedded = embed_window(window, encoder, tokenizer)
            done = sum(write_shards(Path(job.folder), _vectors(job).fingerprint, embedded, job.shard_words))
    except InputError as error:
        return Done(0, here.address, error.problems[0].found)
    except OSError as error:
        said = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror or error)
        return Done(0, here.address, said)
    return Done(done, here.address)


def versions() -> tuple[tuple[str, str], ...]:
    """The versions of what decides a vector's bits."""
    return tuple((name, importlib.metadata.version(name)) for name in DECIDING)


def _vectors(job: Job) -> VectorsDescription:
    return typed.build(VectorsDescription, job.vectors)


_encoders: dict[tuple[str, str, int], tuple[WordEncoder, Tokenizer]] = {}  # of this process: loading one takes seconds


def _loaded(job: Job, threads: int) -> tuple[WordEncoder, Tokenizer]:
    key = (job.encoder, _vectors(job).fingerprint, job.batch_pieces)
    if key not in _encoders:
        folder = Path(job.encoder)
        encoder = WordEncoder.load(folder, _vectors(job), job.batch_pieces, threads)
        _encoders[key] = encoder, pieces.load_tokenizer(folder, encoder.inference.vocabulary)
    return _encoders[key]
