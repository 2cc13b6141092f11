"""How pairs are made of documents, and what is counted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.core.params import Parse, Position
from pipeline.core.schema import OTHER


@dataclass(frozen=True)
class PairOptions:
    """How pairs are made of documents.

    Args: negatives: which pairs without relation become pairs of the negative label, a number being how many for each pair of the
        document that has another label; max_length: words of a window, which holds both entities of each of these; None for no
        window; across_sentences: whether pairs of different sentences are kept; symmetric: relations without direction, whose e1 is
        the first in reading order; fragments: whether an entity of several is the stretch that holds them, or a problem; several:
        what becomes of a pair that has different labels; rename: new names of relations and types.
    """

    negatives: Literal["none", "all"] | float = "none"
    max_length: int | None = None
    negative_label: str = OTHER
    across_sentences: Literal["keep", "exclude"] = "keep"
    symmetric: frozenset[str] = frozenset()
    fragments: Literal["cover", "error"] = "cover"
    several: Literal["error", "first", "rows"] = "error"
    rename: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    @classmethod
    def of(cls, parse: Parse, position: Position) -> PairOptions:
        """The options that stand in params.yaml."""
        return cls(
            negatives=parse.negatives,
            max_length=position.max_length,
            negative_label=parse.negative_label,
            across_sentences=parse.across_sentences,
            symmetric=frozenset(parse.symmetric),
            fragments=parse.fragments,
            several=parse.several,
            rename=parse.rename,
            seed=parse.seed,
        )


# What is counted of documents and their pairs, in the words of the log.
COUNTED = {  # one, and several where an s does not make them of one
    "documents": ("document",),
    "sentences": ("sentence with all its entities", "sentences with all their entities"),
    "annotated": ("annotated pair",),  # that has a relation, or is marked as a pair
    "negatives": ("pair without relation", "pairs without relation"),
    "far_apart": ("more left out as further apart than position.max_length words",) * 2,
    "across_sentences": ("pair across sentences", "pairs across sentences"),  # kept or not
    "excluded": ("of these left out",) * 2,
    "covered": ("pair with an entity of fragments", "pairs with an entity of fragments"),
    "dropped": ("relation dropped, not the first of its pair", "relations dropped, not the first of their pair"),
    "renamed": ("name changed", "names changed"),  # of relations and types of pairs
    "entities_across": ("entity across sentences", "entities across sentences"),  # which the tags of none show
    "unread_events": (
        "event of brat, whose trigger is an entity and whose arguments are not read",
        "events of brat, whose triggers are entities and whose arguments are not read",
    ),
    "unread_attributes": ("attribute of brat that is not read", "attributes of brat that are not read"),
    "unread_regions": ("region of Label Studio that is not read", "regions of Label Studio that are not read"),
}
