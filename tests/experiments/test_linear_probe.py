"""The linear model of mean word vectors."""

import numpy as np
import pyarrow as pa

from experiments import linear_probe
from pipeline.core.arrays import Ints, Vectors
from tests.support import tiny


def test_it_tells_apart_what_a_line_parts() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    described = (rng.normal(size=(300, 6)) + 8 * (labels[:, None] - 0.5) * np.eye(6)[0]).astype(np.float32)
    probabilities = linear_probe.predict(described[:200], labels[:200], described[200:], 2, seed=1)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels[200:]).mean() > 0.95


def test_a_pair_is_described_by_its_entities_and_the_words_between() -> None:
    class Counting:
        """A store of one sentence, whose vectors are the words' numbers."""

        def find(self, words: pa.ChunkedArray) -> Ints:
            return np.zeros(len(words), np.int64)

        def vectors(self, row_id: int) -> Vectors:
            return np.arange(9, dtype=np.float16)[:, None]

    row = tiny.table().slice(1, 1).to_pylist()[0]  # [e1 rain] made [e2 the great flood] ...
    edges = tuple(row[name] for name in linear_probe.EDGES)
    assert linear_probe._describe(Counting(), 0, edges).tolist() == [0, 3, 1, 1, 4]
    turned = (*edges[2:], *edges[:2])
    assert linear_probe._describe(Counting(), 0, turned).tolist() == [3, 0, 1, 1, 4]


def test_the_same_seed_says_the_same() -> None:
    described, labels = np.random.default_rng(1).normal(size=(40, 4)).astype(np.float32), np.arange(40) % 3
    one, other = (linear_probe.predict(described, labels, described, 3, seed=2) for _ in range(2))
    assert one.tobytes() == other.tobytes()
