"""Stage evaluate: score a model on the test rows, with intervals, and show where it is right and wrong.

In: models/relation, data/positioned, data/embedded. Out, in reports:

    metrics.json              every score in percent with its interval, for dvc metrics
    predictions.jsonl         a row a test sentence, in order
    per_class.csv             precision, recall and F1 of each class in each scoring mode (see scorer)
    per_class_f1.csv          F1 of each relation, for dvc plots
    confusion.csv             gold and predicted label a test sentence, for dvc plots
    confusion_undirected.csv  the same without direction
    slices.csv                scores by distance, length, direction and novelty (see slices)
    reliability.csv           how often a probability is right (see calibration)
    report.html               all of this to read, and the most confident mistakes

    python -m pipeline.evaluate models/relation data/positioned data/embedded reports
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.core import params, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import is_directed
from pipeline.core.schema import CONTRACTS
from pipeline.core.stage import arguments, run
from pipeline.core.storage import Folder
from pipeline.encoding.store import Store
from pipeline.evaluation import report, scored_split, scorer, slices, tables
from pipeline.evaluation.scored_split import Outcome
from pipeline.evaluation.tables import Row
from pipeline.model.config import HINT, Config

SPLITS = ("validation", "test")
COUNTS = ("excluded", "overlap", "windowed")  # of the notes of earlier stages


def csv_tables(test: Outcome, cuts: Mapping[str, Mapping[str, list[int]]], settings: params.Evaluate) -> dict[str, list[Row]]:
    """The rows of every CSV file by its name.

    Args: cuts: the test's row numbers by value by cut (see slices).
    """
    modes = scorer.MODES if is_directed(test.labels) else ("undirected",)
    by_class = {mode: tables.per_class(test, mode, settings) for mode in modes}
    return {
        "per_class": [row for rows in by_class.values() for row in rows],
        "per_class_f1": [{"relation": row["class"], "f1": row["f1"]} for row in by_class[test.main_mode]],
        "confusion": tables.confusion(test, "directed"),
        "confusion_undirected": tables.confusion(test, "undirected"),
        "slices": tables.slice_scores(test, cuts, settings),
        "reliability": tables.reliability(test),
    }


def check(config: Config, folder: Folder, store: Store, place: Path) -> None:
    """Refuse data that the model in a place was not trained for.

    Raises: InputError.
    """
    known = {name for table in folder.tables.values() for name in table["relation"].unique().to_pylist()}
    unknown = sorted(known - set(config.relations))
    reach, tags = folder.notes["max_distance"], folder.labels["tags"]
    problems = {
        f"the data has relations that the model lacks: {', '.join(unknown)}": bool(unknown),
        f"the model's tags are {' '.join(config.tags)}, the data's {' '.join(tags)}": list(config.tags) != tags,
        f"the model's positions reach {config.max_distance} words, the data's {reach}": config.max_distance != reach,
        "the model was trained on the vectors of another encoder": config.encoder != store.fingerprint,
    }
    if any(problems.values()):
        raise InputError(Problem(str(place), found, HINT) for found, broken in problems.items() if broken)


def predict(model_folder: Path, folder: Folder, store: Store) -> tuple[Config, dict[str, Outcome]]:
    """The model's config and its outcome on validation and test."""
    from pipeline.model import predictions
    from pipeline.model.batches import Examples
    from pipeline.model.relation_model import RelationModel

    config = Config.read(model_folder)
    check(config, folder, store, model_folder)
    model = RelationModel.load(model_folder)
    outcomes = {}
    for split in SPLITS:
        table = folder.tables[split]
        said = predictions.predict(model, Examples(table, store, config.relations))
        outcomes[split] = scored_split.join(table, said.probabilities, said.tag_ids, config.relations, config.tags)
    return config, outcomes


def main(argv: list[str]) -> str:
    """Evaluate a model folder on a positioned folder and an embedding store, and write the reports folder."""
    began = time.perf_counter()
    model_folder, positioned, embedded, output = map(Path, arguments(argv, "model positioned embedded reports"))
    settings = params.read(params.Evaluate)
    folder, store = storage.read(positioned, CONTRACTS["position"]), Store.open(embedded)
    config, outcomes = predict(model_folder, folder, store)
    positions_visible = config.positions == "shared"
    metrics: Row = {
        "data": {name: count for name, count in folder.notes.items() if name in COUNTS},
        "train": {"rows": len(folder.tables["train"])},
        **{split: tables.split_scores(found, positions_visible, settings) for split, found in outcomes.items()},
    }
    test = outcomes["test"]
    files = csv_tables(test, slices.cut(folder.tables["test"], folder.tables["train"]), settings)
    with storage.atomic_folder(output) as partial:
        storage.write_json(partial / "metrics.json", metrics)
        write_lines(partial / "predictions.jsonl", tables.predictions(test))
        for name, rows in files.items():
            write_csv(partial / f"{name}.csv", rows)
        page = report.render(metrics, files, test, folder.tables["test"])
        (partial / "report.html").write_text(page, encoding="utf-8")
    mode = test.main_mode
    headline = f"{mode} macro-F1 {metrics['test']['relation'][f'{mode}_macro_f1']}"
    return f"evaluate: {len(test.ids):,} test sentences, {headline}, {time.perf_counter() - began:.1f} s"


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows under the names of the first one's columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """Write a JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


if __name__ == "__main__":
    run(main)
