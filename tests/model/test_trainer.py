"""Training at tiny size: that it learns, what it keeps, what it repeats."""

import numpy as np
import pytest

from pipeline.evaluation import validation
from pipeline.model import losses, reading_order, trainer
from pipeline.model.batches import Examples
from pipeline.model.network import weights_by_name
from pipeline.model.predictions import predict
from pipeline.model.relation_model import RelationModel
from tests.support import tiny
from tests.support.training import fit


def weights(trained):
    return {name: weight.numpy() for name, weight in weights_by_name(trained.model.network).items()}


def test_a_small_corpus_is_learnt_by_heart():
    trained = fit(epochs=40, patience=40, learning_rate=0.03, dropout=0.0, lstm_units=8)
    assert trained.score > 90


def test_two_runs_give_the_same_bytes():
    first, second = weights(fit(weight_averaging=0.9)), weights(fit(weight_averaging=0.9))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_two_runs_that_read_in_parts_give_the_same_bytes_and_learn(monkeypatch):
    monkeypatch.setattr(reading_order, "HELD_BYTES", 1_000)
    monkeypatch.setattr(reading_order, "BLOCK_BYTES", 200)
    assert len(tiny.examples(copies=3).parts()) > 1
    runs = [fit(epochs=40, patience=40, learning_rate=0.03, dropout=0.0, lstm_units=8) for _ in range(2)]
    first, second = map(weights, runs)
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert runs[0].score > 90


def test_a_trainer_begins_again_from_another_seed_as_if_new_but_for_dropout():
    config = tiny.config(epochs=3, dropout=0.0)
    examples, trained = tiny.examples(copies=3), []
    for earlier in ([], [1, 2]):
        own = trainer.Trainer(config, validation.score)
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
        {"class_weights": "balanced"},
        {"weight_decay": 0.01, "weight_averaging": 0.9},
        {"label_smoothing": 0.1, "pooling": "max+entities+attention"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("eager")
def test_every_option_trains(changes):
    losses = []
    fit(lambda figures: losses.append(figures["loss"]), epochs=3, learning_rate=0.02, dropout=0.0, **changes)
    assert losses[-1] < losses[0]


@pytest.mark.usefixtures("eager")
def test_the_best_epochs_weights_are_kept_and_patience_ends_training():
    scores = iter([1.0, 5.0, 2.0, 3.0, 9.0])
    seen = []

    def score(model, examples):
        seen.append(model.network.get_weights())
        return next(scores)

    trained = fit(score=score, epochs=5, patience=2)
    assert (trained.epochs, trained.best_epoch, trained.score) == (4, 2, 5.0)
    for kept, best in zip(trained.model.network.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(kept, best)


def test_many_lengths_trace_the_step_once():
    config = tiny.config(batch_size=1)
    model = RelationModel(config)
    losses.compile_network(model.network, config.train)
    step = trainer.compiled_step(model)
    feed = trainer.Feed(tiny.examples(), config, config.train)
    for batch in feed.epoch():
        step(batch)
    assert step.experimental_get_tracing_count() == 1


@pytest.mark.usefixtures("eager")
def test_the_validation_loss_is_that_of_the_weights_that_are_scored_without_dropout():
    told = []
    trained = fit(told.append, epochs=1, weight_averaging=0.9, label_smoothing=0.0, tasks=("relation",), dropout=0.5)
    examples = tiny.examples(copies=3)
    probabilities = predict(trained.model, examples).probabilities
    loss = -np.log(probabilities[np.arange(len(examples)), examples.relation_ids]).mean()
    assert told[0]["validation_loss"] == pytest.approx(loss, rel=1e-4)
    assert told[0]["validation_loss"] != told[0]["loss"]


@pytest.mark.usefixtures("eager")
def test_the_validation_loss_weighs_relations_as_training_does():
    config = tiny.config(epochs=1, class_weights="balanced", label_smoothing=0.0, tasks=("relation",))
    training, told = tiny.examples(copies=3), []  # 6, 3 and 3 rows of the relations
    held_out = Examples(tiny.table().slice(0, 3), tiny.FakeStore(), tiny.RELATIONS)  # one of each
    trained = trainer.Trainer(config, validation.score).train(training, held_out, told.append)
    losses_of_rows = -np.log(predict(trained.model, held_out).probabilities[np.arange(3), held_out.relation_ids])
    assert told[0]["validation_loss"] == pytest.approx((np.array([2 / 3, 4 / 3, 4 / 3]) * losses_of_rows).mean(), rel=1e-4)


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_without_validation_rows_balanced_relations_train_without_a_warning():
    none = Examples(tiny.table().slice(0, 0), tiny.FakeStore(), tiny.RELATIONS)
    trainer.Trainer(tiny.config(epochs=1, class_weights="balanced"), validation.score).train(tiny.examples(), none)


@pytest.mark.usefixtures("eager")
def test_telling_the_epochs_changes_no_weight():
    quiet, told = weights(fit(epochs=2)), weights(fit(lambda figures: None, epochs=2))
    assert all(quiet[name].tobytes() == told[name].tobytes() for name in quiet)
