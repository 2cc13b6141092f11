"""OpenNRE's JSON lines (Han et al. 2019, https://github.com/thunlp/OpenNRE): a pair of entities a line.

    {"token": ["Ada", "Byron", "founded", "Acme", "."], "h": {"name": "ada byron", "id": "Q7259", "pos": [0, 2]},
     "t": {"name": "acme", "pos": [3, 4]}, "relation": "founder"}
    {"text": "Ada founded Acme.", "h": {"name": "Ada", "pos": [0, 3]}, "t": {"name": "Acme", "pos": [12, 16]},
     "relation": "founder"}

`pos` counts tokens, or characters where there is a text. Its end is exclusive in some sets and inclusive in others: that one holds
at which the name stands, whatever its case and blanks. `h` is e1 and the relation's head, `t` e2 and its tail. Tokens are joined
with a blank between, without one where most are Chinese or Japanese. Beside a text, tokens are its words. An id, types ("type" of h
and t) and the relation may be missing. Names that are written otherwise than in the text, ids of entities and what else there is
are kept in meta. Lines that Python printed, in single quotes, are no JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, write_lines
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words, require_held, require_pair, word_runs, word_span
from pipeline.corpus.formats.json_fields import NAME, is_name, quote, require_free
from pipeline.corpus.formats.json_values import Value, first_value, read_values
from pipeline.corpus.formats.token_rows import (
    IDENTICAL,
    find_tokens,
    other_keys,
    read_documents,
    read_name,
    read_tokens,
)

HOLDS = frozenset({"text", "words", "types", "untyped", "unlabelled", "meta", "ids"})
ENTITIES = {"e1": "h", "e2": "t"}
KEYS = ("id", "text", "token", "relation")
POS = "pos is [start, end], of tokens from 0, or of characters where there is a text"
CHINESE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")  # and Japanese, which has no blanks either


class Text(NamedTuple):
    """A text, its tokens where it has some, and the stretches that `pos` counts."""

    text: str
    words: tuple[Span, ...] | None
    units: Sequence[Span]


def recognises(path: Path) -> bool:
    """Whether the first object has a head and a tail with positions, and tokens or a text."""
    value = first_value(path)
    if value is None or not ("token" in value.value or "text" in value.value):
        return False
    return all(isinstance(mention := value.value.get(key), dict) and "pos" in mention for key in ENTITIES.values())


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_values(path), _document, "id", _unannotated)


def _document(value: Value) -> Document | list[Problem]:
    row = value.value
    text = _read_text(row)
    label_problem = read_name(row, "relation")
    problems = [problem for problem in (text, label_problem) if isinstance(problem, Problem)]
    if isinstance(text, Problem):
        return problems
    entities, wrong = sift(_entity(row, entity_id, key, text) for entity_id, key in ENTITIES.items())
    problems += wrong
    if len(entities) == len(ENTITIES) and entities[0].spans == entities[1].spans:
        problems.append(IDENTICAL)
    if problems:
        return problems
    of_entities = {key: _extras(row[key], text.text, entity) for key, entity in zip(ENTITIES.values(), entities, strict=True)}
    meta = other_keys(row, (*KEYS, *ENTITIES.values())) | {key: extras for key, extras in of_entities.items() if extras}
    relation = Relation("e1", "e2", row.get("relation"))
    return Document("", "", text.text, tuple(entities), (relation,), text.words, complete=False, meta=meta)


def _unannotated(row: Row) -> Document | None:
    """The document of an object without its entities."""
    text = _read_text(row)
    return None if isinstance(text, Problem) else Document("", "", text.text, (), (), text.words)


def _read_text(row: Row) -> Text | Problem:
    tokens = read_tokens(row, "token") if "token" in row or "text" not in row else None
    if isinstance(tokens, Problem):
        return tokens
    text = row.get("text")
    if text is None:
        joined, words = _join(tokens or [])
        return Text(joined, words, words)
    if not is_name(text):
        return Problem(f"text is {quote(text)}", NAME, "value-malformed")
    found = None if tokens is None else find_tokens(text, tokens)
    if isinstance(found, Problem):
        return found
    return Text(text, found, [Span(start, start + 1) for start in range(len(text))])


def _join(tokens: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """The text of tokens, and the stretch of each."""
    if not CHINESE.search("".join(tokens)):
        return join_words(tokens)
    n_chinese = sum(bool(CHINESE.search(token)) for token in tokens)
    return join_words(tokens, "" if 2 * n_chinese > sum(bool(token.strip()) for token in tokens) else " ")


def _entity(row: Row, entity_id: str, key: str, text: Text) -> Entity | Problem:
    mention = row.get(key)
    if not isinstance(mention, dict):
        return Problem(f"{key} is {quote(mention)}", 'it must be {"name": "...", "pos": [0, 1]}', "value-malformed")
    if not is_name(mention.get("name")):
        hint = f"{NAME}: it tells whether the end of pos is exclusive"
        return Problem(f"the name of {key} is {quote(mention.get('name'))}", hint, "value-malformed")
    if problem := read_name(mention, "type"):
        return replace(problem, found=f"{key}: {problem.found}")
    span = _find_span(text, key, mention.get("pos"), mention["name"])
    return span if isinstance(span, Problem) else Entity(entity_id, (span,), mention.get("type"))


def _find_span(text: Text, key: str, pos: object, name: str) -> Span | Problem:
    """The stretch at a position, its end exclusive or inclusive, that reads as the name."""
    if not isinstance(pos, list) or [type(edge) for edge in pos] != [int, int]:
        return Problem(f"pos of {key} is {quote(pos)}", POS, "span-malformed")
    start, end = pos
    if not 0 <= start <= end <= len(text.units) or start == len(text.units):
        return Problem(f"pos of {key} is {pos}, there are {len(text.units)} units", POS, "span-impossible")
    for stop in (end, end + 1):
        if start < stop <= len(text.units):
            span = word_span(text.units, start, stop)
            if _plain(text.text[slice(*span)]) == _plain(name):
                return span
    stands = text.text[slice(*word_span(text.units, start, max(end, start + 1)))]
    return Problem(f"the name of {key} is {name!r}, at {pos} stands {stands!r}", POS, "entity-text-differs")


def _plain(text: str) -> str:
    """A text without case and blanks."""
    return "".join(text.split()).casefold()


def _extras(mention: Row, text: str, entity: Entity) -> Row:
    """What an entity has beside its place and type; its name where it is not what stands in the text."""
    known = ("pos", "type", "name") if mention["name"] == text[slice(*entity.spans[0])] else ("pos", "type")
    return other_keys(mention, known)


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object a line: tokens where they make the text, else the text, and its words beside it where it has some.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_lines(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The object that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    require_held(document, HOLDS)
    require_free(document, KEYS)
    head, tail, relation = require_pair(document)
    tokens = document.tokens
    is_joined = bool(tokens) and (document.text, document.words) == _join(tokens)
    if tokens and not is_joined and find_tokens(document.text, tokens) != document.words:
        raise ValueError(f"{document.source}: words of document {document.id} are not found again in its text")
    row: Row = {"id": document.id}
    if not is_joined:
        row["text"] = document.text
    if tokens:
        row["token"] = tokens
    places = word_runs(document) if is_joined else {entity.id: list(entity.spans) for entity in document.entities}
    for key, entity in zip(ENTITIES.values(), (head, tail), strict=True):
        row[key] = _mention(document, entity, places[entity.id][0], document.meta.get(key, {}))
    if relation.label is not None:
        row["relation"] = relation.label
    return {**row, **other_keys(dict(document.meta), ENTITIES.values())}


def _mention(document: Document, entity: Entity, pos: Span, extras: Any) -> Row:
    """Args: extras: what the document's meta has of the entity."""
    if not isinstance(extras, Mapping) or not extras.keys().isdisjoint({"pos", "type"}):
        raise ValueError(f"{document.source}: the meta of document {document.id} has h or t, which would take an entity's place")
    mention = {"name": document.text[slice(*entity.spans[0])], **extras, "pos": list(pos)}
    return mention if entity.type is None else {**mention, "type": entity.type}
