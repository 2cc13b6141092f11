"""Stage train: fit the network on the training rows and keep the weights of the epoch that scores best on validation.

In: data/positioned, the embedding store. Out: models/relation: config.json, weights.safetensors, summary.txt, curves/ (dvclive).

    python -m pipeline.train data/positioned data/embedded models/relation
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import params, scorer, storage
from pipeline.batches import Batch, Examples, shuffled
from pipeline.errors import InputError
from pipeline.model import frozen, network
from pipeline.model.average import Average
from pipeline.model.config import Config
from pipeline.model.manifest import Manifest
from pipeline.params import Train
from pipeline.prefetch import prefetch
from pipeline.ragged import Ints
from pipeline.schema import CONTRACTS
from pipeline.stage import arguments, log, progress, quiet, run
from pipeline.storage import Folder
from pipeline.store import Store

quiet()
import tensorflow as tf  # noqa: E402

FEW_ROWS = 50  # of validation, on which a row is two points of accuracy and more
Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Step = tuple[Batch, Batch, Batch]  # inputs, targets and sample weights by name


@dataclass(frozen=True)
class Trained:
    """A model with its best epoch's weights, and how it got there."""

    model: network.Model
    epochs: int
    best_epoch: int
    score: float  # macro-F1 in percent
    sentences_per_second: float  # of the median epoch's steps


def train(
    config: Config,
    options: Train,
    training: Examples,
    validation: Examples,
    on_epoch: Callable[[dict[str, float]], None] = lambda figures: None,
) -> Trained:
    """Train a network: the same weights for the same arguments on the same machine.

    Args: on_epoch: gets each epoch's losses by name, `validation_score` and `sentences_per_second`.
    """
    return Trainer(config, options, len(training)).train(training, validation, on_epoch)


