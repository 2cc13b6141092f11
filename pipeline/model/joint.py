"""What trains on documents of which all entities are annotated (`tag.entities: all`).

Pairs train the relation head; sentences, each once however many pairs it has, train the tagger (Eberts and Ulges 2020 train both
on whole sentences). A sentence is fed whole, however long, with its first word as both entities, which its tagger does not see.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core import ragged
from pipeline.core.params import Train
from pipeline.core.positions import position_ids, relative_positions
from pipeline.core.schema import POSITIONED, PositionNotes
from pipeline.core.storage import StageOutput
from pipeline.model.batches import COLUMNS, Examples, VectorStore
from pipeline.model.config import POSITION_IDS, Config
from pipeline.model.manifest import TypePairs


def examples(data: StageOutput[PositionNotes], split: str, store: VectorStore, config: Config) -> Examples:
    """What trains or validates a network: the rows of a split, and under `tag.entities: all` its sentences behind them.

    Their vectors stay where they are: see Examples.
    """
    pairs = data.tables[split]
    if data.notes.entities == "pair" or "tags" not in config.train.tasks:
        return Examples(pairs, store, config.relations)
    sentences = data.sentences.get(split)
    tables = [pairs.select(COLUMNS)] + ([] if sentences is None else [as_rows(sentences, data.notes.max_distance)])
    table = pa.concat_tables(tables)
    return Examples(table, store, config.relations, tagged=np.arange(len(table)) >= len(pairs))


def seen_type_pairs(options: Train, data: StageOutput[PositionNotes]) -> TypePairs | None:
    """The types of e1 and e2 that a training pair with a relation has, for `train.type_pairs: seen`; None where all are asked."""
    if options.type_pairs == "all":
        return None
    train = data.tables["train"]
    related = train.filter(pc.not_equal(train["relation"], data.notes.negative_label))
    pairs = zip(related["e1_type"].to_pylist(), related["e2_type"].to_pylist(), strict=True)
    return tuple(sorted({pair for pair in pairs if None not in pair}))


def as_rows(sentences: pa.Table, max_distance: int) -> pa.Table:
    """N sentences with all entities as rows of COLUMNS: whole, without a relation, the first word as both entities."""
    lengths = ragged.lengths(sentences["words"])
    first = np.zeros_like(lengths)
    ids = ragged.lists(position_ids(relative_positions(lengths, first, first + 1, max_distance), max_distance), lengths)
    added = {
        **dict.fromkeys(POSITION_IDS, ids),
        "window_start": np.zeros(len(lengths), np.int32),
        "window_end": lengths.astype(np.int32),
        "relation": pa.nulls(len(lengths), pa.string()),
    }
    columns = [added[name] if name in added else sentences[name] for name in COLUMNS]
    return pa.table(columns, pa.schema([POSITIONED.field(name) for name in COLUMNS]))
