"""Checks of rows beside each other: one pair with different labels, rows that are there twice, and texts with HTML entities.

Rows are the same where their text and the characters of both entities are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.core.arrays import Bools, Ints
from pipeline.core.errors import listed
from pipeline.core.schema import SPLITS, Finding
from pipeline.core.wording import counted
from pipeline.corpus.split import Keys
from pipeline.corpus.survey import NONE, Survey, mixed


def contradictions(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Pairs that have different labels in different places; the labels of one place were given together."""
    labelled = np.flatnonzero(survey.labels != NONE)
    _, first = np.unique(mixed(survey.pairs, survey.labels)[labelled], return_index=True)
    once = labelled[np.sort(first)]  # a row a pair and label
    _, first, of_pair, n_labels = np.unique(survey.pairs[once], return_index=True, return_inverse=True, return_counts=True)
    rows = once[n_labels[of_pair] > 1]
    groups: dict[int, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(int(survey.pairs[row]), []).append(row)
    differ = [group for group in groups.values() if len({survey.sources[row].as_py() for row in group}) > 1]
    if differ:
        names = " and ".join(survey.label_names[survey.labels[row]] for row in differ[0])
        found = f"{counted(len(differ), 'pair')} of the same text and entities with different labels, the first {names}"
        hint = "decide which is right, and mend or remove the others; where both are, leave them"
        places = survey.places(np.concatenate([np.array(group) for group in differ]))
        yield Finding("labels-contradict", "warning", len(differ), found, hint, places)


def repeated(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Rows that repeat an earlier row of their split: the same text, entities and label."""
    again = np.flatnonzero(is_again(mixed(survey.pairs, survey.labels, survey.splits)))
    if len(again):
        found = f"{_by_split(survey, again)} repeated: same text, entities and label"
        hint = "remove one of each: it counts twice in training and in scores"
        yield Finding("rows-repeated", "warning", len(again), found, hint, survey.places(again))


def is_again(keys: Keys) -> Bools:
    """(N,) which keys are there before.

    >>> is_again(np.array([7, 3, 7, 7], np.uint64)).tolist()
    [False, False, True, True]
    """
    again = np.ones(len(keys), bool)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def shared(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Rows of validation and test that an earlier split has too, whatever their label."""
    _, of_pair = np.unique(survey.pairs, return_inverse=True)
    earliest = np.full(of_pair.max(initial=-1) + 1, len(SPLITS), np.int64)
    np.minimum.at(earliest, of_pair, survey.splits)
    rows = np.flatnonzero(earliest[of_pair] < survey.splits)
    if len(rows):
        found = f"{_by_split(survey, rows)} in another split too, with the same text and entities"
        hint = "keep each in one split: a score on what the model was trained or chosen on says too much"
        yield Finding("rows-shared", "warning", len(rows), found, hint, survey.places(rows))


def _by_split(survey: Survey, rows: Ints) -> str:
    counts = np.bincount(survey.splits[rows], minlength=len(SPLITS))
    of_splits = [f"{counted(int(count), 'row')} of {split}" for split, count in zip(SPLITS, counts, strict=True) if count]
    return f"{', '.join(of_splits)} {'is' if len(rows) == 1 else 'are'}"


def escaped(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Texts with HTML entities."""
    rows = np.flatnonzero(survey.escaped)
    rows = rows[~is_again(survey.texts[rows])]
    if len(rows):
        names = listed([f"{entity} ({count:,})" for entity, count in survey.html.most_common()])
        found = f"{counted(len(rows), 'text')} with HTML entities: {names}"
        hint = "write the characters themselves, by a tool that moves the offsets behind them: encoders read &amp; as three words"
        yield Finding("text-escaped", "warning", len(rows), found, hint, survey.places(rows))
