"""Untrusted text where some of it would be obeyed: against the libraries that obey it."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.core import files
from pipeline.core.untrusted import cell, code, json_text, markdown, shown

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a\n# A heading\n\n- a list",
    "[a link](http://x)",
    "![an image](x)",
    "a | b | c",
    "`code` *bold* _emphasis_ ~~struck~~ &lt; <http://x>",
    "=HYPERLINK(1)",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\u202etxt.exe",
    "1. first",
    "1) first",
    "# heading",
    "> quote",
    "+ item",
    "---",
    "\\",
    "&amp;",
    "http://example.org",
]
TEXTS = st.text(max_size=40) | st.sampled_from(HOSTILE) | st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join)


class Content(HTMLParser):
    """The text of a page, and the names of its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXTS)
def test_a_terminal_is_shown_as_many_characters_and_none_that_it_obeys(text: str) -> None:
    plain = shown(text)
    assert len(plain) == len(text)
    assert not [character for character in plain if unicodedata.category(character) == "Cc" and character not in "\t\n"]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", plain)


@given(TEXTS)
def test_json_keeps_its_value_and_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    line = json_text({"text": text})
    assert json.loads(line) == {"text": text}
    assert shown(line) == line


@pytest.mark.parametrize("text", ["Cause-Effect(e1,e2)", "per:city_of_birth", "地点/包含", "Überfall", "a 'b' (c), d"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert shown(text) == cell(text) == markdown(text) == text
    assert code(text) == f"`{text}`"


@given(TEXTS)
def test_a_cell_is_no_formula_and_no_markup(text: str) -> None:
    plain = cell(text)
    assert isinstance(plain, str)
    assert plain[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
    assert not set("<>\n\r") & set(plain)


@given(TEXTS)
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = Content(renderer.render(f"start {markdown(text)} end"))
    assert page.tags == {"p"}
    wanted = f"start {shown(text)} end"
    assert "".join(page.text.split()) == "".join(wanted.split())


@given(TEXTS)
def test_code_shows_the_text_between_its_backticks(text: str) -> None:
    page = Content(MarkdownIt("commonmark").render(f"start {code(text)} end"))
    assert page.tags <= {"p", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_csv_file_holds_cells_alone(tmp_path: Path, text: str) -> None:
    files.write_csv(tmp_path / "a.csv", [{"class": text, "f1": -1.5}])
    content = (tmp_path / "a.csv").read_text(encoding="utf-8")
    [row] = csv.DictReader(content.splitlines())
    assert row["f1"] == "-1.5"
    assert "<" not in content
