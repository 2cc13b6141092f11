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
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.prefetch import prefetch
from pipeline.core.schema import Span
from pipeline.corpus.positions import position_ids, relative_positions, windows
from pipeline.corpus.words import find_words, load_tokenizer
from pipeline.encoding import pieces
from pipeline.encoding.word_vectors import Vectors, word_vectors
from pipeline.model import frozen, viterbi
from pipeline.model.batches import Batch, by_length
from pipeline.model.config import HINT, Config
from pipeline.model.frozen import Floats, Frozen
from pipeline.model.manifest import Manifest
from pipeline.prediction import trained_encoder
from pipeline.prediction.types import SOURCE, Entity, Prediction, Relation, Sentence, entities, entity

BATCH_ROWS = 32
BATCH_WORDS = 4_096  # padding among them: more than any 32 windows of the default 100 words, a part of 32 whole documents
OUTSIDE = "O"


@dataclass(frozen=True)
class Text:
    """A sentence as the network knows it."""

    sentence: Sentence
    words: tuple[str, ...]
    characters: tuple[Span, ...]  # of each word
    marked: tuple[Entity, Entity] | None  # e1 and e2
    vectors: Vectors  # (T, H)


@dataclass(frozen=True)
class Pair:
    """Two entities of a text, in words."""

    text: Text
    e1: Entity
    e2: Entity

    @property
    def extent(self) -> Span:
        """From the start of the earlier entity to the end of the later one, in words."""
        e1, e2 = self.e1.words, self.e2.words
        return Span(min(e1.start, e2.start), max(e1.end, e2.end))

    @property
    def n_words(self) -> int:
        """How many words a window needs to hold both."""
        return self.extent.end - self.extent.start


@dataclass(frozen=True)
class Said:
    """The network's outputs for a pair."""

    relation: Relation
    tags: tuple[str, ...] | None  # a name a word of the whole text, O outside the window; None where no tags were asked for


