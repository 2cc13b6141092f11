"""The averaged weights."""

import pytest

from pipeline.core.tensorflow import tf
from pipeline.model.average import Average


def test_the_average_stands_in_for_the_weights_within_its_block_alone():
    variable = tf.Variable(0.0)
    average = Average([variable], decay=0.5)
    variable.assign(8.0)
    average.update()
    with average.in_place():
        inside = float(variable)
    assert inside == pytest.approx(8 * (1 - 2 / 11))
    assert float(variable) == 8
