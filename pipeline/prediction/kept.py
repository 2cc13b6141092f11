"""What is kept of the relations that a model says of the pairs of a text: those of long texts would take all memory."""

from __future__ import annotations

from pipeline.prediction.types import Relation


class Kept:
    """The relations of a text but for those of the negative label, and the one that the model is least sure of, whatever it is."""

    def __init__(self, negative_label: str | None) -> None:
        self.n_pairs = 0  # that were asked about
        self._negative_label = negative_label
        self._relations: dict[int, Relation] = {}  # by their places among the pairs
        self._least_sure: tuple[float, int, Relation] | None = None

    def add(self, relation: Relation) -> None:
        """Take what is said of the next pair."""
        place = self.n_pairs
        self.n_pairs += 1
        if relation.name != self._negative_label:
            self._relations[place] = relation
        margin = relation.margin
        if self._least_sure is None or margin < self._least_sure[0]:
            self._least_sure = margin, place, relation

    @property
    def relations(self) -> tuple[Relation, ...]:
        """What is kept, in the order of the pairs."""
        if self._least_sure is None:
            return ()
        _, place, relation = self._least_sure
        return tuple(kept for _, kept in sorted((self._relations | {place: relation}).items()))
