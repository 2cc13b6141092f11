"""TACRED's JSON (Zhang et al. 2017, https://nlp.stanford.edu/projects/tacred), a list of objects or one a line.

    [{"id": "e779", "docid": "d1", "relation": "per:founder", "token": ["Ada", "Byron", "founded", "Acme", "."],
      "subj_start": 0, "subj_end": 1, "obj_start": 3, "obj_end": 3, "subj_type": "PERSON", "obj_type": "ORGANIZATION",
      "stanford_pos": ["NNP", "NNP", "VBD", "NNP", "."]}]

Ends are INCLUSIVE: the index of an entity's last token. The subject is e1 and the relation's head, the object e2 and its tail.
Types, id and relation may be missing; what else there is, a stanford_ column a token, is kept in meta. The text is the tokens with
a blank between, and a blank token stays a word. A file whose ends are exclusive is known only by an end past the last token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.files import Row
from pipeline.corpus.document import Document, Entity, Relation, join_words, require_pair, word_runs, word_span
from pipeline.corpus.formats.json_values import Value, first_value, read_values
from pipeline.corpus.formats.token_rows import (
    IDENTICAL,
    other_keys,
    read_documents,
    read_name,
    read_tokens,
    require_tokens,
    span_problem,
    text_of_tokens,
    write_list,
)

HOLDS = frozenset({"words", "types", "untyped", "unlabelled", "meta", "ids"})
ENTITIES = {"e1": "subj", "e2": "obj"}
EDGES = tuple(f"{name}_{edge}" for name in ENTITIES.values() for edge in ("start", "end"))
TYPES = tuple(f"{name}_type" for name in ENTITIES.values())
KEYS = ("id", "relation", "token", *EDGES, *TYPES)


def recognises(path: Path) -> bool:
    """Whether the first object has tokens and the places of a subject and an object."""
    value = first_value(path)
    return value is not None and isinstance(value.value.get("token"), list) and all(edge in value.value for edge in EDGES)


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_values(path), _document, "id", text_of_tokens("token"))


def _document(value: Value) -> Document | list[Problem]:
    row = value.value
    tokens = read_tokens(row, "token")
    problems = [tokens] if isinstance(tokens, Problem) else []
    problems += [problem for key in ("relation", *TYPES) if (problem := read_name(row, key))]
    missing = [edge for edge in EDGES if edge not in row]
    problems += [
        Problem(f"key {edge!r} is missing", "give the first and the last token of both", "key-missing") for edge in missing
    ]
    if isinstance(tokens, Problem) or missing:
        return problems
    spans = [(row[f"{name}_start"], row[f"{name}_end"]) for name in ENTITIES.values()]
    names = ENTITIES.values()
    wrong = [span_problem(name, *span, tokens, inclusive=True) for name, span in zip(names, spans, strict=True)]
    problems += [problem for problem in wrong if problem]
    if spans[0] == spans[1]:
        problems.append(IDENTICAL)
    if problems:
        return problems
    text, words = join_words(tokens)
    entities = tuple(
        Entity(entity_id, (word_span(words, start, last + 1),), row.get(f"{name}_type"))
        for (entity_id, name), (start, last) in zip(ENTITIES.items(), spans, strict=True)
    )
    relation = Relation("e1", "e2", row.get("relation"))
    return Document("", "", text, entities, (relation,), words, complete=False, meta=other_keys(row, KEYS))


def write(documents: Iterable[Document], path: Path) -> None:
    """Write a JSON list, an object a line.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_list(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The object that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    tokens = require_tokens(document, HOLDS, KEYS)
    head, tail, relation = require_pair(document)
    row: Row = {"id": document.id}
    if relation.label is not None:
        row["relation"] = relation.label
    row["token"] = tokens
    runs = word_runs(document)
    for name, entity in zip(ENTITIES.values(), (head, tail), strict=True):
        ((start, end),) = runs[entity.id]
        row |= {f"{name}_start": start, f"{name}_end": end - 1}
        if entity.type is not None:
            row[f"{name}_type"] = entity.type
    return {**row, **document.meta}
