"""Templates of reports and cards, files beside the code that fills them, as text."""

from __future__ import annotations

from pathlib import Path


def render_template(template: Path, /, **values: object) -> str:
    """Fill a jinja2 template; in one whose name ends in .html, markup that a value brings is shown, not obeyed.

    Raises: jinja2.UndefinedError where the template asks for a value that it is not given.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(values)
