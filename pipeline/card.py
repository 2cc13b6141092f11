"""Stage card: what a trained model is, what it was trained on and how well it does.

python -m pipeline.card models/relation reports/metrics.json models/README.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from pipeline.core import params, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.params import Train
from pipeline.core.stage import arguments, run
from pipeline.evaluation import card
from pipeline.model.config import HINT, Config
from pipeline.model.manifest import Manifest


def require_same(config: Config, training: Train, folder: Path) -> None:
    """Refuse a model that was trained with other parameters than the train section of params.yaml has now.

    Raises: InputError with a problem a parameter.
    """
    problems = list(_differences(config, training, folder))
    if problems:
        raise InputError(problems)


def _differences(config: Config, training: Train, folder: Path) -> Iterator[Problem]:
    kept = {field.name for field in dataclasses.fields(Config)} & {field.name for field in dataclasses.fields(Train)}
    for name in sorted(kept):
        now, then = getattr(training, name), getattr(config, name)
        if now != then:
            found = f"train.{name} is {card.plain(now)}, but {folder} was trained with {card.plain(then)}"
            yield Problem(found, HINT, source=str(params.FILE))


def main(argv: list[str]) -> str:
    """Write the card of a model folder."""
    folder, metrics, output = map(Path, arguments(argv, "model metrics card"))
    scores = storage.read_json(metrics, "run dvc repro evaluate")
    config, training, confidence = Config.read(folder), params.read(Train), params.read(params.Evaluate).confidence
    require_same(config, training, folder)
    text = card.render(config, Manifest.read(folder), training, confidence, scores, folder.as_posix())
    output.write_text(text, encoding="utf-8")
    return f"card: {output}"


if __name__ == "__main__":
    run(main)