class Predictor:
    """A trained model with its encoder and its tokenizers; for one thread at a time."""

    def __init__(self, folder: Path, encoder_folder: Path | None = None) -> None:
        """Load a model folder.

        Args: encoder_folder: else the encoder is looked for in the model folder, then beside it, and fetched if it is in neither.
        Raises: InputError where something is missing or damaged, or the parts do not belong together.
        """
        if not folder.is_dir():
            raise InputError.of(folder, "there is no such folder", f"give a trained model's, such as models/relation, or {HINT}")
        self.config = Config.read(folder)
        manifest = Manifest.read(folder)
        encoder_folder = encoder_folder or trained_encoder.find(folder, manifest)
        self._max_length = manifest.max_length
        self._encoder = trained_encoder.load(encoder_folder, manifest)
        self._split_pieces = pieces.load_tokenizer(encoder_folder)
        self._split_words = load_tokenizer(manifest.language, manifest.segmenter)
        self._network = Frozen(self.config, folder)
        self._transitions = frozen.transitions(folder) if "tags" in self.config.tasks else None

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction | Problem]:
        """A prediction a sentence, in order, or why this model has none for it."""
        texts = self._read(sentences) if sentences else []
        results: dict[int, Prediction | Problem] = {}
        for row, text in enumerate(texts):
            if problem := self._problem(text):
                results[row] = problem
        for marked, answer in ((True, self._marked), (False, self._unmarked)):
            rows = [row for row, text in enumerate(texts) if row not in results and bool(text.marked) == marked]
            results.update(zip(rows, answer([texts[row] for row in rows]), strict=True))
        return [results[row] for row in range(len(texts))]

    def _problem(self, text: Text) -> Problem | None:
        """Why this model cannot answer for a text, if so."""
        if text.marked:
            n_words = Pair(text, *text.marked).n_words
            found = f"the entities span {n_words} words, more than the {self._max_length} that the model was trained on"
            return Problem(found, "shorten the sentence", source=SOURCE) if n_words > self._max_length else None
        hint = "mark the entities with <e1>, </e1>, <e2>, </e2>, or train "
        if self._transitions is None:
            found = "no entities are marked, and the model has no tagger to find them"
            return Problem(found, f"{hint}both train.tasks", source=SOURCE)
        if self.config.positions == "shared":
            found = "no entities are marked, and this model's tagger reads them off the marks (train.positions: shared)"
            return Problem(found, f"{hint}with train.positions: relation or none", source=SOURCE)
        return None

    def _marked(self, texts: list[Text]) -> list[Prediction]:
        """Predictions of texts whose entities are given."""
        said = self._ask([Pair(text, *text.marked) for text in texts if text.marked], self._max_length, self._transitions)
        return [
            self._prediction(text, answer.tags, _entities(text, answer.tags), (answer.relation,))
            for text, answer in zip(texts, said, strict=True)
        ]

    def _unmarked(self, texts: list[Text]) -> list[Prediction]:
        """Predictions of texts whose entities are to be found: in the whole text, since the tagger sees no positions."""
        anything = [entity(text.sentence.text, text.characters, Span(0, 1)) for text in texts]
        whole = max((len(text.words) for text in texts), default=0)
        asked = [Pair(text, it, it) for text, it in zip(texts, anything, strict=True)]
        tags = [said.tags for said in self._ask(asked, whole, self._transitions)]
        found = [_entities(text, names) or () for text, names in zip(texts, tags, strict=True)]
        near = [
            [Pair(text, *both) for both in near_pairs(those, self._max_length)] for text, those in zip(texts, found, strict=True)
        ]
        said = iter(self._ask(list(itertools.chain(*near)), self._max_length, None))
        return [
            self._prediction(text, tags[row], found[row], relations, len(found[row]) * (len(found[row]) - 1) - len(near[row]))
            for row, text in enumerate(texts)
            for relations in [tuple(next(said).relation for _ in near[row])]
        ]

    def _prediction(
        self,
        text: Text,
        tags: tuple[str, ...] | None,
        found: tuple[Entity, ...] | None,
        relations: tuple[Relation, ...],
        n_too_far: int = 0,
    ) -> Prediction:
        sees = self.config.relation_sees_entities
        return Prediction(text.sentence, text.words, tags, found, relations, n_too_far, sees)

    def _read(self, sentences: Sequence[Sentence]) -> list[Text]:
        """Split sentences into words and encode them."""
        edges = np.array([np.ravel(sentence.entities or (Span(0, 0), Span(0, 0))) for sentence in sentences], np.int64)
        all_words, starts, counts, spans = find_words([sentence.text for sentence in sentences], edges, self._split_words)
        bounds = list(itertools.pairwise(ragged.offsets(counts).tolist()))
        texts_words = [all_words[start:end] for start, end in bounds]
        vectors = self._vectors(texts_words)
        texts = []
        for row, (start, end) in enumerate(bounds):
            sentence, found = sentences[row], texts_words[row]
            characters = tuple(Span(at, at + len(word)) for at, word in zip(starts[start:end].tolist(), found, strict=True))
            e1, e2 = Span(*spans[row, :2].tolist()), Span(*spans[row, 2:].tolist())
            marked = (entity(sentence.text, characters, e1), entity(sentence.text, characters, e2)) if sentence.entities else None
            texts.append(Text(sentence, tuple(found), characters, marked, vectors[row]))
        return texts

    def _vectors(self, sentences: list[list[str]]) -> list[Vectors]:
        """(T, H) of each sentence."""
        found: dict[int, Vectors] = {}
        chunk = np.arange(len(sentences)), pieces.split_words(self._split_pieces, sentences)
        for rows, n_words, vectors in word_vectors(self._encoder, [chunk]):
            found.update(zip(rows.tolist(), np.split(vectors, np.cumsum(n_words)[:-1]), strict=True))
        return [found[row] for row in range(len(sentences))]

    def _ask(self, pairs: list[Pair], max_length: int, transitions: Floats | None) -> list[Said]:
        """What the network says of each pair, seen in a window of at most max_length words.

        Args: transitions: of the CRF, where tags are wanted: a name a word is much for each of a long text's many pairs.
        """
        if not pairs:
            return []
        extents = np.array([pair.extent for pair in pairs], np.int64)
        n_words = np.array([len(pair.text.words) for pair in pairs], np.int64)
        starts, ends = windows(n_words, extents[:, 0], extents[:, 1], max_length)
        batches = by_length(ends - starts, BATCH_ROWS, BATCH_WORDS)

        def ask(rows: Ints) -> list[Said]:
            group, lengths = [pairs[row] for row in rows], (ends - starts)[rows]
            outputs = self._network.forward(inputs(group, starts[rows], lengths, self.config.max_distance))
            tags: Sequence[tuple[str, ...] | None] = [None] * len(rows)
            if transitions is not None:
                ids = viterbi.decode(outputs["tags"], lengths, transitions, self.config.tags)
                tags = [self._tags(pair, path, start) for pair, path, start in zip(group, ids, starts[rows], strict=True)]
            relations = map(self._relation, group, outputs["relation"])
            return [Said(relation, names) for relation, names in zip(relations, tags, strict=True)]

        said = [answer for answers in prefetch(ask, batches, self._network.workers) for answer in answers]
        return [said[place] for place in np.argsort(np.concatenate(batches))]

    def _relation(self, pair: Pair, probabilities: NDArray[np.float32]) -> Relation:
        return Relation(pair.e1, pair.e2, dict(zip(self.config.relations, probabilities.tolist(), strict=True)))

    def _tags(self, pair: Pair, tag_ids: Ints, start: int) -> tuple[str, ...]:
        """The names of (T,) tag ids of a window, padded with viterbi.PADDING, over the whole text."""
        names = [self.config.tags[tag_id] for tag_id in tag_ids if tag_id != viterbi.PADDING]
        return (*[OUTSIDE] * start, *names, *[OUTSIDE] * (len(pair.text.words) - start - len(names)))


