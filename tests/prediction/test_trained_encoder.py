"""The encoder that a model was trained on: where it is found, and when it is another."""

import dataclasses
import shutil

import pytest

from pipeline.core import manifests
from pipeline.core.errors import InputError
from pipeline.core.schema import ENCODER
from pipeline.model.manifest import MODEL, SavedModel
from pipeline.prediction import trained_encoder
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Sentence
from tests.support import encoders
from tests.support.models import MARKED


def changed_encoder(models, folder, **changes):
    shutil.copytree(models[0] / "encoder", folder)
    description, _ = manifests.open_sealed(folder, ENCODER)
    manifests.seal(folder, ENCODER, dataclasses.replace(description, **changes))
    return folder


@pytest.mark.parametrize("change", [{"fingerprint": "other"}, {"prefix_ids": (7,)}, {"max_pieces": 20}])
def test_another_encoder_is_an_error(models, tmp_path, change):
    folder = changed_encoder(models, tmp_path / "encoder", **change)
    with pytest.raises(InputError, match=rf"not the encoder that the model was trained on \(other {next(iter(change))}\)"):
        Predictor(models[0] / "shared", folder)


def test_the_same_encoder_may_have_another_name(models, tmp_path):
    folder = changed_encoder(models, tmp_path / "encoder", name="elsewhere", revision="main")
    assert Predictor(models[0] / "shared", folder).predict([]) == []


@pytest.mark.parametrize("name", ["encoder.xml", "encoder.bin", "tokenizer.json"])
def test_a_damaged_file_of_the_encoder_is_an_error(models, tmp_path, name):
    folder = changed_encoder(models, tmp_path / "encoder")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(InputError, match=f"{name}: missing, damaged"):
        Predictor(models[0] / "shared", folder)


def test_the_encoder_is_found_within_the_model_folder_or_beside_it(models, tmp_path):
    assert trained_encoder.find(SavedModel.open(models[0] / "shared")) == models[0] / "encoder"
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    shutil.copytree(models[0] / "encoder", tmp_path / "model" / "encoder")
    assert trained_encoder.find(SavedModel.open(tmp_path / "model")) == tmp_path / "model" / "encoder"


def test_a_missing_encoder_is_made_anew_by_its_name_beside_the_model(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    [answer] = Predictor(tmp_path / "model").predict([Sentence.of(MARKED[0])])
    assert [answer] == Predictor(models[0] / "shared").predict([Sentence.of(MARKED[0])])
    assert (tmp_path / "encoder" / "encoder.xml").is_file()


def test_a_place_where_the_encoder_cannot_be_made_is_an_error_that_names_the_option(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    (tmp_path / ".encoder.lock").mkdir()
    with pytest.raises(InputError, match=r"(?s)cannot be made here: Is a directory.*--encoder"):
        Predictor(tmp_path / "model")


def test_what_stands_where_the_encoder_belongs_is_not_replaced(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    (tmp_path / "encoder").touch()
    with pytest.raises(InputError, match="encoder: a link or a file stands where the output folder belongs"):
        Predictor(tmp_path / "model")


def test_a_fetched_encoder_that_changed_under_its_name_is_an_error(models, tmp_path):
    shutil.copytree(models[0] / "shared", tmp_path / "model")
    description, _ = manifests.open_sealed(tmp_path / "model", MODEL)
    encoder = dataclasses.replace(description.vectors.encoder, name=str(encoders.make("bert", tmp_path / "tiny", seed=2)))
    vectors = dataclasses.replace(description.vectors, encoder=encoder)
    manifests.seal(tmp_path / "model", MODEL, dataclasses.replace(description, vectors=vectors))
    with pytest.raises(InputError, match="not the encoder that the model was trained on"):
        Predictor(tmp_path / "model")
