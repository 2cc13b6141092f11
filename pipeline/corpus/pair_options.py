"""How pairs are made of documents, and what is counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from pipeline.core.params import Parse
from pipeline.core.schema import OTHER


@dataclass(frozen=True)
class PairOptions:
    """How pairs are made of documents.

    Args: negatives: which pairs without relation become pairs of the negative label, a number being how many for each pair of the
        document that has another label; across_sentences: whether pairs of different sentences are kept; symmetric: relations
        without direction, whose e1 is the first in reading order; fragments: whether an entity of several is the stretch that
        holds them, or a problem; several: what becomes of a pair that has different labels; rename: new names of relations and
        types.
    """

    negatives: Literal["none", "all"] | float = "none"
    negative_label: str = OTHER
    across_sentences: Literal["keep", "exclude"] = "keep"
    symmetric: frozenset[str] = frozenset()
    fragments: Literal["cover", "error"] = "cover"
    several: Literal["error", "first", "rows"] = "error"
    rename: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    @classmethod
    def of(cls, settings: Parse) -> PairOptions:
        """The options that stand in the section parse of params.yaml."""
        values = {each.name: getattr(settings, each.name) for each in fields(cls)}
        return cls(**values | {"symmetric": frozenset(settings.symmetric)})


@dataclass(frozen=True)
class PairCounts:
    """What became of documents: pairs made, and what of them was changed or left out."""

    annotated: int = 0  # pairs that have a relation, or are marked as a pair
    negatives: int = 0
    across_sentences: int = 0  # pairs of different sentences, kept or not
    excluded: int = 0  # of these, not kept
    covered: int = 0  # pairs with an entity of fragments that became one stretch
    dropped: int = 0  # relations that are not the first of their pair
    renamed: int = 0  # relations and types of pairs that have a new name
    sentences: int = 0  # of which all entities are annotated
    entities_across: int = 0  # entities that reach over several sentences, which the tags of none show

    def __add__(self, other: PairCounts) -> PairCounts:
        return PairCounts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


COUNTED = {  # PairCounts and the number of documents, in the words of the log
    "documents": "documents",
    "sentences": "sentences with all their entities",
    "annotated": "annotated pairs",
    "negatives": "pairs without relation",
    "across_sentences": "pairs across sentences",
    "excluded": "of these left out",
    "covered": "pairs with an entity of fragments",
    "dropped": "relations dropped, not the first of their pair",
    "renamed": "names changed",
    "entities_across": "entities across sentences",
}
