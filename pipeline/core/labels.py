"""Labels of the relation head: a relation with or without a direction, such as Cause-Effect(e2,e1), Cause-Effect or Other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# A name without brackets, and with no blank at its ends; then nothing or a direction.
FORM = re.compile(r"([^()\s](?:[^()]*[^()\s])?)(?:\((e1,e2|e2,e1)\))?")


class Label(NamedTuple):
    """A relation and, where the label has one, its direction."""

    relation: str
    direction: str | None


def is_label(text: str) -> bool:
    """Whether a text has the form of a label.

    >>> is_label("Cause-Effect(e2,e1)"), is_label("Cause-Effect(e1,e3)")
    (True, False)
    """
    return bool(FORM.fullmatch(text))


def parse_label(label: str) -> Label:
    """Split a label into relation and direction; a text that is no label has no direction.

    >>> parse_label("Cause-Effect(e2,e1)")
    Label(relation='Cause-Effect', direction='e2,e1')
    >>> parse_label("Other")
    Label(relation='Other', direction=None)
    """
    form = FORM.fullmatch(label)
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
