"""Stage train: fit the network on the training rows and keep the epoch that scores best on validation; without it, the last.

In: data/positioned, the embedding store. Out: models/relation (pipeline/model/manifest.py lists its files; curves/ is dvclive's).

    python -m pipeline.train data/positioned data/embedded models/relation
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from pipeline.core import manifests, outputs, params, storage
from pipeline.core.errors import InputError
from pipeline.core.labels import relations_of
from pipeline.core.params import Train
from pipeline.core.schema import POSITION, PositionNotes, VectorsDescription
from pipeline.core.stage import Input, Output, log, run
from pipeline.core.storage import StageOutput
from pipeline.core.wording import counted
from pipeline.encoding.store import Store
from pipeline.evaluation.validation import score
from pipeline.model import frozen, joint, members
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.manifest import CURVES, MODEL, ModelDescription
from pipeline.model.relation_model import RelationModel
from pipeline.model.trainer import Trainer

FEW_ROWS = 50  # of validation, on which a row is two points of accuracy and more


def configure(options: Train, data: StageOutput[PositionNotes], vectors: VectorsDescription) -> Config:
    """The network that the train section asks for, on the data at hand."""
    return Config.of(options, relations_of(data.tables.values()), data.notes, vectors)


def check(tables: Mapping[str, pa.Table]) -> None:
    """Refuse what cannot be trained.

    Raises: InputError.
    """
    if not tables["train"]:
        raise InputError.of("data/positioned", "there are no train rows", "add annotations to data/raw")
    for split in ("train", "validation"):
        if n_unlabelled := tables[split]["relation"].null_count:
            raise InputError.of("data/positioned", f"{n_unlabelled} {split} rows have no relation", "run dvc repro parse")


def check_joint(options: Train, data: StageOutput[PositionNotes]) -> None:
    """Refuse tags that the network cannot learn from, or `tag.entities: all` without a sentence to train the tagger on.

    Raises: InputError.
    """
    labels: Literal["type", "entity"] = "type" if any("-" in tag for tag in data.notes.tags) else "entity"
    params.require_fit(params.Tag(labels, data.notes.entities), options)
    if data.notes.entities == "all" and "tags" in options.tasks and "train" not in data.sentences:
        found = "tag.entities: all, and no training sentence has all its entities annotated"
        raise InputError.of("data/positioned", found, "add documents to data/raw, or write entities: pair under tag in params.yaml")


def main(positioned: Input, embedded: Input, model: Output) -> str:
    """Train the multi-task network and keep the weights of its best epoch, of the last where there are no validation rows."""
    options = params.read(Train)
    data, store = storage.read(positioned, POSITION), Store.open(embedded)
    check_joint(options, data)
    check(data.tables)
    type_pairs = joint.seen_type_pairs(options, data)
    if 0 < (n_rows := len(data.tables["validation"])) < FEW_ROWS:
        few = counted(n_rows, "validation row says", "validation rows say")
        log(f"train: {few} little of which epoch is best; raise parse.validation_fraction")
    config = configure(options, data, store.description)
    training, validation = (joint.examples(data, split, store, config) for split in ("train", "validation"))
    pa.default_memory_pool().release_unused()  # which looking up the sentences took: 65 MB a million (benchmarks.train_size)
    with outputs.made_whole(model) as scratch:
        live = _curves(scratch / CURVES)
        if options.members == 1:
            trained, how = train_one(config, training, validation, live)
        else:
            trained, how = train_members(config, members.Data(positioned, embedded), validation, live)
        live.end()
        trained.save(scratch)
        frozen.freeze(trained, scratch)
        manifests.seal(scratch, MODEL, ModelDescription.of(config, data.notes, store.description, type_pairs))
    return f"train: {counted(len(training), 'sentence')}, {how}"


def train_one(config: Config, training: Examples, validation: Examples, live: Any) -> tuple[RelationModel, str]:
    """Train one network, its curves told as they grow; the model, and how it got there."""
    trained = Trainer(config, score, joint=training.tagged is not None).train(
        training, validation, lambda figures: _tell(figures, live)
    )
    kept = f"epoch {trained.best_epoch} of {trained.epochs}, {_scored(validation, trained.score)}"
    return trained.model, f"{kept}, {trained.sentences_per_second:,.0f} sentences/s"


def train_members(config: Config, data: members.Data, validation: Examples, live: Any) -> tuple[RelationModel, str]:
    """Train several networks to be averaged, a folder of curves each, and their means as long as all train; the model, and how."""
    model, trained = members.train(config, data, score)
    named = list(zip(config.weight_prefixes, trained, strict=True))
    for step in range(max(len(member.curve) for member in trained)):
        of_step = {prefix: _kept(member.curve[step]) for prefix, member in named if step < len(member.curve)}
        for prefix, figures in of_step.items():
            for name, value in figures.items():
                live.log_metric(f"{prefix}{name}", value)
        for name in figures if len(of_step) == len(named) else ():
            live.log_metric(name, float(np.mean([of_member[name] for of_member in of_step.values()])))
        live.next_step()
    epochs = ", ".join(f"{member.best_epoch} of {len(member.curve)}" for member in trained)
    together = _scored(validation, score(model, validation) if len(validation) else None, "together ")
    return model, f"{len(trained)} members, epochs {epochs}, {together}"


def _scored(validation: Examples, reached: float | None, whose: str = "") -> str:
    """Why an epoch was kept: how good it is, as far as there are rows to tell."""
    if reached is None:
        return "the last, for there are no validation rows"
    return f"the best on validation: {'macro-F1' if validation.tagged is None else 'score'} {whose}{reached:.2f}"


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
    """Log an epoch's losses and score to the curves and print it."""
    curves = _kept(figures)
    for name, value in curves.items():
        live.log_metric(name, value)
    live.next_step()
    shown = ", ".join(f"{name} {value:.3f}" for name, value in curves.items())
    sys.stderr.write(f"epoch {live.step}: {shown}, {figures['sentences_per_second']:,.0f} sentences/s\n")


def _kept(figures: dict[str, float]) -> dict[str, float]:
    """The figures of an epoch that are the same in every run: not its speed."""
    return {name: value for name, value in figures.items() if name != "sentences_per_second"}


if __name__ == "__main__":
    run(main)
