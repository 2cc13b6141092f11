"""All problems of a corpus, and of each row the little that decides between the splits.

Problems that show only between rows are found here: an id given twice, a relation that train doesn't have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core.errors import Problem, nearest
from pipeline.core.labels import undirected
from pipeline.corpus.formats import Annotation, Broken, Reader
from pipeline.corpus.split import hold_out, text_key

Row = Annotation | Broken

COLUMNS = pa.schema(
    [
        ("id", pa.string()),  # null where it could not be read
        ("source", pa.string()),
        ("relation", pa.string()),  # null in a row that is broken or excluded
        ("id_key", pa.uint64()),  # a hash: a table of all ids would take more memory than all that is kept here
        ("text_key", pa.uint64()),
    ]
)


@dataclass(frozen=True)
class Survey:
    """What is known of rows; the table has COLUMNS."""

    rows: pa.Table
    problems: tuple[Problem, ...]

    def kept(self, column: str) -> pa.ChunkedArray:
        """A column of the rows that become output, in the order of the files."""
        return self.rows[column].filter(pc.is_valid(self.rows["relation"]))

    @property
    def relations(self) -> list[str]:
        """Of the kept rows."""
        names: list[str] = pc.unique(self.kept("relation")).to_pylist()
        return names

    def held_out(self, fraction: float) -> NDArray[np.bool_]:
        """(N,) which of the N kept rows validation takes."""
        relations = self.kept("relation").combine_chunks().dictionary_encode().indices
        return hold_out(self.kept("text_key").to_numpy(), relations.to_numpy(), fraction)

    def n_shared(self, other: Survey) -> int:
        """How many kept rows have a text that a kept row of another split has."""
        shared = pc.is_in(self.kept("text_key"), other.kept("text_key"))
        return int(pc.sum(shared, min_count=0).as_py())


def read_files(files: Iterable[Path], read: Reader) -> Iterator[Row]:
    """The rows of several files, one after the other; a file without any is a problem."""
    for path in files:
        rows = read(path)
        empty = Broken(str(path), "the file is empty", "add annotations, or remove the file", row=str(path), id=None)
        yield from chain([next(rows, empty)], rows)


def survey(rows: list[Row], exclude: Collection[str], seed: int) -> Survey:
    """Survey a batch of rows.

    Args: exclude: the ids left out, whose problems don't count; seed: shuffles the rows before validation is held out.
    """
    columns = zip(*(_columns(row, exclude, seed) for row in rows), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)]
    problems = tuple(row for row in rows if isinstance(row, Broken) and row.id not in exclude)
    return Survey(pa.Table.from_arrays(arrays, schema=COLUMNS), problems)


def merge(surveys: Iterable[Survey]) -> Survey:
    """The survey of all batches, in their order."""
    tables = [COLUMNS.empty_table()]
    problems: list[Problem] = []
    for part in surveys:
        tables.append(part.rows)
        problems += part.problems
    return Survey(pa.concat_tables(tables), tuple(problems))


def _columns(row: Row, exclude: Collection[str], seed: int) -> tuple[str | None, str, str | None, int | None, int | None]:
    id_key = None if row.id is None or row.id in exclude else text_key(row.id, seed)
    if isinstance(row, Broken):
        return row.id, row.row, None, id_key, None
    return row.id, row.source, None if row.id in exclude else row.relation, id_key, text_key(row.text, seed)


def find_problems(surveys: dict[str, Survey], exclude: Collection[str], directed: bool) -> list[Problem]:
    """All problems of a corpus, from the surveys of its splits."""
    rows = pa.concat_tables([survey.rows for survey in surveys.values()])
    return [
        *(problem for survey in surveys.values() for problem in survey.problems),
        *dict.fromkeys(_duplicates(rows)),
        *_unknown_relations(surveys),
        *(_lost_directions(rows) if directed else ()),
        *_unknown_excludes(rows["id"], exclude),
    ]


def _duplicates(rows: pa.Table) -> Iterator[Problem]:
    """Rows whose id an earlier row has (a broken row is there once a problem, always from the same source)."""
    keys = np.sort(rows["id_key"].drop_null().to_numpy())
    candidates = rows.filter(pc.is_in(rows["id_key"], pa.array(np.unique(keys[1:][keys[1:] == keys[:-1]]))))
    first: dict[str, str] = {}
    for name, source in zip(candidates["id"].to_pylist(), candidates["source"].to_pylist(), strict=True):
        taken = first.setdefault(name, source)
        if taken != source:
            yield Problem(source, f"id {name} is that of {taken}", "give every row an id of its own")


def _unknown_relations(surveys: dict[str, Survey]) -> Iterator[Problem]:
    """Rows of a relation that no row of train has, in whichever direction."""
    known = sorted({undirected(relation) for relation in surveys["train"].relations})
    for split, other in surveys.items():
        names = [name for name in other.relations if undirected(name) not in known]
        for name, source in _rows_of(other.rows, names):
            hint = nearest(undirected(name), known) if known else "mend the train files first"
            yield Problem(source, f"relation {name} of {split} is not in train", hint)


def _lost_directions(rows: pa.Table) -> Iterator[Problem]:
    """Rows of a relation without a direction that other rows of it have."""
    names = pc.unique(rows["relation"].drop_null()).to_pylist()
    directed = {undirected(name) for name in names if undirected(name) != name}
    for name, source in _rows_of(rows, [name for name in names if name in directed]):
        hint = f"write {name}(e1,e2) or {name}(e2,e1), or set parse.directed to false"
        yield Problem(source, f"relation {name} has no direction, other rows of it have", hint)


def _rows_of(rows: pa.Table, relations: list[str]) -> Iterator[tuple[str, str]]:
    """Relation and source of the rows that have one of these relations."""
    found = rows.filter(pc.is_in(rows["relation"], pa.array(relations, pa.string())))
    return zip(found["relation"].to_pylist(), found["source"].to_pylist(), strict=True)


def _unknown_excludes(ids: pa.ChunkedArray, exclude: Collection[str]) -> Iterator[Problem]:
    """Excluded ids that no row has."""
    names = pa.array(exclude, pa.string())
    for name in names.filter(pc.invert(pc.is_in(names, ids))).to_pylist():
        close = get_close_matches(name, ids.drop_null().to_pylist(), n=1)
        hint = f"did you mean {close[0]}?" if close else "take it off the list"
        yield Problem("params.yaml", f"parse.exclude lists {name}, which is the id of no row", hint)
