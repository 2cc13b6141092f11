"""The list of the problems that end a command: OUTPUT.problems.jsonl beside its first output, until a run without any."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import InputError, Problem
from pipeline.core.files import write_lines

COLUMNS = Problem("", "").as_row().keys()


def listing_of(output: Path) -> Path:
    """Where the problems of a command are listed, by its output."""
    return output.parent / f"{output.name}.problems.jsonl"


def require_list(place: Path) -> None:
    """Raises: InputError where something stands at the place of a list that we did not write."""
    if os.path.lexists(place) and not (place.is_file() and _holds_problems(place)):
        found = "something that this pipeline did not write stands where the problems of a run are listed"
        raise InputError.of(place, found, "move it, or name another output")


@contextlib.contextmanager
def problems_listed(listings: list[Path]) -> Iterator[None]:
    """Write the problems that end the block to files; remove these after a run without any."""
    try:
        yield
    except InputError as error:
        for listing in listings:
            with contextlib.suppress(OSError):  # what is wrong with the input is to be told on a full disk too
                write_lines(listing, (problem.as_row() for problem in error.problems))
                error.add_note(f"listed in {listing}")
        raise
    for listing in listings:
        listing.unlink(missing_ok=True)


def _holds_problems(path: Path) -> bool:
    with path.open("rb") as lines:
        return all(map(_is_problem, lines))


def _is_problem(line: bytes) -> bool:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and row.keys() == COLUMNS
