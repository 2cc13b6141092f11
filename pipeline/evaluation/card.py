"""The model card for people: one Markdown page (after Mitchell et al. 2019)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core import params
from pipeline.core.schema import SCORED_SPLITS
from pipeline.evaluation.front_matter import front_matter
from pipeline.model.manifest import ModelDescription
from pipeline.pages.render import Markdown, render_template

TEMPLATE = Path(__file__).parent / "templates" / "card.md"
HEAD = re.compile(  # of every version of the template; the earliest wrote no metadata
    r"(---\n.*?\n---\n)?# Relation model\n\nGiven a sentence and two marked entities e1 and e2, it names the relation", re.DOTALL
)
SCORES = {
    "official_macro_f1": "official macro-F1",
    "undirected_macro_f1": "undirected macro-F1",
    "official_micro_f1": "official micro-F1",
    "undirected_micro_f1": "undirected micro-F1",
    "accuracy": "accuracy",
}
FOUND = {  # in plain sentences: the part of a split's metrics, and the score in it
    ("entities", "micro_f1"): "entities found, micro-F1, span and type right",
    ("entities", "macro_f1"): "entities found, macro-F1 over types",
    ("end_to_end", "boundaries_f1"): "relations found, micro-F1, label and both spans right",
    ("end_to_end", "strict_f1"): "relations found, micro-F1, types right as well",
}
NO_SCORE = "\N{EN DASH}"
NO_RELATION, NO_TYPES = "no relation to find", "no types to find"
TOO_FEW = "too few rows to say"
COUNTS = {
    "excluded": "rows left out by `parse.exclude`",
    "windowed": "pairs whose sentence is longer than the network's window, which keeps both entities",
    "untagged": "entities that no tag marks, since they share a word with the other one or have no type",
    "overlap": "test pairs whose text is also in training",
}


def render(model: ModelDescription, confidence: float, metrics: Mapping[str, Any], folder: str, about: params.Card) -> str:
    """The card in Markdown, with the head that model hubs read.

    Args: confidence: of the intervals, from 0 to 1; metrics: the tree of scores.json; folder: the model's, as a command line
        names it; about: what no stage can know.
    """
    config = model.config
    tagger = "tags" in config.train.tasks
    return render_template(
        TEMPLATE,
        front_matter=Markdown(front_matter(metrics, model.language, tagger, about)),
        config=config,
        model=model,
        metrics=metrics,
        confidence=confidence,
        tagger=tagger,
        finds=tagger and not config.tagger_sees_positions,
        splits=[split for split in SCORED_SPLITS if metrics[split]["rows"]],
        scores={name: title for name, title in SCORES.items() if _is_known(metrics, name)},
        found=FOUND if "end_to_end" in metrics["test"] else {},
        shown=_shown,
        labelled=metrics["test"]["relation"]["direction_flips"] is not None,
        counts={name: Markdown(title) for name, title in COUNTS.items() if tagger or name != "untagged"},
        parameters=parameters(model),
        folder=folder,
    )


def is_card(text: str) -> bool:
    """Whether a text is a card that we rendered, in whatever version."""
    return HEAD.match(text) is not None


def parameters(model: ModelDescription) -> dict[str, str]:
    """What made the model, by the names of params.yaml."""
    values = {f"encoder.{name}": getattr(model.vectors.encoder, name) for name in ("name", "revision", "layers")}
    values |= {f"embed.{name}": getattr(model.vectors, name) for name in ("backend", "precision", "pooling")}
    values |= {f"train.{name}": value for name, value in dataclasses.asdict(model.config.train).items()}
    return {name: plain(value) for name, value in values.items()}


def plain(value: object) -> str:
    """A parameter's value without YAML's brackets.

    >>> plain([-2, -1]), plain({"relation": 1.0, "tags": 0.1}), plain(None)
    ('-2, -1', 'relation 1.0, tags 0.1', 'null')
    """
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "null" if value is None else str(value)


def _is_known(metrics: Mapping[str, Any], name: str) -> bool:
    """Whether a split has this score of relations."""
    return any(metrics[split]["relation"][name] is not None for split in SCORED_SPLITS)


def _shown(scores: Mapping[str, Any], name: str) -> str:
    """A score, with its interval where it has one; counts have none, and what has no labels no score."""
    value, low, high = (scores.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return _why_none(scores, name)
    if f"{name}_low" not in scores:
        return str(value)
    return f"{value} ({TOO_FEW if low is None else f'{low} to {high}'})"


def _why_none(scores: Mapping[str, Any], name: str) -> str:
    """Why there is no score: no labels or nothing in gold at all, else what F1 lacks there."""
    if scores.get("direction_flips", 0) is None or scores.get("gold") == 0:
        return NO_SCORE
    if name.endswith("_f1") and "direction_flips" in scores:
        return NO_RELATION
    return NO_TYPES if name == "strict_f1" and scores.get("gold") else TOO_FEW
