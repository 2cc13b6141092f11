"""Hints that name the known name most like an unknown one."""

from __future__ import annotations

from benchmarks.campaign.rounds import within
from pipeline.core.nearest import N_HINTS, KnownNames, nearest


def test_the_closest_of_many_names_is_found_by_its_beginning_or_its_end() -> None:
    names = KnownNames(f"{number:05d}-relation-{number * 7919 % 99_991:05d}" for number in range(50_000))
    assert names.closest("00123-relation-74117") == "00123-relation-74118"
    assert names.closest("x0123-relation-74118") == "00123-relation-74118"


def test_a_hint_lists_a_few_of_many_names() -> None:
    assert nearest("zzz", map(str, range(100))).endswith("17, 18, 19 and 80 more")


def test_beyond_so_many_unknown_names_none_is_taken_for_a_typo() -> None:
    names = KnownNames(["Cause-Effect"])
    hints = [names.hint("Cause-Efect") for _ in range(N_HINTS + 1)]
    assert hints[0] == hints[-2] == "did you mean Cause-Effect?"
    assert hints[-1] == "use one of: Cause-Effect"


def test_a_hundred_thousand_unknown_names_take_seconds_among_as_many_known_ones() -> None:
    with within(5):
        names = KnownNames(f"known {number}" for number in range(100_000))
        for number in range(100_000):
            names.hint(f"unknown {number}")
