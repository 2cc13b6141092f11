"""The fields of JSON objects that annotation tools write: ids, names and offsets, each as it should be or as a problem."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pipeline.core.errors import Problem
from pipeline.core.files import Row
from pipeline.core.nearest import KnownNames
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation

UNITS = "offsets count Unicode characters from 0, the end is exclusive (tools in JavaScript count UTF-16 units)"
NAME = "it must be a string that is not blank"


def quote(value: object) -> str:
    """The start of a value, as JSON.

    >>> quote({"start": None})
    '{"start": null}'
    """
    return json.dumps(value, ensure_ascii=False)[:60]


def read_id(value: object) -> str | None:
    """An id, which tools write as a whole number or as a string; None where it is neither, or blank.

    >>> read_id(3), read_id("a1"), read_id(True), read_id(" ")
    ('3', 'a1', None, None)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if is_name(value) else None  # type: ignore[return-value]


def first_id(value: Row, keys: Iterable[str]) -> str | None:
    """The id under the first of some keys that has one."""
    return next(filter(None, (read_id(value.get(key)) for key in keys)), None)


def is_name(value: object) -> bool:
    """Whether a value is a string that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def read_rows(value: Row, key: str) -> list[Row] | Problem:
    """The objects of a list of an object; none where the key is missing or null.

    >>> read_rows({"spans": [3]}, "spans").found
    'spans is [3]'
    """
    rows = value.get(key)
    if rows is None:
        return []
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    return Problem(f"{key} is {quote(rows)}", "it must be a list of objects", "value-malformed")


def read_span(text: str, start: object, end: object, name: str) -> Span | Problem:
    """The stretch of a text between two offsets, or what is wrong with them.

    Args: name: what stands there, for the messages.

    >>> read_span("An axe.", 3, 9, "entity 1").found
    'entity 1 is [3, 9], the text has 7 characters'
    """
    if type(start) is not int or type(end) is not int:
        return Problem(f"{name} is [{quote(start)}, {quote(end)}]", "give two whole numbers, start and end", "span-malformed")
    if not 0 <= start < end <= len(text):
        return Problem(f"{name} is [{start}, {end}], the text has {len(text)} characters", UNITS, "span-impossible")
    if not text[start:end].strip():
        return Problem(f"{name} is blank: {text[start:end]!r}", UNITS, "entity-empty")
    return Span(start, end)


def misquoted(row: Row, words: str, name: str) -> Problem | None:
    """What is wrong where the text that an object quotes is not what stands at its offsets, but for blanks; None where nothing is.

    >>> misquoted({"text": "Ann "}, "Ann", "a span"), misquoted({"start": 0}, "Ann", "a span")
    (None, None)
    """
    quoted = row.get("text")
    if not isinstance(quoted, str) or quoted.split() == words.split():
        return None
    return Problem(f"{name} quotes {quoted!r}, and its offsets hold {words!r}", UNITS, "entity-text-differs")


def id_problems(value: Row) -> list[Problem]:
    """What is wrong with the id of an object, which may have none."""
    if value.get("id") is None or read_id(value["id"]):
        return []
    return [Problem(f"id is {quote(value['id'])}", "it must be a whole number or a string that is not blank", "id-malformed")]


def repeated_ids(entities: Iterable[Entity]) -> list[Problem]:
    """A problem for each entity whose id another one has."""
    seen: set[str] = set()
    problems = []
    for entity in entities:
        if entity.id in seen:
            problems.append(Problem(f"two entities have the id {entity.id}", "give every entity its own id", "entity-repeated"))
        seen.add(entity.id)
    return problems


def unknown_ids(relations: Iterable[Relation], entities: Iterable[Entity]) -> list[Problem]:
    """A problem for each relation that names an entity which is not there."""
    known = {entity.id for entity in entities}
    problems = []
    for relation in relations:
        missing = [entity_id for entity_id in (relation.head, relation.tail) if entity_id not in known]
        if missing:
            found = f"{relation.label} names {' and '.join(missing)}, which is no entity here"
            problems.append(Problem(found, "name entities of this document, or take the relation out", "entity-unknown"))
    return problems


def missing_keys(value: Row, required: Iterable[str], known: Iterable[str], form: str) -> list[Problem]:
    """A problem for each key that an object lacks, which names the unknown key that it may have instead.

    Args: form: what an object looks like, for the hints.

    >>> [problem] = missing_keys({"Text_": "An axe."}, ["text"], ["text", "id"], "write ...")
    >>> problem.found, problem.hint
    ("key 'text' is missing", "did you mean text by 'Text_'? write ...")
    """
    missing = [key for key in required if key not in value]
    if not missing:
        return []
    unknown = {_plain(key): key for key in value.keys() - set(known)}
    names = KnownNames(sorted(unknown))
    close = {key: names.closest(_plain(key)) for key in missing}
    hints = {key: f"did you mean {key} by {unknown[name]!r}? {form}" if name else form for key, name in close.items()}
    return [Problem(f"key {key!r} is missing", hints[key], "key-missing") for key in missing]


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def require_free(document: Document, keys: Iterable[str]) -> None:
    """Raises: ValueError where the meta of a document has a key under which its own file has something else."""
    taken = sorted(document.meta.keys() & set(keys))
    if taken:
        raise ValueError(f"{document.source}: {', '.join(taken)} of document {document.id}'s meta would take another's place")


def whole_number(name: str) -> int | str:
    """A name as a tool would write it: a number where it is one.

    >>> whole_number("12"), whole_number("012"), whole_number("a")
    (12, '012', 'a')
    """
    return int(name) if len(name) < 19 and name.isascii() and name.isdigit() and str(int(name)) == name else name
