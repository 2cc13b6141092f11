"""predictions.jsonl: what a model says of each test sentence; evaluate writes it, review, compare and report read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.core.files import Row
from pipeline.core.labels import UNLABELLED_ID
from pipeline.core.schema import REPORTS
from pipeline.evaluation.scored_split import ScoredSplit


def rows(split: ScoredSplit) -> Iterator[Row]:
    """A row a sentence; gold is null where it has no label."""
    for n, row_id in enumerate(split.row_ids):
        yield {
            "id": row_id,
            "gold": None if split.gold_ids[n] == UNLABELLED_ID else split.labels[split.gold_ids[n]],
            "predicted": split.labels[split.predicted_ids[n]],
            "probabilities": {label: round(float(p), 6) for label, p in zip(split.labels, split.probabilities[n], strict=True)},
            "gold_tags": split.gold_tags[n],
            "predicted_tags": split.predicted_tags[n] if split.predicted_tags else None,
        }


def read(path: Path) -> Iterator[Row]:
    """The rows of a file, which may be of an older release.

    Raises: InputError where a line is no row with an id, gold and predicted.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            row = _object(line)
            row_id, gold, label = row.get("id"), row.get("gold"), row.get("predicted")
            if not isinstance(row_id, str) or not isinstance(label, str) or not isinstance(gold, str | None):
                found = "no row of predictions, which has an id, gold and predicted"
                raise InputError.of(f"{path}:{number}", found, REPORTS.remake)
            yield row


def _object(line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
