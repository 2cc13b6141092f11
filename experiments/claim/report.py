"""The claim's verdicts: every comparison with its interval, each variant's mean and spread over seeds, and a plot.

In: the runs. Out: comparisons.csv, scores.csv, differences.svg, README.md.

    python -m experiments.claim.report experiments/claim/runs experiments/claim/report
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.comparison import comparisons, scores
from experiments.runs import EXPERIMENT_REPORT, HINT, PARAMS, REFERENCE_PARAMS, Experiment, ReportDescription, Runs, read_runs
from pipeline.core import files, manifests, outputs, params
from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.stage import Input, Output, run
from pipeline.evaluation.scorer import main_mode
from pipeline.pages.render import render_template

CLAIM = ("hard", "single")  # the article's
CLAIMED_POINTS = 2.0  # of macro-F1, the article's figure
# Ours, theirs and the claim that ours beats theirs, in words.
COMPARISONS = {
    CLAIM: "multi-task (hard sharing) beats single-task",
    ("soft", "single"): "multi-task (soft sharing) beats single-task",
    ("shuffled", "single"): "multi-task with shuffled tags (control) beats single-task",
    ("hard", "shuffled"): "true tags beat shuffled tags",
    ("hard-relation", "single-relation"): "multi-task beats single-task, positions hidden from the shared layer",
    ("hard-none", "single-none"): "multi-task beats single-task, no positions",
}
TEMPLATE = Path(__file__).with_name("report.md.jinja")


def claim_of(compared: Sequence[Row]) -> Row | None:
    """The article's own comparison, on the largest share of the rows; None where its variants were not run."""
    return next((row for row in compared if (row["ours"], row["theirs"]) == CLAIM), None)


def claimed_verdict(row: Row) -> str:
    """What the interval of the claim's own comparison says of the size that the article reports."""
    if row["difference_low"] is None:
        return "not to be judged on so few test sentences"
    if row["difference_high"] < CLAIMED_POINTS:
        return "ruled out by the interval"
    if row["difference_low"] > CLAIMED_POINTS:
        return "exceeded by the whole interval"
    none_at_all = " (so is no gain at all)" if row["difference_low"] <= 0 else ""
    return f"within the interval{none_at_all}"


def page(runs: Runs, compared: Sequence[Row], claim: Row, settings: params.Evaluate, experiment: Experiment) -> str:
    """The report in Markdown; claim: the article's own comparison."""
    first, *_ = runs.values()
    late = [best == experiment.epochs_on(run.percent) for run in runs.values() for best in run.best_epochs]
    return render_template(
        TEMPLATE,
        n_test=len(first.gold_ids),
        n_seeds=len(first.seeds),
        mode=main_mode(first.relations),
        confidence=f"{100 * settings.confidence:g}",
        comparisons=compared,
        claimed=f"{CLAIMED_POINTS:g}",
        claimed_verdict=claimed_verdict(claim),
        epochs=experiment.epochs,
        patience=experiment.patience,
        n_late=sum(late),
        n_trained=len(late),
        scores=scores(runs),
    )


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw each difference, with its interval where it has one; the same bytes each time."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "claim", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, axes = plt.subplots(figsize=(10, 0.4 * len(rows) + 1.2), layout="constrained")
    for place, row in enumerate(rows):
        if row["difference_low"] is not None:
            axes.plot([row["difference_low"], row["difference_high"]], [-place, -place], color="#4878a8", linewidth=2)
        axes.plot(row["difference"], -place, "o", color="#1f3f63")
    axes.set_yticks([-place for place in range(len(rows))], [f"{row['claim']} ({row['rows']} rows)" for row in rows])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axvline(CLAIMED_POINTS, color="#b04030", linewidth=0.8, linestyle="--", label="the article's claim")
    axes.set_xlabel("macro-F1, ours less theirs")
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main(runs: Input, report: Output) -> str:
    """Compare the runs of a folder: whether multi-task beats single-task."""
    settings, experiment = params.read(params.Evaluate, REFERENCE_PARAMS), params.read(Experiment, PARAMS)
    tested = read_runs(sorted(runs.glob("*.json")))
    compared = comparisons(tested, COMPARISONS, settings)
    claim = claim_of(compared)
    if claim is None:
        raise InputError.of(runs, f"the runs of {' and '.join(CLAIM)} on the same share of the rows are missing", HINT)
    with outputs.made_whole(report) as scratch:
        files.write_csv(scratch / "comparisons.csv", compared)
        files.write_csv(scratch / "scores.csv", scores(tested))
        draw(compared, scratch / "differences.svg")
        files.write_text(scratch / "README.md", page(tested, compared, claim, settings, experiment))
        manifests.seal(scratch, EXPERIMENT_REPORT, ReportDescription(len(tested)))
    return f"claim: {claim['claim']}: {claim['verdict']}"


if __name__ == "__main__":
    run(main)
