"""How far several annotators agree on the same texts.

    python -m pipeline.agreement export.json                   # of Label Studio or Prodigy: who annotated what stands in it
    python -m pipeline.agreement ann.jsonl bob/ cy.json        # a file or folder for each annotator, in any format

Cohen's and Fleiss' kappa and Krippendorff's alpha for the labels of pairs, F1 for entities and relations, by class, with intervals;
and the labels that are most often confused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from pipeline.annotation.agreement import agree
from pipeline.annotation.agreement_tables import as_markdown, as_text
from pipeline.annotation.annotators import by_annotator, read_annotations, renamed
from pipeline.core import params
from pipeline.core.files import as_json
from pipeline.core.schema import OTHER
from pipeline.core.stage import log, run

FORMS = {"text": as_text, "json": as_json, "markdown": as_markdown}
Form = Literal["text", "json", "markdown"]  # the keys of FORMS
INTERVALS = params.Evaluate(resamples=1_000, confidence=0.95, seed=7)  # of the project's own params.yaml


class Settings(NamedTuple):
    """New names of relations and types, the label of no relation, relations without direction, and how intervals are drawn."""

    names: Mapping[str, str]
    negative_label: str
    symmetric: Sequence[str]
    intervals: params.Evaluate


def main(
    paths: Annotated[list[Path], typer.Argument(metavar="EXPORT|FOLDERS...", help="an export, or one of each annotator")],
    format: Annotated[Form, typer.Option(help="of what is written to standard output")] = "text",
) -> None:
    """Measure how far annotators agree."""
    names, negative_label, symmetric, intervals = read_settings()
    annotations = by_annotator((who, renamed(document, names)) for who, document in read_annotations(paths))
    values = agree(annotations, negative_label, intervals, symmetric)
    sys.stdout.write(FORMS[format](values))


def read_settings() -> Settings:
    """What params.yaml says, or where there is none, as outside of a project, its defaults, which is said."""
    if not params.FILE.exists():
        log(f"agreement: no {params.FILE} here: no name is changed, no relation is symmetric, {OTHER} is no relation")
        return Settings({}, OTHER, (), INTERVALS)
    settings = params.read(params.Parse)
    return Settings(settings.rename, settings.negative_label, settings.symmetric, params.read(params.Evaluate))


if __name__ == "__main__":
    run(main)
