"""What changed in the annotations, and in the scores, between two versions of the project.

    python -m pipeline.compare HEAD~1 .                         # git revisions, or folders of projects; . is the present one
    python -m pipeline.compare main . --format markdown > comment.md

Documents that were added, removed or moved to another split, texts edited, pairs relabelled, entities and relations that came, went
or moved, each with its place; the numbers of labels in each split. Where both versions have reports, their test scores on common
rows with paired intervals. Files come from git, and from DVC's cache or remote where DVC has them.
"""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from pipeline.annotation.comparison import as_html, as_markdown, as_text, as_values
from pipeline.annotation.data_changes import compare_data
from pipeline.annotation.score_changes import compare_scores
from pipeline.annotation.versions import opened
from pipeline.core.files import as_json
from pipeline.core.stage import run

FORMS = {"text": as_text, "json": as_json, "markdown": as_markdown, "html": as_html}
Form = Literal["text", "json", "markdown", "html"]  # the keys of FORMS


def main(
    old: Annotated[str, typer.Argument(help="a git revision, or a project's folder", show_default=False)],
    new: Annotated[str, typer.Argument(help="the same")] = ".",
    format: Annotated[Form, typer.Option(help="of what is written to standard output")] = "text",
    most: Annotated[int, typer.Option(min=0, help="changes of a kind that are listed; json has all")] = 10,
) -> None:
    """Compare the annotations and the scores of two versions."""
    with opened(old) as older, opened(new) as newer:
        data = compare_data(older, newer, None if format == "json" else most)
        scores = compare_scores(older, newer)
    sys.stdout.write(FORMS[format](as_values(old, new, data, scores)))


if __name__ == "__main__":
    run(main)