class Trainer:
    """A compiled network to train: again from other seeds too, without tracing its step anew, which takes seconds."""

    def __init__(self, config: Config, options: Train, n_rows: int) -> None:
        """Build and compile the network.

        Args: n_rows: of training, for the learning rate's schedule.
        """
        tf.keras.utils.set_random_seed(options.seed)
        tf.config.experimental.enable_op_determinism()
        self._options = options
        self._model = network.Model(config)
        compile_network(self._model.network, options, n_steps=options.epochs * -(-n_rows // options.batch_size))
        self._step = compiled_step(self._model)

    def reset(self, seed: int) -> None:
        """Begin again, from the initial weights of another seed; dropout's draws go on from where they are."""
        tf.keras.utils.set_random_seed(seed)
        self._options = dataclasses.replace(self._options, seed=seed)
        net = self._model.network
        initial = network.weights(network.build(self._model.config))
        for name, variable in network.weights(net).items():
            variable.assign(initial[name])
        for variable in (*net.optimizer.variables, *getattr(net, "log_variances", {}).values()):
            variable.assign(tf.zeros_like(variable))

    def train(self, training: Examples, validation: Examples, on_epoch: Callable[[dict[str, float]], None]) -> Trained:
        """Train until patience or epochs end; the model is the trainer's own, so use it before the next training."""
        model, options = self._model, self._options
        feed = Feed(training, model.config, options)
        average = Average(model.network.trainable_variables, options.weight_averaging)
        best, best_epoch, speeds = float("-inf"), 0, []
        for epoch in range(1, options.epochs + 1):
            started = time.perf_counter()
            model.network.reset_metrics()
            with progress(len(training), "sentences") as advance:
                for batch in feed.epoch():
                    losses = self._step(batch)
                    average.update()
                    advance(len(batch[1]["relation"]))
            speeds.append(len(training) / (time.perf_counter() - started))
            with average.in_place():
                reached = score(model, validation)
                if reached > best:
                    best, best_epoch, weights = reached, epoch, model.network.get_weights()
            figures = {name: float(loss) for name, loss in losses.items()}
            on_epoch({**figures, "validation_score": reached, "sentences_per_second": speeds[-1]})
            if epoch - best_epoch >= options.patience:
                break
        model.network.set_weights(weights)
        return Trained(model, epoch, best_epoch, best, float(np.median(speeds)))


def compiled_step(model: network.Model) -> Callable[[Step], dict[str, tf.Tensor]]:
    """Keras' own training step, traced once: its shapes are open. Not `fit`, whose tf.data feed costs milliseconds a batch."""
    specs = {"relation": tf.TensorSpec((None,), tf.int64), "tags": tf.TensorSpec((None, None), tf.int32)}
    targets = {task: specs[task] for task in model.config.tasks}
    weights = {"relation": tf.TensorSpec((None,), tf.float32)}
    signature = (network.input_specs(model.config), targets, weights)
    step: Callable[[Step], dict[str, tf.Tensor]] = tf.function(model.network.train_step, input_signature=[signature])
    return step


def score(model: network.Model, examples: Examples) -> float:
    """Macro-F1 in percent: official where relations have a direction, else the undirected one (see scorer)."""
    relations = model.config.relations
    mode: scorer.Mode = "official" if scorer.is_directed(relations) else "undirected"
    predicted = network.predict(model, examples).probabilities.argmax(axis=1)
    counts = scorer.relation_counts(examples.relation_ids, predicted, relations, mode).sum(axis=0)
    return 100 * float(scorer.macro_f1(counts, scorer.classes(relations, mode)))


def class_weights(relation_ids: Ints, n_relations: int, kind: str) -> network.Floats:
    """Each relation's weight in its loss: (R,) float32, 1 or inversely proportional to its count; a row's mean weight is 1.

    >>> class_weights(np.array([0, 0, 1, 1, 1, 1]), 3, "balanced").tolist()
    [1.5, 0.75, 0.0]
    """
    if kind == "none":
        return np.ones(n_relations, np.float32)
    counts = np.bincount(relation_ids, minlength=n_relations)
    shares = counts / len(relation_ids) * (counts > 0).sum()
    return np.divide(1, shares, out=np.zeros(n_relations), where=counts > 0).astype(np.float32)


class Feed:
    """Epochs of training batches, each made ahead of the step that needs it."""

    def __init__(self, examples: Examples, config: Config, options: Train) -> None:
        self._examples = examples
        self._tasks = config.tasks
        self._weights = class_weights(examples.relation_ids, len(config.relations), options.class_weights)
        self._size = options.batch_size
        self._rng = np.random.default_rng(options.seed)

    def __len__(self) -> int:
        return -(-len(self._examples) // self._size)

    def epoch(self) -> Iterator[Step]:
        """The batches of the next epoch."""
        return prefetch(self._batch, shuffled(self._examples.lengths, self._size, self._rng), workers=1)

    def _batch(self, rows: Ints) -> Step:
        targets = self._examples.targets(rows)
        weights: Batch = {"relation": self._weights[targets["relation"]]}
        batch = self._examples.inputs(rows), {task: targets[task] for task in self._tasks}, weights
        tensors: Step = tf.nest.map_structure(tf.convert_to_tensor, batch)
        return tensors


def compile_network(net: tf.keras.Model, options: Train, n_steps: int) -> None:
    """Declare losses and their weights by output name, and the optimizer."""
    losses: dict[str, Loss] = {"relation": cross_entropy(options.label_smoothing)}
    if "tags" in options.tasks:
        losses["tags"] = net.get_layer("tags").loss
    loss_weights = None
    if options.loss_weights == "learned":
        # As an attribute of the network the variables are trained with it, yet stay outside its layers and so its saved weights.
        net.log_variances = {name: tf.Variable(0.0, name=f"{name}_log_variance") for name in losses}
        losses = {name: uncertain(loss, net.log_variances[name]) for name, loss in losses.items()}
    else:
        loss_weights = {name: getattr(options.loss_weights, name) for name in losses}
    if options.sharing == "soft" and "tags" in options.tasks:
        ours, theirs = (net.get_layer(f"{task}_lstm").weights for task in ("relation", "tags"))
        net.add_loss(lambda: options.sharing_weight * distance(ours, theirs, options.sharing_distance))
    rate = options.learning_rate
    if options.schedule == "cosine":
        rate = tf.keras.optimizers.schedules.CosineDecay(rate, decay_steps=n_steps)
    optimizer = tf.keras.optimizers.Adam(rate, weight_decay=options.weight_decay or None)
    net.compile(optimizer, loss=losses, loss_weights=loss_weights)
    # Variables that the first step made would have it traced a second time, which takes seconds.
    optimizer.build(net.trainable_variables)
    net.compiled_loss.build(net.output)


def cross_entropy(smoothing: float) -> Loss:
    """Of probabilities; a share of each target is spread evenly over all classes (label smoothing, Szegedy et al. 2016)."""

    def loss(truth: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        target = tf.one_hot(tf.reshape(truth, [-1]), output.shape[-1])
        return tf.keras.losses.categorical_crossentropy(target, output, label_smoothing=smoothing)

    return loss


def uncertain(loss: Loss, log_variance: tf.Variable) -> Loss:
    """A loss that learns its weight from its task's uncertainty (Kendall et al. 2018, equation 10): exp(-s) L + s / 2."""

    def weighted(truth: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        return tf.exp(-log_variance) * loss(truth, output) + log_variance / 2

    return weighted


def distance(ours: Sequence[tf.Variable], theirs: Sequence[tf.Variable], kind: str) -> tf.Tensor:
    """How far two BiLSTMs' weights lie apart: L2 (Duong et al. 2015) or L1; position rows that one of them lacks don't count."""
    shared = [(a[: min(a.shape[0], b.shape[0])], b[: min(a.shape[0], b.shape[0])]) for a, b in zip(ours, theirs, strict=True)]
    apart = [tf.abs(a - b) if kind == "l1" else tf.square(a - b) for a, b in shared]
    return tf.add_n([tf.reduce_sum(part) for part in apart])


def configure(options: Train, folder: Folder, store: Store) -> Config:
    """The network that the train section asks for, on the data at hand."""
    relations = sorted({name for table in folder.tables.values() for name in table["relation"].unique().to_pylist()})
    return Config.of(
        options,
        relations=tuple(relations),
        tags=tuple(folder.labels["tags"]),
        width=store.width,
        n_layers=store.n_layers,
        max_distance=folder.notes["max_distance"],
        encoder=store.fingerprint,
    )


def check(options: Train, rows: dict[str, int]) -> None:
    """Refuse what cannot be trained.

    Raises: InputError.
    """
    if "relation" not in options.tasks:
        raise InputError.of(params.FILE, "train.tasks lacks relation", "write tasks: [relation, tags] or tasks: [relation]")
    for split in ("train", "validation"):
        if not rows.get(split):
            hint = "raise parse.validation_fraction" if split == "validation" else "add annotations to data/raw"
            raise InputError.of("data/positioned", f"there are no {split} rows", hint)


def main(argv: list[str]) -> str:
    """Train on a positioned folder and an embedding store, and write the model folder."""
    positioned, embedded, output = map(Path, arguments(argv, "positioned embedded model"))
    options = params.read(Train)
    folder, store = storage.read(positioned, CONTRACTS["position"]), Store.open(embedded)
    rows = {split: len(table) for split, table in folder.tables.items()}
    check(options, rows)
    if rows["validation"] < FEW_ROWS:
        log(f"train: {rows['validation']} validation rows say little of which epoch is best; raise parse.validation_fraction")
    config = configure(options, folder, store)
    training, validation = (Examples(folder.tables[split], store, config.relations) for split in ("train", "validation"))
    with storage.atomic_folder(output) as partial:
        live = _curves(partial / "curves")
        trained = train(config, options, training, validation, on_epoch=lambda figures: _tell(figures, live))
        live.end()
        network.save(trained.model, partial)
        frozen.freeze(trained.model, partial)
        Manifest.of(partial, folder.notes, store.description).write(partial)
    best = f"best epoch {trained.best_epoch} of {trained.epochs}, validation macro-F1 {trained.score:.2f}"
    return f"train: {len(training)} sentences, {best}, {trained.sentences_per_second:,.0f} sentences/s"


def _curves(folder: Path) -> Any:
    from dvclive import Live
    from scmrepo.exceptions import SCMError

    try:
        return Live(str(folder), save_dvc_exp=False, dvcyaml=False)
    except SCMError as error:  # dvclive asks git for the present commit
        raise InputError.of(
            ".git", f"the git repository has no commit ({error})", "commit the project first, then run again"
        ) from None


def _tell(figures: dict[str, float], live: Any) -> None:
    """Log an epoch's losses and score to the curves (not its speed: they are the same in every run) and print it."""
    speed = figures.pop("sentences_per_second")
    for name, value in figures.items():
        live.log_metric(name, value)
    live.next_step()
    shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    sys.stderr.write(f"epoch {live.step}: {shown}, {speed:,.0f} sentences/s\n")


if __name__ == "__main__":
    run(main)
