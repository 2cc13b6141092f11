"""The order of reading where vectors are more than memory holds."""

from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.arrays import Ints, Vectors
from pipeline.model import reading_order
from pipeline.model.batches import Examples, by_length, shuffled
from pipeline.model.reading_order import parts
from tests.support import tiny
from tests.support.rows import positioned


class SpyingStore(tiny.FakeStore):
    """A store that holds the last sentence first, and tells which were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def find(self, words: pa.ChunkedArray) -> Ints:
        found = super().find(words)[::-1]
        self._sentences.reverse()
        return found

    def vectors(self, row_id: int) -> Vectors:
        self.read.append(row_id)
        return super().vectors(row_id)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two parts of four sentences, in blocks of two."""
    one = 10 * tiny.WIDTH * 2
    monkeypatch.setattr(reading_order, "HELD_BYTES", 8 * one)
    monkeypatch.setattr(reading_order, "BLOCK_BYTES", 2 * one)


def drawn(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def corpus(n_rows: int) -> tuple[Ints, Ints]:
    """Ids and bytes of the vectors of rows of ten words."""
    return drawn(0).permutation(n_rows), np.full(n_rows, 10 * tiny.WIDTH * 2)


@given(st.data())
def test_every_row_is_in_one_part_beside_those_that_share_its_vectors(data: st.DataObject) -> None:
    ids = np.array(data.draw(st.lists(st.integers(0, 50), max_size=200)), np.int64)
    n_bytes = np.array(data.draw(st.lists(st.integers(1, 100), min_size=51, max_size=51)), np.int64)[ids]
    held, block = data.draw(st.integers(2, 2_000)), data.draw(st.integers(1, 300))
    seed = data.draw(st.none() | st.integers(0, 9))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading_order, "HELD_BYTES", held)
        patched.setattr(reading_order, "BLOCK_BYTES", block)
        found = parts(ids, n_bytes, None if seed is None else drawn(seed))
    assert len(ids) == 0 or all(len(part) for part in found)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(ids)))
    part_of = {row: number for number, part in enumerate(found) for row in part.tolist()}
    assert len({(vector_id, part_of[row]) for row, vector_id in enumerate(ids.tolist())}) == len(set(ids.tolist()))


def test_what_fits_is_one_part_in_the_order_of_the_rows() -> None:
    ids, n_bytes = corpus(1000)
    [rows] = parts(ids, n_bytes, drawn(1))
    assert rows.tolist() == list(range(1000))
    assert [part.tolist() for part in parts(ids[:0], n_bytes[:0])] == [[]]


@pytest.mark.usefixtures("little_memory")
def test_vectors_that_rows_share_are_read_and_counted_once() -> None:
    ids, n_bytes = np.zeros(100, np.int64), np.full(100, reading_order.HELD_BYTES)
    assert len(parts(ids, n_bytes)) == 1


@pytest.mark.usefixtures("little_memory")
def test_parts_fit_into_memory_by_twos_and_blocks_are_of_neighbours() -> None:
    ids, n_bytes = corpus(1000)
    for rng in (None, drawn(1)):
        found = parts(ids, n_bytes, rng)
        assert max(n_bytes[part].sum() for part in found) <= reading_order.HELD_BYTES // 2
        assert sum(int((np.diff(part) != 1).sum()) for part in found) <= 1000 / 2  # two sentences a block


@pytest.mark.usefixtures("little_memory")
def test_blocks_of_a_part_are_drawn_from_all_rows_and_otherwise_come_in_their_order() -> None:
    ids, n_bytes = corpus(1000)
    assert np.concatenate(parts(ids, n_bytes)).tolist() == list(range(1000))
    first, other = (parts(ids, n_bytes, drawn(seed))[0] for seed in (1, 2))
    assert set(first.tolist()) != set(other.tolist())
    assert np.std([part.mean() for part in parts(ids, n_bytes, drawn(1))]) < 250


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("cut", [partial(by_length, size=3), partial(shuffled, size=3, rng=drawn(3))])
def test_batches_are_of_one_part_whose_vectors_were_read_in_the_order_of_the_store(cut: partial[list[Ints]]) -> None:
    store = SpyingStore()
    examples = Examples(tiny.table(10), store, tiny.RELATIONS)
    parts_of = examples.parts()
    assert len(parts_of) > 2
    store.read.clear()
    batches = list(examples.batches(cut))
    assert sorted(np.concatenate(batches).tolist()) == list(range(40))
    assert all(any(set(batch.tolist()) <= set(part.tolist()) for part in parts_of) for batch in batches)
    assert store.read[1:] == [39 - row for part in parts_of for row in reversed(part.tolist())]


@pytest.mark.usefixtures("little_memory")
def test_the_parts_are_the_same_however_the_store_is_laid_out() -> None:
    plain, reversed_ = (Examples(tiny.table(10), store, tiny.RELATIONS) for store in (tiny.FakeStore(), SpyingStore()))
    of_both = zip(plain.parts(drawn(1)), reversed_.parts(drawn(1)), strict=True)
    assert all(one.tolist() == other.tolist() for one, other in of_both)


@pytest.mark.usefixtures("little_memory")
def test_of_a_long_sentence_all_counts_though_its_window_is_short() -> None:
    long = " ".join(f"w{index}" for index in range(40))
    row = positioned(f"[e1 a] b [e2 c] {long}", max_length=7, max_distance=10)
    examples = Examples(pa.concat_tables([row] * 6), tiny.FakeStore(), tiny.RELATIONS)
    assert examples.lengths.sum() * tiny.WIDTH * 2 < reading_order.HELD_BYTES
    assert len(examples.parts()) > 1
