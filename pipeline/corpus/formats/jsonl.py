"""JSON lines, an annotation a line.

    {"text": "The author uses it.", "e1": [4, 10], "e2": [16, 18], "relation": "Instrument-Agency(e2,e1)"}

e1 and e2 are [start, end) in Unicode characters of the text. Optional: "e1_type", "e2_type" and "id" (else the file's name
and the line). Entities may touch, nest or overlap here; what the tags can't express, the tag stage reports.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.errors import FILE_KINDS, Problem
from pipeline.core.nearest import nearest
from pipeline.core.schema import ENTITIES, Span
from pipeline.corpus.formats.annotation import Annotation, Line, read_lines, relation_problem, text_problem, type_problem

REQUIRED = ("text", "e1", "e2", "relation")
OPTIONAL = ("e1_type", "e2_type", "id")
LINE = 'write one object a line, such as {"text": "...", "e1": [0, 3], "e2": [4, 7], "relation": "..."}'
UNITS = "offsets count Unicode characters from 0, the end is exclusive (tools in JavaScript count UTF-16 units)"


def read(path: Path) -> Iterator[Annotation | Problem]:
    """Annotations and problems of a file, in its order."""
    for line in read_lines(path):
        if line.text.strip() or line.problem:
            yield from _read_line(path, line)


def _read_line(path: Path, line: Line) -> Iterator[Annotation | Problem]:
    """The annotation of a line, or its problems."""
    source, default_id = f"{path}:{line.number}", f"{path.stem}:{line.number}"
    value = line.problem or read_object(line.text)
    if isinstance(value, Problem):
        yield value.at(source, row_id=None if value.kind in FILE_KINDS else default_id).or_exclude()
        return
    row_id = read_id(value, default_id)
    problems = [problem.at(source, row_id=row_id).or_exclude() for problem in object_problems(value)]
    if problems:
        yield from problems
    else:
        yield _annotation(value, source, row_id)


def _annotation(value: dict[str, Any], source: str, row_id: str) -> Annotation:
    """The annotation of an object without problems."""
    e1, e2 = Span(*value["e1"]), Span(*value["e2"])
    return Annotation(row_id, source, value["text"], e1, e2, value["relation"], value.get("e1_type"), value.get("e2_type"))


def read_object(text: str) -> dict[str, Any] | Problem:
    """A line as a JSON object, or what is wrong with it."""
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        return Problem(f"not JSON: {error.msg} at character {error.colno}", LINE, "json-malformed")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        return Problem(f"not JSON: {error}", LINE, "json-malformed")
    if isinstance(value, dict | Problem):
        return value
    return Problem(f"a JSON {type(value).__name__}, no object", LINE, "json-malformed")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Problem:
    """An object's pairs as a dict, which would silently keep the last value of a key given twice."""
    counts = Counter(key for key, _ in pairs)
    repeated = [f"{key!r} {count} times" for key, count in counts.items() if count > 1]
    if repeated:
        return Problem(f"one object has the key {', '.join(repeated)}", "give every key once", "key-repeated")
    return dict(pairs)


def read_id(value: dict[str, Any], default: str) -> str:
    """A row's id; `default` where it has none that can be used."""
    given = value.get("id", default)
    return str(given) if _is_id(given) else default


def id_problem(value: dict[str, Any]) -> Problem | None:
    """What is wrong with a row's id, if it has one."""
    if "id" not in value or _is_id(value["id"]):
        return None
    hint = "it must be a string that is not blank, or a whole number"
    return Problem(f"id is {_shown(value['id'])}", hint, "id-malformed")


def _is_id(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and _is_unicode(value)


def _is_unicode(value: str) -> bool:
    """Whether a string has no half of a surrogate pair, which JSON can escape and UTF-8 can't hold."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def object_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """All that is wrong with an object."""
    known = REQUIRED + OPTIONAL
    for key in value:
        if key not in known:
            yield Problem(f"unknown key {key!r}", nearest(key, known), "key-unknown")
    for key in REQUIRED:
        if key not in value:
            yield Problem(f"key {key!r} is missing", f"a line has the keys {', '.join(REQUIRED)}", "key-missing")
    for key in ("text", "relation", "e1_type", "e2_type"):
        optional = key in OPTIONAL and value.get(key) is None
        if key in value and not optional and not _is_text(value[key]):
            hint = "it must be a string of valid Unicode that is not blank"
            yield Problem(f"{key} is {_shown(value[key])}", hint, "value-malformed")
    if problem := id_problem(value):
        yield problem
    yield from _name_problems(value)
    if _is_text(value.get("text")):
        if problem := text_problem(value["text"]):
            yield problem
        yield from span_problems(value)


def _name_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with the relation and the types, as far as they are texts."""
    if _is_text(value.get("relation")) and (problem := relation_problem(value["relation"])):
        yield problem
    for entity in ENTITIES:
        if _is_text(value.get(f"{entity}_type")) and (problem := type_problem(entity, value[f"{entity}_type"])):
            yield problem


def span_problems(value: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with e1 and e2, as far as they are given, in a text."""
    text = value["text"]
    for entity in ENTITIES:
        if entity in value and (problem := _span_problem(entity, value[entity], text)):
            yield problem
    if all(entity in value for entity in ENTITIES) and value["e1"] == value["e2"]:
        yield Problem("e1 and e2 are the same characters", "give two entities", "entities-identical")


def _span_problem(entity: str, span: object, text: str) -> Problem | None:
    if not isinstance(span, list) or [type(edge) for edge in span] != [int, int]:
        return Problem(f"{entity} is {_shown(span)}", "it must be [start, end], two whole numbers", "span-malformed")
    start, end = span
    if not 0 <= start < end <= len(text):
        return Problem(f"{entity} is {span}, the text has {len(text)} characters", UNITS, "span-impossible")
    if not text[start:end].strip():
        return Problem(f"{entity} is blank: {text[start:end]!r}", UNITS, "entity-empty")
    return None


def _shown(value: object) -> str:
    """The start of a value as JSON; an object inside it that has a key twice is there as a problem."""
    return json.dumps(value, default=lambda problem: [problem.found, problem.hint])[:60]
