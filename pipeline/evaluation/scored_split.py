"""What a model says of a split's sentences beside what is true: what every score and table is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from pipeline.core import ragged
from pipeline.core.arrays import Bools, Floats, Ints
from pipeline.core.labels import UNLABELLED_ID, label_ids
from pipeline.core.schema import OUTSIDE_ID
from pipeline.evaluation import scorer
from pipeline.evaluation.scorer import Mode, RelationCounts


@dataclass(frozen=True)
class ScoredSplit:
    """N sentences' true and predicted relations and tags, in the split's order."""

    labels: tuple[str, ...]  # the R relations in id order
    negative_label: str  # the one of them that stands for no relation
    row_ids: list[str]
    gold_ids: Ints  # (N,) of relations, UNLABELLED_ID where a row has no label
    probabilities: Floats  # (N, R)
    gold_tags: list[list[str]]  # a name a word of the whole sentence
    predicted_tags: list[list[str]] | None  # the same; None without the tags head
    words_outside_window: int  # which the model did not see, so that their predicted tag is O

    @cached_property
    def predicted_ids(self) -> Ints:
        """(N,) ids of the most probable relations."""
        ids: Ints = self.probabilities.argmax(axis=1)
        return ids

    @cached_property
    def confidence(self) -> Floats:
        """(N,) probabilities of the predicted relations."""
        highest: Floats = self.probabilities.max(axis=1)
        return highest

    @cached_property
    def correct(self) -> Bools:
        """(N,) whether relation and direction are right."""
        right: Bools = self.predicted_ids == self.gold_ids
        return right

    @cached_property
    def has_relation(self) -> Bools:
        """(N,) whether there is a relation to find."""
        return np.array([label != self.negative_label for label in self.labels], bool)[self.gold_ids]

    @cached_property
    def flipped(self) -> Bools:
        """(N,) whether the relation is right and its direction wrong."""
        relation_ids = scorer.class_ids(self.labels, "undirected")
        flipped: Bools = (relation_ids[self.predicted_ids] == relation_ids[self.gold_ids]) & ~self.correct
        return flipped

    @property
    def main_mode(self) -> Mode:
        """The mode of the headline score."""
        return scorer.main_mode(self.labels)

    def counts(self, mode: Mode) -> RelationCounts:
        """The counts of the relations of N rows in a scoring mode (see scorer)."""
        return scorer.relation_counts(self.gold_ids, self.predicted_ids, self.labels, mode)

    @property
    def labelled(self) -> ScoredSplit:
        """The rows that have a label, which are those that can be scored, relations only."""
        has_label = self.gold_ids != UNLABELLED_ID
        if has_label.all():  # without a copy of the probabilities
            return dataclasses.replace(self, gold_tags=[], predicted_tags=None)
        return self.take(np.flatnonzero(has_label).tolist())

    def take(self, rows: Sequence[int]) -> ScoredSplit:
        """Some rows by their numbers, relations only."""
        return dataclasses.replace(
            self,
            row_ids=[self.row_ids[row] for row in rows],
            gold_ids=self.gold_ids[rows],
            probabilities=self.probabilities[rows],
            gold_tags=[],
            predicted_tags=None,
        )


def join_predictions(
    table: pa.Table,
    probabilities: Floats,
    tag_ids: Sequence[Ints] | None,
    relations: Sequence[str],
    tags: Sequence[str],
    negative_label: str,
) -> ScoredSplit:
    """Put a model's predictions beside the rows they are of.

    Args: table: (N,) rows of the position stage; probabilities: (N, R); tag_ids: a (words of the window,) array a row, None
        without the tags head; relations, tags: names by id; negative_label: the relation that stands for none.
    """
    n_words, starts, ends = ragged.lengths(table["words"]), table["window_start"].to_numpy(), table["window_end"].to_numpy()
    predicted_tags = None
    if tag_ids is not None:
        whole = [
            np.pad(ids, (start, n - end), constant_values=OUTSIDE_ID)
            for ids, start, end, n in zip(tag_ids, starts, ends, n_words, strict=True)
        ]
        predicted_tags = _names(whole, tags)
    return ScoredSplit(
        labels=tuple(relations),
        negative_label=negative_label,
        row_ids=table["id"].to_pylist(),
        gold_ids=label_ids(table["relation"], relations),
        probabilities=probabilities,
        gold_tags=_names(table["tag_ids"].to_pylist(), tags),
        predicted_tags=predicted_tags,
        words_outside_window=int((n_words - (ends - starts)).sum()),
    )


def _names(tag_ids: Iterable[Iterable[int]], tags: Sequence[str]) -> list[list[str]]:
    return [[tags[tag_id] for tag_id in sentence] for sentence in tag_ids]
