"""Fixtures of the tests of prediction."""

import pytest

from pipeline.prediction.predictor import Predictor


@pytest.fixture(scope="session")
def shared(models):
    return Predictor(models[0] / "shared")


@pytest.fixture(scope="session")
def free(models):
    return Predictor(models[0] / "none")
