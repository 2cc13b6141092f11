"""How far several annotators agree on the same texts.

    python -m pipeline.agreement export.json                   # of Label Studio or Prodigy: who annotated what stands in it
    python -m pipeline.agreement ann.jsonl bob/ cy.json        # a file or folder for each annotator, in any format

Cohen's and Fleiss' kappa and Krippendorff's alpha for the labels of pairs, F1 for entities and relations, by class, with intervals;
and the labels that are most often confused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.annotation.agreement import agree
from pipeline.annotation.agreement_tables import as_markdown, as_text
from pipeline.annotation.annotators import by_annotator, read_annotations, renamed
from pipeline.core import params
from pipeline.core.files import as_json
from pipeline.core.stage import run

FORMS = {"text": as_text, "json": as_json, "markdown": as_markdown}
Form = Literal["text", "json", "markdown"]  # the keys of FORMS


def main(
    paths: Annotated[list[Path], typer.Argument(metavar="EXPORT|FOLDERS...", help="an export, or one of each annotator")],
    format: Annotated[Form, typer.Option(help="of what is written to standard output")] = "text",
) -> None:
    """Measure how far annotators agree."""
    settings = params.read(params.Parse)
    annotations = by_annotator((who, renamed(document, settings.rename)) for who, document in read_annotations(paths))
    values = agree(annotations, settings.negative_label, params.read(params.Evaluate), settings.symmetric)
    sys.stdout.write(FORMS[format](values))


if __name__ == "__main__":
    run(main)
