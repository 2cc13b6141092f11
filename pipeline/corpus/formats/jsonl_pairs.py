"""The form of our JSON lines that has one pair of entities an object. The form of whole documents: jsonl.py.

    {"text": "The author uses it.", "e1": [4, 10], "e2": [16, 18], "relation": "Instrument-Agency(e2,e1)"}

e1 and e2 are [start, end) in Unicode characters of the text. They may touch, nest or overlap here; what the tags can't express, the
tag stage reports. Optional: "relation", which is not told where it is missing or null, "e1_type", "e2_type" and "id".
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.core.errors import Problem
from pipeline.core.files import Row
from pipeline.core.schema import ENTITIES, Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats.json_fields import NAME, is_name, missing_keys, quote, read_span
from pipeline.corpus.formats.row_problems import relation_problem, text_problem, type_problem
from pipeline.corpus.formats.token_rows import other_keys

REQUIRED = ("text", *ENTITIES)
TYPES = {entity: f"{entity}_type" for entity in ENTITIES}
KEYS = (*REQUIRED, "relation", *TYPES.values(), "id")
PAIR_LINE = 'write one object a line, such as {"text": "...", "e1": [0, 3], "e2": [4, 7], "relation": "..."}'


def read_pair(row: Row) -> Document | list[Problem]:
    """The document of an object, its id and source still open, or all its problems."""
    if problems := list(_problems(row)):
        return problems
    entities = tuple(Entity(entity, (Span(*row[entity]),), row.get(type_key)) for entity, type_key in TYPES.items())
    relation = Relation(*ENTITIES, row.get("relation"))
    return Document("", "", row["text"], entities, (relation,), complete=False, meta=other_keys(row, KEYS))


def _problems(row: Row) -> Iterator[Problem]:
    """All that is wrong with an object, but for its id."""
    yield from missing_keys(row, REQUIRED, KEYS, PAIR_LINE)
    text = row.get("text")
    for key in ("text", "relation", *TYPES.values()):
        needed = key in row if key == "text" else row.get(key) is not None
        if needed and not is_name(row[key]):
            yield Problem(f"{key} is {quote(row[key])}", NAME, "value-malformed")
    if is_name(row.get("relation")) and (problem := relation_problem(row["relation"])):
        yield problem
    for entity, type_key in TYPES.items():
        if is_name(row.get(type_key)) and (problem := type_problem(entity, row[type_key])):
            yield problem
    if isinstance(text, str) and text.strip():
        if problem := text_problem(text):
            yield problem
        yield from span_problems(row)


def span_problems(row: Row) -> Iterator[Problem]:
    """What is wrong with e1 and e2, as far as they are given, in a text."""
    for entity in ENTITIES:
        if entity in row and (problem := _span_problem(entity, row[entity], row["text"])):
            yield problem
    if all(entity in row for entity in ENTITIES) and row["e1"] == row["e2"]:
        yield Problem("e1 and e2 are the same characters", "give two entities", "entities-identical")


def _span_problem(entity: str, span: object, text: str) -> Problem | None:
    if not isinstance(span, list) or len(span) != 2:
        return Problem(f"{entity} is {quote(span)}", "it must be [start, end], two whole numbers", "span-malformed")
    read = read_span(text, span[0], span[1], entity)
    return read if isinstance(read, Problem) else None
