"""Relations of plain sentences, by a trained model kept in memory. No TensorFlow: encoder and network are frozen.

    predictor = Predictor(Path("models/relation"))
    [prediction] = predictor.predict([Sentence.of("The <e1>rain</e1> caused a <e2>flood</e2>.")])
    prediction.relations[0].name       # 'Cause-Effect(e1,e2)'

A marked sentence has its pair classified and its words tagged. In an unmarked one the tagger proposes entities, and every ordered
pair of them is classified; that takes a tagger that finds entities without seeing positions. What extractions.py makes of whole
documents rests on the latter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.core.arrays import Doubles, Floats, Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.files import checksum
from pipeline.core.manifests import MANIFEST
from pipeline.core.prefetch import prefetch
from pipeline.core.schema import OUTSIDE, Span
from pipeline.corpus.sentences import segmenter_of
from pipeline.corpus.words import Tokenizer
from pipeline.model import frozen, marginals, viterbi
from pipeline.model.batches import by_length
from pipeline.model.frozen import Frozen
from pipeline.model.manifest import MODEL, SavedModel
from pipeline.prediction import trained_encoder
from pipeline.prediction.kept import Kept
from pipeline.prediction.pairs import Pair, Window, candidate_pairs, inputs, windows_around
from pipeline.prediction.texts import Text, TextEncoder
from pipeline.prediction.types import SOURCE, Entity, Prediction, Relation, Sentence

BATCH_ROWS = 32
BATCH_WORDS = 4_096  # padding among them: more than any 32 windows of the default 100 words, a part of 32 whole documents
SLICE_PAIRS = 20_000  # that are asked about together, of all texts; what is said of each takes some 2 kB until it is reduced

Tags = tuple[str, ...]  # a name a word
Outputs = dict[str, Floats]  # of the network for B windows: relation (B, R) probabilities, tags (B, T, K) emissions
Result = TypeVar("Result")


class Predictor:
    """A trained model with its encoder and its tokenizers; for one thread at a time."""

    def __init__(self, folder: Path, encoder_folder: Path | None = None, threads: int | None = None) -> None:
        """Load a model folder.

        Args: encoder_folder: else the encoder is looked for in the model folder, then beside it, and fetched if it is in neither;
            threads: of this process, all if None.
        Raises: InputError where something is missing or damaged, or the parts do not belong together.
        """
        if not folder.is_dir():
            hint = f"give a trained model's, such as models/relation, or {MODEL.remake}"
            raise InputError.of(folder, "there is no such folder", hint)
        model = SavedModel.open(folder)
        self.config = model.config
        self._folder = folder
        self.vectors = model.description.vectors
        self._max_length, self._symmetric = model.description.max_length, model.description.symmetric
        self._type_pairs = None if model.description.type_pairs is None else frozenset(model.description.type_pairs)
        self._text_encoder = TextEncoder(encoder_folder or trained_encoder.find(model), model, threads)
        self._network = Frozen(self.config, folder, threads)
        self._transitions = frozen.transitions(self.config, folder) if "tags" in self.config.train.tasks else None
        self.segment = segmenter_of(self.tokenize)
        self.before_batch: Callable[[], None] = lambda: None  # called by threads; may raise what ends a prediction early

    @property
    def tokenize(self) -> Tokenizer:
        """What makes words of a text, as the model was trained on them."""
        return self._text_encoder.tokenize

    def encode(self, sentences: Sequence[Sentence]) -> list[Text]:
        """The words and vectors of each sentence, in order."""
        return self._text_encoder.encode(sentences, lambda: self.before_batch())

    @property
    def version(self) -> str:
        """The name of the model's folder, and a few digits that no other model has."""
        return f"{self._folder.resolve().name}-{checksum(self._folder / MANIFEST)[:8]}"

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        """A prediction a sentence, in order, or why this model has none for it."""
        refusal = self._refusal()
        # What cannot be answered is not encoded, however long it is.
        refusals = [sentence.problem() or (None if sentence.entities else refusal or sentence.too_long()) for sentence in sentences]
        asked = [row for row, problem in enumerate(refusals) if not problem]
        texts = dict(zip(asked, self.encode([sentences[row] for row in asked]), strict=True))
        problems = [self._problem(texts[row]) if row in texts else problem for row, problem in enumerate(refusals)]
        marked = [row for row, text in texts.items() if not problems[row] and text.marked]
        unmarked = [row for row, text in texts.items() if not problems[row] and not text.marked]
        predictions: list[Prediction | Problem] = [*self._predict_marked([texts[row] for row in marked])]
        predictions += self._predict_unmarked([texts[row] for row in unmarked])
        prediction_of = dict(zip(marked + unmarked, predictions, strict=True))
        return [problem or prediction_of[row] for row, problem in enumerate(problems)]

    def _problem(self, text: Text) -> Problem | None:
        """Why this model has no prediction for a text, if so."""
        # Rows of a corpus, whose words are known, are not refused: parse takes them.
        if text.marked and text.sentence.words is None and text.marked[0].words == text.marked[1].words:
            return Problem("e1 and e2 are the same words", "give two entities", "entities-identical", SOURCE)
        n_words = Pair(text, *text.marked).n_words if text.marked else 0
        found = f"the entities span {n_words} words, more than the {self._max_length} that the model was trained on"
        return Problem(found, "shorten the sentence", source=SOURCE) if n_words > self._max_length else None

    def _refusal(self) -> Problem | None:
        """Why this model has no prediction for any unmarked text, if so."""
        hint = "mark the entities with <e1>, </e1>, <e2>, </e2>, or train "
        if self._transitions is None:
            found = "no entities are marked, and the model has no tagger to find them"
            return Problem(found, f"{hint}both train.tasks", source=SOURCE)
        if self.config.tagger_sees_positions:
            found = "no entities are marked, and this model's tagger reads them off the marks (train.positions: shared)"
            return Problem(found, f"{hint}with train.positions: relation or none", source=SOURCE)
        return None

    def _predict_marked(self, texts: list[Text]) -> list[Prediction]:
        """Predictions of texts whose entities are given: one look at each gives its relation and its tags."""
        pairs = [Pair(text, *text.marked) for text in texts if text.marked]
        results = self._ask(pairs, self._max_length, self._relations_and_tags)
        return [
            self._prediction(text, tags, None if tags is None else text.entities(tags), (relation,))
            for text, (relation, tags) in zip(texts, results, strict=True)
        ]

    def _predict_unmarked(self, texts: list[Text]) -> list[Prediction | Problem]:
        """Predictions of texts whose entities are to be found: the tags name them, then each pair in reach is classified."""
        tagged = self._tag_whole(texts)
        entities = [
            tuple(replace(entity, probability=float(sure[entity.words.start])) for entity in text.entities(tags))
            for text, (tags, sure) in zip(texts, tagged, strict=True)
        ]
        within = [candidate_pairs(text, those, self._max_length) for text, those in zip(texts, entities, strict=True)]
        # Of types of which no relation is known, none is asked about (train.type_pairs).
        asked = [pairs.of_types(self._type_pairs) for pairs in within]
        problems = [pairs.too_many() for pairs in asked]
        kept = self._kept([() if problem else pairs for problem, pairs in zip(problems, asked, strict=True)])
        return [
            problem
            or replace(
                self._prediction(text, tags, those, each.relations),
                n_pairs=each.n_pairs,
                n_too_far=math.perm(len(those), 2) - len(pairs),
                n_unknown=len(pairs) - each.n_pairs,
            )
            for problem, text, (tags, _), those, pairs, each in zip(problems, texts, tagged, entities, within, kept, strict=True)
        ]

    def _kept(self, asked: Sequence[Iterable[Pair]]) -> list[Kept]:
        """What is kept of what the model says of the pairs of each text; they are asked about together, for full batches."""
        kept = [Kept(self._negative_label) for _ in asked]
        pairs = ((each, pair) for each, those in zip(kept, asked, strict=True) for pair in those)
        while part := list(itertools.islice(pairs, SLICE_PAIRS)):
            relations = self._ask([pair for _, pair in part], self._max_length, self._relations)
            for (each, _), relation in zip(part, relations, strict=True):
                each.add(relation)
        return kept

    def _tag_whole(self, texts: list[Text]) -> list[tuple[Tags, Doubles]]:
        """The tags of unmarked texts, and the (T,) probabilities of the entities that begin at each word.

        Each text is seen whole: the tagger sees no positions, so that any pair will do.
        """
        first_words = [text.entity(Span(0, 1)) for text in texts]
        pairs = [Pair(text, word, word) for text, word in zip(texts, first_words, strict=True)]
        return self._ask(pairs, max((len(text.words) for text in texts), default=0), self._tags_and_probabilities)

    @property
    def _negative_label(self) -> str | None:
        """The relation that says there is none, where the model knows it."""
        return self.config.negative_label if self.config.negative_label in self.config.relations else None

    def _prediction(
        self, text: Text, tags: Tags | None, entities: tuple[Entity, ...] | None, relations: tuple[Relation, ...]
    ) -> Prediction:
        return Prediction(
            text.sentence,
            text.words,
            tags,
            entities,
            relations,
            len(relations),
            sees_entities=self.config.relation_sees_entities,
            negative_label=self._negative_label,
            symmetric=self._symmetric,
        )

    def _ask(self, pairs: list[Pair], max_length: int, read: Callable[[list[Window], Outputs], list[Result]]) -> list[Result]:
        """What is read from the network's outputs for each pair, in order, seen in a window of at most max_length words.

        Args: read: makes the results of a batch from its windows and the outputs; runs in threads.
        """
        windows = windows_around(pairs, max_length)
        lengths = np.array([window.n_words for window in windows], np.int64)
        batches = by_length(lengths, BATCH_ROWS, BATCH_WORDS)

        def run(rows: Ints) -> list[Result]:
            self.before_batch()
            batch = [windows[row] for row in rows]
            outputs = self._network.forward(inputs(batch, self.config.max_distance))
            if not all(np.isfinite(values).all() for values in outputs.values()):
                raise InputError.of(self._folder, "the model gives values that are infinite or no numbers", MODEL.remake)
            return read(batch, outputs)

        results = itertools.chain.from_iterable(prefetch(run, batches, self._network.workers))
        result_of = dict(zip(itertools.chain.from_iterable(batches), results, strict=True))
        return [result_of[row] for row in range(len(pairs))]

    def _relations(self, windows: list[Window], outputs: Outputs) -> list[Relation]:
        """What the relation head says of each pair."""
        return [
            Relation(window.pair.e1, window.pair.e2, dict(zip(self.config.relations, probabilities, strict=True)))
            for window, probabilities in zip(windows, outputs["relation"].tolist(), strict=True)
        ]

    def _tags(self, windows: list[Window], outputs: Outputs) -> list[Tags | None]:
        """The best tags of each pair's whole text, O outside the window; None where the model has no tagger."""
        if self._transitions is None:
            return [None for _ in windows]
        paths = self._decoded(windows, outputs, self._transitions)
        return [self._names(window, tag_ids) for window, tag_ids in zip(windows, paths, strict=True)]

    def _tags_and_probabilities(self, windows: list[Window], outputs: Outputs) -> list[tuple[Tags, Doubles]]:
        """The best tags of each pair's window, which is its whole text, and how probable the entities are that begin there."""
        if self._transitions is None:
            raise ValueError("the model has no tagger")
        paths = self._decoded(windows, outputs, self._transitions)
        lengths = np.array([window.n_words for window in windows], np.int64)
        sure = marginals.entity_probabilities(outputs["tags"], lengths, self._transitions, self.config.tags, paths)
        return [(self._names(window, ids), row) for window, ids, row in zip(windows, paths, sure, strict=True)]

    def _decoded(self, windows: list[Window], outputs: Outputs, transitions: Floats) -> Ints:
        lengths = np.array([window.n_words for window in windows], np.int64)
        return viterbi.decode(outputs["tags"], lengths, transitions, self.config.tags)

    def _names(self, window: Window, tag_ids: Ints) -> Tags:
        """The (T,) tag ids of a window, padding past its end, as names over the whole text."""
        names = [self.config.tags[tag_id] for tag_id in tag_ids[: window.n_words]]
        return (*[OUTSIDE] * window.words.start, *names, *[OUTSIDE] * (len(window.pair.text.words) - window.words.end))

    def _relations_and_tags(self, windows: list[Window], outputs: Outputs) -> list[tuple[Relation, Tags | None]]:
        return list(zip(self._relations(windows, outputs), self._tags(windows, outputs), strict=True))
