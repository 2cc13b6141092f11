"""What goes into a prediction and what comes out of it, and its form as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import parse_label
from pipeline.core.schema import ENTITIES, Span
from pipeline.core.wording import counted
from pipeline.corpus.formats.markers import MARKER, MARKERS, unmark
from pipeline.corpus.formats.tag_schemes import Run, runs

SOURCE = "sentence"
DIGITS = 6
MOST_CHARACTERS = 50_000  # of an unmarked sentence, which the tagger looks at whole: nothing can end that for minutes
SPLIT_IT = "split it, or leave out what is no running text, such as a table"
MARKER_IN_ANY_CASE = re.compile(MARKER.pattern, re.IGNORECASE)
BLIND = (
    "the relation is that of the whole sentence: this model does not see which words are the entities "
    "(train.positions: none; with train.pooling: max+entities it would)"
)


def half_of_a_pair(text: str) -> Problem | None:
    """Where a text holds half of a surrogate pair, which is no Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return Problem(f"character {error.start + 1} is half of a pair, no character", "give valid Unicode", source=SOURCE)
    return None


@dataclass(frozen=True)
class Sentence:
    """A text and, where they are marked, its two entities in characters.

    Args: words: in characters, where they are known already.
    """

    text: str
    entities: tuple[Span, Span] | None = None
    words: tuple[Span, ...] | None = None

    @classmethod
    def of(cls, text: str) -> Sentence:
        """A sentence from a text with the marks <e1>, </e1>, <e2>, </e2> or without any; e2 may stand first.

        Raises: InputError where the text is blank or no Unicode, or with all that is wrong with the marks.
        """
        if problem := cls(text).problem():
            raise InputError([problem])
        if other := [mark for mark in MARKER_IN_ANY_CASE.findall(text) if mark not in MARKERS]:
            raise InputError.of(SOURCE, f"{other[0]} is no mark", f"write {other[0].lower()}")
        if not MARKER.search(text):
            return cls(text)
        marked = unmark(text, in_order=False)
        if isinstance(marked, list):
            raise InputError(problem.at(SOURCE) for problem in marked)
        return cls(marked.text, (marked.e1, marked.e2))

    def too_long(self) -> Problem | None:
        """What is said of an unmarked text in which no entity is looked for, if so."""
        found = f"a sentence has {len(self.text):,} characters, more than {MOST_CHARACTERS:,}"
        return Problem(found, SPLIT_IT, source=SOURCE) if len(self.text) > MOST_CHARACTERS else None

    def problem(self) -> Problem | None:
        """What is wrong with the text or the places of the entities, if anything is.

        >>> Sentence("Ann met Bo", (Span(0, 3), Span(8, 99))).problem().found
        'e2 is at characters 8 to 99 of 10'
        """
        if problem := half_of_a_pair(self.text):
            return problem
        if not self.text.strip():
            return Problem("the text is blank", "give a sentence", source=SOURCE)
        for name, (start, end) in zip(ENTITIES, self.entities or (), strict=False):
            if not (0 <= start < end <= len(self.text) and self.text[start:end].strip()):
                found = f"{name} is at characters {start} to {end} of {len(self.text)}"
                return Problem(found, "give a stretch of the text with a word in it", source=SOURCE)
        return None


@dataclass(frozen=True)
class Entity:
    """An entity of a sentence: a run of its words."""

    text: str
    words: Span
    characters: Span
    type: str | None = None  # that of its tags, where they have types
    probability: float | None = field(default=None, compare=False)  # of these words and this type; None where it was not asked for

    @classmethod
    def of(cls, words: Span, text: str, characters: Sequence[Span], entity_type: str | None = None) -> Entity:
        """The entity of a span of words in a text.

        Args: characters: (T,) of each word of the text.
        """
        start, end = characters[words.start].start, characters[words.end - 1].end
        return cls(text[start:end], words, Span(start, end), entity_type)

    def as_json(self) -> dict[str, Any]:
        """The entity of a marked sentence as a JSON object; "type" is that of its tags, if they have types."""
        shown = {"text": self.text, "words": list(self.words), "characters": list(self.characters)}
        return shown | ({"type": self.type} if self.type else {})


