"""The JSON export of Label Studio (labelstud.io/guide/export, `JSON`, not `JSON_MIN`, which drops relations): a list of tasks.

    [{"id": 3, "data": {"text": "Ann founded Acme."}, "predictions": [], "annotations": [
      {"id": 5, "completed_by": 1, "was_cancelled": false, "result": [
        {"id": "x", "type": "labels", "from_name": "label", "to_name": "text",
         "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}},
        {"id": "y", "type": "labels", "from_name": "label", "to_name": "text",
         "value": {"start": 12, "end": 16, "text": "Acme", "labels": ["ORG"]}},
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right", "labels": ["founded"]}]}]}]

A relation goes from from_id to to_id (right), back (left), or both ways (bi: two relations), once a label; one without labels has
None. A task is a document. Its annotations that were not cancelled are all read, and the annotator who completed each stands at its
relations; where there are several, a region that all of them have alike is one entity, and the id of any other begins with its
annotation's. Releases before 1.0 write "completions" for annotations. A task without annotation, or with cancelled ones alone, is
Skipped; predictions are no annotations.

Offsets count code points, or UTF-16 units where an old release's page wrote them after an emoji (issue 1347 of its repository): a
region quotes its text, which tells. The text is the data that the regions' to_name names, "text", or the first in which the quoted
texts stand. Other data is kept in meta; predictions, drafts, regions of other kinds and the number of cancelled annotations in
meta["label_studio"].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, written_whole
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document, Entity, Relation, Skipped, problems_of, require_held
from pipeline.corpus.formats.json_fields import id_problems, quote, read_id, read_rows, require_free, whole_number
from pipeline.corpus.formats.json_values import first_value, read_values
from pipeline.corpus.formats.label_studio_task import REGION, RELATION, Said, not_cancelled, read_annotations, results, text_key
from pipeline.corpus.formats.text_lines import DistinctIds, content_id

HOLDS = frozenset({"text", "types", "untyped", "many", "free", "empty", "unlabelled", "annotators", "meta", "ids"})
ANNOTATIONS = ("annotations", "completions")
OWN = "label_studio"  # the key of meta for what is Label Studio's alone
MIN_KEYS = {"annotation_id", "annotator", "lead_time"}
MIN = Problem("this is an export as JSON_MIN, which has no relations", "export the project again, as JSON", "relations-missing")


def recognises(path: Path) -> bool:
    """Whether the first object is a task with its data, or one of JSON_MIN, which `read` refuses in words."""
    value = first_value(path)
    if value is None:
        return False
    lists = any(isinstance(value.value.get(key), list) for key in (*ANNOTATIONS, "predictions"))
    return (isinstance(value.value.get("data"), dict) and lists) or _is_min(value.value)


def _is_min(value: Row) -> bool:
    return value.keys() >= MIN_KEYS and "data" not in value


def read(path: Path) -> Iterator[Document | Skipped | Problem]:
    """Documents, tasks that were left out, and problems of a file, in its order."""
    ids = DistinctIds()
    for value in read_values(path):
        if isinstance(value, Problem):
            yield value
        elif _is_min(value.value):
            yield MIN.at(f"{path}:{value.line}")
            return
        else:
            yield from read_task(value.value, f"{path}:{value.line}", ids)


def read_task(value: Row, source: str, ids: DistinctIds) -> Iterator[Document | Skipped | Problem]:
    """The document of a task, or its problems, or that it was left out."""
    data = value.get("data")
    row_id = read_id(value.get("id")) or ids.distinct(content_id([json.dumps(data)]))
    listed, problems = sift(read_rows(value, key) for key in ANNOTATIONS)
    annotations = [annotation for rows in listed for annotation in rows]
    kept = not_cancelled(annotations)
    if not kept and not problems:
        reason = "its annotator skipped it" if annotations else "it has no annotation"
        yield Skipped(source, row_id, reason, _unannotated(value, row_id, source))
        return
    problems += id_problems(value)
    data = data if isinstance(data, dict) else {}
    key = text_key(data, [region for annotation in kept for region in results(annotation, REGION)])
    if key is None:
        problems.append(Problem(f"data is {quote(value.get('data'))}", 'it must be an object with a "text"', "value-malformed"))
        yield from problems_of(source, row_id, problems, None)
        return
    text = str(data[key])
    said = read_annotations(kept, text) if kept else Said([], [], [])
    problems += said.problems
    if problems:
        yield from problems_of(source, row_id, problems, Document(row_id, source, text, (), ()))
    else:
        meta = {name: item for name, item in data.items() if name != key} | _own(value, annotations, kept)
        yield Document(row_id, source, text, tuple(said.entities), tuple(said.relations), meta=meta)


def _unannotated(value: Row, row_id: str, source: str) -> Document | None:
    """The text of a task that nobody has annotated."""
    data = value.get("data")
    key = text_key(data, []) if isinstance(data, dict) else None
    if not isinstance(data, dict) or key is None:
        return None
    meta = {name: item for name, item in data.items() if name != key}
    return Document(row_id, source, data[key], (), (), meta=meta)


def _own(value: Row, annotations: Sequence[Row], kept: Sequence[Row]) -> Row:
    """What a task holds beside its annotations, under the key of Label Studio; nothing where there is nothing."""
    own = {
        "predictions": value.get("predictions"),
        "drafts": value.get("drafts"),
        "regions": [row for annotation in kept for row in results(annotation, None)],
        "cancelled": len(annotations) - len(kept),
    }
    held = {key: item for key, item in own.items() if item}
    return {OWN: held} if held else {}


def write(documents: Iterable[Document], path: Path) -> None:
    """Write a list of tasks, one a line; an annotation for every run of relations of one annotator, each with all entities.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_tasks(map(to_row, documents), path)


