"""Training at tiny size: what it minimises, what it keeps, what it repeats."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline import train
from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.core.params import LossWeights
from pipeline.core.schema import CONTRACTS
from pipeline.core.tensorflow import tf
from pipeline.evaluation import validation
from pipeline.model import losses, network, trainer
from pipeline.model.average import Average
from tests.support import tiny


@pytest.fixture
def eager():
    """Tracing a step takes seconds; at this size a few steps are quicker without."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def run(on_epoch=lambda figures: None, score=validation.score, **changes):
    examples = tiny.examples(copies=3)
    own = trainer.Trainer(tiny.config(**changes), tiny.options(**changes), len(examples), score)
    return own.train(examples, examples, on_epoch)


def weights(trained):
    return {name: weight.numpy() for name, weight in network.weights(trained.model.network).items()}


def test_a_small_corpus_is_learnt_by_heart():
    trained = run(epochs=40, patience=40, learning_rate=0.03, dropout=0.0, lstm_units=8)
    assert trained.score > 90


def test_two_runs_give_the_same_bytes():
    first, second = weights(run(weight_averaging=0.9)), weights(run(weight_averaging=0.9))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_a_trainer_begins_again_from_another_seed_as_if_new_but_for_dropout():
    options, config = tiny.options(loss_weights="learned", epochs=3), tiny.config(dropout=0.0)
    examples, trained = tiny.examples(copies=3), []
    for earlier in ([], [1, 2]):
        own = trainer.Trainer(config, options, len(examples), validation.score)
        for seed in [*earlier, 3]:
            own.reset(seed)
            last = own.train(examples, examples)
        trained.append(weights(last))
    assert all(trained[0][name].tobytes() == trained[1][name].tobytes() for name in trained[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"tasks": ("relation",)},
        {"sharing": "soft", "sharing_distance": "l1"},
        {"sharing": "soft", "positions": "relation"},
        {"loss_weights": "learned", "class_weights": "balanced"},
        {"schedule": "cosine", "weight_decay": 0.01, "weight_averaging": 0.9},
        {"label_smoothing": 0.1, "pooling": "max+entities+attention"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("eager")
def test_every_option_trains(changes):
    losses = []
    run(lambda figures: losses.append(figures["loss"]), epochs=3, learning_rate=0.02, dropout=0.0, **changes)
    assert losses[-1] < losses[0]


@pytest.mark.usefixtures("eager")
def test_the_best_epochs_weights_are_kept_and_patience_ends_training():
    scores = iter([1.0, 5.0, 2.0, 3.0, 9.0])
    seen = []

    def score(model, examples):
        seen.append(model.network.get_weights())
        return next(scores)

    trained = run(score=score, epochs=5, patience=2)
    assert (trained.epochs, trained.best_epoch, trained.score) == (4, 2, 5.0)
    for kept, best in zip(trained.model.network.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(kept, best)


def test_many_lengths_trace_the_step_once():
    config, options = tiny.config(), tiny.options(batch_size=1)
    model = network.Model(config)
    losses.compile_network(model.network, options, n_steps=1)
    step = trainer.compiled_step(model)
    feed = trainer.Feed(tiny.examples(), config, options)
    for batch in feed.epoch():
        step(batch)
    assert step.experimental_get_tracing_count() == 1


def losses_of_one_step(**changes):
    tf.keras.utils.set_random_seed(1)
    config, options = tiny.config(**changes), tiny.options(**changes)
    model = network.Model(config)
    losses.compile_network(model.network, options, n_steps=1)
    (batch, *_) = trainer.Feed(tiny.examples(), config, options).epoch()
    return {name: float(value) for name, value in trainer.compiled_step(model)(batch).items()}


@pytest.mark.usefixtures("eager")
def test_loss_weights_go_by_output_name():
    losses = losses_of_one_step(loss_weights=LossWeights(relation=2.0, tags=0.5), dropout=0.0)
    assert losses["loss"] == pytest.approx(2 * losses["relation_loss"] + 0.5 * losses["tags_loss"], rel=1e-5)


@pytest.mark.usefixtures("eager")
def test_learned_loss_weights_start_at_one_and_then_move():
    trained = run(loss_weights="learned")
    assert all(float(variance) != 0 for variance in trained.model.network.log_variances.values())
    learned, fixed = losses_of_one_step(loss_weights="learned"), losses_of_one_step()
    assert learned["loss"] == pytest.approx(fixed["loss"], rel=1e-5)


def test_the_cross_entropy_spreads_a_share_of_the_target_over_all_classes():
    output = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], np.float32)
    plain, smoothed = (losses.cross_entropy(share)(tf.constant([[0], [1]]), tf.constant(output)).numpy() for share in (0.0, 0.3))
    np.testing.assert_allclose(plain, -np.log([0.5, 0.8]), rtol=1e-5)
    np.testing.assert_allclose(smoothed, 0.7 * plain - 0.1 * np.log(output).sum(axis=1), rtol=1e-5)


def test_an_uncertain_loss_is_that_of_the_paper():
    loss = losses.uncertain(lambda truth, output: tf.constant([3.0]), tf.constant(2 * np.log(2.0), tf.float32))
    assert float(loss(None, None)[0]) == pytest.approx(3 / 4 + np.log(2))


def test_the_distance_counts_what_both_have():
    ours, theirs = [tf.constant([[1.0], [2.0], [7.0]])], [tf.constant([[0.0], [4.0]])]
    assert float(losses.distance(ours, theirs, "l1")) == 3
    assert float(losses.distance(ours, theirs, "l2")) == 5


@pytest.mark.usefixtures("eager")
def test_soft_sharing_pulls_the_two_lstms_together():
    def apart(weight):
        net = run(sharing="soft", sharing_weight=weight, epochs=5, learning_rate=0.03, patience=5).model.network
        return float(losses.distance(net.get_layer("relation_lstm").weights, net.get_layer("tags_lstm").weights, "l2"))

    assert apart(10.0) < 0.5 * apart(0.0)


def test_balanced_weights_make_every_class_weigh_the_same():
    ids = np.array([0] * 6 + [1] * 3 + [2])
    weights = losses.class_weights(ids, 4, "balanced")
    assert [float(weights[ids[ids == relation]].sum()) for relation in range(3)] == pytest.approx([10 / 3] * 3)


def test_the_average_stands_in_for_the_weights_within_its_block_alone():
    variable = tf.Variable(0.0)
    average = Average([variable], decay=0.5)
    variable.assign(8.0)
    average.update()
    with average.in_place():
        inside = float(variable)
    assert inside == pytest.approx(8 * (1 - 2 / 11))
    assert float(variable) == 8


def test_the_score_is_official_where_relations_have_a_direction(monkeypatch):
    """Gold A(e1,e2), predicted A(e2,e1): worth nothing officially."""
    examples = tiny.examples()
    wrong = np.where(examples.relation_ids == 2, 2, 1 - examples.relation_ids)
    monkeypatch.setattr(network, "predict", lambda *_: network.Predictions(np.eye(3, dtype=np.float32)[wrong], None))
    assert validation.score(network.Model(tiny.config()), examples) == 0


@pytest.mark.usefixtures("eager")
def test_the_stage_writes_a_model_that_loads_and_the_same_files_each_time(tmp_path, monkeypatch):
    section = dataclasses.asdict(tiny.options(epochs=1))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"train": {**section, "tasks": list(section["tasks"])}}))
    tables = {split: [tiny.table(2)] for split in ("train", "validation", "test")}
    notes = {"max_distance": tiny.MAX_DISTANCE, "max_length": 50, "language": "en", "segmenter": "char"}
    storage.write(tmp_path / "positioned", CONTRACTS["position"], tables, {"tags": list(tiny.TAGS)}, notes)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train.Store, "open", lambda folder: tiny.FakeStore())
    closing = [train.main(["positioned", "embedded", output]) for output in ("one", "two")]
    files = [{path.relative_to(output): path.read_bytes() for path in Path(output).rglob("*.*")} for output in ("one", "two")]
    assert files[0] == files[1]
    curve = Path("one") / "curves" / "plots" / "metrics" / "validation_score.tsv"
    assert curve.read_text().startswith("step\tvalidation_score\n0\t")
    assert network.load(Path("one")).config.relations == tiny.RELATIONS
    assert closing[0].startswith("train: 8 sentences, best epoch 1 of 1")


def test_training_without_the_relation_task_is_an_error():
    with pytest.raises(InputError, match="lacks relation"):
        train.check(dataclasses.replace(tiny.options(), tasks=("tags",)), {"train": 1, "validation": 1})


def test_no_validation_rows_are_an_error():
    with pytest.raises(InputError, match="no validation rows"):
        train.check(tiny.options(), {"train": 1, "validation": 0})


def test_the_committed_params_are_the_reference_model():
    committed = tiny.options()
    assert (committed.tasks, committed.sharing, committed.positions) == (("relation", "tags"), "hard", "shared")
    assert isinstance(committed, params.Train)
