"""Labels of the relation head."""

import pytest

from pipeline.core.labels import Label, is_label, parse_label


def test_a_name_may_have_blanks_inside_and_not_at_its_ends() -> None:
    assert is_label("born in(e1,e2)")
    assert not is_label("born in (e1,e2)")
    assert not is_label(" born in")


def test_a_direction_alone_is_no_label() -> None:
    assert not is_label("(e1,e2)")


def test_what_is_no_label_has_no_direction() -> None:
    assert parse_label("born in (city)") == Label("born in (city)", None)


@pytest.mark.parametrize(
    "character", ["\t", "\n", "\r", '"', "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\udce9"]
)
def test_a_label_holds_nothing_that_ends_a_line_or_is_obeyed_where_it_is_shown(character: str) -> None:
    assert not is_label(f"born{character}in")
    assert parse_label(f"born{character}in(e2,e1)").direction is None


@pytest.mark.parametrize("marker", ["<e1>", "</e2>", "<E1>", "</E2>"])
def test_a_label_holds_no_marker(marker: str) -> None:
    assert not is_label(f"The {marker}cat")


def test_a_label_has_at_most_two_hundred_characters() -> None:
    assert is_label("x" * 200)
    assert not is_label("x" * 201)
    assert not is_label("x" * 195 + "(e1,e2)")


@pytest.mark.parametrize("label", ["per:city_of_birth", "出生地", "born in", "a<b", "it's"])
def test_any_other_name_is_a_label(label: str) -> None:
    assert is_label(label)
