"""What is kept in memory of a corpus: its problems, and of each annotation the little that decides between the splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.arrays import Bools
from pipeline.core.errors import Problem
from pipeline.corpus.formats import Annotation, Reader
from pipeline.corpus.split import hold_out, text_key

Reading = Annotation | Problem  # what a reader yields

COLUMNS = pa.schema(
    [
        ("id", pa.string()),  # null where it could not be read
        ("source", pa.string()),
        ("relation", pa.string()),  # null of a problem
        ("id_key", pa.uint64()),  # a hash: a table of all ids would take more memory than all that is kept here
        ("text_key", pa.uint64()),
        ("reason", pa.string()),  # why the row is left out, null of the others: see checks.py
    ]
)


@dataclass(frozen=True)
class SplitSummary:
    """What is kept in memory of the readings of a split, or of a batch of it.

    Args: readings: a table of COLUMNS, in the order of the files; problems: of its rows.
    """

    readings: pa.Table
    problems: tuple[Problem, ...]

    @property
    def is_kept(self) -> Bools:
        """(N,) which of the N annotations become output, in the order of the files."""
        reasons = self.readings["reason"].filter(pc.is_valid(self.readings["relation"]))
        kept: Bools = pc.is_null(reasons).to_numpy()
        return kept

    def kept(self, column: str) -> pa.ChunkedArray:
        """A column of the annotations that become output, in the order of the files."""
        return self.readings[column].filter(pc.and_(pc.is_valid(self.readings["relation"]), pc.is_null(self.readings["reason"])))

    @property
    def relations(self) -> list[str]:
        """The relations of the kept annotations, each once."""
        relations: list[str] = pc.unique(self.kept("relation")).to_pylist()
        return relations

    def held_out(self, fraction: float) -> Bools:
        """(N,) which of the N kept annotations validation takes."""
        relations = self.kept("relation").combine_chunks().dictionary_encode().indices
        return hold_out(self.kept("text_key").to_numpy(), relations.to_numpy(), fraction)

    def n_shared(self, other: SplitSummary) -> int:
        """How many kept annotations have a text that a kept annotation of another split has."""
        shared = pc.is_in(self.kept("text_key"), other.kept("text_key"))
        return int(pc.sum(shared, min_count=0).as_py())

    def without(self, column: str, reasons: Mapping[str, str]) -> SplitSummary:
        """The summary with more rows left out.

        Args: reasons: why, by the value that the rows have in a column; a row that is left out already keeps its reason.
        """
        place = pc.index_in(self.readings[column], pa.array(reasons, pa.string()))
        given = pc.take(pa.array(reasons.values(), pa.string()), place)
        reason = pc.coalesce(self.readings["reason"], given)
        return replace(self, readings=self.readings.set_column(COLUMNS.get_field_index("reason"), COLUMNS.field("reason"), reason))


def read_files(files: Iterable[Path], read: Reader) -> Iterator[Reading]:
    """The readings of several files, one file after the other; a file without any is a problem."""
    for path in files:
        is_empty = True
        for reading in read(path):
            is_empty = False
            yield reading
        if is_empty:
            yield Problem("the file is empty", "add annotations, or remove the file", "file-empty").at(str(path))


def summarize(readings: list[Reading], seed: int) -> SplitSummary:
    """The summary of a batch of readings.

    Args: seed: shuffles the rows before validation is held out.
    """
    columns = zip(*(_columns(reading, seed) for reading in readings), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)]
    problems = tuple(reading for reading in readings if isinstance(reading, Problem))
    return SplitSummary(pa.Table.from_arrays(arrays, schema=COLUMNS), problems)


def merge(summaries: Iterable[SplitSummary]) -> SplitSummary:
    """The summary of a split, from those of its batches in their order."""
    tables = [COLUMNS.empty_table()]
    problems: list[Problem] = []
    for summary in summaries:
        tables.append(summary.readings)
        problems += summary.problems
    return SplitSummary(pa.concat_tables(tables), tuple(problems))


def _columns(reading: Reading, seed: int) -> tuple[str | None, str, str | None, int | None, int | None, None]:
    """The values of COLUMNS of a reading."""
    row_id = reading.row_id if isinstance(reading, Problem) else reading.id
    id_key = None if row_id is None else text_key(row_id, seed)
    if isinstance(reading, Problem):
        return row_id, reading.row, None, id_key, None, None
    return row_id, reading.source, reading.relation, id_key, text_key(reading.text, seed), None
