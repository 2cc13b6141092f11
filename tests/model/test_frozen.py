"""The frozen network against Keras."""

import numpy as np
import pytest

from pipeline.core.errors import InputError
from pipeline.model import frozen, viterbi
from pipeline.model.frozen import Frozen
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel
from tests.support import tiny

ARCHITECTURES = [
    {},
    {"sharing": "soft", "positions": "none", "layer_mix": "scalar"},
    {"positions": "relation", "pooling": "max+entities", "projection_width": 3},
    {"pooling": "max+entities+attention"},
    {"pooling": "pieces+entities", "positions": "relation", "sharing": "stacked"},
    {"positions": "relation", "tasks": ("relation",), "layer_mix": "scalar"},
    {"layer_mix": "normalised", "members": 2, "shape_width": 3},
]
CONFIG = tiny.config(lstm_units=16, dense_units=16)


def saved(folder, config):
    model = RelationModel(config)
    model.save(folder)
    frozen.freeze(model, folder)
    return model


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The folder of a saved and frozen model of CONFIG."""
    folder = tmp_path_factory.mktemp("reference")
    saved(folder, CONFIG)
    return folder


@pytest.mark.parametrize("changes", ARCHITECTURES, ids=str)
def test_every_architecture_says_what_keras_says(changes, tmp_path):
    model, examples = saved(tmp_path, tiny.config(**changes)), tiny.examples()
    expected = predict(model, examples)
    outputs = Frozen(model.config, tmp_path).forward(examples.inputs(np.arange(4)))
    np.testing.assert_allclose(outputs["relation"], expected.probabilities, atol=1e-6)
    if "tags" in model.config.train.tasks:
        paths = viterbi.decode(outputs["tags"], examples.lengths, frozen.transitions(model.config, tmp_path), model.config.tags)
        assert [path[path >= 0].tolist() for path in paths] == [tags.tolist() for tags in expected.tag_ids]
    else:
        assert set(outputs) == {"relation"}


def test_a_row_gets_the_same_bits_in_any_batch_padded_or_not(reference):
    examples, run = tiny.examples(), Frozen(CONFIG, reference).forward
    together = run(examples.inputs(np.arange(4)))
    for row, length in enumerate(examples.lengths):
        alone = run(examples.inputs(np.array([row])))
        np.testing.assert_array_equal(alone["relation"][0], together["relation"][row])
        np.testing.assert_array_equal(alone["tags"][0], together["tags"][row, :length])


def test_a_network_of_other_weights_is_not_taken_for_the_same(reference):
    model = RelationModel.load(CONFIG, reference)
    kernel = model.network.get_layer("relation").kernel
    kernel.assign_add(0.5 * np.random.default_rng(0).normal(size=kernel.shape))
    with pytest.raises(InputError, match="differs from Keras"):
        frozen.prove(model, Frozen(model.config, reference), reference)


def test_a_network_that_says_no_number_is_not_taken_for_the_same(reference):
    model = RelationModel.load(CONFIG, reference)
    model.network.get_layer("relation").bias.assign([np.nan] * 3)
    with pytest.raises(InputError, match="gives infinite values"):
        frozen.prove(model, Frozen(model.config, reference), reference)


def test_the_same_weights_give_the_same_files_whatever_ran_before(reference, tmp_path):
    frozen.freeze(RelationModel.load(CONFIG, reference), tmp_path)
    for name in ("network.xml", "network.bin"):
        assert (tmp_path / name).read_bytes() == (reference / name).read_bytes()


def test_a_damaged_network_is_an_error(reference, tmp_path):
    (tmp_path / "network.xml").write_text("<net>")
    with pytest.raises(InputError, match="missing or damaged"):
        Frozen(CONFIG, tmp_path)
