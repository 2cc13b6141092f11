"""Rows for tests: literals in, tables of the parse and position stages' contracts out; and the notes beside such rows."""

from __future__ import annotations

import pyarrow as pa

from pipeline.core import schema
from pipeline.core.schema import OTHER, ParseNotes, PositionNotes, TagNotes
from pipeline.position import position
from pipeline.tag import tag

MAX_LENGTH, MAX_DISTANCE = 50, 10
PARSE_NOTES = ParseNotes(
    language="en", segmenter="char", excluded_by={}, overlap=0, negative_label=OTHER, symmetric=(), counts={}, findings=()
)
TAG_NOTES = TagNotes(**vars(PARSE_NOTES), tags=("O", "B", "I"), entities="pair", untagged=0)
POSITION_NOTES = PositionNotes(**vars(TAG_NOTES), max_length=MAX_LENGTH, max_distance=MAX_DISTANCE, windowed=0)


def parsed(
    *sentences: str, relation: str | None = "Other", types: tuple[str | None, str | None] = (None, None), first_id: int = 1
) -> pa.Table:
    """A parsed table, a row a sentence like "the [e1 old cat] sat on [e2 mats]", words split at blanks; ids count from first_id."""
    return pa.Table.from_pylist(
        [_row(sentence, str(first_id + index), relation, types) for index, sentence in enumerate(sentences)], schema=schema.PARSED
    )


def _row(sentence: str, row_id: str, relation: str | None, types: tuple[str | None, str | None]) -> dict[str, object]:
    words: list[str] = []
    spans: dict[str, int] = {}
    open_entity = ""
    for piece in sentence.split():
        if piece in {"[e1", "[e2"}:
            open_entity = piece[1:]
            spans[f"{open_entity}_start"] = len(words)
        elif piece.endswith("]"):
            words.append(piece[:-1])
            spans[f"{open_entity}_end"] = len(words)
        else:
            words.append(piece)
    starts = [len(" ".join([*words[:index], ""])) for index in range(len(words))]
    return {
        "id": row_id,
        "source": f"train.txt:{row_id}",
        "text": " ".join(words),
        "words": words,
        "starts": starts,
        "relation": relation,
        "e1_type": types[0],
        "e2_type": types[1],
        **spans,
    }


def positioned(
    *sentences: str,
    max_length: int = MAX_LENGTH,
    max_distance: int = MAX_DISTANCE,
    relation: str | None = "Other",
    first_id: int = 1,
) -> pa.Table:
    """The same with the columns of the tag stage, tags by entity, and of the position stage."""
    return position(tag(parsed(*sentences, relation=relation, first_id=first_id), "entity", [], "outer"), max_length, max_distance)


def with_spans(table: pa.Table, e1: tuple[int, int], e2: tuple[int, int]) -> pa.Table:
    """The table with other entities, in words, the same in every row."""
    for name, (start, end) in (("e1", e1), ("e2", e2)):
        table = with_column(table, f"{name}_start", [start] * len(table))
        table = with_column(table, f"{name}_end", [end] * len(table))
    return table


def with_column(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    """The table with other values, one a row, in a column it has."""
    index = table.schema.names.index(name)
    field = table.schema.field(index)
    return table.set_column(index, field, pa.array(values, field.type))
