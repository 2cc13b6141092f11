"""The card stage: a model that is not the one that params.yaml describes gets no card."""

from pathlib import Path

import pytest

from pipeline import card
from pipeline.core import files, manifests, outputs
from pipeline.core.errors import InputError
from pipeline.core.schema import REPORTS, ReportsDescription
from pipeline.model.manifest import ModelDescription, SavedModel
from tests.support import tiny


def trained(**changes):
    """A model that was trained under the tiny options with changes."""
    return SavedModel(Path("models/relation"), ModelDescription.of(tiny.config(**changes), tiny.NOTES, tiny.VECTORS))


def test_params_of_another_run_are_an_error_that_names_each_difference():
    with pytest.raises(InputError) as caught:
        card.require_same(trained(positions="none", lstm_units=7), tiny.options())
    assert [problem.found for problem in caught.value.problems] == [
        "train.positions is shared, but models/relation was trained with none",
        "train.lstm_units is 4, but models/relation was trained with 7",
    ]


@pytest.mark.parametrize("changes", [{"seed": 5}, {"class_weights": "balanced"}, {"learning_rate": 0.5}])
def test_params_of_the_training_alone_are_those_of_the_model_too(changes):
    card.require_same(trained(**changes), tiny.options(**changes))
    with pytest.raises(InputError, match=rf"train\.{next(iter(changes))} is .*, but models/relation was trained with"):
        card.require_same(trained(), tiny.options(**changes))


def test_a_file_that_is_no_card_is_never_overwritten(tmp_path):
    target = tmp_path / "README.md"
    for own in (b"my own notes\n", b"# Relation model\n\nof my own\n", b"---\ntags:\n- x\n---\n# My model\n", b"\xff\xfe", b""):
        target.write_bytes(own)
        with pytest.raises(InputError, match=r"README\.md: the file is no model card of this pipeline.*\n.*name another file"):
            card.main(tmp_path / "model", tmp_path / "scores.json", target)
        assert target.read_bytes() == own


def test_scores_that_changed_since_they_were_written_get_no_card(tmp_path):
    folder = tmp_path / "reports"
    with outputs.made_whole(folder) as scratch:
        files.write_json(scratch / "scores.json", {"test": {}})
        manifests.seal(scratch, REPORTS, ReportsDescription(n_test=1))
    (folder / "scores.json").write_text('{"test": {"f1": 100.0}}')
    with pytest.raises(InputError, match=r"scores\.json: missing, damaged or changed.*\n.*run dvc repro evaluate"):
        card.main(tmp_path / "model", folder / "scores.json", tmp_path / "README.md")
    assert not (tmp_path / "README.md").exists()


@pytest.mark.parametrize("name", ["metrics.json", "predictions.jsonl", "manifest.json"])
def test_another_file_of_the_reports_is_an_error_that_names_the_scores(tmp_path, name):
    folder = tmp_path / "reports"
    with outputs.made_whole(folder) as scratch:
        files.write_json(scratch / name, {"test": {}})
        manifests.seal(scratch, REPORTS, ReportsDescription(n_test=1))
    with pytest.raises(InputError, match=rf"{name}: the scores of a model stand in .*\n  hint: name .*reports/scores\.json"):
        card.main(tmp_path / "model", folder / name, tmp_path / "README.md")
