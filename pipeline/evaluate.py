"""Stage evaluate: score a model on the test rows, with intervals, and show where it is right and wrong.

In: models/relation, data/positioned, data/embedded. Out, in reports:

    scores.json               every score in percent with its interval
    metrics.json              the few of them that dvc metrics shows
    predictions.jsonl         a row a test sentence, in order; gold is null where it has no label
    per_class.csv             precision, recall and F1 of each class in each scoring mode (see scorer)
    per_class_f1.csv          F1 of each relation with its interval, for dvc plots
    confusion.csv             gold and predicted label a test sentence, for dvc plots
    confusion_undirected.csv  the same without direction
    slices.csv                scores by distance, length, direction, order and novelty (see slices)
    reliability.csv           how often a probability is right (see calibration)
    report.html               all of this to look at, with the sentences behind every number

Under `tag.entities: all` scores.json has the scores of entities and relations found in plain sentences too (see end_to_end).

Where the test rows have no labels, their predictions are written, and there are no scores of the relation.

    python -m pipeline.evaluate models/relation data/positioned data/embedded reports
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from pipeline.core import files, manifests, outputs, params, ragged, storage
from pipeline.core.errors import InputError, Problem
from pipeline.core.files import Row
from pipeline.core.labels import is_directed, relations_of
from pipeline.core.schema import (
    METRICS,
    POSITION,
    PREDICTIONS,
    REPORT,
    REPORTS,
    SCORED_SPLITS,
    SCORES,
    TAGGED_SENTENCES,
    PositionNotes,
    ReportsDescription,
    VectorsDescription,
)
from pipeline.core.stage import Input, Output, run
from pipeline.core.storage import StageOutput
from pipeline.core.wording import counted
from pipeline.corpus import candidates
from pipeline.encoding import known_words
from pipeline.encoding.store import Store
from pipeline.evaluation import curves, end_to_end, predictions_file, report, scored_split, scorer, slices, tables
from pipeline.evaluation.end_to_end import Extractions
from pipeline.evaluation.report import Results
from pipeline.evaluation.scored_split import ScoredSplit
from pipeline.evaluation.slices import Slices
from pipeline.evaluation.tables import Metrics
from pipeline.model.batches import Examples
from pipeline.model.frozen import Frozen
from pipeline.model.joint import as_rows
from pipeline.model.manifest import CURVES, MODEL, ModelDescription, SavedModel
from pipeline.model.predictions import Network, predict
from pipeline.model.spans import find_spans, may_be_related

SENTENCES_AT_ONCE = 1_000  # whose pairs of entities found are in memory
NOTE_COUNTS = ("excluded", "overlap", "untagged", "windowed")  # of the notes of earlier stages


def csv_tables(test: ScoredSplit, cuts: Mapping[str, Slices], settings: params.Evaluate) -> dict[str, list[Row]]:
    """The rows of every CSV file by its name.

    Args: test: the rows that have a label; cuts: these cut in every way (see slices).
    """
    modes = scorer.MODES if is_directed(test.labels) else ("undirected",)
    by_class = {mode: tables.per_class(test, mode, settings) for mode in modes}
    return {
        "per_class": [row for rows in by_class.values() for row in rows],
        "per_class_f1": tables.f1_by_relation(by_class[test.main_mode]),
        "confusion": tables.confusion(test, "directed"),
        "confusion_undirected": tables.confusion(test, "undirected"),
        "slices": tables.slice_scores(test, cuts, settings),
        "reliability": tables.reliability(test),
    }


def require_same_data(model: SavedModel, data: StageOutput[PositionNotes], vectors: VectorsDescription) -> None:
    """Refuse a model that was trained for other relations, tags, positions or word vectors than the data has.

    Raises: InputError with a problem a difference.
    """
    problems = [Problem(found, MODEL.remake, source=str(model.folder)) for found in _differences(model, data, vectors)]
    if problems:
        raise InputError(problems)


def _differences(model: SavedModel, data: StageOutput[PositionNotes], vectors: VectorsDescription) -> Iterator[str]:
    config, notes = model.config, data.notes
    if model.description.entities != notes.entities:
        yield f"the model's tagger learnt tag.entities: {model.description.entities}, the data has {notes.entities}"
    if unknown := [name for name in relations_of(data.tables.values()) if name not in config.relations]:
        yield f"the data has relations that the model lacks: {', '.join(unknown)}"
    if config.negative_label != notes.negative_label:
        yield f"the model's negative label is {config.negative_label}, the data's {notes.negative_label}"
    if config.tags != notes.tags:
        yield f"the model's tags are {' '.join(config.tags)}, the data's {' '.join(notes.tags)}"
    if config.max_distance != notes.max_distance:
        yield f"the model's positions reach {config.max_distance} words, the data's {notes.max_distance}"
    if model.description.vectors.fingerprint != vectors.fingerprint:
        yield "the model was trained on the vectors of another encoder"


def score_splits(model: Network, data: StageOutput[PositionNotes], store: Store) -> dict[str, ScoredSplit]:
    """What a model says of validation and test, beside what is true."""
    config = model.config
    scored = {}
    for split in SCORED_SPLITS:
        table = data.tables[split]
        told = predict(model, Examples(table, store, config.relations))
        scored[split] = scored_split.join_predictions(
            table, told.probabilities, told.tag_ids, config.relations, config.tags, config.negative_label
        )
    return scored


def score_sentences(
    model: Network,
    description: ModelDescription,
    data: StageOutput[PositionNotes],
    store: Store,
    settings: params.Evaluate,
) -> dict[str, Metrics]:
    """The parts of scores.json that tell of entities and relations found in plain sentences, by split."""
    if data.notes.entities == "pair" or "tags" not in description.config.train.tasks:
        return {}
    typed = any("-" in tag for tag in description.config.tags)
    negative_label, symmetric = data.notes.negative_label, description.symmetric
    metrics = {}
    for split in SCORED_SPLITS:
        sentences = data.sentences.get(split, TAGGED_SENTENCES.empty_table())
        gold = end_to_end.annotated(sentences, data.tables[split], negative_label, symmetric, typed)
        found = extract(model, description, sentences, store)
        metrics[split] = end_to_end.scores(gold, found, typed, settings)
    return metrics


def extract(model: Network, description: ModelDescription, sentences: pa.Table, store: Store) -> Extractions:
    """The entities that the tagger finds in N sentences, and the relations that the relation head names of their pairs."""
    config, found = model.config, Extractions([], [])
    for start in range(0, len(sentences), SENTENCES_AT_ONCE):
        batch = sentences.slice(start, SENTENCES_AT_ONCE)
        tagged = predict(model, Examples(as_rows(batch, config.max_distance), store, config.relations)).tag_ids or []
        spans = find_spans(np.concatenate(tagged), ragged.lengths(batch["words"]))
        e1, e2 = candidates.ordered_pairs(spans.rows, spans.starts, spans.ends, description.max_length)
        is_asked = may_be_related(spans, e1, e2, config.tags, description.type_pairs)
        e1, e2 = e1[is_asked], e2[is_asked]
        edges = np.stack([spans.starts, spans.ends], axis=1)
        rows = spans.rows[e1]
        table = candidates.candidate_rows(batch, rows, edges[e1], edges[e2], description.max_length, config.max_distance)
        probabilities = predict(model, Examples(table, store, config.relations), tags=False).probabilities
        labels = [config.relations[relation_id] for relation_id in probabilities.argmax(axis=1)]
        found = found + end_to_end.found(len(batch), spans, (e1, e2), labels, config, description.symmetric)
    return found


def metrics_of(
    scored: Mapping[str, ScoredSplit], data: StageOutput[PositionNotes], positions_visible: bool, settings: params.Evaluate
) -> Metrics:
    """The tree of scores.json."""
    return {
        "data": {name: getattr(data.notes, name) for name in NOTE_COUNTS},
        "train": {"rows": len(data.tables["train"])},
        **{split: tables.split_scores(scored[split], positions_visible, settings) for split in SCORED_SPLITS},
    }


def main(model: Input, positioned: Input, embedded: Input, reports: Output) -> str:
    """Score a model on the validation and test rows, with intervals, and show where it is right and wrong."""
    began = time.perf_counter()
    settings = params.read(params.Evaluate)
    saved, data, store = SavedModel.open(model), storage.read(positioned, POSITION), Store.open(embedded)
    require_same_data(saved, data, store.description)
    network = Frozen(saved.config, saved.folder)  # says what Keras says, and is loaded without TensorFlow
    scored = score_splits(network, data, store)
    metrics = metrics_of(scored, data, saved.config.tagger_sees_positions, settings)
    for split, of_sentences in score_sentences(network, saved.description, data, store, settings).items():
        metrics[split] |= of_sentences
    test, known = scored["test"].labelled, known_words.read(embedded)
    cuts = slices.cut(data.tables["test"], data.tables["train"])
    rows_of = csv_tables(test, cuts, settings)
    results = Results(
        metrics=metrics,
        files=rows_of,
        test=scored["test"],
        cuts=cuts,
        splits=data.tables,
        notes=data.notes,
        model=saved.description,
        findings=(*data.notes.findings, *known.findings()),
        unknown=known.share,
        curves=curves.read(saved.folder / CURVES),
        settings=settings,
    )
    with outputs.made_whole(reports) as scratch:
        files.write_json(scratch / SCORES, metrics)
        files.write_json(scratch / METRICS, tables.headline(metrics))
        files.write_lines(scratch / PREDICTIONS, predictions_file.rows(scored["test"]))
        for name, rows in rows_of.items():
            files.write_csv(scratch / f"{name}.csv", rows, tables.columns(test.main_mode)[name])
        files.write_text(scratch / REPORT, report.render(results))
        manifests.seal(scratch, REPORTS, ReportsDescription(len(data.tables["test"])))
    score = metrics["test"]["relation"][f"{test.main_mode}_macro_f1"]
    nothing = "which have no labels, and so no scores" if not test.row_ids else "which have no relation to find"
    told = nothing if score is None else f"{test.main_mode} macro-F1 {score:.2f}"
    return f"evaluate: {counted(len(data.tables['test']), 'test pair')}, {told}, {time.perf_counter() - began:.1f} s"


if __name__ == "__main__":
    run(main)
