"""Sentences in any number, with the lengths of a corpus' sentences and words drawn from it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core import ragged, storage
from pipeline.core.positions import position_ids
from pipeline.core.schema import POSITION, POSITIONED

MAX_DISTANCE = 60


def recombined(source: Path, n_rows: int, seed: int) -> pa.Table:
    """Rows with the lengths of the corpus' sentences and words drawn from them; the first word is both entities."""
    draw = np.random.default_rng(seed)
    words = column(source, "words")
    vocabulary = words.combine_chunks().flatten()
    lengths = draw.choice(ragged.lengths(words), n_rows)
    n_words = int(lengths.sum())
    drawn = vocabulary.take(pa.array(draw.integers(0, len(vocabulary), n_words)))
    zeros = ragged.lists(np.zeros(n_words, np.int32), lengths)
    ids = position_ids(np.minimum(ragged.indices(lengths), MAX_DISTANCE).astype(np.int32), MAX_DISTANCE)
    values = {
        "id": pa.array([str(row) for row in range(n_rows)]),
        **{name: pa.array(["x"] * n_rows) for name in ("source", "text", "relation")},
        "words": pa.ListArray.from_arrays(pa.array(ragged.offsets(lengths), pa.int32()), drawn),
        **dict.fromkeys(("starts", "tag_ids"), zeros),
        **dict.fromkeys(("e1_position_ids", "e2_position_ids"), ragged.lists(ids, lengths)),
        **{name: pa.array(np.zeros(n_rows, np.int32)) for name in ("e1_start", "e2_start", "window_start")},
        **{name: pa.array(np.ones(n_rows, np.int32)) for name in ("e1_end", "e2_end")},
        "window_end": pa.array(lengths.astype(np.int32)),
        "e1_type": pa.nulls(n_rows, pa.string()),
        "e2_type": pa.nulls(n_rows, pa.string()),
    }
    columns = [values.get(field.name, pa.nulls(n_rows, field.type)) for field in POSITIONED]  # entities: those of the pair alone
    return pa.table(columns, schema=POSITIONED)


@lru_cache
def column(source: Path, name: str) -> pa.ChunkedArray:
    """A column over all splits."""
    tables = storage.read(source, POSITION).tables.values()
    return pa.chunked_array([chunk for table in tables for chunk in table[name].chunks])
