"""The description of a model on disk."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.core import manifests, outputs
from pipeline.core.errors import InputError
from pipeline.core.params import LossWeights
from pipeline.model.manifest import MODEL, WEIGHTS, ModelDescription, SavedModel
from tests.support import tiny


def seal(folder: Path, **changes: Any) -> ModelDescription:
    """Write a model folder that has no network."""
    description = ModelDescription.of(tiny.config(**changes), tiny.NOTES, tiny.VECTORS)
    with outputs.made_whole(folder) as scratch:
        (scratch / WEIGHTS).write_bytes(b"weights")
        manifests.seal(scratch, MODEL, description)
    return description


@pytest.mark.parametrize("tasks", [("relation", "tags"), ("relation",)], ids=str)
def test_a_description_is_read_as_it_was_written(tasks: tuple[str, ...], tmp_path: Path) -> None:
    loss_weights = LossWeights(relation=2.0, tags=0.5)
    written = seal(tmp_path / "model", loss_weights=loss_weights, tasks=tasks)
    saved = SavedModel.open(tmp_path / "model")
    assert saved.description == written
    assert saved.config == tiny.config(loss_weights=loss_weights, tasks=tasks)


def test_weights_of_another_model_are_an_error(tmp_path: Path) -> None:
    seal(tmp_path / "model")
    (tmp_path / "model" / WEIGHTS).write_bytes(b"others'")
    with pytest.raises(InputError, match="changed since"):
        SavedModel.open(tmp_path / "model")


@pytest.mark.parametrize("tasks", [(), ("tags",), ("relation", "relation"), ("relation", "tags", "tags")], ids=str)
def test_tasks_that_no_network_has_are_an_error(tasks: tuple[str, ...], tmp_path: Path) -> None:
    seal(tmp_path / "model", tasks=tasks)
    with pytest.raises(InputError, match=r"manifest\.json: damaged: config\.train\.tasks is"):
        SavedModel.open(tmp_path / "model")
