"""Labels of the relation head."""

from pipeline.core.labels import Label, is_label, parse_label


def test_a_name_may_have_blanks_inside_and_not_at_its_ends() -> None:
    assert is_label("born in(e1,e2)")
    assert not is_label("born in (e1,e2)")
    assert not is_label(" born in")


def test_a_direction_alone_is_no_label() -> None:
    assert not is_label("(e1,e2)")


def test_what_is_no_label_has_no_direction() -> None:
    assert parse_label("born in (city)") == Label("born in (city)", None)


def test_a_name_with_a_line_break_keeps_its_direction() -> None:
    assert parse_label("born\nin(e2,e1)") == Label("born\nin", "e2,e1")
