"""The sentences that the position stage left, and the key of each in the store."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import manifests, params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER, POSITION, EncoderDescription, PositionNotes, VectorsDescription
from pipeline.core.storage import StageOutput
from pipeline.encoding import inference, store
from pipeline.encoding.store import Store

# Goes up when the same words and encoder are given other vectors: tokenizing, strides, pooling.
METHOD = 1


@dataclasses.dataclass(frozen=True)
class Corpus:
    """The sentences to embed and how."""

    source: Path
    rows: StageOutput[PositionNotes]  # of the position stage, read from source
    keys: pa.Array  # (N,)
    lengths: Ints  # (N,) words a sentence
    vectors: VectorsDescription  # how those of their words are made
    settings: params.Embed

    @classmethod
    def open(cls, source: Path, encoder_folder: Path, settings: params.Embed) -> Corpus:
        """The sentences of every split of the position stage's output, and an encoder, both verified.

        Raises: InputError where one of the folders is missing, of another version or damaged.
        """
        rows = storage.read(source, POSITION)
        encoder, _ = manifests.open_sealed(encoder_folder, ENCODER)
        vectors = describe_vectors(encoder, settings)
        columns = (batch["words"] for batch in _batches(rows))
        keys, lengths = zip(*((store.keys(words, vectors.fingerprint), ragged.lengths(words)) for words in columns), strict=True)
        return cls(source, rows, pa.concat_arrays(keys), np.concatenate(lengths), vectors, settings)

    def words(self) -> Iterator[pa.ListArray]:
        """The sentences in order, some at a time: list<string>.

        Raises: InputError where they are no longer those that the keys were made of: a key must never get others' vectors.
        """
        start = 0
        for batch in _batches(self.rows):
            if not store.keys(batch["words"], self.vectors.fingerprint).equals(self.keys.slice(start, len(batch))):
                raise InputError.of(self.source, "the sentences changed while they were read", "run dvc repro again")
            start += len(batch)
            yield batch["words"].chunk(0)


def _batches(rows: StageOutput[PositionNotes]) -> Iterator[pa.Table]:
    """The words of all rows, then of the sentences of which all entities are annotated."""
    yield from rows.batches(columns=["words"])
    yield from rows.sentence_batches(columns=["words"])


def missing_sentences(known: Store, sentence_keys: pa.Array) -> Ints:
    """The first sentence of every key that the store lacks, ascending."""
    missing = np.flatnonzero(known.find_keys(sentence_keys) < 0)
    return missing[store.firsts(sentence_keys.take(pa.array(missing)))]


def describe_vectors(encoder: EncoderDescription, settings: params.Embed) -> VectorsDescription:
    """How word vectors are made on this processor; the fingerprint is of all that decides one besides its sentence's words."""
    precision = inference.resolve_precision(settings.backend, settings.precision)
    identity = [METHOD, encoder.fingerprint, settings.backend, precision, settings.pooling]
    fingerprint = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return VectorsDescription(encoder, settings.backend, precision, settings.pooling, fingerprint)
