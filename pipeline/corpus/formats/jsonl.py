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

from pipeline.core.errors import nearest
from pipeline.core.schema import Span
from pipeline.corpus.formats.annotation import Annotation, Broken, Fault, Line, broken, read_lines, relation_fault

REQUIRED = ("text", "e1", "e2", "relation")
OPTIONAL = ("e1_type", "e2_type", "id")
ENTITIES = ("e1", "e2")
UNITS = "offsets count Unicode characters from 0, the end is exclusive (tools in JavaScript count UTF-16 units)"


def read(path: Path) -> Iterator[Annotation | Broken]:
    """Annotations and problems of a file, in its order."""
    for line in read_lines(path):
        if line.text.strip() or line.fault:
            yield from _read_line(path, line)


def _read_line(path: Path, line: Line) -> Iterator[Annotation | Broken]:
    row = f"{path}:{line.number}"
    value = line.fault or read_object(line.text)
    default = f"{path.stem}:{line.number}"
    name = default if isinstance(value, Fault) else read_id(value, default)
    faults = [value] if isinstance(value, Fault) else list(find_faults(value))
    if faults or isinstance(value, Fault):
        for fault in faults:
            yield broken(fault, row, row, name)
    else:
        e1, e2 = Span(*value["e1"]), Span(*value["e2"])
        yield Annotation(name, row, value["text"], e1, e2, value["relation"], value.get("e1_type"), value.get("e2_type"))


def read_object(text: str) -> dict[str, Any] | Fault:
    """A line as a JSON object, or what is wrong with it."""
    hint = 'write one object a line, such as {"text": "...", "e1": [0, 3], "e2": [4, 7], "relation": "..."}'
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        return Fault(f"not JSON: {error.msg} at character {error.colno}", hint)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
        return Fault(f"not JSON: {error}", hint)
    return value if isinstance(value, dict | Fault) else Fault(f"a JSON {type(value).__name__}, no object", hint)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Fault:
    """An object's pairs as a dict, which would silently keep the last value of a key given twice."""
    counts = Counter(key for key, _ in pairs)
    repeated = [f"{key!r} {count} times" for key, count in counts.items() if count > 1]
    return Fault(f"one object has the key {', '.join(repeated)}", "give every key once") if repeated else dict(pairs)


def read_id(value: dict[str, Any], default: str) -> str:
    """A row's id; `default` where it has none that can be used."""
    name = value.get("id", default)
    return str(name) if _is_id(name) else default


def id_fault(value: dict[str, Any]) -> Fault | None:
    """What is wrong with a row's id, if it has one."""
    if "id" not in value or _is_id(value["id"]):
        return None
    return Fault(f"id is {_shown(value['id'])}", "it must be a string that is not blank, or a whole number")


def _is_id(name: object) -> bool:
    return (isinstance(name, int) and not isinstance(name, bool)) or _is_text(name)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and _is_unicode(value)


def _is_unicode(value: str) -> bool:
    """Whether a string has no half of a surrogate pair, which JSON can escape and UTF-8 can't hold."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def find_faults(value: dict[str, Any]) -> Iterator[Fault]:
    """All that is wrong with an object."""
    known = REQUIRED + OPTIONAL
    for key in value.keys() - set(known):
        yield Fault(f"unknown key {key!r}", nearest(key, known))
    for key in REQUIRED:
        if key not in value:
            yield Fault(f"key {key!r} is missing", f"a line has the keys {', '.join(REQUIRED)}")
    for key in ("text", "relation", "e1_type", "e2_type"):
        optional = key in OPTIONAL and value.get(key) is None
        if key in value and not optional and not _is_text(value[key]):
            yield Fault(f"{key} is {_shown(value[key])}", "it must be a string of valid Unicode that is not blank")
    if fault := id_fault(value):
        yield fault
    if _is_text(value.get("relation")) and (fault := relation_fault(value["relation"])):
        yield fault
    if _is_text(value.get("text")):
        yield from span_faults(value)


def span_faults(value: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with e1 and e2, as far as they are given, in a text."""
    text = value["text"]
    for entity in ENTITIES:
        if entity in value:
            fault = _span_fault(entity, value[entity], text)
            if fault:
                yield fault
    if all(entity in value for entity in ENTITIES) and value["e1"] == value["e2"]:
        yield Fault("e1 and e2 are the same characters", "give two entities")


def _span_fault(entity: str, span: object, text: str) -> Fault | None:
    if not isinstance(span, list) or [type(edge) for edge in span] != [int, int]:
        return Fault(f"{entity} is {_shown(span)}", "it must be [start, end], two whole numbers")
    start, end = span
    if not 0 <= start < end <= len(text):
        return Fault(f"{entity} is {span}, the text has {len(text)} characters", UNITS)
    if not text[start:end].strip():
        return Fault(f"{entity} is blank: {text[start:end]!r}", UNITS)
    return None


def _shown(value: object) -> str:
    return json.dumps(value)[:60]
