"""Checks of names: labels and types that look alike, what stands for no relation, and labels with few rows or none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from pipeline.core.arrays import Bools, Ints
from pipeline.core.errors import listed
from pipeline.core.labels import letters, names_no_relation
from pipeline.core.schema import SPLITS, Finding
from pipeline.core.wording import counted
from pipeline.corpus.characters import difference, folded, told_apart
from pipeline.corpus.survey import NONE, Survey

FEW = 5  # rows of train
# The letters of names that may mean no relation, beside those that surely do (core/labels.py).
MAY_BE_NEGATIVE = re.compile(
    "nan|neg(ative)?|nil|null|non?|norel(ations|ationship)?|notapplicable|nothing|(not|un)related|others|unknown"
)
ABSENT = {  # what to do where a split lacks a label
    "train": "add such rows to train: a model cannot learn what it never sees",
    "validation": "add such rows, or raise parse.validation_fraction: the epoch is chosen without them",
    "test": "add such rows, or raise parse.test_fraction: nothing tells how well they are found",
}
PLAIN = re.compile(r"[A-Za-z_][\w-]*")  # names that YAML reads as they are, but for
READ_OTHERWISE = re.compile("false|n|no|null|off|on|true|y|yes", re.IGNORECASE)


def labels_alike(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Relations of which the names look alike."""
    relations, of_row = survey.relations()
    if alike := _alike(relations, of_row):
        count, found, hint, rows = alike
        yield Finding("labels-alike", "warning", count, f"relations {found}", hint, survey.places(rows))


def types_alike(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Types of which the names look alike."""
    if alike := _alike(survey.type_names, survey.types.ravel()):
        count, found, hint, rows = alike
        yield Finding("types-alike", "warning", count, f"types {found}", hint, survey.places(rows // 2))


def _alike(names: list[str], codes: Ints) -> tuple[int, str, str, Ints] | None:
    """How many things have the rarer ones of names that look alike, what was found, what to do, and where these are.

    Args: codes: (N,) the name of each thing.
    """
    groups: dict[str, list[int]] = {}
    for code, name in enumerate(names):
        groups.setdefault(folded(name), []).append(code)
    counts = np.bincount(codes[codes != NONE], minlength=len(names))
    several = [sorted(group, key=lambda code: -counts[code]) for group in groups.values() if len(group) > 1]
    if not several:
        return None
    first = [names[code] for code in several[0]]
    told = " and ".join(f"{name} ({counts[code]:,})" for name, code in zip(told_apart(first), several[0], strict=True))
    more = f", and {counted(len(several) - 1, 'more such group')}" if len(several) > 1 else ""
    rarer = [code for group in several for code in group[1:]]
    places = np.flatnonzero(np.isin(codes, rarer))
    hint = f"if one is meant, write parse.rename: {{{_yaml(first[1])}: {_yaml(first[0])}}} in params.yaml, or mend the annotations"
    return len(places), f"that differ by {difference(first)} alone: {told}{more}", hint, places


def _yaml(name: str) -> str:
    r"""A name as YAML reads it, with what shows nothing or joins another character escaped.

    >>> print(_yaml("no_relation"), _yaml("N/A"), _yaml("no"), _yaml("a\u200b"))
    no_relation "N/A" "no" "a\U0000200b"
    """
    if PLAIN.fullmatch(name) and name.isascii() and not READ_OTHERWISE.fullmatch(name):
        return name
    return f'"{"".join(map(_escaped, name))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    is_seen = character.isprintable() and not unicodedata.combining(character)
    return character if is_seen else f"\\U{ord(character):08x}"


def unnamed_negative(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """A label that looks like one that stands for no relation, and is not the one that does."""
    relations, of_row = survey.relations()
    known = {name for name in relations if name != negative_label and _may_be_negative(folded(name))}
    counts = {name: int(np.count_nonzero(of_row == relations.index(name))) for name in known}
    if counts:
        likely = max(relations, key=lambda name: counts.get(name, 0))
        names = listed([f"{name} ({counts[name]:,})" for name in relations if name in known])
        found = f"a label that looks like no relation, and parse.negative_label is {negative_label}: {names}"
        hint = f"if so, write parse.negative_label: {_yaml(likely)} in params.yaml, else macro-F1 counts it as a relation"
        rows = np.flatnonzero(np.isin(of_row, [relations.index(name) for name in known]))
        yield Finding("negative-unnamed", "warning", len(rows), found, hint, survey.places(rows))


def _may_be_negative(name: str) -> bool:
    return names_no_relation(name) or bool(MAY_BE_NEGATIVE.fullmatch(letters(name)))


def _n_rows(survey: Survey, rows: Bools) -> Ints:
    """How many of some rows have each label."""
    labels = survey.labels[rows]
    return np.bincount(labels[labels != NONE], minlength=len(survey.label_names))


def alone(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """A corpus of one label, from which nothing can be learned."""
    present = np.flatnonzero(_n_rows(survey, survey.in_split("train")))
    if len(present) == 1:
        rows = np.flatnonzero(survey.in_split("train"))
        found = f"all {len(rows):,} rows of train have the label {survey.label_names[present[0]]}"
        hint = "add rows of other labels; where all entities are annotated, parse.negatives: all makes rows of the other pairs"
        yield Finding("label-alone", "warning", len(rows), found, hint, survey.places(rows))


def rare(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Labels of which train has few rows."""
    counts = _n_rows(survey, survey.in_split("train"))
    few = np.flatnonzero((counts > 0) & (counts < FEW))
    if len(few):
        names = listed([f"{survey.label_names[code]} ({counts[code]})" for code in few])
        found = f"{counted(len(few), 'label')} with fewer than {FEW} rows in train: {names}"
        rows = np.flatnonzero(survey.in_split("train") & np.isin(survey.labels, few))
        hint = "annotate more of them, merge them by parse.rename, or set parse.directed to false if only a direction is rare"
        yield Finding("label-rare", "warning", len(few), found, hint, survey.places(rows))


def absent(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Labels of which one split has no row, if it has labels at all."""
    for split in SPLITS:
        counts = _n_rows(survey, survey.in_split(split))
        missing = np.flatnonzero(counts == 0)
        if counts.any() and len(missing):
            names = listed([survey.label_names[code] for code in missing])
            found = f"{counted(len(missing), 'label')} without a row in {split}: {names}"
            rows = np.flatnonzero(np.isin(survey.labels, missing))
            yield Finding("label-absent", "warning", len(missing), found, ABSENT[split], survey.places(rows))
