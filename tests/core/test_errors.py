"""Problems of the input, and the words that people know the sorts of them by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.errors import KINDS, InputError, Problem, for_all
from tests.support.project import ROOT

HERE = ROOT / "pipeline/core/errors.py"  # passes kinds on
SOURCES = [path for path in sorted((ROOT / "pipeline").rglob("*.py")) if path != HERE]
KIND = {"Problem": 2, "of": 3, "Finding": 0}  # which argument of a call is the kind


def kinds_of(path: Path) -> Iterator[object]:
    """The kinds that a module gives to problems; what is no constant as the source has it."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and (place := KIND.get(ast.unparse(call.func).removeprefix("InputError."))) is not None:
            given = call.args[place : place + 1] + [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
            yield from (kind.value if isinstance(kind, ast.Constant) else ast.unparse(kind) for kind in given)


def test_every_kind_in_the_source_is_in_the_table_and_no_other() -> None:
    passed_on = {"finding.check"}  # of findings as problems
    assert {kind for path in SOURCES for kind in kinds_of(path)} - passed_on == set(KINDS)


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


def problems(n: int, kind: str = "entity-empty") -> list[Problem]:
    return [Problem("e1 is empty", "put a word there", kind, source=f"a.txt:{line}") for line in range(1, n + 1)]


def test_an_error_of_ten_problems_tells_each() -> None:
    assert str(InputError(problems(10))) == "\n".join(map(str, problems(10)))


def test_an_error_of_many_problems_tells_the_first_of_each_kind_that_of_most_first() -> None:
    told = str(InputError([*problems(2, "id-missing"), *problems(1052)])).splitlines()
    assert told[0] == "entity-empty, 1,052 of 1,054 problems: an entity holds no word"
    assert told[1:7] == str(InputError(problems(3))).splitlines()
    assert told[7] == "... and 1,049 more"
    assert told[8] == "id-missing, 2 of 1,054 problems: an annotation has no id where the format needs one"
    assert told[9:] == str(InputError(problems(2))).splitlines()


def test_kinds_of_as_many_problems_are_told_in_the_order_of_their_first() -> None:
    told = str(InputError([*problems(6, "id-missing"), *problems(6)]))
    assert told.index("id-missing, 6 of 12") < told.index("entity-empty, 6 of 12")


def test_problems_in_no_annotation_are_grouped_too() -> None:
    assert str(InputError(problems(11, ""))).startswith("other, 11 of 11 problems\n")


def test_a_long_problem_is_told_cut_and_kept_whole() -> None:
    problem = Problem("x" * 10_000, "y" * 10_000, source="a.txt:3")
    found, hint = str(problem).splitlines()
    assert (len(found), len(hint)) == (len("a.txt:3: ") + 200, len("  hint: ") + 400)
    assert found.endswith("x…")
    assert problem.as_row()["found"] == "x" * 10_000


def test_a_problem_as_a_row_has_its_place_and_null_for_what_is_not_known() -> None:
    assert Problem("e1 is empty", "put a word there", "entity-empty").at("a:b.txt:3", "a:b.txt:2", "7").as_row() == {
        "file": "a:b.txt",
        "line": 3,
        "id": "7",
        "kind": "entity-empty",
        "found": "e1 is empty",
        "hint": "put a word there",
    }
    row = Problem("no such key", "add it", source="params.yaml").as_row()
    assert (row["file"], row["line"], row["id"], row["kind"]) == ("params.yaml", None, None, None)


def even(number: int) -> str:
    """A number as text; an error of two problems where it is odd."""
    if number % 2:
        raise InputError(Problem(f"{number} is odd", hint) for hint in ("add one", "take one away"))
    return str(number)


def test_what_is_made_of_many_stands_in_their_order() -> None:
    assert for_all(even, [4, 2, 6]) == ["4", "2", "6"]


def test_all_that_is_wrong_with_many_is_told_behind_what_is_known() -> None:
    with pytest.raises(InputError) as raised:
        for_all(even, [1, 2, 3], [Problem("there are few", "add some")])
    assert [problem.found for problem in raised.value.problems] == ["there are few", *["1 is odd"] * 2, *["3 is odd"] * 2]
