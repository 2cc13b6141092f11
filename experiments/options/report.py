"""What each option of the train section is worth, changed alone: its score less that of params.yaml as it stands.

In: the options' runs and the reference's. Out: differences.csv, README.md.

    python -m experiments.options.report experiments/options/runs experiments/claim/runs/hard-100.json experiments/options/report
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from experiments.claim.report import Row, comparisons, mode_of, read_runs, scores
from experiments.claim.settings import OPTIONS, PARAMS, Claim, Run
from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.core.stage import arguments, run
from pipeline.evaluate import write_csv

REFERENCE = "hard"
TEMPLATE = """\
# What is each option of `train` worth?

{{ one.gold_ids | length }} test sentences, {{ one.n_rows }} training rows, {{ one.seeds | length }} seeds an option, {{ mode }} \
macro-F1. Each option is changed alone in params.yaml, whose own score is {{ reference }}; every run has {{ epochs }} epochs, \
which are few for some (a long average, a strong dropout), and keeps the best. A difference is the mean over seeds; its \
{{ confidence }}% interval and p-value are of a paired bootstrap over test sentences and seeds, not corrected for the \
{{ rows | length }} comparisons. To choose among options, use validation: this table is of test, and only tells.

| option | macro-F1 | difference | interval | p |
|---|---|---|---|---|
{%- for row in rows %}
| `{{ row.option }}` | {{ "%.1f" | format(row.mean) }} | {{ "%+.1f" | format(row.difference) }} \
| {{ "%.1f" | format(row.difference_low) }} to {{ "%.1f" | format(row.difference_high) }} | {{ "%.2g" | format(row.p_value) }} |
{%- endfor %}
"""


def shown(changes: Mapping[str, Any]) -> str:
    """The changes as one line of YAML.

    >>> shown({"sharing": "soft", "loss_weights": params.LossWeights(1.0, 0.1)})
    'sharing: soft, loss_weights: {relation: 1.0, tags: 0.1}'
    """
    plain = {name: dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value for name, value in changes.items()}  # type: ignore[arg-type]
    return yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=1000).strip()[1:-1]


def render(rows: Iterable[Row], one: Run, reference: float, settings: params.Evaluate, claim: Claim) -> str:
    """The report in Markdown; one: any of the runs, whose data all share."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    confidence = f"{100 * settings.confidence:g}"
    return environment.from_string(TEMPLATE).render(
        rows=list(rows),
        one=one,
        mode=mode_of(one),
        reference=f"{reference:.1f}",
        epochs=claim.epochs,
        confidence=confidence,
    )


def main(argv: list[str]) -> str:
    """Compare every option's run with the reference and write the report folder."""
    source, reference, output = map(Path, arguments(argv, "runs reference report"))
    settings, claim = params.read(params.Evaluate), params.read(Claim, PARAMS)
    files = {name: source / f"{name}-100.json" for name in OPTIONS}
    if missing := [name for name, file in files.items() if not file.is_file()]:
        raise InputError.of(source, f"there is no run of {', '.join(missing)}", "run make options")
    runs = read_runs([*files.values(), reference])
    means = {row["variant"]: row["mean"] for row in scores(runs)}
    pairs = {(name, REFERENCE): shown(changes) for name, changes in OPTIONS.items()}
    found = [{"option": row.pop("claim"), "mean": means[row["ours"]], **row} for row in comparisons(runs, pairs, settings)]
    rows = sorted(found, key=lambda row: -row["difference"])
    with storage.atomic_folder(output) as partial:
        write_csv(partial / "differences.csv", rows)
        page = render(rows, next(iter(runs.values())), means[REFERENCE], settings, claim)
        (partial / "README.md").write_text(page, encoding="utf-8")
    return f"options: {len(rows)} compared, best {rows[0]['option']}: {rows[0]['difference']:+.1f}"


if __name__ == "__main__":
    run(main)
