"""An item: a document for a person to look at, with what is annotated now, why it was picked, and where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.corpus.document import Document

DIGITS = 4
SHOWN_LABELS = 3  # of all probabilities, for people


def ranked(labels: Iterable[str], probabilities: Iterable[float]) -> dict[str, float]:
    """The rounded probabilities of a pair by label, the most probable first, of equals the first before.

    >>> ranked(["Other", "Uses", "Has"], [0.2, 0.60001, 0.2])
    {'Uses': 0.6, 'Other': 0.2, 'Has': 0.2}
    """
    order = sorted(zip(labels, map(float, probabilities), strict=True), key=lambda one: -one[1])
    return {label: round(probability, DIGITS) for label, probability in order}


@dataclass(frozen=True)
class Reason:
    """Why a pair or an entity of a document is worth a look.

    Args: about: the id of the row of data/parsed, or of the entity; why: for people; probability: of what is annotated, None where
        nothing is; probabilities: by label.
    """

    about: str
    why: str
    probability: float | None = None
    probabilities: dict[str, float] = field(default_factory=dict)

    @property
    def most_probable(self) -> str:
        """The most probable labels, for people.

        >>> Reason("7", "", None, {"Uses": 0.25, "Other": 0.5, "Has": 0.2, "Part-Of": 0.05}).most_probable
        'Other 0.50, Uses 0.25, Has 0.20'
        """
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        return ", ".join(f"{label} {probability:.2f}" for label, probability in ranked[:SHOWN_LABELS])


@dataclass(frozen=True)
class Item:
    """A document to review.

    Args: document: its id is its own in its file, its source the file:line where it lies; its annotation is the present one, or a
        model's; pick: the name of what picked it; reasons: one or more; entity_scores, relation_scores: the probability of each
        entity and relation of the document in order, None where it is not known, and empty where none is.
    """

    document: Document
    pick: str
    reasons: tuple[Reason, ...]
    entity_scores: Sequence[float | None] = ()
    relation_scores: Sequence[float | None] = ()

    @property
    def why(self) -> str:
        """All reasons, for people."""
        return "; ".join(reason.why for reason in self.reasons)

    @property
    def most_probable(self) -> str:
        """The most probable labels of each reason, for people."""
        return "; ".join(filter(None, (reason.most_probable for reason in self.reasons)))
