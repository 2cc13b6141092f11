"""The score by which training chooses its best epoch."""

from __future__ import annotations

import numpy as np

from pipeline.core.arrays import Bools
from pipeline.evaluation import scorer
from pipeline.model.batches import Examples
from pipeline.model.predictions import Predictions, predict
from pipeline.model.relation_model import RelationModel
from pipeline.model.spans import find_spans


def score(model: RelationModel, examples: Examples) -> float:
    """Macro-F1 in percent: official where relations have a direction, else the undirected one (see scorer).

    Where sentences with all their entities are among the examples (`tag.entities: all`), its mean with their strict entity F1.
    """
    told = predict(model, examples)
    if examples.tagged is None:
        return relation_score(model, examples, told, np.ones(len(examples), bool))
    relation = relation_score(model, examples, told, ~examples.tagged)
    return (relation + entity_score(examples, told)) / 2 if examples.tagged.any() else relation


def relation_score(model: RelationModel, examples: Examples, told: Predictions, rows: Bools) -> float:
    """Macro-F1 of the rows (N,) that are chosen."""
    relations = model.config.relations
    mode = scorer.main_mode(relations)
    predicted = told.probabilities.argmax(axis=1)
    counts = scorer.relation_counts(examples.relation_ids[rows], predicted[rows], relations, mode).total()
    return 100 * float(scorer.macro_f1(counts, scorer.classes(relations, mode), model.config.negative_label))


def entity_score(examples: Examples, told: Predictions) -> float:
    """F1 of the entities that the tags of the sentences name, right in span and type or wrong."""
    if examples.tagged is None or told.tag_ids is None:
        return 0.0
    rows = np.flatnonzero(examples.tagged)
    lengths = examples.lengths[rows]
    predicted_ids = np.concatenate([told.tag_ids[row] for row in rows.tolist()])
    gold, predicted = (
        set(zip(*(column.tolist() for column in find_spans(ids, lengths)), strict=True))
        for ids in (examples.tag_ids(rows), predicted_ids)
    )
    counts = np.array([[len(gold & predicted)], [len(predicted)], [len(gold)]], np.float64)
    return 100 * float(scorer.precision_recall_f1(counts)[2, 0])