@dataclass(frozen=True)
class Relation:
    """What the model says of an ordered pair of entities."""

    e1: Entity
    e2: Entity
    probabilities: dict[str, float]  # by relation, in the model's order

    @property
    def name(self) -> str:
        """The most probable relation, direction included."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def margin(self) -> float:
        """By how much the most probable relation is more probable than the next; 1 where there is no other."""
        first, *others = sorted(self.probabilities.values(), reverse=True)
        return first - others[0] if others else 1.0

    @property
    def direction(self) -> str | None:
        """'e1,e2', 'e2,e1', or None where the relation has none."""
        return parse_label(self.name).direction

    def as_json(self) -> dict[str, Any]:
        """The relation as a JSON object."""
        return {
            "relation": self.name,
            "direction": self.direction,
            "probability": round(self.probabilities[self.name], DIGITS),
            "e1": self.e1.as_json(),
            "e2": self.e2.as_json(),
            "probabilities": {name: round(probability, DIGITS) for name, probability in self.probabilities.items()},
        }


@dataclass(frozen=True)
class Prediction:
    """What the model says of a sentence."""

    sentence: Sentence
    words: tuple[str, ...]
    tags: tuple[str, ...] | None  # a name a word; None where the model has no tagger
    entities: tuple[Entity, ...] | None  # those that the tags name
    relations: tuple[Relation, ...]  # of the marked pair; else what kept.py keeps of the ordered pairs of the entities found
    n_pairs: int  # that were asked about
    n_too_far: int = 0  # ordered pairs of entities found that no window holds both of
    n_unknown: int = 0  # of types of which no relation is known, which are not asked about
    sees_entities: bool = True  # the model's relations depend on which words the entities are
    negative_label: str | None = None  # the relation that says there is none; None where the model always names one
    symmetric: tuple[str, ...] = ()  # relations without direction, of which both orders of a pair are one

    def as_json(self) -> dict[str, Any]:
        """The prediction of a marked sentence as a JSON object; of an unmarked one extractions.py makes another."""
        [relation] = self.relations
        return {
            "text": self.sentence.text,
            **relation.as_json(),
            "negative_label": self.negative_label,
            "message": self.message,
            "words": list(self.words),
            "tags": None if self.tags is None else list(self.tags),
            "entities": None if self.entities is None else [entity.as_json() for entity in self.entities],
        }

    @property
    def message(self) -> str | None:
        """Why there is no relation, or not all of them, or none that is of its entities alone."""
        return message(len(self.entities or ()), self.n_pairs, self.n_too_far, self.n_unknown, sees_entities=self.sees_entities)


def message(n_entities: int, n_pairs: int, n_too_far: int, n_unknown: int = 0, *, sees_entities: bool) -> str | None:
    """What is to be said of the pairs of a text: that there is none, that some were left out, that they are not told apart.

    >>> message(1, 0, 0, sees_entities=True)
    'no pair found: the tagger found 1 entity'
    >>> message(2, 0, 0, sees_entities=True)
    'no pair found: no two entities stand in one sentence'
    >>> message(2, 0, 0, 2, sees_entities=True)
    '2 ordered pairs have types of which no relation is known'
    """
    remarks = []
    if not n_pairs and not n_too_far and not n_unknown:
        few = f"the tagger found {counted(n_entities, 'entity', 'entities')}"
        remarks.append(f"no pair found: {few if n_entities < 2 else 'no two entities stand in one sentence'}")
    if n_unknown and not n_pairs:
        remarks.append(f"{n_unknown} ordered pairs have types of which no relation is known")
    if n_too_far:
        remarks.append(f"{n_too_far} ordered pairs lie further apart than the model's window")
    if n_pairs and not sees_entities:
        remarks.append(BLIND)
    return "; ".join(remarks) or None


def tags_to_entities(tags: Sequence[str], text: str, characters: Sequence[Span]) -> list[Entity]:
    """The entities of strict BIO tags.

    Args: tags: (T,) names; characters: (T,) of each word.

    >>> spans = [Span(0, 3), Span(4, 7), Span(8, 11)]
    >>> [(entity.text, entity.type) for entity in tags_to_entities(["B-E1", "I-E1", "B-E2"], "old cat mat", spans)]
    [('old cat', 'E1'), ('mat', 'E2')]
    """
    return [Entity.of(Span(run.start, run.end), text, characters, run.type) for run in runs(tags) if isinstance(run, Run)]
