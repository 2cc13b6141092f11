"""Relations of plain sentences, by a trained model kept in memory. No TensorFlow: encoder and network are frozen.

    >>> predictor = Predictor.load(Path("models/relation"))                                          # doctest: +SKIP
    >>> prediction, = predictor.predict([Sentence.of("The <e1>rain</e1> caused a <e2>flood</e2>.")]) # doctest: +SKIP
    >>> prediction.relations[0].name, prediction.relations[0].direction                              # doctest: +SKIP
    ('Cause-Effect(e1,e2)', 'e1,e2')

A marked sentence has its pair classified and its words tagged. In an unmarked one the tagger proposes entities, and every ordered
pair of them is classified; so the model needs a tagger that finds entities without seeing positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline import pieces, words
from pipeline.errors import Problem
from pipeline.model import frozen
from pipeline.model.config import Config
from pipeline.model.manifest import Manifest
from pipeline.prediction import Prediction, Sentence
from pipeline.ragged import Ints
from pipeline.schema import Span
from pipeline.vectors import Vectors

BATCH_ROWS = 128
BATCH_PIECES = 2_048
NO_TAGGER = "mark the entities with <e1> and <e2>: this model has no tagger (train.tasks)"
TAGGER_SEES = "mark the entities with <e1> and <e2>, or train with train.positions relation or none: this tagger reads the answer off the positions"


@dataclass(frozen=True)
class Text:
    """A sentence as the network knows it."""

    words: tuple[str, ...]
    characters: list[Span]  # of each word
    marked: tuple[Span, Span] | None  # e1 and e2, in words
    vectors: Vectors  # (T, H)


class Pair(NamedTuple):
    """Two entities of a text, in words, and the window [start, end) that the network sees them in."""

    text: int
    e1: Span
    e2: Span
    window: Span


class Said(NamedTuple):
    """The network's outputs for a pair."""

    probabilities: NDArray[np.float32]  # (R,)
    tag_ids: Ints | None  # (words of the window,)


class Predictor:
    """A trained model with its encoder and tokenizers."""

    def __init__(self, folder: Path, encoder_folder: Path | None = None) -> None:
        """Load a model folder.

        Args: encoder_folder: else the encoder is looked for in the model folder, then beside it, and fetched if it is in neither.
        Raises: InputError where something is missing, damaged, or the parts do not belong together.
        """
        self.config = Config.read(folder)
        manifest = Manifest.read(folder)
        self._max_length = manifest.max_length
        encoder_folder = encoder_folder or find_encoder(folder, manifest)
        self._encoder = load_encoder(encoder_folder, manifest)
        self._pieces = pieces.load_tokenizer(encoder_folder)
        self._words = words.load_tokenizer(manifest.language, manifest.segmenter)
        self._network = frozen.Frozen(self.config, folder)
        self._tagger = "tags" in self.config.tasks
        self._transitions = frozen.transitions(folder) if self._tagger else None

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        """A prediction a sentence, in order, or the problem that it has for this model."""
        texts = self._read(sentences)
        results: list[Prediction | Problem] = []
        pairs: list[Pair] = []
        ...
        return results
