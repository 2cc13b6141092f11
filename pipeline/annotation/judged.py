"""Labelled rows of data/parsed beside what a model says of them, which it may have seen or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.annotation.held_out import HeldOut, text_hash
from pipeline.core import manifests
from pipeline.core.arrays import Floats, Ints
from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import label_ids
from pipeline.core.schema import PREDICTIONS, REPORTS, SPLITS, ParseNotes, Span
from pipeline.core.storage import StageOutput
from pipeline.evaluation import predictions_file
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Prediction, Relation, Sentence

BATCH_ROWS = 1_000  # of those that a model is asked about at once
Parsed = StageOutput[ParseNotes]


@dataclass(frozen=True)
class Judged:
    """N rows of PARSED, each with a label, and the (N, R) probabilities of the relations."""

    rows: pa.Table
    relations: tuple[str, ...]
    probabilities: Floats
    by: str  # whose the probabilities are, in words

    @property
    def given(self) -> Ints:
        """(N,) the id of each row's annotated label."""
        return label_ids(self.rows["relation"], self.relations)


def by_held_out(held_out: HeldOut, parsed: Parsed) -> tuple[Judged, int]:
    """The rows that networks which never saw them speak of, and how many rows have changed since and are left out."""
    splits = [split for split in SPLITS if split in parsed.tables]
    rows = pa.concat_tables(parsed.tables[split] for split in splits)
    names = [split for split in splits for _ in range(len(parsed.tables[split]))]
    keys = [text_hash(text) for text in rows["text"].to_pylist()]
    place = {key: number for number, key in enumerate(zip(names, keys, *_named(rows), strict=True))}
    asked = zip(held_out.rows["split"].to_pylist(), held_out.rows["text_key"].to_pylist(), *_named(held_out.rows), strict=True)
    found = np.array([place.get(key, -1) for key in asked], np.int64)
    kept = found >= 0
    judged = Judged(rows.take(pa.array(found[kept])), held_out.about.relations, held_out.probabilities[kept], "the held-out")
    return judged, int((~kept).sum())


def _named(rows: pa.Table) -> list[list[Any]]:
    return [rows[column].to_pylist() for column in ("id", "relation")]


def by_predictions(reports: Path, parsed: Parsed) -> Judged:
    """The labelled test rows and what the evaluate stage wrote of them.

    Raises: InputError where reports are missing, damaged, or of other rows.
    """
    path = manifests.verified(reports / PREDICTIONS, REPORTS)
    said = list(predictions_file.read(path))
    rows = parsed.tables["test"]
    if [each["id"] for each in said] != rows["id"].to_pylist() or [each["gold"] for each in said] != rows["relation"].to_pylist():
        raise InputError.of(path, "these are predictions of other rows than data/parsed has", REPORTS.remake)
    relations = tuple(said[0]["probabilities"])
    probabilities = np.array([list(each["probabilities"].values()) for each in said], np.float32).reshape(-1, len(relations))
    labelled = rows["relation"].is_valid()
    return Judged(rows.filter(labelled), relations, probabilities[labelled.to_numpy()], "the model's")


def by_model(predictor: Predictor, rows: pa.Table) -> tuple[Judged, int]:
    """Rows and what a model says of them now, and how many have a label that it does not know, which are left out."""
    relations = predictor.config.relations
    known = rows.filter(pc.is_in(rows["relation"], pa.array(relations)))
    sentences = [sentence_of(row) for row in known.to_pylist()]
    rows_of_probabilities = [
        [pair_of(prediction).probabilities[name] for name in relations]
        for start in range(0, len(sentences), BATCH_ROWS)
        for prediction in predictor.predict(sentences[start : start + BATCH_ROWS])
    ]
    probabilities = np.array(rows_of_probabilities, np.float32).reshape(-1, len(relations))
    return Judged(known, relations, probabilities, "the model's"), len(rows) - len(known)


def pair_of(prediction: Prediction | Problem) -> Relation:
    """What is said of the marked pair of a sentence.

    Raises: InputError where there is no prediction.
    """
    if isinstance(prediction, Problem):
        raise InputError([prediction])
    return prediction.relations[0]


def sentence_of(row: dict[str, Any]) -> Sentence:
    """The sentence of a row of PARSED with its two entities, in characters."""
    words = tuple(Span(start, start + len(word)) for start, word in zip(row["starts"], row["words"], strict=True))
    e1, e2 = entities_of(row)
    return Sentence(row["text"], (e1, e2), words)


def entities_of(row: dict[str, Any]) -> tuple[Span, Span]:
    """The characters of e1 and e2 of a row of PARSED."""
    e1, e2 = (_characters(row["starts"], row["words"], row[f"{name}_start"], row[f"{name}_end"]) for name in ("e1", "e2"))
    return e1, e2


def _characters(starts: Sequence[int], words: Sequence[str], start: int, end: int) -> Span:
    return Span(starts[start], starts[end - 1] + len(words[end - 1]))
