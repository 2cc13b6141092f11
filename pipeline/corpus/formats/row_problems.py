"""What is wrong with a relation, a type or a text of a row, whatever the format."""

from __future__ import annotations

from pipeline.core.errors import Problem
from pipeline.core.labels import LONGEST, can_name, is_label

MOST_CHARACTERS = 100_000  # of a text: a row is one sentence, and what is made of it takes memory by its words


def relation_problem(relation: str) -> Problem | None:
    """What is wrong with the form of a relation, if anything.

    >>> relation_problem("Cause-Effect(e1,e3)").found
    "'Cause-Effect(e1,e3)' is no relation"
    """
    if is_label(relation):
        return None
    hint = (
        f"write a name of at most {LONGEST} characters, without markers, quotes or control characters, "
        "then nothing, (e1,e2) or (e2,e1), with no blank between"
    )
    return Problem(f"{relation!r} is no relation", hint, "relation-malformed")


def type_problem(entity: str, name: str) -> Problem | None:
    """What is wrong with the type of an entity, if anything.

    >>> type_problem("e1", "<e1>Person").found
    "e1_type '<e1>Person' is no name"
    """
    if can_name(name):
        return None
    hint = f"write a name of at most {LONGEST} characters, without markers, quotes or control characters"
    return Problem(f"{entity}_type {name!r} is no name", hint, "type-malformed")


def text_problem(text: str) -> Problem | None:
    """What is wrong with the length of a text, if anything."""
    if len(text) <= MOST_CHARACTERS:
        return None
    hint = f"give the sentence that holds the entities, of at most {MOST_CHARACTERS:,} characters"
    return Problem(f"the text has {len(text):,} characters", hint, "text-too-long")
