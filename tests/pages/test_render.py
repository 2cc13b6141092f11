"""Templates of HTML and of Markdown."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from pipeline.pages.render import Markdown, render_template


def template(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("- {{ value }}\n")
    return path


def test_markup_in_a_value_is_escaped_in_html(tmp_path: Path) -> None:
    assert render_template(template(tmp_path, "page.html"), value="<b>&") == "- &lt;b&gt;&amp;\n"


def test_marks_in_a_value_are_escaped_in_markdown(tmp_path: Path) -> None:
    assert render_template(template(tmp_path, "page.md"), value="<b>&") == "- \\<b\\>&\n"


def test_a_text_that_is_markdown_itself_stays_as_it_is(tmp_path: Path) -> None:
    assert render_template(template(tmp_path, "page.md"), value=Markdown("<b>&")) == "- <b>&\n"


def test_a_value_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'value' is undefined"):
        render_template(template(tmp_path, "page.md"), other=1)
