"""Checks of entities: their edges, what they show, and their types. One that is in several pairs of a text counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.arrays import Ints
from pipeline.core.errors import listed
from pipeline.core.labels import parse_label
from pipeline.core.schema import Finding
from pipeline.core.wording import counted
from pipeline.corpus.edges import BYTES, EARLY, UTF_16
from pipeline.corpus.row_findings import is_again
from pipeline.corpus.survey import NONE, Survey, mixed

TYPED = 10  # rows of a relation for each two types that it joins, among which two that are joined once are unusual
REASONS = {
    UTF_16: ("; offsets in UTF-16 units explain most", "an emoji counts as one character: count code points, as Python does"),
    BYTES: ("; offsets in bytes explain most", "count characters: a letter beyond ASCII has several bytes and is one character"),
    EARLY: ("; most entities of these files end one character early", "the ends seem to be inclusive: add 1 to each"),
    0: ("", "look at them: where a part of a word is meant, leave it; else mend the offsets or the markers"),
}


def _distinct(survey: Survey, chosen: Ints) -> Ints:
    """The chosen ones of the (2 N,) entities, row after row, each entity of a text once."""
    return chosen[~is_again(mixed(survey.mentions.ravel()[chosen], survey.splits[chosen // 2]))]


def invisible(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Entities that show nothing."""
    entities = _distinct(survey, np.flatnonzero(survey.invisible))
    if len(entities):
        found = f"{counted(len(entities), 'entity', 'entities')} of invisible characters alone"
        hint = "annotate a word: the offsets may be wrong, or a tool left a zero-width character"
        yield Finding("entity-invisible", "error", len(entities), found, hint, survey.places(entities // 2))


def inside_words(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Entities that begin or end inside a word, with the likely reason."""
    entities = _distinct(survey, np.flatnonzero(survey.faults))
    if len(entities):
        reason, hint = REASONS[_reason(survey, entities)]
        verb = "begins or ends" if len(entities) == 1 else "begin or end"
        found = f"{counted(len(entities), 'entity', 'entities')} that {verb} inside a word{reason}"
        yield Finding("entity-inside-word", "warning", len(entities), found, hint, survey.places(entities // 2))


def _reason(survey: Survey, entities: Ints) -> int:
    """The bit of the reason that most of the entities at fault have in common, or 0.

    An end inside a word is of an inclusive offset where most entities of the files with such ends have one.
    """
    faults = survey.faults.ravel()
    for unit in (UTF_16, BYTES):
        if 2 * np.count_nonzero(faults[entities] & unit) > len(entities):
            return unit
    files = pc.replace_substring_regex(survey.sources, ":[0-9]*$", "")
    at_fault = np.repeat(pc.is_in(files, files.take(pa.array(entities // 2))).to_numpy(), 2)
    n_entities = len(_distinct(survey, np.flatnonzero(at_fault)))
    return EARLY if 2 * np.count_nonzero(faults[entities] & EARLY) > n_entities else 0


def unusual_types(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Rows of a relation that are the only ones to join their two types, where it has many rows for each two."""
    relations, of_row = survey.relations()
    is_reversed = np.array([parse_label(name).direction == "e2,e1" for name in survey.label_names] + [False])[survey.labels]
    is_positive = np.array([name != negative_label for name in relations] + [False])[of_row]
    rows = np.flatnonzero(is_positive & (survey.types != NONE).all(axis=1))
    heads, tails = np.where(is_reversed[:, None], survey.types[:, ::-1], survey.types)[rows].T
    keys = mixed(of_row[rows].astype(np.uint64), heads, tails)
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    n_rows, n_joined = (np.bincount(of_row[these], minlength=len(relations)) for these in (rows, rows[first]))
    once = np.sort(first[counts == 1])
    once = once[(n_rows >= TYPED * n_joined)[of_row[rows[once]]]]
    if len(once):
        names = [
            f"{relations[of_row[rows[place]]]} of {survey.type_names[heads[place]]} and {survey.type_names[tails[place]]}"
            for place in once
        ]
        found = f"{counted(len(once), 'row')} with types that the relation joins nowhere else: {listed(names)}"
        hint = "look at them: the type, the relation or its direction may be wrong"
        yield Finding("types-unusual", "warning", len(once), found, hint, survey.places(rows[once]))


def differing_types(survey: Survey, negative_label: str) -> Iterator[Finding]:
    """Entities of train whose string has another type more often: of as many, all but the first have another one."""
    typed = _distinct(survey, np.flatnonzero(survey.types != NONE))
    strings, types = survey.strings.ravel()[typed], survey.types.ravel()[typed]
    _, of_string = np.unique(strings, return_inverse=True)
    kinds, first, of_kind, counts = np.unique(mixed(strings, types), return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -counts, of_string[first]))  # string by string, the most frequent type first, then the first
    begins = np.flatnonzero(np.diff(of_string[first][order], prepend=-1))
    is_usual = np.zeros(len(kinds), bool)
    is_usual[order[begins]] = True
    usual_type = np.zeros(len(begins), np.int64)
    usual_type[of_string[first[order[begins]]]] = types[first[order[begins]]]
    is_found = ~is_usual[of_kind] & survey.in_split("train")[typed // 2]
    entities = typed[is_found]
    if len(entities):
        changes = Counter(zip(types[is_found].tolist(), usual_type[of_string[is_found]].tolist(), strict=True))
        names = [
            f"{survey.type_names[has]}, elsewhere {survey.type_names[usual]} ({n:,})" for (has, usual), n in changes.most_common()
        ]
        count = counted(len(entities), "entity", "entities")
        found = f"{count} of train with another type than the same string has elsewhere: {listed(names)}"
        hint = "look at them: one of the types may be wrong"
        yield Finding("types-differ", "warning", len(entities), found, hint, survey.places(entities // 2))
