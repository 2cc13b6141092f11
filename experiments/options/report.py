"""What each option of the train section is worth, changed alone: its score less that of the reference network.

In: the options' runs and the reference's. Out: differences.csv, README.md.

    python -m experiments.options.report experiments/options/runs experiments/claim/runs/hard-100.json experiments/options/report
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from experiments.comparison import comparisons, scores
from experiments.runs import EXPERIMENT_REPORT, PARAMS, REFERENCE_PARAMS, Experiment, ReportDescription, Run, Runs, read_runs
from experiments.variants import OPTIONS, REFERENCE
from pipeline.core import files, manifests, outputs, params
from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.params import LossWeights
from pipeline.core.stage import Input, Output, run
from pipeline.evaluation.scorer import main_mode
from pipeline.pages.render import render_template

TEMPLATE = Path(__file__).with_name("report.md.jinja")


def shown(changes: Mapping[str, Any]) -> str:
    """The changes as one line of YAML.

    >>> shown({"sharing": "soft", "loss_weights": LossWeights(1.0, 0.1)})
    'sharing: soft, loss_weights: {relation: 1.0, tags: 0.1}'
    """
    plain = {name: dataclasses.asdict(value) if isinstance(value, LossWeights) else value for name, value in changes.items()}
    return yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=1000).strip()[1:-1]


def run_files(folder: Path) -> list[Path]:
    """The run of each option.

    Raises: InputError where some are missing.
    """
    paths = {name: folder / f"{name}-100.json" for name in OPTIONS}
    if missing := [name for name, path in paths.items() if not path.is_file()]:
        raise InputError.of(folder, f"there is no run of {', '.join(missing)}", "run make options")
    return list(paths.values())


def differences(runs: Runs, means: Mapping[str, float], settings: params.Evaluate) -> list[Row]:
    """A row an option, the best first; means: of each variant's score, in percent."""
    pairs = {(name, REFERENCE): shown(changes) for name, changes in OPTIONS.items()}
    rows = []
    for row in comparisons(runs, pairs, settings):
        figures = {name: value for name, value in row.items() if name != "claim"}
        rows.append({"option": row["claim"], "mean": means[row["ours"]], **figures})
    return sorted(rows, key=lambda row: -row["difference"])


def page(rows: Sequence[Row], reference: Run, mean: float, settings: params.Evaluate, experiment: Experiment) -> str:
    """The report in Markdown; mean: of the reference's own score."""
    return render_template(
        TEMPLATE,
        rows=rows,
        n_test=len(reference.gold_ids),
        n_rows=reference.n_rows,
        n_seeds=len(reference.seeds),
        mode=main_mode(reference.relations),
        reference=mean,
        epochs=experiment.epochs,
        patience=experiment.patience,
        confidence=f"{100 * settings.confidence:g}",
    )


def main(runs: Input, reference: Input, report: Output) -> str:
    """Compare the run of every option with the reference: what each is worth."""
    settings, experiment = params.read(params.Evaluate, REFERENCE_PARAMS), params.read(Experiment, PARAMS)
    tested = read_runs([*run_files(runs), reference])
    means = {row["variant"]: row["mean"] for row in scores(tested)}
    rows = differences(tested, means, settings)
    with outputs.made_whole(report) as scratch:
        files.write_csv(scratch / "differences.csv", rows)
        files.write_text(scratch / "README.md", page(rows, tested[REFERENCE, 100], means[REFERENCE], settings, experiment))
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(len(tested)))
    return f"options: {len(rows)} compared, best {rows[0]['option']}: {rows[0]['difference']:+.1f}"


if __name__ == "__main__":
    run(main)
