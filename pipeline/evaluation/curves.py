"""The curves of training as dvclive wrote them, and the epoch that was kept."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

SCORE, LOSS = "validation_score", "loss"  # the loss is of every model


def read(folder: Path) -> list[dict[str, Any]]:
    """The curves of each network that a model averages, one where it is one network.

    Args: folder: the model's curves.
    Returns: of each network the values of its curves by name, an epoch a value, null where it is no number, and its best epoch,
        from 1: the first with the highest score on validation, the last where there was no validation.
    """
    metrics = folder / "plots" / "metrics"
    members = sorted({path.parent for path in metrics.glob(f"*/{LOSS}.tsv")}, key=_number)  # beside their means
    networks = []
    for place in members or [path.parent for path in metrics.glob(f"{LOSS}.tsv")]:
        values = {path.stem: _values(path) for path in sorted(place.glob("*.tsv"))}
        n_epochs = len(values[LOSS])
        scores = [-math.inf if score is None else score for score in values.get(SCORE, range(n_epochs))]
        networks.append({"curves": values, "best_epoch": scores.index(max(scores)) + 1 if n_epochs else None})
    return networks


def _values(path: Path) -> list[float | None]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    numbers = [float(row[path.stem]) for row in rows]
    return [round(number, 6) if math.isfinite(number) else None for number in numbers]


def _number(folder: Path) -> tuple[int, str]:
    """Members in the order of their numbers: member_2 before member_10."""
    return len(folder.name), folder.name
