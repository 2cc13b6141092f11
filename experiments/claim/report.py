"""The claim's verdicts: every comparison with its interval, each variant's mean and spread over seeds, and a plot.

In: the runs. Out: comparisons.csv, scores.csv, differences.svg, README.md.

    python -m experiments.claim.report experiments/claim/runs experiments/claim/report
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.claim.settings import CLAIM, CLAIMED_POINTS, COMPARISONS, HINT, PARAMS, Claim, Run
from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.core.labels import is_directed
from pipeline.core.stage import arguments, run
from pipeline.evaluate import write_csv
from pipeline.evaluation import bootstrap, scorer
from pipeline.evaluation.bootstrap import Comparison
from pipeline.evaluation.scorer import Floats, Mode
from pipeline.evaluation.tables import bounded, percent

Row = dict[str, Any]
Runs = dict[tuple[str, int], Run]  # by variant and percent

TEMPLATE = """\
# Does tagging the entities help to classify the relation?

{{ n_test }} test sentences, {{ n_seeds }} seeds a variant, {{ mode }} macro-F1. A difference is the mean over seeds; its \
{{ confidence }}% interval and p-value are of a paired bootstrap over test sentences and seeds, not corrected for the \
{{ comparisons | length }} comparison{{ "s" if comparisons | length > 1 }}.

## Verdicts
{% for row in comparisons %}
- {{ row.claim }}, {{ row.rows }} training rows: **{{ row.verdict }}**
{%- endfor %}

The article's claim is a gain of about {{ claimed }} points: at this budget {{ claimed_verdict }}. Every run has {{ epochs }} \
epochs on all rows, more on a share of them, and keeps the best; in {{ n_late }} of {{ n_trained }} runs the last was the best, so \
these might gain from more.

## Scores

| variant | training rows | macro-F1, mean | standard deviation | least | most | entity F1 |
|---|---|---|---|---|---|---|
{%- for row in scores %}
| {{ row.variant }} | {{ row.rows }} | {{ "%.2f" | format(row.mean) }} \
| {% if row.deviation is none %}one seed{% else %}{{ "%.2f" | format(row.deviation) }}{% endif %} \
| {{ "%.2f" | format(row.least) }} | {{ "%.2f" | format(row.most) }} \
| {% if row.entity_f1 is none %}no tagger{% else %}{{ "%.1f" | format(row.entity_f1) }}, \
positions {{ "visible" if row.positions_visible else "hidden" }}{% endif %} |
{%- endfor %}

![Differences with their intervals](differences.svg)
"""


def read_runs(files: Sequence[Path]) -> Runs:
    """The runs of files, one or more.

    Raises: InputError where they were tested on different rows.
    """
    runs = {(found.variant, found.percent): found for found in map(Run.read, files)}
    tests = {(tuple(found.relations), tuple(found.gold_ids), tuple(found.seeds)) for found in runs.values()}
    if len(tests) != 1:
        raise InputError.of("experiments", "no runs, or runs of different data or seeds", HINT)
    return runs


def mode_of(one: Run) -> Mode:
    """Official where labels have a direction."""
    return "official" if is_directed(one.relations) else "undirected"


def counts(one: Run) -> Floats:
    """(S, N, 3, Q) counts of the relations by seed and row."""
    gold_ids = np.array(one.gold_ids)
    return np.stack([scorer.relation_counts(gold_ids, np.array(ids), one.relations, mode_of(one)) for ids in one.predicted_ids])


def comparisons(runs: Runs, pairs: Mapping[tuple[str, str], str], settings: params.Evaluate) -> list[Row]:
    """A row a comparison whose two variants were run on a share of the rows, largest shares first.

    Args: pairs: ours and theirs, and what is claimed of them.
    """
    one = next(iter(runs.values()))
    score = partial(scorer.macro_f1, names=scorer.classes(one.relations, mode_of(one)))
    rows = []
    for share in sorted({share for _, share in runs}, reverse=True):
        for (ours, theirs), claim in pairs.items():
            if (ours, share) in runs and (theirs, share) in runs:
                found = bootstrap.compare(counts(runs[ours, share]), counts(runs[theirs, share]), score, settings)
                head = {"claim": claim, "ours": ours, "theirs": theirs, "percent": share, "rows": runs[ours, share].n_rows}
                size = bounded("difference", found.difference)
                rows.append({**head, **size, "p_value": found.p_value, "verdict": verdict(found, settings.confidence)})
    return rows


def verdict(found: Comparison, confidence: float) -> str:
    """In words whether ours beats theirs.

    >>> from pipeline.evaluation.bootstrap import Estimate
    >>> verdict(Comparison(Estimate(-0.002, -0.009, 0.005), 0.61), 0.95)
    'not supported: -0.2, 95% interval -0.9 to 0.5, p = 0.61'
    """
    difference = found.difference
    word = "supported" if difference.low > 0 else "contradicted" if difference.high < 0 else "not supported"
    value, low, high = (round(100 * share, 1) + 0.0 for share in (difference.value, difference.low, difference.high))  # no -0.0
    return f"{word}: {'+' * (value > 0)}{value}, {100 * confidence:g}% interval {low} to {high}, p = {found.p_value:.2g}"


def claimed_verdict(row: Row) -> str:
    """What the interval of the claim's own comparison says of the size that the article reports."""
    if row["difference_high"] < CLAIMED_POINTS:
        return "ruled out by the interval"
    if row["difference_low"] > CLAIMED_POINTS:
        return "exceeded by the whole interval"
    return "within the interval" + " (so is no gain at all)" * (row["difference_low"] <= 0)


