"""The annotations of a Label Studio task with what their document has become: each keeps what it has said and still holds.

A new entity is one that all of them have. A new relation stands in the annotation that has lost one between its entities, else in
the first that has both; where none has, all of them get the one that is missing.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.core.files import Row
from pipeline.corpus.document import Document, Relation
from pipeline.corpus.formats.json_fields import read_id, repeated_ids
from pipeline.corpus.formats.label_studio_task import REGION, annotator_of, named_apart, read_annotation, results
from pipeline.corpus.rewriting.label_studio_results import revised_results

Ids = Mapping[str, str]  # of an annotation's entities: each id that the document has, and the annotation's own


def revised(annotations: Sequence[Row], document: Document) -> Iterator[Row]:
    """The annotations that together say what a document says.

    Raises: ValueError where two of them have an id for two entities, and both would get the same one.
    """
    said = [read_annotation(one, document.text) for one in annotations]
    told = named_apart(annotations, said)
    ids = [
        {each.id: own.id for each, own in zip(apart.entities, one.entities, strict=True)}
        for apart, one in zip(told, said, strict=True)
    ]
    of_each = _dealt(document.relations, [one.relations for one in told], ids, list(map(annotator_of, annotations)))
    everywhere = _everywhere(annotations, document, ids, of_each)
    names = next((region for one in annotations for region in results(one, REGION)), {})
    for annotation, own_ids, relations in zip(annotations, ids, of_each, strict=True):
        part = _part(document, {**everywhere, **own_ids}, relations)
        yield {**annotation, "result": revised_results(annotation, part, names)}


def _dealt(
    relations: Sequence[Relation], told: Sequence[Sequence[Relation]], ids: Sequence[Ids], annotators: Sequence[str | None]
) -> list[list[Relation]]:
    """The relations of a document that stand in each annotation, in the document's order.

    Args: told: what each says now.
    """
    left = list(relations)
    dealt: list[list[Relation]] = [[] for _ in told]
    lost: list[list[set[str]]] = [[] for _ in told]
    known = {key for of_one in ids for key in of_one}
    for number, of_one in enumerate(told):
        for each in of_one:
            if each in left:
                left.remove(each)
                dealt[number].append(each)
            else:
                lost[number].append({each.head, each.tail})

    def unfit(number: int) -> tuple[bool, ...]:
        return new.annotator not in (None, annotators[number]), ends not in lost[number], bool(ends & known - ids[number].keys())

    for new in left:
        ends = {new.head, new.tail}
        best = min(range(len(told)), key=unfit)
        dealt[best].append(new)
        if ends in lost[best]:
            lost[best].remove(ends)
    return [sorted(of_one, key=relations.index) for of_one in dealt]


def _everywhere(annotations: Sequence[Row], document: Document, ids: Sequence[Ids], dealt: Sequence[Sequence[Relation]]) -> Ids:
    """The own ids of entities that all annotations get: of new ones, and of those that a relation names where they are not."""
    known = {key: own for of_one in ids for key, own in of_one.items()}
    taken = {read_id(row.get("id")) for one in annotations for row in one["result"]}
    lacked = {
        end for of_one, own in zip(dealt, ids, strict=True) for each in of_one for end in (each.head, each.tail) if end not in own
    }
    return {
        entity.id: known.get(entity.id) or _free(entity.id, taken)
        for entity in document.entities
        if entity.id in lacked or entity.id not in known
    }


def _free(own_id: str, taken: Container[str | None]) -> str:
    while own_id in taken:
        own_id += "~"
    return own_id


def _part(document: Document, ids: Ids, relations: Sequence[Relation]) -> Document:
    """What an annotation is to say of a document, under its own ids; nobody's."""
    entities = tuple(replace(entity, id=ids[entity.id]) for entity in document.entities if entity.id in ids)
    if twice := repeated_ids(entities):
        raise ValueError(f"a relation joins regions of two annotations, in one of which {twice[0].found}")
    own = tuple(replace(each, head=ids[each.head], tail=ids[each.tail], annotator=None) for each in relations)
    return replace(document, entities=entities, relations=own)
