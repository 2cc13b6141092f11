"""Counts and scores of predicted relations and entities.

Relations are scored as the SemEval-2010 Task 8 scorer (version 1.2; Hendrickx et al. 2010, section 4) defines it, for any
label set. A label is a relation with or without a direction: "Cause-Effect(e2,e1)", "Cause-Effect", or the negative label, which
stands for no relation: Other in the task. The modes:

- directed: every label is a class of its own, (2*9+1)-way in the task;
- undirected: labels lose their direction, (9+1)-way;
- official: the classes are relations, and only the right direction is correct, so that a wrong one costs its relation
  precision and recall, (9+1)-way with direction.

A macro score is the mean over the classes that gold has, without the negative label: predicting a class that gold lacks costs the
class that was missed, and the negative label's confusions cost the classes they touch. A micro score is that of all instances
together, again without the negative label: TACRED's score (Zhang et al. 2017, and utils/scorer.py of their code). Where a ratio is
0/0 it is 0, as in the task's scorer.

Every score is a function of counts, (..., 3, Q): correct, predicted and gold instances of Q classes. So one function scores
a test set, a row of it, and a thousand resamples of it at once. Rows of the same gold and the same predicted label count the same:
they are of one kind, whose counts are kept once and sparse, so that memory does not grow with rows times classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from pipeline.core.arrays import Doubles, Ints
from pipeline.core.labels import is_directed, parse_label

Mode = Literal["directed", "undirected", "official"]
MODES: tuple[Mode, ...] = ("directed", "undirected", "official")


def classes(labels: Sequence[str], mode: Mode) -> list[str]:
    """The classes that a mode scores, in the labels' order.

    >>> classes(["A(e1,e2)", "A(e2,e1)", "Other"], "official")
    ['A', 'Other']
    """
    return list(dict.fromkeys(_class_of(label, mode) for label in labels))


def main_mode(labels: Sequence[str]) -> Mode:
    """The mode of the headline score: official where labels have a direction.

    >>> main_mode(["A", "Other"])
    'undirected'
    """
    return "official" if is_directed(labels) else "undirected"


def class_ids(labels: Sequence[str], mode: Mode) -> Ints:
    """(R,) the index of each label's class among the classes of a mode."""
    number = {name: n for n, name in enumerate(classes(labels, mode))}
    return np.array([number[_class_of(label, mode)] for label in labels], np.int64)


def _class_of(label: str, mode: Mode) -> str:
    return label if mode == "directed" else parse_label(label).relation


@dataclass(frozen=True)
class RelationCounts:
    """What each of N rows counts in Q classes: the kind of each row, and the counts of each of K kinds."""

    kinds: Ints  # (N,) indices into counts
    counts: csr_array  # (K, 3 * Q) of float64: correct, predicted, gold

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, rows: Sequence[int]) -> RelationCounts:
        """Some rows by their numbers."""
        kinds, of_rows = np.unique(self.kinds[rows], return_inverse=True)
        return RelationCounts(of_rows, self.counts[kinds])

    def total(self) -> Doubles:
        """(3, Q) the sum over the rows."""
        summed: Doubles = self.counts.T @ np.bincount(self.kinds, minlength=self.counts.shape[0]).astype(np.float64)
        return summed.reshape(3, -1)

    def dense(self) -> Doubles:
        """(N, 3, Q) the counts of each row."""
        counts: Doubles = self.counts.toarray().reshape(self.counts.shape[0], 3, -1)
        return counts[self.kinds]


def relation_counts(gold_ids: Ints, predicted_ids: Ints, labels: Sequence[str], mode: Mode) -> RelationCounts:
    """Count each row's label in the classes of a mode.

    Args: gold_ids, predicted_ids: (N,) indices into labels.
    Returns: N rows, a one where the row is a correct, a predicted and a gold instance of the class.
    """
    pairs, kinds = np.unique(gold_ids * len(labels) + predicted_ids, return_inverse=True)
    gold, predicted = np.divmod(pairs, len(labels))
    ids, n_classes = class_ids(labels, mode), len(classes(labels, mode))
    is_correct = gold == predicted if mode == "official" else ids[gold] == ids[predicted]
    each = np.arange(len(pairs))
    rows = np.concatenate([each[is_correct], each, each])
    columns = np.concatenate([ids[gold[is_correct]], n_classes + ids[predicted], 2 * n_classes + ids[gold]])
    counts = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(pairs), 3 * n_classes))
    return RelationCounts(kinds, counts)


def entity_counts(gold_tags: Sequence[list[str]], predicted_tags: Sequence[list[str]]) -> Doubles:
    """Count each sentence's entities as seqeval does in strict mode with IOB2: right in span and type or wrong.

    Returns: (N, 3, 1), the correct, predicted and gold entities of each sentence.
    """
    from seqeval.scheme import IOB2, Entities

    # Equal tags have equal spans, which are found once; most predicted tags are the gold ones.
    distinct = list(dict.fromkeys(map(tuple, (*gold_tags, *predicted_tags))))
    found = Entities(list(map(list, distinct)), IOB2).entities
    spans = {tags: {entity.to_tuple()[1:] for entity in sentence} for tags, sentence in zip(distinct, found, strict=True)}
    pairs = [(spans[tuple(gold)], spans[tuple(predicted)]) for gold, predicted in zip(gold_tags, predicted_tags, strict=True)]
    counts = [[len(gold & predicted), len(predicted), len(gold)] for gold, predicted in pairs]
    return np.array(counts, np.float64).reshape(-1, 3, 1)


def precision_recall_f1(counts: Doubles) -> Doubles:
    """Precision, recall and F1 of every class: (..., 3, Q) of counts to (..., 3, Q) of scores from 0 to 1."""
    correct, predicted, gold = np.moveaxis(counts, -2, 0)
    return np.stack([_ratio(correct, predicted), _ratio(correct, gold), f1_scores(counts)], axis=-2)


def f1_scores(counts: Doubles) -> Doubles:
    """F1 of every class: (..., 3, Q) of counts to (..., Q)."""
    correct, predicted, gold = np.moveaxis(counts, -2, 0)
    return _ratio(2 * correct, predicted + gold)


def macro_f1(counts: Doubles, names: Sequence[str], negative_label: str) -> Doubles:
    """Mean F1 over the classes that gold has, without the negative label: (..., 3, Q) of counts to (...); 0 if gold has none.

    Args: names: of the Q classes.
    """
    counted = (counts[..., 2, :] > 0) & (np.array(names) != negative_label)
    return _ratio((f1_scores(counts) * counted).sum(-1), counted.sum(-1))


def micro_f1(counts: Doubles, names: Sequence[str], negative_label: str) -> Doubles:
    """F1 of the instances of all classes but the negative label: (..., 3, Q) of counts to (...).

    A row is predicted, and is gold, where its label is not the negative one; it is correct where the two are the same.

    Args: names: of the Q classes.
    """
    together = counts[..., np.array(names) != negative_label].sum(-1, keepdims=True)
    f1: Doubles = f1_scores(together)[..., 0]
    return f1


def _ratio(part: ArrayLike, whole: ArrayLike) -> Doubles:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
