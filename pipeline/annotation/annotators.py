"""What each annotator says of each text, by places, whatever ids a tool gave and however a format says directions.

The units that annotators label are pairs of entities. Of texts whose entities are all annotated, a pair that somebody related is a
unit for all who marked both its entities: those who did not relate it gave it the label that stands for no relation, and those
whose relation has no label gave it none. Of a format of single pairs, who has not the pair has given no label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.annotation.coefficients import MISSING
from pipeline.annotation.difference import Place
from pipeline.annotation.returned import Returned, read_export
from pipeline.core.arrays import Ints
from pipeline.core.errors import InputError
from pipeline.corpus.document import Document
from pipeline.corpus.mend_entities import TYPE, turned
from pipeline.corpus.pairs import renamed_label

CONVERT = "name a file of another format, which pipeline.convert --from can make of it, or move it elsewhere"
UNTOLD = ("format-unknown", "format-ambiguous")
Ends = tuple[Place, Place]  # head and tail
BACKWARD = "(e2,e1)"  # behind the label of a pair whose tail stands before its head


@dataclass
class Annotation:
    """What an annotator says of a text.

    Args: entities: their types by place; labels: of pairs, without the direction that head and tail have, none where it is
        not told; is_complete: of all entities, not of single pairs; has_entities: they are the annotator's own; symmetric:
        labels that have no direction there.
    """

    entities: dict[Place, str] = field(default_factory=dict)
    labels: dict[Ends, set[str]] = field(default_factory=dict)
    is_complete: bool = True
    has_entities: bool = True
    symmetric: set[str] = field(default_factory=set)


Annotations = dict[str, dict[str, Annotation]]  # by annotator and text


class Units(NamedTuple):
    """The pairs that get a label.

    Args: values: (U, A) label ids, or MISSING; documents: (U,) the number of each unit's text; labels: K names.
    """

    values: Ints
    documents: Ints
    labels: list[str]


def read_annotations(paths: Sequence[Path]) -> Iterator[tuple[str, Document]]:
    """The documents of an export, with who annotated each; or of several files or folders, each one annotator's.

    What an annotator has rejected or skipped is no annotation; of two by one annotator the newer counts, where an
    export tells the time.

    Raises: InputError with all that is wrong with them.
    """
    for path in paths:
        try:
            returned = read_export(path)[0]
        except InputError as error:
            raise InputError(replace(one, hint=CONVERT) if one.kind in UNTOLD else one for one in error.problems) from None
        newest: dict[tuple[str, str | int], Returned] = {}
        for one in returned:
            if one.state == "annotated" and one.document:
                whose = one.annotator if len(paths) == 1 else str(path)
                key = (whose, one.id if one.when else len(newest))
                if key not in newest or newest[key].when <= one.when:
                    newest[key] = one
        yield from ((whose, one.document) for (whose, _), one in newest.items() if one.document)


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """The document with new names of types and relations, as the parse stage gives them."""
    entities = tuple(replace(each, type=each.type and names.get(each.type, each.type)) for each in document.entities)
    relations = tuple(replace(each, label=each.label and renamed_label(each.label, names)) for each in document.relations)
    meta = {**document.meta, "symmetric": [renamed_label(name, names) for name in document.symmetric]}
    return replace(document, entities=entities, relations=relations, meta=meta)


def by_annotator(documents: Iterable[tuple[str, Document]]) -> Annotations:
    """The annotations of documents, each with its annotator; a text that stands several times is one text.

    Where it is not told whose a document is, and its relations have annotators, its entities are nobody's own. An entity without
    type is of the type that pipeline.convert gives it.
    """
    found: Annotations = {}
    for annotator, document in ((annotator, turned(document)) for annotator, document in documents):
        theirs = {relation.annotator for relation in document.relations} - {None} if not annotator else set()
        for name in sorted(map(str, theirs)) or [annotator]:
            annotation = found.setdefault(name, {}).setdefault(document.text, Annotation())
            annotation.is_complete &= document.complete
            annotation.has_entities &= not theirs
            annotation.symmetric |= document.symmetric
            annotation.entities |= {entity.spans: entity.type or TYPE for entity in document.entities}
            places = {entity.id: entity.spans for entity in document.entities}
            for relation in document.relations:
                if not theirs or relation.annotator == name:
                    labels = annotation.labels.setdefault((places[relation.head], places[relation.tail]), set())
                    labels |= set() if relation.label is None else {relation.label}
    return found


def common_texts(annotations: Annotations) -> list[str]:
    """The texts that two annotators or more have annotated, in the order of the first annotator who has them."""
    texts = dict.fromkeys(text for of_annotator in annotations.values() for text in of_annotator)
    return [text for text in texts if sum(text in of_annotator for of_annotator in annotations.values()) > 1]


def without_direction(annotations: Annotations, negative_label: str, symmetric: Collection[str]) -> frozenset[str]:
    """The labels that say the same with head and tail swapped, for all annotators where the format of one says so.

    Args: symmetric: more of them.
    """
    told = (one.symmetric for of_annotator in annotations.values() for one in of_annotator.values())
    return frozenset({negative_label, *symmetric}).union(*told)


def find_units(annotations: Annotations, texts: Sequence[str], negative_label: str, undirected: Collection[str]) -> Units:
    """The units of texts, and what label each annotator gave them, with BACKWARD where its tail stands before its head.

    Args: undirected: as without_direction gives them.
    """
    rows: list[list[str | None]] = []
    documents = []
    for number, text in enumerate(texts):
        said = [of_annotator.get(text) for of_annotator in annotations.values()]
        pairs = dict.fromkeys(in_order(ends) for one in said if one for ends, labels in one.labels.items() if labels)
        rows += [[_label(one, ends, negative_label, undirected) for one in said] for ends in pairs]
        documents += [number] * len(pairs)
    labels = sorted({label for row in rows for label in row if label is not None})
    ids: dict[str | None, int] = {None: MISSING, **{label: number for number, label in enumerate(labels)}}
    values = np.array([[ids[label] for label in row] for row in rows], np.int64).reshape(-1, len(annotations))
    return Units(values, np.array(documents, np.int64), labels)


def in_order(ends: Ends) -> Ends:
    """Two places in reading order."""
    one, other = sorted(ends)
    return one, other


def _label(annotation: Annotation | None, ends: Ends, negative_label: str, undirected: Collection[str]) -> str | None:
    """The label that an annotator gave a pair, several joined; None where the pair was not the annotator's to label."""
    if annotation is None:
        return None
    labels = set(annotation.labels.get(ends, ()))
    if ends[0] != ends[1]:
        labels |= {label if label in undirected else label + BACKWARD for label in annotation.labels.get(ends[::-1], ())}
    untold = annotation.labels.keys() & {ends, ends[::-1]}
    could = annotation.is_complete and not untold and all(place in annotation.entities for place in ends)
    return " + ".join(sorted(labels)) if labels else negative_label if could else None
