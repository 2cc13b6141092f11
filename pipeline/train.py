"""Stage train: fit the network on the training rows and keep the weights of the epoch that scores best on validation.

In: data/positioned, the embedding store. Out: models/relation: config.json, weights.safetensors, summary.txt, curves/ (dvclive).

    python -m pipeline.train data/positioned data/embedded models/relation
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pipeline.core import params, storage
from pipeline.core.errors import InputError
from pipeline.core.params import Train
from pipeline.core.schema import CONTRACTS
from pipeline.core.stage import arguments, log, run
from pipeline.core.storage import Folder
from pipeline.encoding.store import Store
from pipeline.evaluation.validation import score
from pipeline.model import frozen
from pipeline.model.batches import Examples
from pipeline.model.config import Config
from pipeline.model.manifest import Manifest
from pipeline.model.trainer import Trainer

FEW_ROWS = 50  # of validation, on which a row is two points of accuracy and more


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
        trainer = Trainer(config, options, len(training), score)
        trained = trainer.train(training, validation, on_epoch=lambda figures: _tell(figures, live))
        live.end()
        trained.model.save(partial)
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
    curves = {name: value for name, value in figures.items() if name != "sentences_per_second"}
    for name, value in curves.items():
        live.log_metric(name, value)
    live.next_step()
    shown = ", ".join(f"{name} {value:.3f}" for name, value in curves.items())
    sys.stderr.write(f"epoch {live.step}: {shown}, {figures['sentences_per_second']:,.0f} sentences/s\n")


if __name__ == "__main__":
    run(main)
