"""What each option makes of the network."""

import typing

import numpy as np
import pytest

from pipeline.core.params import Train
from pipeline.model import config
from pipeline.model.relation_model import RelationModel
from tests.support import tiny


def test_the_projection_narrows_what_the_bilstm_reads():
    plain, narrow = (RelationModel(tiny.config(projection_width=width, positions="none")).network for width in (0, 3))
    rows = [net.get_layer("shared_lstm").widths for net in (plain, narrow)]
    assert rows == [[tiny.WIDTH], [3]]
    assert [layer.name for layer in plain.layers if layer.name == "projection"] == []


def test_the_stacked_bilstm_reads_the_words_the_shared_states_and_the_positions():
    net = RelationModel(tiny.config(sharing="stacked", positions="relation", lstm_units=3)).network
    assert net.get_layer("shared_lstm").widths == [tiny.WIDTH]
    width = net.get_layer("e1_positions").output_dim
    assert net.get_layer("relation_lstm").widths == [tiny.WIDTH, 6, width, width]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("positions", ["shared", "relation", "none"])
@pytest.mark.parametrize("sharing", ["hard", "soft", "stacked"])
@pytest.mark.parametrize("tasks", [("relation", "tags"), ("relation",)])
@pytest.mark.parametrize("pooling", ["max", "max+entities+attention", "pieces+entities"])
def test_every_architecture_names_its_outputs_by_task(positions, sharing, tasks, pooling):
    config = tiny.config(positions=positions, sharing=sharing, tasks=tasks, pooling=pooling, layer_mix="normalised")
    outputs = RelationModel(config).forward(tiny.examples().inputs(np.arange(4)))
    assert set(outputs) == set(tasks)
    assert outputs["relation"].shape == (4, 3)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("sharing", ["hard", "soft", "stacked"])
@pytest.mark.parametrize(("positions", "sees"), [("shared", True), ("relation", False), ("none", False)])
def test_the_tagger_sees_positions_only_when_they_are_shared(sharing, positions, sees):
    model = RelationModel(tiny.config(sharing=sharing, positions=positions))
    inputs = tiny.examples().inputs(np.arange(4))
    moved = {**inputs, "e2_position_ids": np.where(inputs["e2_position_ids"] > 0, 3, 0).astype(np.int32)}
    changed = not np.allclose(model.forward(inputs)["tags"], model.forward(moved)["tags"])
    assert changed == sees


def test_every_pooling_that_params_offer_says_what_it_has():
    assert set(config.POOLINGS) == set(typing.get_args(typing.get_type_hints(Train)["pooling"]))


@pytest.mark.usefixtures("eager")
def test_the_network_reads_shapes_only_if_they_have_a_width():
    inputs = tiny.examples().inputs(np.arange(4))
    capitals = {**inputs, "shape_ids": np.where(inputs["shape_ids"] > 0, 5, 0).astype(np.int32)}
    for width, reads in ((0, False), (3, True)):
        model = RelationModel(tiny.config(shape_width=width))
        for task in ("relation", "tags"):
            assert (not np.allclose(model.forward(inputs)[task], model.forward(capitals)[task])) == reads


def test_the_input_dropout_drops_the_same_numbers_of_every_word():
    layer = RelationModel(tiny.config(input_dropout=0.5)).network.get_layer("input_dropout")
    dropped = np.array(layer(np.ones((3, 5, 40), np.float32), training=True)) == 0
    assert (dropped == dropped[:, :1]).all()
    assert 0 < dropped.mean() < 1
    assert (dropped[0] != dropped[1]).any()
