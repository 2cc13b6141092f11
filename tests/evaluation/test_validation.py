"""The score that chooses the best epoch."""

import dataclasses

import numpy as np

from pipeline.evaluation import validation
from pipeline.model.predictions import Predictions
from pipeline.model.relation_model import RelationModel
from tests.support import tiny


def test_the_score_is_official_where_relations_have_a_direction(monkeypatch):
    """Gold A(e1,e2), predicted A(e2,e1): worth nothing officially."""
    examples = tiny.examples()
    wrong = np.where(examples.relation_ids == 2, 2, 1 - examples.relation_ids)
    monkeypatch.setattr(validation, "predict", lambda *_: Predictions(np.eye(3, dtype=np.float32)[wrong], None))
    assert validation.score(RelationModel(tiny.config()), examples) == 0


def test_the_score_leaves_the_models_negative_label_out(monkeypatch):
    """All rows are predicted Other, which is right of one of four."""
    examples = tiny.examples()
    monkeypatch.setattr(validation, "predict", lambda *_: Predictions(np.eye(3, dtype=np.float32)[[2, 2, 2, 2]], None))
    model = RelationModel(tiny.config())
    assert validation.score(model, examples) == 0
    model.config = dataclasses.replace(model.config, negative_label="NA")
    assert validation.score(model, examples) > 0
