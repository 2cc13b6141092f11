"""Sentences with all their entities beside pairs of them, small enough to score in one's head."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from pipeline.core.schema import POSITIONED, TAGGED_SENTENCES
from pipeline.tag import tag_all
from tests.support.rows import positioned

TYPES = ["Loc", "Org"]
TAGS = ("O", "B-Loc", "I-Loc", "B-Org", "I-Org")
Mention = tuple[int, int, str]


def sentences(*annotated: tuple[str, Sequence[Mention]], source: str = "a.json:1") -> pa.Table:
    """Tagged sentences with their entities, all of one file; ids are d0, d1 ..."""
    rows = []
    for number, (text, mentions) in enumerate(annotated):
        words = text.split()
        starts = [len(" ".join([*words[:index], ""])) for index in range(len(words))]
        entities = [{"start": start, "end": end, "type": name} for start, end, name in mentions]
        rows.append({"id": f"d{number}", "source": source, "text": text, "words": words, "starts": starts, "entities": entities})
    table = pa.Table.from_pylist(rows, schema=pa.schema(list(TAGGED_SENTENCES)[:-1]))
    return tag_all(table, "type", TYPES, "outer")


def pair(
    text: str,
    row_id: str,
    relation: str | None,
    types: tuple[str, str] = ("Loc", "Org"),
    complete: bool = True,
    source: str = "a.json:1",
) -> pa.Table:
    """A row of the position stage, such as "[e1 Bern] is in [e2 Bund]"."""
    [row] = positioned(text, relation=relation).to_pylist()
    row |= {"id": row_id, "source": source, "e1_type": types[0], "e2_type": types[1], "entities": [] if complete else None}
    return pa.Table.from_pylist([row], schema=POSITIONED)
