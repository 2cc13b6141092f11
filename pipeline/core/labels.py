"""Labels of the relation head: a relation with or without a direction, such as Cause-Effect(e2,e1), Cause-Effect or Other.

What cannot be in a name makes a line another thing than the line of a label (markers of entities, quotes, tabs, line breaks), or
would be obeyed where names are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.arrays import Ints
from pipeline.core.untrusted import CONTROLS, DIRECTIONS, SURROGATES

LONGEST = 200  # characters of a label, or of a type
NO_RELATION = frozenset({"other", "none", "na", "norelation"})  # what corpora surely write for it, in its `letters`
UNLABELLED_ID = -1  # among ids of relations, that of a row without a label
_OBEYED = re.escape("".join(map(chr, [*CONTROLS, *DIRECTIONS, *SURROGATES])))
REFUSED = re.compile(rf'</?e[12]>|["{_OBEYED}]', re.IGNORECASE)
# A name without brackets, and with no blank at its ends; then nothing or a direction.
FORM = re.compile(r"([^()\s](?:[^()]*[^()\s])?)(?:\((e1,e2|e2,e1)\))?")


class Label(NamedTuple):
    """A relation and, where the label has one, its direction."""

    relation: str
    direction: str | None


def can_name(text: str) -> bool:
    r"""Whether a text can name a relation or a type: at most LONGEST characters, none of them REFUSED.

    >>> can_name("born in"), can_name("a <E1>cat</E1>"), can_name("born\tin")
    (True, False, False)
    """
    return len(text) <= LONGEST and not REFUSED.search(text)


def is_label(text: str) -> bool:
    """Whether a text has the form of a label.

    >>> is_label("Cause-Effect(e2,e1)"), is_label("Cause-Effect(e1,e3)")
    (True, False)
    """
    return bool(_form(text))


@lru_cache(1 << 16)
def _form(text: str) -> re.Match[str] | None:
    return FORM.fullmatch(text) if can_name(text) else None


def parse_label(label: str) -> Label:
    """Split a label into relation and direction; a text that is no label has no direction.

    >>> parse_label("Cause-Effect(e2,e1)")
    Label(relation='Cause-Effect', direction='e2,e1')
    >>> parse_label("Other")
    Label(relation='Other', direction=None)
    """
    form = _form(label)
    return Label(form[1], form[2]) if form else Label(label, None)


def is_directed(labels: Sequence[str]) -> bool:
    """Whether any label has a direction: without one there is no official score."""
    return any(parse_label(label).direction for label in labels)


def undirected(label: str) -> str:
    """A label's relation, without direction.

    >>> undirected("Cause-Effect(e2,e1)")
    'Cause-Effect'
    """
    return parse_label(label).relation


def names_no_relation(name: str) -> bool:
    """Whether corpora mean no relation by a name: it is written without a direction.

    >>> names_no_relation("Other"), names_no_relation("no-relation"), names_no_relation("Uses")
    (True, True, False)
    """
    return letters(name) in NO_RELATION


@lru_cache(1 << 16)
def letters(name: str) -> str:
    """A name without case, blanks and punctuation.

    >>> letters("N/A"), letters("No_Relation")
    ('na', 'norelation')
    """
    return re.sub(r"[\W_]", "", name.casefold())


def relations_of(tables: Iterable[pa.Table]) -> tuple[str, ...]:
    """The relations of rows, each once, in the order of their ids."""
    return tuple(sorted({name for table in tables for name in table["relation"].drop_null().unique().to_pylist()}))


def label_ids(labels: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """(N,) the place of each label among the names, UNLABELLED_ID for null."""
    places = pc.fill_null(pc.index_in(labels, pa.array(names, pa.string())), UNLABELLED_ID)
    ids: Ints = places.to_numpy().astype(np.int64)
    return ids


def directed(label: str | None, *, is_turned: bool) -> str | None:
    """A label for e1 and e2 in reading order, with its direction.

    Args: is_turned: the relation's head is e2.

    >>> directed("Uses", is_turned=True), directed("Uses(e2,e1)", is_turned=True), directed("Other", is_turned=True)
    ('Uses(e2,e1)', 'Uses(e1,e2)', 'Other')
    """
    if label is None:
        return None
    name, direction = parse_label(label)
    if direction is None and names_no_relation(name):
        return label
    is_turned ^= direction == "e2,e1"
    return f"{name}({'e2,e1' if is_turned else 'e1,e2'})"
