"""What a model said of a split beside what is true, in row order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core import ragged
from pipeline.core.ragged import Ints
from pipeline.evaluation import scorer
from pipeline.evaluation.scorer import Floats, Mode

OUTSIDE_ID = 0


@dataclass(frozen=True)
class Outcome:
    """N sentences' true and predicted relations and tags."""

    labels: tuple[str, ...]  # the R relations in id order
    ids: list[str]
    gold_ids: Ints  # (N,)
    probabilities: NDArray[np.float32]  # (N, R)
    gold_tags: list[list[str]]  # a name a word of the whole sentence
    predicted_tags: list[list[str]] | None  # the same; None without the tags head
    words_outside_window: int  # which the model did not see, so that their predicted tag is O

    @property
    def predicted_ids(self) -> Ints:
        """(N,) ids of the most probable relations."""
        ids: Ints = self.probabilities.argmax(axis=1)
        return ids

    @property
    def confidence(self) -> NDArray[np.float32]:
        """(N,) probabilities of the predicted relations."""
        highest: NDArray[np.float32] = self.probabilities.max(axis=1)
        return highest

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(N,) whether relation and direction are right."""
        right: NDArray[np.bool_] = self.predicted_ids == self.gold_ids
        return right

    @property
    def flipped(self) -> NDArray[np.bool_]:
        """(N,) whether the relation is right and its direction wrong."""
        relation_ids = scorer.class_ids(self.labels, "undirected")
        flipped: NDArray[np.bool_] = (relation_ids[self.predicted_ids] == relation_ids[self.gold_ids]) & ~self.correct
        return flipped

    @property
    def main_mode(self) -> Mode:
        """The mode of the headline score."""
        return scorer.main_mode(self.labels)

    def counts(self, mode: Mode) -> Floats:
        """(N, 3, Q) counts of the relations in a scoring mode."""
        return scorer.relation_counts(self.gold_ids, self.predicted_ids, self.labels, mode)

    def take(self, rows: Sequence[int]) -> Outcome:
        """The outcome of some rows, relations only."""
        ids = [self.ids[row] for row in rows]
        probabilities, gold_ids = self.probabilities[rows], self.gold_ids[rows]
        return dataclasses.replace(self, ids=ids, gold_ids=gold_ids, probabilities=probabilities, gold_tags=[], predicted_tags=None)


def join(
    table: pa.Table,
    probabilities: NDArray[np.float32],
    tag_ids: Sequence[Ints] | None,
    relations: Sequence[str],
    tags: Sequence[str],
) -> Outcome:
    """Join a split's rows with the predictions for them.

    Args: table: (N,) rows of the position stage; probabilities: (N, R); tag_ids: a (words of the window,) array a row;
        relations, tags: names by id.
    """
    n_words, starts, ends = ragged.lengths(table["words"]), table["window_start"].to_numpy(), table["window_end"].to_numpy()
    gold_tags = [[tags[i] for i in ids] for ids in table["tag_ids"].to_pylist()]
    predicted_tags = None
    if tag_ids is not None:
        predicted_tags = [
            [tags[i] for i in np.pad(ids, (start, n - end), constant_values=OUTSIDE_ID)]
            for ids, start, end, n in zip(tag_ids, starts, ends, n_words, strict=True)
        ]
    return Outcome(
        labels=tuple(relations),
        ids=table["id"].to_pylist(),
        gold_ids=pc.index_in(table["relation"], pa.array(relations, pa.string())).to_numpy().astype(np.int64),
        probabilities=probabilities,
        gold_tags=gold_tags,
        predicted_tags=predicted_tags,
        words_outside_window=int((n_words - (ends - starts)).sum()),
    )
