from pipeline.position import position
from pipeline.tag import tag
from tests.support.rows import parsed, positioned


def test_sentences_of_a_table_do_not_mix() -> None:
    table = positioned("[e1 a] b [e2 c]", "x y [e2 z] [e1 w]")
    assert table["e1_position_ids"].to_pylist() == [[11, 12, 13], [8, 9, 10, 11]]
    assert table["e2_position_ids"].to_pylist() == [[9, 10, 11], [9, 10, 11, 12]]


def test_a_long_sentence_keeps_its_words_and_gets_a_window() -> None:
    table = position(tag(parsed("a b c d [e1 e] f [e2 g] h i j"), "entity", [], "outer"), max_length=5, max_distance=10)
    assert len(table["words"][0]) == 10
    assert (table["window_start"][0].as_py(), table["window_end"][0].as_py()) == (3, 8)
