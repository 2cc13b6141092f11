"""Predictions drawn as a page and on a terminal: text is escaped, control characters are shown, entities are coloured."""

import base64
import hashlib
import io
import json
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


def drawn_json(sentence):
    """What the page's script draws of a sentence."""
    return json.loads(re.search('<script type="application/json">([^<]*)</script>', draw("html", sentence))[1])


def test_a_page_marks_both_entities_and_joins_them_in_the_relations_direction():
    drawn = drawn_json(SENTENCE)
    marked = [(drawn["text"][span["start"] : span["end"]], span["marks"]) for span in drawn["spans"]]
    assert marked[:2] == [("Ann", "e1"), ("Bob", "e2")]
    assert drawn["arcs"] == [{"from": 1, "to": 0, "label": "Uses", "look": "predicted", "below": False, "directed": True}]


def test_a_page_escapes_its_text():
    page = draw("html", SENTENCE)
    assert "&lt;b&gt;" in page
    assert "\\u003cb>" in page
    assert "<b>" not in page


def test_a_page_runs_its_own_script_alone():
    page = draw("html", SENTENCE)
    script = re.search('<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


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


def test_entities_that_overlap_are_coloured_once(monkeypatch):
    make_stdout_a_terminal(monkeypatch)
    assert draw("terminal", Sentence("old cat", (Span(0, 7), Span(4, 7)))).splitlines()[0].count("48;5") == 1


def test_a_sentence_without_entities_is_drawn_without_any():
    assert drawn_json(Sentence.of("nobody here"))["spans"] == []


def test_plain_text_is_drawn_with_an_arc_for_each_relation_of_all_its_sentences():
    drawn = drawn_json(Sentence.of("Ann and Bob. Eve met Joe."))
    words = [drawn["text"][span["start"] : span["end"]] for span in drawn["spans"]]
    assert {(words[arc["from"]], words[arc["to"]]) for arc in drawn["arcs"]} >= {("Ann", "Bob."), ("Bob.", "Ann"), ("Joe.", "Eve")}


@pytest.mark.parametrize(("name", "head"), [("html", "Ann and Bob. Eve met Joe.</p>"), ("terminal", "Ann and Bob. Eve met Joe.\n")])
def test_plain_text_is_told_with_the_relations_of_all_its_sentences(name, head):
    drawn = draw(name, Sentence.of("Ann and Bob. Eve met Joe."))
    assert head in drawn
    assert [f"{one}: Uses 75%" in drawn for one in ("Bob., Ann", "Ann, Bob.", "Joe., Eve")] == [True, True, True]
    assert "Ann, Eve" not in drawn
