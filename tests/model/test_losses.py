"""What training minimises."""

import numpy as np
import pytest

from pipeline.core.params import LossWeights
from pipeline.core.tensorflow import tf
from pipeline.model import losses, trainer
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.training import fit


def losses_of_one_step(**changes):
    tf.keras.utils.set_random_seed(1)
    config = tiny.config(**changes)
    model = RelationModel(config)
    losses.compile_network(model.network, config.train)
    (batch, *_) = trainer.Feed(tiny.examples(), config, config.train).epoch()
    return {name: float(value) for name, value in trainer.compiled_step(model)(batch).items()}


@pytest.mark.usefixtures("eager")
def test_loss_weights_go_by_output_name():
    losses = losses_of_one_step(loss_weights=LossWeights(relation=2.0, tags=0.5), dropout=0.0)
    assert losses["loss"] == pytest.approx(2 * losses["relation_loss"] + 0.5 * losses["tags_loss"], rel=1e-5)


def test_the_cross_entropy_spreads_a_share_of_the_target_over_all_classes():
    output = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], np.float32)
    plain, smoothed = (losses.cross_entropy(share)(tf.constant([[0], [1]]), tf.constant(output)).numpy() for share in (0.0, 0.3))
    np.testing.assert_allclose(plain, -np.log([0.5, 0.8]), rtol=1e-5)
    np.testing.assert_allclose(smoothed, 0.7 * plain - 0.1 * np.log(output).sum(axis=1), rtol=1e-5)


def test_the_distance_counts_what_both_have():
    ours, theirs = [tf.constant([[1.0], [2.0], [7.0]])], [tf.constant([[0.0], [4.0]])]
    assert float(losses.distance(ours, theirs, "l1")) == 3
    assert float(losses.distance(ours, theirs, "l2")) == 5


@pytest.mark.usefixtures("eager")
def test_soft_sharing_pulls_the_two_lstms_together():
    def apart(weight):
        net = fit(sharing="soft", sharing_weight=weight, epochs=5, learning_rate=0.03, patience=5).model.network
        return float(losses.distance(net.get_layer("relation_lstm").weights, net.get_layer("tags_lstm").weights, "l2"))

    assert apart(10.0) < 0.5 * apart(0.0)


def test_balanced_weights_make_every_class_weigh_the_same():
    ids = np.array([0] * 6 + [1] * 3 + [2])
    weights = losses.class_weights(ids, 4, "balanced")
    assert [float(weights[ids[ids == relation]].sum()) for relation in range(3)] == pytest.approx([10 / 3] * 3)
