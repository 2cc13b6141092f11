"""A page in Markdown from the template beside the module that renders it."""

from __future__ import annotations

from pathlib import Path


def render(template: Path, **values: object) -> str:
    """Fill a Jinja template with values; a name that the template uses and values lack is an error."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)  # noqa: S701 (not HTML)
    page: str = environment.from_string(template.read_text(encoding="utf-8")).render(values)
    return page
