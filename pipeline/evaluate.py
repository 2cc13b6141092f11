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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.core import params, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.labels import is_directed
from pipeline.core.schema import CONTRACTS
from pipeline.core.stage import arguments, run
from pipeline.core.storage import Folder
from pipeline.encoding.store import Store
from pipeline.evaluation import report, scored_split, scorer, slices, tables
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.slices import Slices
from pipeline.evaluation.tables import Metrics, Row
from pipeline.model.config import HINT, Config

SPLITS = ("validation", "test")
COUNTS = ("excluded", "overlap", "windowed")  # of the notes of earlier stages


def csv_tables(test: ScoredSplit, cuts: Mapping[str, Slices], settings: params.Evaluate) -> dict[str, list[Row]]:
    """The rows of every CSV file by its name.

    Args: cuts: the test rows cut in every way (see slices).
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


def require_same_data(config: Config, folder: Folder, store: Store, model_folder: Path) -> None:
    """Refuse a model that was trained for other relations, tags, positions or word vectors than the data has.

    Raises: InputError with a problem a difference.
    """
    problems = [Problem(found, HINT, source=str(model_folder)) for found in _differences(config, folder, store)]
    if problems:
        raise InputError(problems)


def _differences(config: Config, folder: Folder, store: Store) -> Iterator[str]:
    known = {name for table in folder.tables.values() for name in table["relation"].unique().to_pylist()}
    unknown = sorted(known - set(config.relations))
    if unknown:
        yield f"the data has relations that the model lacks: {', '.join(unknown)}"
    tags = folder.labels["tags"]
    if list(config.tags) != tags:
        yield f"the model's tags are {' '.join(config.tags)}, the data's {' '.join(tags)}"
    reach = folder.notes["max_distance"]
    if config.max_distance != reach:
        yield f"the model's positions reach {config.max_distance} words, the data's {reach}"
    if config.encoder != store.fingerprint:
        yield "the model was trained on the vectors of another encoder"


def predict(model_folder: Path, folder: Folder, store: Store) -> tuple[Config, dict[str, ScoredSplit]]:
    """The model's config and what it says of validation and test.

    Raises: InputError where the model is not of this data.
    """
    from pipeline.model import network
    from pipeline.model.batches import Examples

    config = Config.read(model_folder)
    require_same_data(config, folder, store, model_folder)
    model = network.load(model_folder)
    scored = {}
    for split in SPLITS:
        table = folder.tables[split]
        said = network.predict(model, Examples(table, store, config.relations))
        scored[split] = scored_split.join_predictions(table, said.probabilities, said.tag_ids, config.relations, config.tags)
    return config, scored


def main(argv: list[str]) -> str:
    """Evaluate a model folder on a positioned folder and an embedding store, and write the reports folder."""
    began = time.perf_counter()
    model_folder, positioned, embedded, output = map(Path, arguments(argv, "model positioned embedded reports"))
    settings = params.read(params.Evaluate)
    folder, store = storage.read(positioned, CONTRACTS["position"]), Store.open(embedded)
    config, scored = predict(model_folder, folder, store)
    positions_visible = config.positions == "shared"
    metrics: Metrics = {
        "data": {name: count for name, count in folder.notes.items() if name in COUNTS},
        "train": {"rows": len(folder.tables["train"])},
        **{split: tables.split_scores(scored[split], positions_visible, settings) for split in SPLITS},
    }
    test = scored["test"]
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
    return f"evaluate: {len(test.row_ids):,} test sentences, {headline}, {time.perf_counter() - began:.1f} s"


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
