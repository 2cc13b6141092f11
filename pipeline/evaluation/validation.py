"""The score by which training chooses its best epoch."""

from __future__ import annotations

from pipeline.evaluation import scorer
from pipeline.model.batches import Examples
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel


def score(model: RelationModel, examples: Examples) -> float:
    """Macro-F1 in percent: official where relations have a direction, else the undirected one (see scorer)."""
    relations = model.config.relations
    mode = scorer.main_mode(relations)
    predicted = predict(model, examples).probabilities.argmax(axis=1)
    counts = scorer.relation_counts(examples.relation_ids, predicted, relations, mode).sum(axis=0)
    return 100 * float(scorer.macro_f1(counts, scorer.classes(relations, mode), model.config.negative_label))
