"""Networks of several seeds, trained in processes of their own or one after another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import manifests
from pipeline.core.errors import InputError
from pipeline.core.schema import VECTORS
from pipeline.encoding import store
from pipeline.evaluation.validation import score
from pipeline.model import members
from pipeline.model.members import Data, Member
from tests.support import tiny


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The tiny corpus and its vectors on disk."""
    folder = tmp_path_factory.mktemp("members")
    tiny.write_project(folder, tiny.options(), copies=2)
    words = tiny.table()["words"]
    fake = tiny.FakeStore()
    sentences = [fake.vectors(row_id) for row_id in fake.find(words)]
    (folder / "embedded" / "shards").mkdir(parents=True)
    keys = store.keys(words, tiny.VECTORS.fingerprint)
    lengths = np.array([len(vectors) for vectors in sentences])
    store.write_shard(folder / "embedded", tiny.VECTORS.fingerprint, keys, lengths, np.concatenate(sentences))
    manifests.describe(folder / "embedded", VECTORS, tiny.VECTORS)
    return Data(folder / "positioned", folder / "embedded")


def trained(data: Data, n_cores: int, monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[Member]:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(n_cores)))
    return members.train(tiny.config(**changes), data, score)[1]


def test_members_trained_beside_each_other_are_those_trained_one_after_another(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, after = (trained(data, n_cores, monkeypatch, members=2, seed=5) for n_cores in (2, 1))
    for ours, theirs in zip(beside, after, strict=True):
        for name, weight in ours.weights.items():
            np.testing.assert_allclose(weight, theirs.weights[name], atol=1e-5)


@pytest.mark.usefixtures("eager")
def test_members_have_the_seeds_from_that_of_params_on(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    [first, second] = trained(data, 1, monkeypatch, members=2, seed=5)
    for seed, expected in ((5, first), (6, second)):
        [alone] = trained(data, 1, monkeypatch, seed=seed)
        assert all((alone.weights[name] == weight).all() for name, weight in expected.weights.items())


def test_a_problem_of_a_member_comes_home(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as error:
        trained(Data(data.positioned, tmp_path / "none"), 2, monkeypatch, members=2)
    [problem] = error.value.problems
    assert problem.source.startswith(str(tmp_path / "none"))
