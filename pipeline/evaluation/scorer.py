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
a test set, a row of it, and a thousand resamples of it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

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
    names = classes(labels, mode)
    return np.array([names.index(_class_of(label, mode)) for label in labels], np.int64)


def _class_of(label: str, mode: Mode) -> str:
    return label if mode == "directed" else parse_label(label).relation


def relation_counts(gold_ids: Ints, predicted_ids: Ints, labels: Sequence[str], mode: Mode) -> Doubles:
    """Count each row's label in the classes of a mode.

    Args: gold_ids, predicted_ids: (N,) indices into labels.
    Returns: (N, 3, Q), a one where the row is a correct, a predicted and a gold instance of the class.
    """
    one_hot = np.eye(len(classes(labels, mode)))[class_ids(labels, mode)]
    gold, predicted = one_hot[gold_ids], one_hot[predicted_ids]
    correct = gold * predicted
    if mode == "official":
        correct *= (gold_ids == predicted_ids)[:, None]
    return np.stack([correct, predicted, gold], axis=1)


def entity_counts(gold_tags: Sequence[list[str]], predicted_tags: Sequence[list[str]]) -> Doubles:
    """Count each sentence's entities as seqeval does in strict mode with IOB2: right in span and type or wrong.

    Returns: (N, 3, 1), the correct, predicted and gold entities of each sentence.
    """
    from seqeval.scheme import IOB2, Entities

    def spans(tags: Sequence[list[str]]) -> list[set[tuple[object, ...]]]:
        return [{entity.to_tuple() for entity in sentence} for sentence in Entities(list(tags), IOB2).entities]

    pairs = zip(spans(gold_tags), spans(predicted_tags), strict=True)
    counts = [[len(gold & predicted), len(predicted), len(gold)] for gold, predicted in pairs]
    return np.array(counts, np.float64).reshape(-1, 3, 1)


def precision_recall_f1(counts: Doubles) -> Doubles:
    """Precision, recall and F1 of every class: (..., 3, Q) of counts to (..., 3, Q) of scores from 0 to 1."""
    correct, predicted, gold = np.moveaxis(counts, -2, 0)
    parts = ((correct, predicted), (correct, gold), (2 * correct, predicted + gold))
    return np.stack([_ratio(part, whole) for part, whole in parts], axis=-2)


def macro_f1(counts: Doubles, names: Sequence[str], negative_label: str) -> Doubles:
    """Mean F1 over the classes that gold has, without the negative label: (..., 3, Q) of counts to (...); 0 if gold has none.

    Args: names: of the Q classes.
    """
    counted = (counts[..., 2, :] > 0) & (np.array(names) != negative_label)
    f1 = precision_recall_f1(counts)[..., 2, :]
    return _ratio((f1 * counted).sum(-1), counted.sum(-1))


def micro_f1(counts: Doubles, names: Sequence[str], negative_label: str) -> Doubles:
    """F1 of the instances of all classes but the negative label: (..., 3, Q) of counts to (...).

    A row is predicted, and is gold, where its label is not the negative one; it is correct where the two are the same.

    Args: names: of the Q classes.
    """
    together = counts[..., np.array(names) != negative_label].sum(-1, keepdims=True)
    f1: Doubles = precision_recall_f1(together)[..., 2, 0]
    return f1


def _ratio(part: ArrayLike, whole: ArrayLike) -> Doubles:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
