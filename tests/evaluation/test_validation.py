"""The score that chooses the best epoch."""

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
