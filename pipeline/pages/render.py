"""Templates of reports and cards, files beside the code that fills them, as text."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.untrusted import code, markdown


class Markdown(str):
    """A text of our own that has the marks it wants."""


def render_template(template: Path, /, **values: object) -> str:
    """Fill a jinja2 template, in HTML where its name ends in .html, else in Markdown; marks that a value brings are shown.

    Raises: jinja2.UndefinedError where the template asks for a value that it is not given.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        finalize=None if template.suffix == ".html" else _as_markdown,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = lambda value: Markdown(code(str(value)))
    return environment.get_template(template.name).render(values)


def _as_markdown(value: object) -> object:
    return markdown(value) if isinstance(value, str) and not isinstance(value, Markdown) else value
