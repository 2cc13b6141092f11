"""FewRel's JSON (Han et al. 2018, https://github.com/thunlp/FewRel): an object of relations, each with the list of its sentences.

    {"P112": [{"tokens": ["Ada", "and", "Max", "founded", "Acme", ";", "Acme", "grew", "."],
               "h": ["acme", "Q1", [[4], [6]]], "t": ["ada max", "Q2", [[0, 2]]]}]}

`h` and `t` are name, id and mentions, each the indices of its tokens, which need not follow each other: fragments. Every mention is
an entity of the document; the relation stands between the first of `h`, e1, and the first of `t`, e2. The ids of the entities that
are mentions of one are kept as meta["h"]["mentions"] and meta["t"]["mentions"] where there are several, beside "id" and, where it
is not what stands in the text, "name". Sentences have no id in FewRel; "id", which `write` adds, and what else there is are kept.
The text is the tokens with a blank between. Sentences of one relation are written together, in memory until all are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, write_text
from pipeline.core.schema import Span
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document, Entity, Relation, join_words, needs, word_runs, word_span
from pipeline.corpus.formats.json_fields import NAME, is_name, quote
from pipeline.corpus.formats.json_values import Value, first_value, read_keyed
from pipeline.corpus.formats.token_rows import (
    IDENTICAL,
    other_keys,
    read_documents,
    read_tokens,
    require_tokens,
    text_of_tokens,
)

HOLDS = frozenset({"words", "untyped", "fragments", "meta", "ids"})
ENTITIES = {"e1": "h", "e2": "t"}
KEYS = ("id", "tokens")
ENTITY = 'it must be ["name", "id", [[indices of the tokens of a mention], ...]]'
MENTION = "a mention is the indices of its tokens, from 0 and in order"


class Mentions(NamedTuple):
    """The mentions of the head or the tail, each the stretches of its fragments, and what else is said of it."""

    mentions: list[tuple[Span, ...]]
    extras: Row


def recognises(path: Path) -> bool:
    """Whether the first object of the lists of an object has tokens, and a head and a tail that are lists."""
    value = first_value(path, keyed=True)
    return value is not None and all(isinstance(value.value.get(key), list) for key in ("tokens", *ENTITIES.values()))


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_keyed(path), _document, "id", text_of_tokens("tokens"))


def _document(value: Value) -> Document | list[Problem]:
    row = value.value
    tokens = read_tokens(row, "tokens")
    if isinstance(tokens, Problem):
        return [tokens]
    text, words = join_words(tokens)
    read, problems = sift(_mentions(row, key, text, words) for key in ENTITIES.values())
    if not is_name(value.key):
        problems.append(Problem(f"the relation is {quote(value.key)}", NAME, "value-malformed"))
    if problems:
        return problems
    if read[0].mentions[0] == read[1].mentions[0]:
        return [IDENTICAL]
    entities = [Entity(entity_id, of.mentions[0]) for entity_id, of in zip(ENTITIES, read, strict=True)]
    meta = other_keys(row, (*KEYS, *ENTITIES.values()))
    for (entity_id, key), of in zip(ENTITIES.items(), read, strict=True):
        others = [Entity(f"e{number}", spans) for number, spans in enumerate(of.mentions[1:], len(entities) + 1)]
        entities += others
        mentions = {"mentions": [entity_id, *(entity.id for entity in others)]} if others else {}
        if of.extras or mentions:
            meta[key] = of.extras | mentions
    return Document("", "", text, tuple(entities), (Relation("e1", "e2", value.key),), words, complete=False, meta=meta)


def _mentions(row: Row, key: str, text: str, words: Sequence[Span]) -> Mentions | Problem:
    entity = row.get(key)
    if not isinstance(entity, list) or len(entity) != 3 or not isinstance(entity[0], str) or not isinstance(entity[2], list):
        return Problem(f"{key} is {quote(entity)}", ENTITY, "value-malformed")
    name, entity_id, mentions = entity
    if not mentions:
        return Problem(f"{key} has no mention", ENTITY, "entity-unmarked")
    for indices in mentions:
        if problem := _mention_problem(key, indices, text, words):
            return problem
    spans = [tuple(word_span(words, start, end) for start, end in _runs(indices)) for indices in mentions]
    extras = {"name": name, "id": entity_id}
    return Mentions(spans, {key: value for key, value in extras.items() if value != _said(text, spans[0])[key]})


def _said(text: str, spans: Iterable[Span]) -> Row:
    """The name and the id that `write` gives an entity of which no other is known."""
    return {"name": " ".join(text[slice(*span)] for span in spans), "id": ""}


def _mention_problem(key: str, indices: Any, text: str, words: Sequence[Span]) -> Problem | None:
    if not isinstance(indices, list) or not indices or any(type(index) is not int for index in indices):
        return Problem(f"a mention of {key} is {quote(indices)}", MENTION, "span-malformed")
    if indices != sorted(set(indices)) or indices[0] < 0 or indices[-1] >= len(words):
        return Problem(f"a mention of {key} is {quote(indices)}, there are {len(words)} tokens", MENTION, "span-impossible")
    if not any(text[slice(*words[index])].strip() for index in indices):
        return Problem(f"a mention of {key} is blank: {quote(indices)}", MENTION, "entity-empty")
    return None


def _runs(indices: Sequence[int]) -> list[Span]:
    """Ascending indices as runs that follow each other.

    >>> _runs([3, 4, 7])
    [Span(start=3, end=5), Span(start=7, end=8)]
    """
    runs: list[Span] = []
    for index in indices:
        if runs and runs[-1].end == index:
            runs[-1] = Span(runs[-1].start, index + 1)
        else:
            runs.append(Span(index, index + 1))
    return runs


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object of relations, in the order in which they first come, a sentence a line.

    Raises: ValueError for a document that the format cannot hold.
    """
    lines: dict[str, list[str]] = {}
    for document in documents:
        label, row = to_row(document)
        lines.setdefault(label, []).append(json_text(row))
    lists = []
    for label, rows in lines.items():
        sentences = ",\n".join(rows)
        lists.append(f"{json_text(label)}: [\n{sentences}\n]")
    write_text(path, "{" + ",\n".join(lists) + "}\n")


