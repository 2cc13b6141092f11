"""Predictions drawn as a page and on a terminal: text is escaped, control characters are shown, entities are coloured."""

import io
import re
import sys

import pytest

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.prediction.drawing import DRAWINGS
from pipeline.prediction.extractions import extract
from pipeline.prediction.readers import Request
from pipeline.prediction.types import Sentence
from tests.support.stand_in import StandIn

SENTENCE = Sentence.of("<e1>Ann</e1> uses <b> <e2>Bob</e2>")
CONTROLS = Sentence.of("<e1>Ann</e1> \x1b]0;title\x07 \x9b2J uses <e2>Bo\x1bb</e2>")


def draw(name, sentence, line=1):
    """One sentence, with what stands before and after all of them."""
    drawing = DRAWINGS[name]
    asked = Request(line, None, sentence)
    [answer] = StandIn().predict([sentence]) if sentence.entities else extract(StandIn(), [asked.document])
    shown = drawing.show(Request(line, None, sentence), (answer,) if isinstance(answer, Problem) else answer)
    return drawing.head + shown + drawing.tail


def make_stdout_a_terminal(monkeypatch):
    """Of many colours; in the test itself, since pytest has another standard output during fixtures."""
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_page_begins_and_ends_once():
    page = draw("html", SENTENCE)
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")
    assert (page.count("<html"), page.count("</html>")) == (1, 1)


def test_a_page_marks_both_entities():
    assert draw("html", SENTENCE).count("<mark") == 2


def test_a_page_escapes_its_text():
    page = draw("html", SENTENCE)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_a_page_says_the_relation_below_its_sentence():
    assert "Ann, Bob: Uses(e2,e1) 75%, Other 25%" in draw("html", SENTENCE)


def test_a_page_says_and_escapes_what_is_wrong_with_a_line():
    problem = Problem("<E1> is no mark", "write <e1>", source="sentence")
    shown = DRAWINGS["html"].show(Request(2, None, (problem,)), (problem,))
    assert shown == "<p class='error'>line 2: &lt;E1&gt; is no mark (write &lt;e1&gt;)</p>\n"


def test_a_pipe_gets_no_colours():
    assert draw("terminal", Sentence.of("<e1>Ann</e1> uses <e2>Bob</e2>")).startswith("Ann uses Bob\n  Ann, Bob: Uses(e2,e1) 75%")


def test_a_terminal_gets_colours(monkeypatch):
    make_stdout_a_terminal(monkeypatch)
    assert "\x1b[" in draw("terminal", SENTENCE)


def test_a_terminal_says_what_is_wrong_with_a_line():
    assert draw("terminal", Sentence.of("please refuse"), line=2) == "line 2: a word is refused\n  hint: leave it out\n"


@pytest.mark.parametrize("name", DRAWINGS)
def test_control_characters_of_a_text_are_shown_not_obeyed(name):
    drawn = draw(name, CONTROLS)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", drawn)
    assert "\N{REPLACEMENT CHARACTER}]0;title" in drawn
    assert "Ann, Bo\N{REPLACEMENT CHARACTER}b: Uses" in drawn


def test_control_characters_do_not_move_the_colours(monkeypatch):
    make_stdout_a_terminal(monkeypatch)
    drawn = draw("terminal", Sentence.of("\x07\x08 x <e1>Ann</e1> uses <e2>Bob</e2>"))
    assert re.search("\x1b\\[[0-9;]*mAnn\x1b", drawn)


def test_entities_that_overlap_are_coloured_once():
    assert draw("html", Sentence("old cat", (Span(0, 7), Span(4, 7)))).count("<mark") == 1


def test_a_sentence_without_entities_is_drawn_without_colours():
    assert draw("html", Sentence.of("nobody here")).count("<mark") == 0


@pytest.mark.parametrize(("name", "head"), [("html", "<mark"), ("terminal", "Ann and Bob. Eve met Joe.\n")])
def test_plain_text_is_drawn_with_the_entities_and_relations_of_all_its_sentences(name, head):
    drawn = draw(name, Sentence.of("Ann and Bob. Eve met Joe."))
    assert head in drawn
    assert [f"{one}: Uses 75%" in drawn for one in ("Bob., Ann", "Ann, Bob.", "Joe., Eve")] == [True, True, True]
    assert "Ann, Eve" not in drawn
