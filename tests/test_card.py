"""The card stage: a model that is not the one that params.yaml describes gets no card."""

from pathlib import Path

import pytest

from pipeline import card
from pipeline.core.errors import InputError
from tests.support import tiny


def test_params_of_another_run_are_an_error_that_names_each_difference():
    config = tiny.config(positions="none", lstm_units=7)
    with pytest.raises(InputError) as caught:
        card.require_same(config, tiny.options(), Path("models/relation"))
    assert [problem.found for problem in caught.value.problems] == [
        "train.lstm_units is 4, but models/relation was trained with 7",
        "train.positions is shared, but models/relation was trained with none",
    ]


def test_params_that_are_not_the_networks_may_differ():
    card.require_same(tiny.config(), tiny.options(seed=5), Path("models/relation"))
