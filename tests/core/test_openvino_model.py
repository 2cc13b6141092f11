"""A function of two inputs and two outputs, written and run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core import openvino_model
from pipeline.core.errors import InputError
from pipeline.core.openvino_model import FrozenModel

ONES = np.ones((1, 2), np.float32)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tensorflow as tf

    def sum_and_product(left: Any, right: Any) -> list[Any]:
        return [left + right, left * right]

    specs = [tf.TensorSpec([None, 2], tf.float32, name=name) for name in ("left", "right")]
    path = tmp_path_factory.mktemp("model") / "arithmetic.xml"
    openvino_model.write(tf.function(sum_and_product, input_signature=specs), path)
    return path


@pytest.fixture
def model(written: Path) -> FrozenModel:
    return FrozenModel.load(written, "write it again", [ONES, ONES])


def test_outputs_come_in_the_functions_order(model: FrozenModel) -> None:
    left, right = 3 * ONES, 4 * ONES
    total, product = model([left, right])
    assert (total.tolist(), product.tolist()) == ([[7, 7]], [[12, 12]])


def test_inputs_may_be_named(model: FrozenModel) -> None:
    total, _ = model({"right:0": 4 * ONES, "left:0": np.zeros_like(ONES)})
    assert total.tolist() == [[4, 4]]


def test_threads_that_share_a_model_each_get_their_own_outputs(model: FrozenModel) -> None:
    numbers = [np.full((5, 2), number, np.float32) for number in range(200)]
    with ThreadPoolExecutor(2 * model.workers) as pool:
        outputs = list(pool.map(lambda number: model([number, number]), numbers))
    for number, (total, product) in zip(numbers, outputs, strict=True):
        np.testing.assert_array_equal(total, 2 * number)
        np.testing.assert_array_equal(product, number**2)


def test_an_output_stays_what_it_was_when_the_model_is_called_again(model: FrozenModel) -> None:
    kept, _ = model([ONES, ONES])
    for _ in range(2 * model.workers):
        model([9 * ONES, ONES])
    assert kept.tolist() == [[2, 2]]


def test_a_missing_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"arithmetic\.xml: the frozen arithmetic is missing or damaged\n  hint: write it again"):
        FrozenModel.load(tmp_path / "arithmetic.xml", "write it again", [ONES, ONES])


def test_a_damaged_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "arithmetic.xml").write_text("<net")
    with pytest.raises(InputError, match="the frozen arithmetic is missing or damaged"):
        FrozenModel.load(tmp_path / "arithmetic.xml", "write it again", [ONES, ONES])
