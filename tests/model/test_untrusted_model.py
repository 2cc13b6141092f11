"""Model folders that are made to hurt, their checksums right: one line, before anything is built of them."""

from __future__ import annotations

import dataclasses
import resource
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.core import typed
from pipeline.core.errors import InputError
from pipeline.corpus.words import load_tokenizer
from pipeline.model import frozen
from pipeline.model.frozen import Frozen
from pipeline.model.manifest import WEIGHTS, ModelDescription
from pipeline.model.relation_model import RelationModel
from tests.support import tiny

CONFIG = tiny.config()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved and frozen model."""
    folder, model = tmp_path_factory.mktemp("saved"), RelationModel(CONFIG)
    model.save(folder)
    frozen.freeze(model, folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return shutil.copytree(saved, tmp_path / "model")


@pytest.mark.parametrize("changes", [{"lstm_units": 16_384}, {"dense_units": 16_384}, {"position_width": 16_384}])
def test_a_config_of_absurd_sizes_takes_no_memory(folder: Path, changes: dict[str, Any]) -> None:
    train = dataclasses.replace(CONFIG.train, **changes)
    config = dataclasses.replace(CONFIG, train=train, width=1_000_000, max_distance=1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="do not fit the network of the manifest"):
        RelationModel.load(config, folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def spoil(folder: Path, **changes: Any) -> None:
    weights = load_file(folder / WEIGHTS) | changes
    save_file({name: value for name, value in weights.items() if value is not None}, folder / WEIGHTS)


@pytest.mark.parametrize(
    ("transitions", "found"),
    [
        (None, "transitions is missing"),
        (np.zeros((4, 4), np.float32), r"transitions is F32 \[4, 4\]"),
        (np.zeros((3, 3), np.float16), r"transitions is F16"),
        (np.zeros((3, 3), np.int64), r"transitions is I64"),
        (np.full((3, 3), np.nan, np.float32), "infinite or no numbers"),
        (np.full((3, 3), np.inf, np.float32), "infinite or no numbers"),
    ],
)
def test_weights_that_are_not_of_the_config_are_an_error(folder: Path, transitions: Any, found: str) -> None:
    spoil(folder, transitions=transitions)
    for load in (RelationModel.load, frozen.transitions):
        with pytest.raises(InputError, match=found):
            load(CONFIG, folder)


def test_a_weight_that_the_network_lacks_is_an_error(folder: Path) -> None:
    spoil(folder, more=np.zeros(3, np.float32))
    with pytest.raises(InputError, match="it has no 'more'"):
        RelationModel.load(CONFIG, folder)


@pytest.mark.parametrize(
    "changes", [{"width": 9}, {"relations": ("A", "Other")}, {"tags": ("O", "B")}, {"train": tiny.options(tasks=("relation",))}]
)
def test_a_frozen_network_of_another_config_is_an_error(folder: Path, changes: dict[str, Any]) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    if "train" in changes:  # one output more than is asked for is one that the conversion may have added
        assert set(Frozen(config, folder).forward(frozen._drawn(config, np.array([2]), np.random.default_rng(0)))) == {"relation"}
        return
    with pytest.raises(InputError, match=r"missing or damaged|not the one that the manifest tells of"):
        Frozen(config, folder)


@pytest.mark.parametrize(
    "content", [b"", b"<net", b"<!DOCTYPE a [<!ENTITY b SYSTEM '/etc/passwd'>]><net>&b;</net>", b"\x08\x07", b"<net/>"]
)
def test_a_file_that_is_no_network_is_an_error(folder: Path, content: bytes) -> None:
    (folder / "network.xml").write_bytes(content)
    with pytest.raises(InputError, match="missing or damaged"):
        Frozen(CONFIG, folder)


def test_a_network_whose_numbers_are_cut_off_is_an_error(folder: Path) -> None:
    (folder / "network.bin").write_bytes(b"short")
    with pytest.raises(InputError, match="missing or damaged"):
        Frozen(CONFIG, folder)


DESCRIPTION = dataclasses.asdict(ModelDescription.of(CONFIG, tiny.NOTES, tiny.VECTORS))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("config", "relations"), []),
        (("config", "relations"), ["a"] * 10_001),
        (("config", "relations"), ["a" * 1_001]),
        (("config", "tags"), ["O\x1b[2J"]),
        (("config", "tags"), ["O\nB"]),
        (("config", "width"), 10**12),
        (("config", "max_distance"), -1),
        (("language",), "e" * 21),
        (("vectors", "encoder", "prefix_ids"), [1] * 17),
        (("vectors", "encoder", "prefix_ids"), [-1]),
        (("vectors", "encoder", "layers"), []),
        (("vectors", "encoder", "layers"), list(range(101))),
        (("vectors", "encoder", "name"), "a\nb"),
        (("vectors", "fingerprint"), "f" * 10_000),
    ],
)
def test_a_description_out_of_bounds_is_an_error_of_one_short_line(keys: tuple[str, ...], value: object) -> None:
    with pytest.raises(typed.MismatchError) as caught:
        typed.build(ModelDescription, changed(DESCRIPTION, keys, value))
    assert len(str(caught.value)) < 2_000
    assert "\n" not in str(caught.value)


def changed(values: dict[str, Any], keys: tuple[str, ...], value: object) -> dict[str, Any]:
    first, *rest = keys
    listed = {key: list(item) if isinstance(item, tuple) else item for key, item in values.items()}
    return listed | {first: changed(values[first], tuple(rest), value) if rest else value}


def test_lists_in_lists_without_end_are_a_mismatch() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(typed.MismatchError, match="without end"):
        typed.build(ModelDescription, DESCRIPTION | {"language": deep})


def test_a_million_unknown_keys_are_told_by_the_first() -> None:
    with pytest.raises(typed.MismatchError) as caught:
        typed.build(ModelDescription, {f"key {number}": 1 for number in range(10**6)})
    assert len(caught.value.mismatches) < 20


@pytest.mark.parametrize("language", ["../x", "xx.evil", "en/../x", "", "os", "en\x00"])
def test_a_language_that_is_none_of_spacys_is_never_imported(language: str) -> None:
    with pytest.raises(InputError, match="which spaCy does not know"):
        load_tokenizer(language, "char")