def write_tasks(tasks: Iterable[Row], path: Path) -> None:
    """Write a list of tasks, one a line."""
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        between = "[\n"
        for task in tasks:
            file.write(between + json_text(task))
            between = ",\n"
        file.write("\n]\n" if between == ",\n" else "[]\n")


def to_row(document: Document) -> Row:
    """The task that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    require_held(document, HOLDS)
    require_free(document, ("text",))
    said = document.meta.get(OWN)
    own: Row = said if isinstance(said, dict) else {}
    entities = [region_row(document, entity) for entity in document.entities]
    runs = [(annotator, list(run)) for annotator, run in groupby(document.relations, lambda relation: relation.annotator)]
    annotations = [_annotation([*entities, *map(relation_row, run)], annotator) for annotator, run in runs or [(None, [])]]
    annotations[0]["result"] += _listed(own, "regions")
    cancelled = own.get("cancelled")
    annotations += [{"was_cancelled": True, "result": []}] * (cancelled if isinstance(cancelled, int) else 0)
    data = {"text": document.text} | {key: item for key, item in document.meta.items() if key != OWN}
    others = {key: _listed(own, key) for key in ("predictions", "drafts")}
    return {"id": whole_number(document.id), "data": data, "annotations": annotations, **others}


def _listed(own: Row, key: str) -> list[Any]:
    """A list of Label Studio's own; an empty one where another format has something else under the key."""
    return own[key] if isinstance(own.get(key), list) else []


def _annotation(result: list[Row], annotator: str | None) -> Row:
    if annotator is None:
        return {"was_cancelled": False, "result": result}
    who = whole_number(annotator)
    return {"completed_by": who if isinstance(who, int) else {"email": who}, "was_cancelled": False, "result": result}


def region_row(document: Document, entity: Entity) -> Row:
    """The result that an entity is."""
    (span,) = entity.spans
    labels = [] if entity.type is None else [entity.type]
    value = {"start": span.start, "end": span.end, "text": document.text[span.start : span.end], "labels": labels}
    return {"id": entity.id, "type": REGION, "from_name": "label", "to_name": "text", "value": value}


def relation_row(relation: Relation) -> Row:
    """The result that a relation is; its label has no direction."""
    labels = [] if relation.label is None else [relation.label]
    return {"type": RELATION, "from_id": relation.head, "to_id": relation.tail, "direction": "right", "labels": labels}
