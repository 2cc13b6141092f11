"""A copy of the report with its commit, the doubtful labels and, if asked, what changed since another version.

    python -m pipeline.report report.html
    python -m pipeline.report report.html --against HEAD~1      # a git revision, or another project's folder

reports/report.html itself says neither, so that the same inputs give the same bytes; no stage makes a copy. The comparison is that
of pipeline.compare, and leads to the test sentences whose predicted relation changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.annotation import git, held_out
from pipeline.annotation.comparison import TITLES, as_values
from pipeline.annotation.corpus_items import doubts
from pipeline.annotation.data_changes import compare_data
from pipeline.annotation.held_out import HeldOut
from pipeline.annotation.item import DIGITS
from pipeline.annotation.judged import by_held_out
from pipeline.annotation.score_changes import Predicted, compare_scores, read_predictions
from pipeline.annotation.versions import opened
from pipeline.core import files, manifests, outputs, storage
from pipeline.core.errors import InputError
from pipeline.core.schema import PARSE, PREDICTIONS, REPORT, REPORTS
from pipeline.core.stage import run, stage_paths
from pipeline.core.untrusted import shown
from pipeline.pages import page

PRESENT = "."
NOT_THERE = -1  # the number of the label of a sentence that the older version did not have


def main(
    target: Annotated[Path, typer.Argument(help="the copy, a file that is not there yet", show_default=False)],
    against: Annotated[str | None, typer.Option(help="compare with a git revision, or with a project's folder")] = None,
    reports: Annotated[Path, typer.Option(help="what the evaluate stage wrote")] = Path("reports"),
    most: Annotated[int, typer.Option(min=0, help="changed annotations of a kind, and doubtful labels, that are listed")] = 100,
) -> str:
    """Write a copy of the report with its commit and, if asked, a comparison with another version."""
    manifests.open_sealed(reports, REPORTS)
    html = (reports / REPORT).read_text(encoding="utf-8")
    try:
        data = page.data_of(html)
    except ValueError as error:
        raise InputError.of(reports / REPORT, f"no report of this version ({error})", REPORTS.remake) from None
    copy = present() | doubtful(most) | ({} if against is None else compared(against, data, reports, most))
    with outputs.made_new(target) as scratch:
        files.write_text(scratch, page.with_data(html, {**data, "copy": copy}))
    return f"report: {target}, of commit {copy['commit'][:12]}{'' if against is None else f', against {against}'}"


def present() -> dict[str, Any]:
    """The commit that is checked out, and whether anything tracked differs from it.

    Raises: InputError where there is none.
    """
    commit = git.commit_of("HEAD")
    if commit is None:
        raise InputError.of(".git", "no commit to name", "run it in the project's repository, with a commit")
    return {"commit": commit, "changed": git.has_changes()}


def doubtful(most: int) -> dict[str, Any]:
    """The labels and entities that networks which never saw them doubt, the most doubtful first; nothing without `make doubtful`.

    Raises: InputError where what it wrote is damaged or another version's.
    """
    if not held_out.EXPERIMENT.is_file() or not held_out.folder().is_dir():
        return {}
    held = HeldOut.read(held_out.folder())
    parsed = storage.read(Path(stage_paths("pipeline.parse")[-1]), PARSE)
    judged, n_changed = by_held_out(held, parsed)
    found = doubts(judged, held.entities, parsed)
    rows = [
        {
            "probability": round(doubt.probability, DIGITS),
            "id": doubt.row.id,
            "place": doubt.row.source,
            "why": shown(doubt.reason.why),
            "text": shown(doubt.row.text),
        }
        for doubt in found[:most]
    ]
    return {"doubtful": {"n": len(found), "n_changed": n_changed, "rows": rows}}


def compared(against: str, data: Mapping[str, Any], reports: Path, most: int) -> dict[str, Any]:
    """What changed since another version: as pipeline.compare tells it, and the labels that it predicted of the sentences.

    Args: data: the block of the report.
    """
    with opened(against) as older, opened(PRESENT) as newer:
        scores = compare_scores(older, replace(newer, reports=reports))
        values = as_values(against, "the present version", compare_data(older, newer, most), scores)
    comparison = {"against": {**values, "titles": TITLES}}
    if isinstance(scores, str) or not scores.before:
        return comparison
    before, now = scores.before, read_predictions(reports / PREDICTIONS)
    names = sorted({row.label for row in before.values()})
    number = {name: n for n, name in enumerate(names)}
    ids = data["sentences"]["id"]
    label = [number[before[row_id].label] if row_id in before else NOT_THERE for row_id in ids]
    kinds = changes(before, now)
    return comparison | {"before": {"names": names, "label": label, "counts": kinds}}


def changes(before: Mapping[str, Predicted], now: Mapping[str, Predicted]) -> dict[str, int]:
    """How many rows that both have, and whose predicted label differs, became right, became wrong, or are wrong in another way.

    >>> old = {"1": Predicted("A", "B"), "2": Predicted("A", "A"), "3": Predicted("A", "B"), "4": Predicted("A", "B")}
    >>> new = {"1": Predicted("A", "A"), "2": Predicted("A", "B"), "3": Predicted("A", "C"), "4": Predicted("A", "B")}
    >>> changes(old, new)
    {'fixed': 1, 'broken': 1, 'other': 1}
    """
    kinds: Counter[str] = Counter()
    for row_id, row in now.items():
        was = before.get(row_id)
        if was is not None and row.gold is not None and was.label != row.label:
            kinds["broken" if was.label == row.gold else "fixed" if row.label == row.gold else "other"] += 1
    return {kind: kinds[kind] for kind in ("fixed", "broken", "other")}


if __name__ == "__main__":
    run(main)