def scores(runs: Runs) -> list[Row]:
    """Mean and spread of each variant's score over seeds, in percent."""
    rows = []
    for one in sorted(runs.values(), key=lambda one: -one.percent):
        names = scorer.classes(one.relations, mode_of(one))
        by_seed = 100 * scorer.macro_f1(counts(one).sum(axis=1), names)
        entity_f1 = None
        if one.entities is not None:
            found = np.array(one.entities, np.float64)[:, :, None]
            entity_f1 = percent(scorer.precision_recall_f1(found)[:, 2, 0].mean())
        rows.append(
            {
                "variant": one.variant,
                "percent": one.percent,
                "rows": one.n_rows,
                "mean": round(float(by_seed.mean()), 2),
                "deviation": round(float(by_seed.std(ddof=1)), 2) if len(by_seed) > 1 else None,
                "least": round(float(by_seed.min()), 2),
                "most": round(float(by_seed.max()), 2),
                "entity_f1": entity_f1,
                "positions_visible": one.positions_visible if one.entities is not None else None,
            }
        )
    return rows


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw each difference with its interval; the same bytes each time."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "claim", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, axes = plt.subplots(figsize=(10, 0.4 * len(rows) + 1.2), layout="constrained")
    for place, row in enumerate(rows):
        axes.plot([row["difference_low"], row["difference_high"]], [-place, -place], color="#4878a8", linewidth=2)
        axes.plot(row["difference"], -place, "o", color="#1f3f63")
    axes.set_yticks([-place for place in range(len(rows))], [f"{row['claim']} ({row['rows']} rows)" for row in rows])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axvline(CLAIMED_POINTS, color="#b04030", linewidth=0.8, linestyle="--", label="the article's claim")
    axes.set_xlabel("macro-F1, ours less theirs")
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def render(
    runs: Runs, compared: Sequence[Row], main_claim: Row, scored: Iterable[Row], settings: params.Evaluate, claim: Claim
) -> str:
    """The report in Markdown; main_claim: the article's own comparison."""
    import jinja2

    one = next(iter(runs.values()))
    late = [best == claim.epochs_on(found.percent) for found in runs.values() for best in found.best_epochs]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    return environment.from_string(TEMPLATE).render(
        n_test=len(one.gold_ids),
        n_seeds=len(one.seeds),
        mode=mode_of(one),
        confidence=f"{100 * settings.confidence:g}",
        comparisons=compared,
        claimed=f"{CLAIMED_POINTS:g}",
        claimed_verdict=claimed_verdict(main_claim),
        epochs=claim.epochs,
        n_late=sum(late),
        n_trained=len(late),
        scores=scored,
    )


def main(argv: list[str]) -> str:
    """Compare the runs of a folder and write the report folder."""
    source, output = map(Path, arguments(argv, "runs report"))
    settings, claim = params.read(params.Evaluate), params.read(Claim, PARAMS)
    runs = read_runs(sorted(source.glob("*.json")))
    compared, scored = comparisons(runs, COMPARISONS, settings), scores(runs)
    main_claim = next((row for row in compared if (row["ours"], row["theirs"]) == CLAIM), None)  # on the largest share
    if main_claim is None:
        raise InputError.of(source, f"the runs of {' and '.join(CLAIM)} on the same share of the rows are missing", HINT)
    with storage.atomic_folder(output) as partial_folder:
        write_csv(partial_folder / "comparisons.csv", compared)
        write_csv(partial_folder / "scores.csv", scored)
        draw(compared, partial_folder / "differences.svg")
        (partial_folder / "README.md").write_text(render(runs, compared, main_claim, scored, settings, claim), encoding="utf-8")
    return f"claim: {main_claim['claim']}: {main_claim['verdict']}"


if __name__ == "__main__":
    run(main)
