"""Label Studio's tasks with predictions (labelstud.io/guide/predictions): pre-annotations, which nobody has confirmed.

    [{"data": {"text": "Ann founded Acme."}, "predictions": [{"model_version": "relation-1f3a", "score": 0.71, "result": [
      {"id": "T1", "type": "labels", "from_name": "label", "to_name": "text", "score": 0.98,
       "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}}, ...
      {"type": "relation", "from_id": "T1", "to_id": "T2", "direction": "right", "labels": ["founded"], "score": 0.71}]}]}]

The score of a prediction is the least of its results', so that the tool can sort tasks by it; one without results has none. The
reader of label_studio.py takes such tasks for tasks without annotation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.files import Row
from pipeline.corpus.document import Document, require_held
from pipeline.corpus.formats.json_fields import require_free, whole_number
from pipeline.corpus.formats.label_studio import HOLDS, OWN, region_row, relation_row, write_tasks
from pipeline.corpus.mend_entities import turned

DIGITS = 6


@dataclass(frozen=True)
class Predicted:
    """A document as a model annotates it.

    Args: entity_scores, relation_scores: of each entity and relation in order, in [0, 1]; None where it is not the model's.
    """

    document: Document
    entity_scores: Sequence[float | None]
    relation_scores: Sequence[float | None]


def write(predicted: Iterable[Predicted], path: Path, model_version: str) -> None:
    """Write a list of tasks, one a line, each with a prediction.

    Raises: ValueError for a document that the format cannot hold; it needs no words and no sentences.
    """
    write_tasks((_task(each, model_version) for each in predicted), path)


def prediction_row(predicted: Predicted, model_version: str) -> Row:
    """A document's prediction, as it stands in a task and as a machine learning backend answers.

    Raises: ValueError for a document that the format cannot hold.
    """
    document = turned(replace(predicted.document, words=None, sentences=None))
    require_held(document, HOLDS)
    results = [
        _scored(region_row(document, entity), score)
        for entity, score in zip(document.entities, predicted.entity_scores, strict=True)
    ]
    results += [
        _scored(relation_row(each), score) for each, score in zip(document.relations, predicted.relation_scores, strict=True)
    ]
    scores = [result["score"] for result in results if "score" in result]
    score = {"score": min(scores)} if scores else {}
    return {"model_version": model_version, **score, "result": results}


def _task(predicted: Predicted, model_version: str) -> Row:
    document = predicted.document
    require_free(document, ("text",))
    data = {"text": document.text} | {key: item for key, item in document.meta.items() if key != OWN}
    return {"id": whole_number(document.id), "data": data, "predictions": [prediction_row(predicted, model_version)]}


def _scored(result: Row, score: float | None) -> Row:
    return result if score is None else {**result, "score": round(score, DIGITS)}
