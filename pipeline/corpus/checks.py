"""All problems of a corpus, and of each annotation the little that decides between the splits.

Problems that show only between rows are found here: an id given twice, a relation that train doesn't have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.core.errors import Problem, nearest
from pipeline.core.labels import undirected
from pipeline.corpus.formats import Annotation, Reader
from pipeline.corpus.split import hold_out, text_key

Reading = Annotation | Problem  # what a reader yields

COLUMNS = pa.schema(
    [
        ("id", pa.string()),  # null where it could not be read
        ("source", pa.string()),
        ("relation", pa.string()),  # null of a problem, and of an annotation that is excluded
        ("id_key", pa.uint64()),  # a hash: a table of all ids would take more memory than all that is kept here
        ("text_key", pa.uint64()),
    ]
)


@dataclass(frozen=True)
class SplitSummary:
    """What is kept in memory of the readings of a split, or of a batch of it.

    Args: readings: a table of COLUMNS, in the order of the files; problems: of the rows that are not excluded.
    """

    readings: pa.Table
    problems: tuple[Problem, ...]

    def kept(self, column: str) -> pa.ChunkedArray:
        """A column of the annotations that become output, in the order of the files."""
        return self.readings[column].filter(pc.is_valid(self.readings["relation"]))

    @property
    def relations(self) -> list[str]:
        """The relations of the kept annotations, each once."""
        relations: list[str] = pc.unique(self.kept("relation")).to_pylist()
        return relations

    def held_out(self, fraction: float) -> NDArray[np.bool_]:
        """(N,) which of the N kept annotations validation takes."""
        relations = self.kept("relation").combine_chunks().dictionary_encode().indices
        return hold_out(self.kept("text_key").to_numpy(), relations.to_numpy(), fraction)

    def n_shared(self, other: SplitSummary) -> int:
        """How many kept annotations have a text that a kept annotation of another split has."""
        shared = pc.is_in(self.kept("text_key"), other.kept("text_key"))
        return int(pc.sum(shared, min_count=0).as_py())


def read_files(files: Iterable[Path], read: Reader) -> Iterator[Reading]:
    """The readings of several files, one file after the other; a file without any is a problem."""
    for path in files:
        is_empty = True
        for reading in read(path):
            is_empty = False
            yield reading
        if is_empty:
            yield Problem("the file is empty", "add annotations, or remove the file", "file-empty").at(str(path))


def summarize(readings: list[Reading], exclude: Collection[str], seed: int) -> SplitSummary:
    """The summary of a batch of readings.

    Args: exclude: the ids left out, whose problems don't count; seed: shuffles the rows before validation is held out.
    """
    columns = zip(*(_columns(reading, exclude, seed) for reading in readings), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)]
    problems = tuple(reading for reading in readings if isinstance(reading, Problem) and reading.row_id not in exclude)
    return SplitSummary(pa.Table.from_arrays(arrays, schema=COLUMNS), problems)


def merge(summaries: Iterable[SplitSummary]) -> SplitSummary:
    """The summary of a split, from those of its batches in their order."""
    tables = [COLUMNS.empty_table()]
    problems: list[Problem] = []
    for summary in summaries:
        tables.append(summary.readings)
        problems += summary.problems
    return SplitSummary(pa.concat_tables(tables), tuple(problems))


def _columns(reading: Reading, exclude: Collection[str], seed: int) -> tuple[str | None, str, str | None, int | None, int | None]:
    """The values of COLUMNS of a reading."""
    row_id = reading.row_id if isinstance(reading, Problem) else reading.id
    is_excluded = row_id in exclude
    id_key = None if row_id is None or is_excluded else text_key(row_id, seed)
    if isinstance(reading, Problem):
        return row_id, reading.row, None, id_key, None
    return row_id, reading.source, None if is_excluded else reading.relation, id_key, text_key(reading.text, seed)


def find_problems(summaries: dict[str, SplitSummary], exclude: Collection[str], directed: bool) -> list[Problem]:
    """All problems of a corpus, from the summaries of its splits."""
    readings = pa.concat_tables([summary.readings for summary in summaries.values()])
    return [
        *(problem for summary in summaries.values() for problem in summary.problems),
        *dict.fromkeys(_repeated_ids(readings)),
        *_unknown_relations(summaries),
        *(_lost_directions(readings) if directed else ()),
        *_unknown_excludes(readings["id"], exclude),
    ]


def _repeated_ids(readings: pa.Table) -> Iterator[Problem]:
    """Rows whose id an earlier row has (a row with several problems has as many readings, all from one source)."""
    keys = np.sort(readings["id_key"].drop_null().to_numpy())
    repeated = np.unique(keys[1:][keys[1:] == keys[:-1]])
    candidates = readings.filter(pc.is_in(readings["id_key"], pa.array(repeated)))
    first_source: dict[str, str] = {}
    for row_id, source in zip(candidates["id"].to_pylist(), candidates["source"].to_pylist(), strict=True):
        taken = first_source.setdefault(row_id, source)
        if taken != source:
            found = f"id {row_id} is that of {taken}"
            yield Problem(found, "give every row an id of its own", "id-repeated").at(source, row_id=row_id)


def _unknown_relations(summaries: dict[str, SplitSummary]) -> Iterator[Problem]:
    """Rows of a relation that no row of train has, in whichever direction."""
    known = sorted({undirected(relation) for relation in summaries["train"].relations})
    for split, summary in summaries.items():
        unknown = [relation for relation in summary.relations if undirected(relation) not in known]
        for relation, source, row_id in _rows_of(summary.readings, unknown):
            hint = nearest(undirected(relation), known) if known else "mend the train files first"
            found = f"relation {relation} of {split} is not in train"
            yield Problem(found, hint, "relation-unknown").at(source, row_id=row_id)


def _lost_directions(readings: pa.Table) -> Iterator[Problem]:
    """Rows of a relation without a direction that other rows of it have."""
    relations = pc.unique(readings["relation"].drop_null()).to_pylist()
    directed = {undirected(relation) for relation in relations if undirected(relation) != relation}
    for relation, source, row_id in _rows_of(readings, [relation for relation in relations if relation in directed]):
        found = f"relation {relation} has no direction, other rows of it have"
        hint = f"write {relation}(e1,e2) or {relation}(e2,e1), or set parse.directed to false"
        yield Problem(found, hint, "direction-missing").at(source, row_id=row_id)


def _rows_of(readings: pa.Table, relations: list[str]) -> Iterator[tuple[str, str, str]]:
    """Relation, source and id of the rows that have one of these relations."""
    rows = readings.filter(pc.is_in(readings["relation"], pa.array(relations, pa.string())))
    return zip(rows["relation"].to_pylist(), rows["source"].to_pylist(), rows["id"].to_pylist(), strict=True)


def _unknown_excludes(ids: pa.ChunkedArray, exclude: Collection[str]) -> Iterator[Problem]:
    """Excluded ids that no row has."""
    excluded = pa.array(exclude, pa.string())
    for row_id in excluded.filter(pc.invert(pc.is_in(excluded, ids))).to_pylist():
        close = get_close_matches(row_id, ids.drop_null().to_pylist(), n=1)
        hint = f"did you mean {close[0]}?" if close else "take it off the list"
        yield Problem(f"parse.exclude lists {row_id}, which is the id of no row", hint, "exclude-unknown", "params.yaml")
