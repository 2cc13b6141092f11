"""What the checks of annotations look at: of every row hashes, codes and flags, a hundred bytes whatever the length of its text.

Texts and entities are compared by a 64-bit hash: a hundred million of them would make one false match in three thousand corpora.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from pipeline.core.arrays import Bools, Ints
from pipeline.core.labels import undirected
from pipeline.core.schema import ENTITIES, SPLITS
from pipeline.core.word_spans import entity_characters
from pipeline.corpus.characters import html_entities, is_invisible
from pipeline.corpus.edges import edge_faults
from pipeline.corpus.split import Keys

NONE = -1  # the code of what is null
N_PLACES = 3
_MULTIPLIER, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


class NameCodes:
    """Names and their codes, which count from 0 in the order in which the names come."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def codes(self, column: pa.ChunkedArray) -> Ints:
        """(N,) the code of every value of a column, NONE of null."""
        encoded = pa.chunked_array(column.chunks, pa.string()).combine_chunks().dictionary_encode()
        codes = [self._codes.setdefault(name, len(self._codes)) for name in encoded.dictionary.to_pylist()]
        of_values: Ints = np.array([*codes, NONE], np.int64)[encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False)]
        return of_values

    @property
    def names(self) -> list[str]:
        """The names in the order of their codes."""
        return list(self._codes)


@dataclass(frozen=True)
class Survey:
    """N rows of all splits, in their order; the second dimension of 2 is that of e1 and e2.

    Shapes: splits, texts, pairs, labels: (N,), a split is its place in SPLITS, a pair the hash of text and both spans, a label its
    place in label_names; mentions, strings, types, faults, invisible: (N, 2), a mention is the hash of text and span, a string that
    of an entity's characters, a type its place in type_names, a fault that of edges.py.
    """

    splits: Ints
    sources: pa.ChunkedArray  # file:line
    ids: pa.ChunkedArray
    texts: Keys
    pairs: Keys
    labels: Ints
    mentions: Keys
    strings: Keys
    types: Ints
    faults: Ints
    invisible: Bools
    escaped: Bools  # (N,) whether the text has HTML entities
    html: Counter[str]  # these
    label_names: list[str]
    type_names: list[str]

    def places(self, rows: Ints) -> tuple[str, ...]:
        """Where the first of some rows are, each place once: file:line, with the id where the line has several rows."""
        found: dict[str, None] = {}
        for row in map(int, rows):
            source = self.sources[row]
            is_alone = pc.sum(pc.equal(self.sources, source)).as_py() == 1
            found[source.as_py() if is_alone else f"{source} id {self.ids[row]}"] = None
            if len(found) == N_PLACES:
                break
        return tuple(found)

    def relations(self) -> tuple[list[str], Ints]:
        """The relations, without directions, and (N,) the place among them of every row's, NONE where it has no label."""
        of_label = [undirected(name) for name in self.label_names]
        relations = {name: code for code, name in enumerate(dict.fromkeys(of_label))}
        codes = np.array([*(relations[name] for name in of_label), NONE], np.int64)
        return list(relations), codes[self.labels]

    def in_split(self, split: str) -> Bools:
        """(N,) which rows are of a split."""
        of_split: Bools = self.splits == SPLITS.index(split)
        return of_split


def survey(tables: Iterable[tuple[str, pa.Table]]) -> Survey | None:
    """The survey of tables of PARSED, each with its split; no more than one of them is held at a time. None of no rows."""
    labels, types, html = NameCodes(), NameCodes(), Counter[str]()
    parts = [_part(split, table, labels, types, html) for split, table in tables if len(table)]
    if not parts:
        return None
    names = {"sources", "ids"}
    texts: dict[str, Any] = {name: pa.chunked_array([part[name] for part in parts], pa.string()) for name in names}
    arrays: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name not in names}
    return Survey(**texts, **arrays, html=html, label_names=labels.names, type_names=types.names)


def _part(split: str, table: pa.Table, labels: NameCodes, types: NameCodes, html: Counter[str]) -> dict[str, Any]:
    """The columns of a batch of rows, in narrow types."""
    texts = table["text"].to_pylist()
    spans = entity_characters(table)
    edges = spans.reshape(-1, 2).tolist()
    strings = [texts[number // 2][start:end] for number, (start, end) in enumerate(edges)]
    keys = hashes(texts)
    is_escaped, found = html_entities(table["text"])
    html.update(found)
    return {
        "splits": np.full(len(table), SPLITS.index(split), np.int8),
        "sources": table["source"].combine_chunks(),
        "ids": table["id"].combine_chunks(),
        "texts": keys,
        "pairs": mixed(keys, *spans.reshape(-1, 4).T),
        "labels": labels.codes(table["relation"]).astype(np.int32),
        "mentions": mixed(keys[:, None], spans[..., 0], spans[..., 1]),
        "strings": hashes(strings).reshape(-1, 2),
        "types": np.stack([types.codes(table[f"{entity}_type"]) for entity in ENTITIES], axis=1).astype(np.int32),
        "faults": edge_faults(texts, spans).astype(np.uint8),
        "invisible": np.fromiter(map(is_invisible, strings), bool, len(strings)).reshape(-1, 2),
        "escaped": is_escaped,
    }


def hashes(texts: list[str]) -> Keys:
    """(N,) a hash of every text."""
    return np.fromiter(map(xxhash.xxh3_64_intdigest, map(str.encode, texts)), np.uint64, len(texts))


def mixed(key: Keys, *numbers: NDArray[Any]) -> Keys:
    """A hash of a key and whole numbers, elementwise.

    >>> keys = mixed(np.zeros(3, np.uint64), np.array([1, 2, 1]), np.array([2, 1, 2]))
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    for each in numbers:
        key = (key ^ each.astype(np.uint64)) * _MULTIPLIER
        key = key ^ (key >> _SHIFT)
    return key
