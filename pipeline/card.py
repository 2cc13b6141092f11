"""Stage card: what a trained model is, what it was trained on and how well it does (after Mitchell et al. 2019).

python -m pipeline.card models/relation reports/metrics.json models/README.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import params, storage
from pipeline.model.config import Config
from pipeline.model.manifest import Manifest
from pipeline.params import Train
from pipeline.stage import run

SCORES = {"official_macro_f1": "official macro-F1", "undirected_macro_f1": "undirected macro-F1", "accuracy": "accuracy"}
SEES = {
    "shared": "It saw the entities' positions, so this says nothing of finding entities in unmarked text.",
    "relation": "It did not see the entities' positions.",
    "none": "It did not see the entities' positions.",
}

TEMPLATE = """\
# Relation model

Given a sentence and two marked entities e1 and e2, it names the relation between them
{%- if tagger %} and tags the entities as {{ config.tags | join(" ") }}{% endif %}.
{% if tagger and config.positions != "shared" -%}
In a sentence without marks it proposes the entities itself and classifies every ordered pair of them.
{% else -%}
It needs the marks: it cannot find entities by itself.
{% endif %}
    python -m pipeline.predict {{ folder }} --text "The <e1>rain</e1> caused a <e2>flood</e2>."

The model folder and the encoder's are all that prediction needs beside the installed package. The encoder is looked for in the
model folder and beside it, as `encoder`; where it is missing it is fetched by its name and checked.

## Scores, in percent, with bootstrap intervals

| |{% for split in splits %} {{ split }} ({{ metrics[split].rows }} sentences) |{% endfor %}
|---|{% for split in splits %}---|{% endfor %}
{%- for name, title in scores.items() %}
| {{ title }} |{% for split in splits %} {{ shown(metrics[split].relation, name) }} |{% endfor %}
{%- endfor %}
{%- if tagger %}
| entity F1, strict |{% for split in splits %} {{ shown(metrics[split].tags, "f1") }} |{% endfor %}

Of the tagger: {{ sees }}
{%- endif %}

Where text differs from the training text in kind or language, expect less.

## Trained on

{{ metrics.train.rows }} sentences, language `{{ manifest.language }}`; of longer ones a window of {{ manifest.max_length }} words.
{{ config.relations | length }} relations: {{ config.relations | join(", ") }}.

## Made of

Encoder {{ encoder.name }}{% if encoder.revision %} at {{ encoder.revision }}{% endif %}, layers {{ encoder.layers | join(", ") }},
{{ encoder.width }}-d, weights' sha256 `{{ encoder.weights_sha256 }}`; {{ manifest.precision }}, a word's pieces are
pooled by {{ manifest.pooling }}. The encoder is not trained here. Above it the network of `summary.txt`, trained with:

| parameter | value |
|---|---|
{%- for name, value in training.items() %}
| {{ name }} | {{ value }} |
{%- endfor %}
"""


def render(config: Config, manifest: Manifest, settings: Train, metrics: Mapping[str, Any], folder: str) -> str:
    """The card in Markdown.

    Args: settings: that the model was trained with; metrics: of the evaluate stage; folder: the model's.
    """
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 (Markdown, not HTML)
    splits = ("validation", "test")
    text = environment.from_string(TEMPLATE).render(
        config=config,
        manifest=manifest,
        encoder=manifest.encoder,
        metrics=metrics,
        training={name: _plain(value) for name, value in dataclasses.asdict(settings).items()},
        tagger="tags" in config.tasks,
        sees=SEES[config.positions],
        splits=splits,
        scores={name: title for name, title in SCORES.items() if metrics["test"]["relation"][name] is not None},
        shown=_score,
        folder=folder,
    )
    return text + "\n"


def _score(scores: Mapping[str, Any], name: str) -> str:
    return f"{scores[name]} ({scores[f'{name}_low']} to {scores[f'{name}_high']})"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else str(value)


def main(argv: list[str]) -> str:
    """Write the card of a model folder."""
    folder, metrics, output = map(Path, argv)
    scores = storage.read_json(metrics, "run dvc repro evaluate")
    text = render(Config.read(folder), Manifest.read(folder), params.read(Train), scores, folder.as_posix())
    output.write_text(text, encoding="utf-8")
    return f"card: {output}"


if __name__ == "__main__":
    run(main)
