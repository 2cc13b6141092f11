"""Relations of plain sentences, by a trained model kept in memory. No TensorFlow: encoder and network are frozen.

    predictor = Predictor(Path("models/relation"))
    [prediction] = predictor.predict([Sentence.of("The <e1>rain</e1> caused a <e2>flood</e2>.")])
    prediction.relations[0].name       # 'Cause-Effect(e1,e2)'

A marked sentence has its pair classified and its words tagged. In an unmarked one the tagger proposes entities, and every ordered
pair of them is classified; that takes a tagger that finds entities without seeing positions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline import backend, pieces, prediction, ragged, words
from pipeline.batches import Batch, by_length
from pipeline.encoder import Description
from pipeline.errors import InputError, Problem
from pipeline.model import viterbi
from pipeline.model.config import Config
from pipeline.model.frozen import Frozen
from pipeline.model.manifest import Manifest
from pipeline.position import PADDING_ID, position_ids, relative_positions, windows
from pipeline.prediction import SOURCE, Prediction, Relation, Sentence
from pipeline.prefetch import prefetch
from pipeline.ragged import Ints
from pipeline.schema import Span
from pipeline.stage import log
from pipeline.vectors import Vectors, WordEncoder, word_vectors

BATCH_ROWS = 128
BATCH_PIECES = 2_048
OUTSIDE_ID = 0
UNMARKED = "the entities are not marked, and {why}"
MARK = "mark them with <e1>, </e1>, <e2>, </e2>"


@dataclass(frozen=True)
class Text:
    """A sentence as the network knows it."""

    words: tuple[str, ...]
    characters: tuple[Span, ...]  # of each word
    marked: tuple[Span, Span] | None  # e1 and e2, in words
    vectors: Vectors  # (T, H)


class Pair(NamedTuple):
    """Two entities of a text, in words, and the window of it that the network sees them in."""

    text: Text
    e1: Span
    e2: Span
    window: Span


class Said(NamedTuple):
    """The network's outputs for a pair."""

    probabilities: NDArray[np.float32]  # (R,)
    tag_ids: Ints | None  # (words of the window,)


class Predictor:
    """A trained model with its encoder and its tokenizers."""

    def __init__(self, folder: Path, encoder_folder: Path | None = None) -> None:
        """Load a model folder.

        Args: encoder_folder: else the encoder is looked for in the model folder, then beside it, and fetched if it is in neither.
        Raises: InputError where something is missing or damaged, or the parts do not belong together.
        """
        self.config = Config.read(folder)
        manifest = Manifest.read(folder)
        self.max_length = manifest.max_length
        encoder_folder = encoder_folder or find_encoder(folder, manifest)
        self._encoder = load_encoder(encoder_folder, manifest)
        self._pieces = pieces.load_tokenizer(encoder_folder)
        self._words = words.load_tokenizer(manifest.language, manifest.segmenter)
        self._network = Frozen(self.config, folder)

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        """A prediction a sentence, in order, or why this model has none for it."""
        texts = self._read(sentences)
        problems = [self._problem(text) for text in texts]
        usable = [text for text, problem in zip(texts, problems, strict=True) if not problem]
        tags = self._tags_of_unmarked([text for text in usable if not text.marked])
        candidates = [_candidates(text, tags.get(id(text), ())) for text in usable]
        fitting = [[pair for pair in pairs if _extent(*pair) <= self.max_length] for pairs in candidates]
        ...


def find_encoder(folder: Path, manifest: Manifest) -> Path:
    ...
