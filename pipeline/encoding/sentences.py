"""The sentences that the position stage left, and the key of each in the store."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import params, ragged, storage
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.core.schema import CONTRACTS
from pipeline.core.storage import Folder
from pipeline.encoding import inference, store
from pipeline.encoding.description import Description
from pipeline.encoding.store import Store

# Goes up when the same words and encoder are given other vectors: tokenizing, strides, pooling.
METHOD = 1


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


def missing_sentences(known: Store, sentence_keys: pa.Array) -> Ints:
    """The first sentence of every key that the store lacks, ascending."""
    missing = np.flatnonzero(known.find_keys(sentence_keys) < 0)
    return missing[store.firsts(sentence_keys.take(pa.array(missing)))]


def fingerprint(description: Description, settings: params.Embed) -> str:
    """A hash of all that decides a sentence's vectors besides its words."""
    identity = [METHOD, description.fingerprint, settings.backend, settings.precision, settings.pooling]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()
