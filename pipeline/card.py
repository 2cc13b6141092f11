"""Stage card: what a trained model is, what it was trained on and how well it does.

python -m pipeline.card models/relation reports/scores.json models/README.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from pipeline.core import files, manifests, params
from pipeline.core.errors import InputError, Problem
from pipeline.core.params import Train
from pipeline.core.schema import REPORTS, SCORES
from pipeline.core.stage import Input, Output, run
from pipeline.evaluation.card import is_card, plain, render
from pipeline.model.manifest import MODEL, SavedModel


def require_same(model: SavedModel, training: Train) -> None:
    """Refuse a model that was trained with other parameters than the train section of params.yaml has now.

    Raises: InputError with a problem a parameter.
    """
    problems = list(_differences(model, training))
    if problems:
        raise InputError(problems)


def _differences(model: SavedModel, training: Train) -> Iterator[Problem]:
    for field in dataclasses.fields(Train):
        now, then = getattr(training, field.name), getattr(model.config.train, field.name)
        if now != then:
            found = f"train.{field.name} is {plain(now)}, but {model.folder} was trained with {plain(then)}"
            yield Problem(found, MODEL.remake, source=params.place("train", field.name))


def require_card(path: Path) -> None:
    """Raises: InputError where a file that is no model card of ours stands at a path."""
    if path.exists() and not is_card(path.read_text(encoding="utf-8", errors="replace")):
        hint = "name another file, or move this one"
        raise InputError.of(path, "the file is no model card of this pipeline, and would be lost", hint)


def require_scores(path: Path) -> None:
    """Raises: InputError where a path is that of another file of the reports."""
    if path.name != SCORES:
        raise InputError.of(path, f"the scores of a model stand in {SCORES}", f"name {path.parent / SCORES}")


def main(model: Input, scores: Input, card: Output) -> str:
    """Write the model card."""
    require_card(card)
    require_scores(scores)
    metrics = files.read_json(manifests.verified(scores, REPORTS), REPORTS.remake)
    saved, confidence = SavedModel.open(model), params.read(params.Evaluate).confidence
    require_same(saved, params.read(Train))
    files.write_text(card, render(saved.description, confidence, metrics, model.as_posix(), params.read(params.Card)))
    return f"card: {card}"


if __name__ == "__main__":
    run(main)