def inputs(pairs: Sequence[Pair], starts: Ints, lengths: Ints, max_distance: int) -> Batch:
    """The network's inputs for the windows of pairs, as batches.Examples makes them of rows.

    Args: starts, lengths: (B,) of the windows, in words.
    """
    real = np.arange(lengths.max()) < lengths[:, None]
    words = np.zeros((*real.shape, pairs[0].text.vectors.shape[1]), np.float16)
    words[real] = np.concatenate([p.text.vectors[s : s + n] for p, s, n in zip(pairs, starts, lengths, strict=True)])
    batch: Batch = {"words": words}
    for name in ("e1", "e2"):
        spans = np.array([getattr(pair, name).words for pair in pairs], np.int64) - starts[:, None]
        ids = np.zeros(real.shape, np.int32)
        ids[real] = position_ids(relative_positions(lengths, spans[:, 0], spans[:, 1], max_distance), max_distance)
        batch[f"{name}_position_ids"] = ids
    return batch


def near_pairs(found: Sequence[Entity], max_length: int) -> Iterator[tuple[Entity, Entity]]:
    """The ordered pairs of entities that a window of max_length words holds, in the order of itertools.permutations.

    Only these are built: the pairs of a long text grow with its square, those within a window with its length.

    Args: found: in reading order and apart.
    """
    starts = np.array([it.words.start for it in found], np.int64)
    ends = np.array([it.words.end for it in found], np.int64)
    first = np.searchsorted(starts, ends - max_length)
    last = np.searchsorted(ends, starts + max_length, side="right")
    for place, (start, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        yield from ((found[place], found[other]) for other in range(start, end) if other != place)


def _entities(text: Text, tags: tuple[str, ...] | None) -> tuple[Entity, ...] | None:
    return None if tags is None else tuple(entities(text.sentence.text, text.characters, tags))
