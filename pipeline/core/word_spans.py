"""Spans of words of a table of rows: those of their entities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipeline.core.arrays import Ints
from pipeline.core.schema import ENTITIES


def entity_edges(table: pa.Table) -> Ints:
    """(N, 2, 2) start and end of e1 and of e2 of each row, in words."""
    columns = [table[f"{entity}_{edge}"].to_numpy() for entity in ENTITIES for edge in ("start", "end")]
    edges: Ints = np.stack(columns, axis=1).astype(np.int64).reshape(-1, 2, 2)
    return edges
