"""The report for people: one HTML page that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from pipeline.core.schema import Span
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.tables import Metrics, Row

N_MISTAKES = 30


TEMPLATE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Evaluation</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 1rem 0; }
  th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums; }
  th:first-child, td:first-child, .text { text-align: left; }
  .range { color: #777; }
  .matrix { font-size: 12px; } .matrix td { text-align: center; } .matrix thead th { writing-mode: vertical-rl; text-align: left; }
  .e1 { background: #cfe3ff; } .e2 { background: #ffe1b8; }
</style>
{%- macro score(row, name) -%}
  {%- if row[name] is none -%}
    &ndash;
  {%- else -%}
    {{ "%.2f" | format(row[name]) }}
    {%- if row[name + "_low"] is not none %} <span class="range">{{ "%.1f" | format(row[name + "_low"]) }} to
    {{ "%.1f" | format(row[name + "_high"]) }}</span>{% endif %}
  {%- endif -%}
{%- endmacro %}
<h1>Evaluation</h1>
<p>Scores in percent, each with its interval: bootstrap, and Wilson's of accuracy.</p>
<table>
  <thead><tr><th>score{% for split in splits %}<th>{{ split }} ({{ splits[split].rows }} sentences){% endfor %}</thead>
  {%- for name, title in relation_titles.items() %}
  <tr><td>{{ title }}{% for scores in splits.values() %}<td>{{ score(scores.relation, name) }}{% endfor %}
  {%- endfor %}
  <tr><td>Entity F1 (strict), {{ tagger_sees }}
  {%- for scores in splits.values() %}<td>{{ score(scores.tags, "f1") }}{% endfor %}
  <tr><td>Right relation, wrong direction (sentences)
  {%- for scores in splits.values() %}<td>{{ scores.relation.direction_flips }}{% endfor %}
  <tr><td>Expected calibration error{% for scores in splits.values() %}<td>{{ scores.relation.calibration_error }}{% endfor %}
</table>

<h2>Classes</h2>
{%- for mode, rows in classes | groupby("mode") %}
<h3>{{ mode }}</h3>
<table>
  <thead><tr><th>class<th>precision<th>recall<th>F1<th>support<th>predicted<th>direction flips</thead>
  {%- for row in rows %}
  <tr><td>{{ row["class"] }}<td>{{ score(row, "precision") }}<td>{{ score(row, "recall") }}<td>{{ score(row, "f1") }}
    <td>{{ row.support }}<td>{{ row.predicted }}<td>{{ row.direction_flips }}
  {%- endfor %}
</table>
{%- endfor %}

<h2>Confusion</h2>
<p>A row a gold label, a column a predicted one.</p>
<table class="matrix">
  <thead><tr><th>{% for label in labels %}<th>{{ label }}{% endfor %}</thead>
  {%- for gold, cells in matrix.items() %}
  <tr><th>{{ gold }}
  {%- for cell in cells %}<td style="background: rgba(0, 110, 200, {{ cell.share }})">{{ cell.n or "" }}{% endfor %}
  {%- endfor %}
</table>

<h2>Slices</h2>
<table>
  <thead><tr><th>cut<th class="text">slice<th>sentences<th>accuracy<th>{{ mode }} macro-F1</thead>
  {%- for row in slices %}
  <tr><td>{{ row.cut }}<td class="text">{{ row.slice }}<td>{{ row.n }}<td>{{ score(row, "accuracy") }}
    <td>{{ score(row, mode + "_macro_f1") }}
  {%- endfor %}
</table>

<h2>Reliability</h2>
<table>
  <thead><tr><th>probability<th>sentences<th>mean probability<th>accuracy</thead>
  {%- for row in reliability %}
  <tr><td>{{ row.above }} to {{ row.up_to }}<td>{{ row.n }}<td>{{ row.confidence }}<td>{{ row.accuracy }}
  {%- endfor %}
</table>

<h2>The most confident mistakes</h2>
<table>
  <thead><tr><th>id<th class="text">sentence<th class="text">gold<th class="text">predicted<th>probability</thead>
  {%- for row in mistakes %}
  <tr><td>{{ row.id }}<td class="text">{% for text, entity in row.pieces -%}
    {% if entity %}<mark class="{{ entity }}">{{ text }}</mark>{% else %}{{ text }}{% endif %}
  {%- endfor %}<td class="text">{{ row.gold }}<td class="text">{{ row.predicted }}<td>{{ "%.2f" | format(row.probability) }}
  {%- endfor %}
</table>
</html>
"""

TAGGER_SEES = {True: "positions visible to the tagger", False: "positions hidden from the tagger", None: "no tagger"}
RELATION_TITLES = {
    "official_macro_f1": "Official macro-F1 (direction counts, without Other)",
    "undirected_macro_f1": "Undirected macro-F1 (direction ignored, without Other)",
    "accuracy": "Accuracy",
}


def render(metrics: Metrics, files: Mapping[str, list[Row]], test: ScoredSplit, table: pa.Table) -> str:
    """The page.

    Args: metrics: the tree of metrics.json; files: the rows of the CSV files by name; table: the test rows.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE).render(
        splits={split: metrics[split] for split in ("test", "validation")},
        relation_titles=RELATION_TITLES,
        tagger_sees=TAGGER_SEES[metrics["test"]["tags"]["positions_visible"]],
        classes=files["per_class"],
        labels=test.labels,
        matrix=matrix(files["confusion"], test.labels),
        mode=test.main_mode,
        slices=files["slices"],
        reliability=files["reliability"],
        mistakes=mistakes(test, table),
    )


def matrix(pairs: Sequence[Row], labels: Sequence[str]) -> dict[str, list[Row]]:
    """A row a gold label: the number of each predicted label and its share of the row."""
    counts = Counter((pair["gold"], pair["predicted"]) for pair in pairs)
    totals = Counter(pair["gold"] for pair in pairs)
    return {
        gold: [{"n": counts[gold, label], "share": round(counts[gold, label] / max(1, totals[gold]), 2)} for label in labels]
        for gold in labels
    }


def mistakes(test: ScoredSplit, table: pa.Table) -> list[Row]:
    """The mistakes that the model is surest of, the surest first."""
    order = np.argsort(-test.confidence, kind="stable")
    worst = order[~test.correct[order]][:N_MISTAKES]
    rows = table.take(pa.array(worst)).to_pylist()
    return [
        {
            "id": row["id"],
            "pieces": pieces(row),
            "gold": row["relation"],
            "predicted": test.labels[test.predicted_ids[n]],
            "probability": float(test.confidence[n]),
        }
        for n, row in zip(worst, rows, strict=True)
    ]


def pieces(row: Row) -> list[tuple[str, str]]:
    """A sentence's text in pieces, each with the entity that it belongs to, "" for none."""
    spans = {}
    for entity in ("e1", "e2"):
        last = row[f"{entity}_end"] - 1
        spans[entity] = Span(row["starts"][row[f"{entity}_start"]], row["starts"][last] + len(row["words"][last]))
    text = row["text"]
    edges = sorted({0, len(text), *(edge for span in spans.values() for edge in span)})
    inside = [next((entity for entity, span in spans.items() if span.start <= start < span.end), "") for start in edges[:-1]]
    return [(text[start:end], entity) for start, end, entity in zip(edges, edges[1:], inside, strict=False)]
