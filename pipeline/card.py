"""Stage card: what a trained model is, what it was trained on and how well it does (after Mitchell et al. 2019).

python -m pipeline.card models/relation reports/metrics.json models/README.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core import params, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.params import Train
from pipeline.core.schema import OTHER
from pipeline.core.stage import arguments, run
from pipeline.model.config import HINT, Config
from pipeline.model.manifest import Manifest

SCORES = {"official_macro_f1": "official macro-F1", "undirected_macro_f1": "undirected macro-F1", "accuracy": "accuracy"}
COUNTS = {
    "excluded": "rows left out by `parse.exclude`",
    "windowed": "sentences longer than the network's window, which keeps both entities",
    "overlap": "test sentences whose text is also in training",
}

TEMPLATE = """\
# Relation model

Given a sentence and two marked entities e1 and e2, it names the relation between them
{%- if tagger %} and tags the entities as {{ config.tags | join(" ") }}{% endif %}.
{% if finds -%}
In a sentence without marks it proposes the entities itself and classifies every ordered pair of them.
{% else -%}
It needs the marks: it cannot find entities by itself.
{% endif %}
    python -m pipeline.predict {{ folder }} --text "The <e1>rain</e1> caused a <e2>flood</e2>."

The model folder and the encoder's are all that prediction needs beside the installed package. The encoder is looked for in the
model folder and beside it, as `encoder`; where it is missing it is fetched by its name and checked.

## Scores

In percent, with their intervals ({{ "%g" | format(100 * confidence) }}%). The best epoch was chosen on validation.

| |{% for split in splits %} {{ split }} ({{ metrics[split].rows }} sentences) |{% endfor %}
|---|{% for split in splits %}---|{% endfor %}
{%- for name, title in scores.items() %}
| {{ title }} |{% for split in splits %} {{ shown(metrics[split].relation, name) }} |{% endfor %}
{%- endfor %}
| right relation, wrong direction (sentences) |{% for split in splits %} {{ metrics[split].relation.direction_flips }} |{% endfor %}
| expected calibration error |{% for split in splits %} {{ metrics[split].relation.calibration_error }} |{% endfor %}
{%- if tagger %}
| entity F1, strict |{% for split in splits %} {{ shown(metrics[split].tags, "f1") }} |{% endfor %}

{% if config.positions == "shared" -%}
The tagger saw the entities' positions, so its F1 says nothing of finding entities in unmarked text.
{%- else -%}
The tagger did not see the entities' positions.
{%- endif %}
{%- endif %}

## Limits

{% if other in config.relations -%}
- It knows the relations below alone; `{{ other }}` stands for all others and for none.
{%- else -%}
- It always names one of the relations below, also where none of them holds.
{%- endif %}
- Where text differs from the training text in kind or language, expect less than the scores above.
- Two entities that with the words between them take more than {{ manifest.max_length }} words are refused.
{%- if not config.relation_sees_entities %}
- It does not see which words are the entities: the relation is that of the whole sentence, the same for every pair and in both
  directions. With `train.pooling: max+entities` it would see them.
{%- endif %}
- The probabilities are the network's own, not calibrated afterwards.

## Data

- language: `{{ manifest.language }}`
- sentences trained on: {{ metrics.train.rows }}
{%- for name, title in counts.items() %}
- {{ title }}: {{ metrics.data[name] }}
{%- endfor %}
- relations: {{ config.relations | join(", ") }}

## Training

The encoder (sha256 of its weights: `{{ manifest.encoder.weights_sha256 }}`) stays as it is and gives {{ manifest.encoder.width }}
numbers a word. The network above it, layer by layer in `summary.txt`, is trained.

| parameter | value |
|---|---|
{%- for name, value in parameters.items() %}
| {{ name }} | {{ value }} |
{%- endfor %}
"""


def render(config: Config, manifest: Manifest, training: Train, confidence: float, metrics: Mapping[str, Any], folder: str) -> str:
    """The card in Markdown.

    Args: training: that the model had; confidence: of the intervals; metrics: of the evaluate stage; folder: the model's.
    """
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 (Markdown, not HTML)
    text = environment.from_string(TEMPLATE).render(
        config=config,
        manifest=manifest,
        metrics=metrics,
        confidence=confidence,
        tagger="tags" in config.tasks,
        finds="tags" in config.tasks and config.positions != "shared",
        splits=("validation", "test"),
        scores={name: title for name, title in SCORES.items() if metrics["test"]["relation"][name] is not None},
        shown=_score,
        counts=COUNTS,
        other=OTHER,
        parameters=_parameters(manifest, training),
        folder=folder,
    )
    return text + "\n"


def _parameters(manifest: Manifest, training: Train) -> dict[str, str]:
    """What made the model, by the names of params.yaml."""
    values = {f"encoder.{name}": manifest.encoder[name] for name in ("name", "revision", "layers")}
    values |= {f"embed.{name}": getattr(manifest, name) for name in ("backend", "precision", "pooling")}
    values |= {f"train.{name}": value for name, value in dataclasses.asdict(training).items()}
    return {name: _plain(value) for name, value in values.items()}


def require_same(config: Config, training: Train, folder: Path) -> None:
    """Raises: InputError where the model was trained with other parameters than the train section has now."""
    kept = {field.name for field in dataclasses.fields(Config)} & {field.name for field in dataclasses.fields(Train)}
    problems = [
        Problem(f"train.{name} is {_plain(now)}, but {folder} was trained with {_plain(then)}", HINT, source=str(params.FILE))
        for name in sorted(kept)
        for now, then in [(getattr(training, name), getattr(config, name))]
        if now != then
    ]
    if problems:
        raise InputError(problems)


def _score(scores: Mapping[str, Any], name: str) -> str:
    return f"{scores[name]} ({scores[f'{name}_low']} to {scores[f'{name}_high']})"


def _plain(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "null" if value is None else str(value)


def main(argv: list[str]) -> str:
    """Write the card of a model folder."""
    folder, metrics, output = map(Path, arguments(argv, "model metrics card"))
    scores = storage.read_json(metrics, "run dvc repro evaluate")
    config, training, confidence = Config.read(folder), params.read(Train), params.read(params.Evaluate).confidence
    require_same(config, training, folder)
    text = render(config, Manifest.read(folder), training, confidence, scores, folder.as_posix())
    output.write_text(text, encoding="utf-8")
    return f"card: {output}"


if __name__ == "__main__":
    run(main)
