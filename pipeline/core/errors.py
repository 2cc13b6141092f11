"""Errors for the person who made the mistake: the place, what was found there, what to do.

A stage collects every problem of its input and raises them as one `InputError`; `stage.run` prints them and exits with 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 50


@dataclass(frozen=True)
class Problem:
    """One mistake in the input.

    >>> print(Problem("data/raw/train.txt:412", "<e2> opens at character 31 and never closes", "add </e2>"))
    data/raw/train.txt:412: <e2> opens at character 31 and never closes
      hint: add </e2>
    """

    source: str
    found: str
    hint: str

    def __str__(self) -> str:
        return f"{self.source}: {self.found}\n  hint: {self.hint}"


class InputError(Exception):
    """The input cannot be used; carries all its problems, and tells the first SHOWN."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - SHOWN
        rest = [f"... and {more:,} more problems"] if more > 0 else []
        super().__init__("\n".join([*map(str, self.problems[:SHOWN]), *rest]))

    @classmethod
    def of(cls, source: object, found: str, hint: str) -> InputError:
        """An error of one problem."""
        return cls([Problem(str(source), found, hint)])


def or_exclude(name: str) -> str:
    """The end of a hint about a row: it may be left out by its id, in quotes since it may be a number."""
    return f', or list id "{name}" under parse.exclude in params.yaml'


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known name most like the unknown one.

    >>> nearest("learning_rat", ["epochs", "learning_rate"])
    'did you mean learning_rate?'
    >>> nearest("zzz", ["a", "b"])
    'use one of: a, b'
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"use one of: {', '.join(names)}"
