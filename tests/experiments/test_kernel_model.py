"""The kernel model of mean word vectors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from experiments import kernel_model
from experiments.kernel_model import Similarities
from pipeline.core.arrays import Ints, Vectors
from tests.support import tiny


class Points:
    """A store of a sentence a row, of whose words the vectors are all alike: two clouds, by turns."""

    def __init__(self, n_rows: int) -> None:
        rng = np.random.default_rng(0)
        self._points = (rng.normal(size=(n_rows, 6)) + 8 * (np.arange(n_rows)[:, None] % 2) * np.eye(6)[0]).astype(np.float16)

    def find(self, words: pa.ChunkedArray) -> Ints:
        return np.array([int(sentence[0]) for sentence in words.to_pylist()])

    def vectors(self, row_id: int) -> Vectors:
        return np.repeat(self._points[row_id][None], 3, axis=0)


def numbered(n_rows: int) -> pa.Table:
    """Rows of three words, the first of which is the row's number."""
    edges = {name: [place] * n_rows for name, place in zip(kernel_model.EDGES, (0, 1, 2, 3), strict=True)}
    return pa.table({"words": [[str(row), "to", "b"] for row in range(n_rows)], **edges})


@pytest.mark.parametrize("n_landmarks", [300, 60])
def test_it_tells_apart_what_lies_apart_with_fewer_landmarks_than_rows_too(
    n_landmarks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_model, "LANDMARKS", n_landmarks)
    monkeypatch.setattr(kernel_model, "BLOCK_ROWS", 70)
    alike, labels, training = Similarities.of(numbered(300), Points(300)), np.arange(300) % 2, np.arange(300) < 200
    probabilities = alike.tell(training, labels, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels[200:]).all()


def test_labels_of_rows_that_it_is_not_trained_on_change_nothing() -> None:
    alike, training = Similarities.of(numbered(20), Points(20)), np.arange(20) % 4 < 3
    labels = np.arange(20) % 2
    told = [alike.tell(training, np.where(training, labels, other), 2).tobytes() for other in (0, 1)]
    assert told[0] == told[1]


def test_of_many_rows_the_landmarks_are_fewer_for_what_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_model, "MOST_VALUES", 100)
    assert Similarities.of(numbered(20), Points(20)).values.shape == (20, 5)


def test_with_all_landmarks_it_is_the_ridge_regression_of_the_kernel() -> None:
    alike, training, labels = Similarities.of(numbered(30), Points(30)), np.arange(30) < 20, np.arange(30) % 2
    kernel = alike.values.astype(np.float64)
    targets = np.eye(2)[labels[:20]]
    weights = np.linalg.solve(kernel[:20, :20] + kernel_model.RIDGE * np.eye(20), targets - targets.mean(axis=0))
    odds = np.exp(kernel_model.SHARPNESS * (kernel[20:, :20] @ weights + targets.mean(axis=0)))
    np.testing.assert_allclose(alike.tell(training, labels, 2), odds / odds.sum(axis=1, keepdims=True), rtol=1e-4)


def test_a_pair_is_described_by_its_entities_and_the_words_between() -> None:
    class Counting:
        """A store of one sentence, whose vectors are the words' numbers."""

        def find(self, words: pa.ChunkedArray) -> Ints:
            return np.zeros(len(words), np.int64)

        def vectors(self, row_id: int) -> Vectors:
            return np.arange(9, dtype=np.float16)[:, None]

    row = tiny.table().slice(1, 1).to_pylist()[0]  # [e1 rain] made [e2 the great flood] ...
    edges = tuple(row[name] for name in kernel_model.EDGES)
    assert kernel_model._describe(Counting(), 0, edges).tolist() == [0, 3, 1, 1, 4]
    turned = (*edges[2:], *edges[:2])
    assert kernel_model._describe(Counting(), 0, turned).tolist() == [3, 0, 1, 1, 4]
