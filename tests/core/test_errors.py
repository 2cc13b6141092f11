"""Problems of the input, and the words that people know the sorts of them by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import KINDS, InputError, Problem
from tests.support.project import ROOT

HERE = ROOT / "pipeline/core/errors.py"  # passes kinds on
SOURCES = [path for path in sorted((ROOT / "pipeline").rglob("*.py")) if path != HERE]
KIND = {"Problem": 2, "of": 3}  # which argument of a call is the kind


def kinds_of(path: Path) -> Iterator[object]:
    """The kinds that a module gives to problems; what is no constant as the source has it."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and (place := KIND.get(ast.unparse(call.func).removeprefix("InputError."))):
            given = call.args[place : place + 1] + [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
            yield from (kind.value if isinstance(kind, ast.Constant) else ast.unparse(kind) for kind in given)


def test_every_kind_in_the_source_is_in_the_table_and_no_other() -> None:
    assert {kind for path in SOURCES for kind in kinds_of(path)} == set(KINDS)


@pytest.mark.parametrize("path", sorted((ROOT / "pipeline/corpus").rglob("*.py")), ids=lambda path: path.stem)
def test_every_problem_of_an_annotation_has_a_kind(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert len(list(kinds_of(path))) >= sum(ast.unparse(call.func) == "Problem" for call in calls)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_words_in_small_letters_with_hyphens(kind: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", kind)


def test_a_problem_is_told_with_its_place_and_a_hint() -> None:
    assert (
        str(Problem("e1 is empty", "put a word there", "entity-empty", "a.txt:3"))
        == "a.txt:3: e1 is empty\n  hint: put a word there"
    )


def test_a_placed_problem_keeps_what_was_found() -> None:
    placed = Problem("e1 is empty", "put a word there", "entity-empty").at("a.txt:3", "a.txt:2", "7")
    assert placed == Problem("e1 is empty", "put a word there", "entity-empty", source="a.txt:3", row="a.txt:2", row_id="7")


def test_a_row_begins_where_its_problem_is_unless_it_is_said_where() -> None:
    assert Problem("e1 is empty", "put a word there").at("a.txt:3").row == "a.txt:3"


def test_the_hint_of_a_row_with_an_id_ends_in_how_to_leave_it_out() -> None:
    problem = Problem("e1 is empty", "put a word there", row_id="7")
    assert problem.or_exclude().hint == 'put a word there, or list id "7" under parse.exclude in params.yaml'


def test_the_hint_of_a_row_without_an_id_stays() -> None:
    assert Problem("e1 is empty", "put a word there").or_exclude().hint == "put a word there"


def test_an_error_tells_the_first_fifty_problems_and_how_many_more_there_are() -> None:
    told = str(InputError([Problem("e1 is empty", "put a word there", source=f"a.txt:{line}") for line in range(1052)]))
    assert told.count("e1 is empty") == 50
    assert told.endswith("\n... and 1,002 more problems")
