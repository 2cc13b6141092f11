"""Of the labels made wrong, how many are among as many rows that a ranking puts first.

In: the noisy rows, the held-out predictions and those of a network's own training rows, a folder of each for every noise. Out:
found.csv, README.md.

    python -m experiments.annotation.report .../noisy .../held_out .../in_sample .../report
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.annotation.noise import read_wrong
from experiments.annotation.rankings import RANKINGS, Ranking, put_first
from experiments.runs import EXPERIMENT_REPORT, ReportDescription
from pipeline.annotation.held_out import HeldOut
from pipeline.core import files, manifests, outputs, params
from pipeline.core.arrays import Bools
from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.schema import POSITION
from pipeline.core.stage import Input, Output, run
from pipeline.evaluation import bootstrap
from pipeline.pages.render import render_template

TEMPLATE = Path(__file__).with_name("report.md.jinja")


def found(told: HeldOut, wrong: set[str], ranking: Ranking) -> Bools:
    """(W,) of the W training rows that a ranking puts first, W being how many labels are wrong, which are."""
    hits = [row_id in wrong for row_id in put_first(told, ranking, len(wrong))]
    return np.array(hits + [False] * (len(wrong) - len(hits)))


def rows_of(noisy: Path, predictions: dict[str, Path], settings: params.Evaluate) -> list[Row]:
    """A row a ranking of one noise, and one of chance."""
    manifests.open_sealed(noisy, POSITION.kind)
    wrong = set(read_wrong(noisy))
    kind, _, percent = noisy.name.partition("-")
    head = {"noise": kind, "percent": int(percent), "wrong": len(wrong)}
    rows: list[Row] = [{**head, "ranking": "random", "found": float(percent), "found_low": None, "found_high": None}]
    told = {name: HeldOut.read(folder / noisy.name) for name, folder in predictions.items()}
    for name, (by, ranking) in RANKINGS.items():
        share = bootstrap.proportion(found(told[by], wrong, ranking), settings.confidence)
        figures = {"found": share.value, "found_low": share.low, "found_high": share.high}
        rows.append({**head, "ranking": name, **{key: round(100 * value, 1) for key, value in figures.items()}})
    return rows


def main(noisy: Input, held_out: Input, in_sample: Input, report: Output) -> str:
    """Compare rankings by how many of the wrong labels they put first."""
    settings = params.read(params.Evaluate)
    folders = sorted(folder for folder in noisy.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if not folders:
        raise InputError.of(noisy, "there is no noise", "run make annotation")
    predictions = {"held_out": held_out, "in_sample": in_sample}
    rows = [row for folder in folders for row in rows_of(folder, predictions, settings)]
    with outputs.made_whole(report) as scratch:
        files.write_csv(scratch / "found.csv", rows)
        page = render_template(TEMPLATE, rows=rows, confidence=f"{100 * settings.confidence:g}")
        files.write_text(scratch / "README.md", page)
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(len(folders)))
    best = {row["noise"]: row["found"] for row in rows if row["ranking"] == "doubtful"}
    return f"annotation: doubtful finds {', '.join(f'{share}% of {noise}' for noise, share in best.items())} errors"


if __name__ == "__main__":
    run(main)
