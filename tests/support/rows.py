"""Rows for tests: literals in, tables of any stage's contract out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from pipeline.core import schema
from pipeline.position import position
from pipeline.tag import tag


def parsed(
    *sentences: str, relation: str = "Other", types: tuple[str | None, str | None] = (None, None), first_id: int = 1
) -> pa.Table:
    """A parsed table from sentences like "the [e1 old cat] sat on [e2 mats]", words split at blanks."""
    return pa.Table.from_pylist(
        [_row(sentence, str(first_id + index), relation, types) for index, sentence in enumerate(sentences)], schema=schema.PARSED
    )


def _row(sentence: str, name: str, relation: str, types: tuple[str | None, str | None]) -> dict[str, object]:
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
        "id": name,
        "source": f"train.txt:{name}",
        "text": " ".join(words),
        "words": words,
        "starts": starts,
        "relation": relation,
        "e1_type": types[0],
        "e2_type": types[1],
        **spans,
    }


def positioned(*sentences: str, max_length: int = 50, max_distance: int = 10, **options: Any) -> pa.Table:
    """The same as the position stage would leave it, tags by entity."""
    return position(tag(parsed(*sentences, **options), "entity", []), max_length, max_distance)


def with_column(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    """The table with other values in a column."""
    index = table.schema.names.index(name)
    field = table.schema.field(index)
    return table.set_column(index, field, pa.array(values, field.type))