def to_row(document: Document) -> tuple[str, Row]:
    """The relation of a document and its object.

    Raises: ValueError where the format cannot hold it.
    """
    of_entities = {key: document.meta.get(key, {}) for key in ENTITIES.values()}
    # Entities in no relation are held as mentions of the head and the tail, and in no other way.
    tokens = require_tokens(document, HOLDS | (needs(document) & {"free"}), KEYS)
    (relation,) = document.relations
    row: Row = {"id": document.id, "tokens": tokens}
    runs = word_runs(document)
    written = set[str]()
    for key, entity_id in zip(ENTITIES.values(), (relation.head, relation.tail), strict=True):
        extras = of_entities[key]
        if not isinstance(extras, Mapping) or extras.keys() - {"name", "id", "mentions"}:
            raise ValueError(f"{document.source}: the meta of document {document.id} has {key}, which would take an entity's place")
        mentions = extras.get("mentions", [entity_id])
        written |= set(mentions)
        said = _said(document.text, document.entity(mentions[0]).spans) | {
            name: extras[name] for name in ("name", "id") if name in extras
        }
        row[key] = [said["name"], said["id"], [[index for run in runs[mention] for index in range(*run)] for mention in mentions]]
    if relation.label is None or relation.head == relation.tail or written != {entity.id for entity in document.entities}:
        raise ValueError(f"{document.source}: document {document.id} is not one pair of entities with a relation")
    return relation.label, row | other_keys(dict(document.meta), ENTITIES.values())
