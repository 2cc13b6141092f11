"""The result of a Label Studio annotation with what its document has become: what still holds of it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.core.errors import sift
from pipeline.core.files import Row
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats.json_fields import read_id
from pipeline.corpus.formats.label_studio import region_row, relation_row
from pipeline.corpus.formats.label_studio_task import DIRECTIONS, REGION, RELATION, read_annotation, read_relations, results


def revised_results(annotation: Row, document: Document, names: Row) -> list[Row]:
    """The results that say what a document says, whose relations are nobody's; what is said of an entity goes with it.

    Args: names: a region that has the names of a new one.
    """
    was = {entity.id: entity for entity in read_annotation(annotation, document.text).entities}
    now = {entity.id: entity for entity in document.entities}
    left = list(document.relations)
    relations = iter(_relations(results(annotation, RELATION), left, document.relations))
    rows: list[Row] = []
    for row in annotation["result"]:
        key = str(read_id(row.get("id")))
        if row.get("type") == RELATION:
            rows += next(relations)
        elif key not in was:
            rows.append(row)
        elif key in now:
            rows.append(_region(row, document, was[key], now[key]))
    named: Row = {key: names[key] for key in ("from_name", "to_name") if key in names}
    rows += [{**region_row(document, entity), **named} for entity in document.entities if entity.id not in was]
    return [*rows, *map(relation_row, left)]


def _region(row: Row, document: Document, was: Entity, now: Entity) -> Row:
    """A region, or what is said of one, of an entity that may have moved, or have another type."""
    if was == now or not isinstance(row.get("value"), dict):
        return row
    is_read, said, value = row.get("type") == REGION, region_row(document, now)["value"], dict(row["value"])
    if now.spans != was.spans:
        value.pop("globalOffsets", None)  # the page counts them anew
        value |= {key: said[key] for key in ("start", "end", "text") if is_read or isinstance(value.get(key), type(said[key]))}
    if now.type != was.type and is_read:
        value[REGION] = said[REGION]
    return {**row, "value": value}


def _relations(rows: Sequence[Row], left: list[Relation], order: Sequence[Relation]) -> list[list[Row]]:
    """The rows that each row of relations becomes: itself where all that it says holds.

    Args: left: the relations of the document, of which those that a row says, or has become, are taken; order: all of them.
    """
    told = [sift(read_relations([row], None))[0] for row in rows]
    kept = [[each for each in said if _taken(each, left)] for said in told]
    becomes = []
    for row, said, holds in zip(rows, told, kept, strict=True):
        ends = [{each.head, each.tail} for each in said]
        others = [each for each in left if {each.head, each.tail} in ends][: len(said) - len(holds)]
        holds += [each for each in others if _taken(each, left)]
        becomes.append([row] if holds == said else list(_pieces(row, sorted(holds, key=order.index))))
    return becomes


def _taken(relation: Relation, left: list[Relation]) -> bool:
    """Whether a relation is among some, of which it is taken."""
    found = relation in left
    if found:
        left.remove(relation)
    return found


def _pieces(row: Row, relations: Sequence[Relation]) -> Iterator[Row]:
    """A row with other labels, or of each direction a row of its own where these differ."""
    labels: dict[tuple[str, str], list[str]] = {}
    for each in relations:
        labels.setdefault((each.head, each.tail), []).extend([each.label] if each.label is not None else [])
    pairs = DIRECTIONS[row.get("direction") or "right"](str(read_id(row["from_id"])), str(read_id(row["to_id"])))
    if labels.keys() == set(pairs) and all(names == labels[pairs[0]] for names in labels.values()):
        yield {**row, "labels": labels[pairs[0]]}
        return
    for (head, tail), names in labels.items():
        yield {**row, "from_id": head, "to_id": tail, "direction": "right", "labels": names}
