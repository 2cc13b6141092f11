"""What is kept in memory of a corpus: its problems, and of each row the little that decides between the splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.arrays import Bools
from pipeline.core.errors import Problem
from pipeline.corpus.document import Skipped
from pipeline.corpus.excerpts import AnnotatedSentence
from pipeline.corpus.names import Names
from pipeline.corpus.pairs import AnnotatedPair
from pipeline.corpus.split import Keys, group_keys, hold_out, text_key

SEPARATOR = "\0"
Reading = AnnotatedPair | AnnotatedSentence | Problem | Skipped  # what the reading of a corpus yields, several a document

# Keys are hashes: a table of all texts would take more memory than all that is kept here.
COLUMNS = pa.schema(
    [
        ("id", pa.string()),  # null where it could not be read
        ("full_id", pa.string()),  # with the file before it, where rows of several files have the id: see checks.py
        ("source", pa.string()),
        ("relation", pa.string()),  # null of a problem, and where it is not annotated
        ("id_key", pa.uint64()),
        ("text_key", pa.uint64()),  # null of a problem
        ("document_key", pa.uint64()),
        ("reason", pa.string()),  # why the row is left out, null of the others: see checks.py
    ]
)


SENTENCE_COLUMNS = pa.schema([COLUMNS.field("text_key"), COLUMNS.field("document_key")])


@dataclass(frozen=True)
class SplitSummary:
    """What is kept in memory of the readings of a split, or of a batch of it.

    Args: readings: a table of COLUMNS, in the order of the files; sentences: a table of SENTENCE_COLUMNS, of those with all
        entities; problems: of its rows; skipped: what the annotators left out; counts: what became of its documents; symmetric: the
        relations of its rows that have no direction; names: what its documents call things.
    """

    readings: pa.Table
    sentences: pa.Table
    problems: tuple[Problem, ...]
    skipped: tuple[Skipped, ...]
    counts: Counter[str]
    symmetric: frozenset[str]
    names: Names

    @property
    def is_kept(self) -> Bools:
        """(N,) which of the N rows become output, in the order of the files."""
        kept: Bools = pc.is_null(self.rows("reason")).to_numpy()
        return kept

    def rows(self, column: str) -> pa.ChunkedArray:
        """A column of what is no problem."""
        return self.readings[column].filter(pc.is_valid(self.readings["text_key"]))

    @property
    def changed_ids(self) -> pa.ChunkedArray | None:
        """The full ids of the rows, where they are not all as they were given."""
        given, full = self.rows("id"), self.rows("full_id")
        return None if given.equals(full) else full

    def kept(self, column: str) -> pa.ChunkedArray:
        """A column of the rows that become output, in the order of the files."""
        return self.rows(column).filter(pc.is_null(self.rows("reason")))

    @property
    def relations(self) -> list[str]:
        """The relations of the kept rows, each once."""
        relations: list[str] = pc.unique(self.kept("relation").drop_null()).to_pylist()
        return relations

    def whole_sentences(self, negative_label: str) -> Bools:
        """(S,) which sentences have lost no pair to parse.exclude, or keep one with a relation.

        Of a pair that could not be read nobody knows the sentence.
        """
        rows = self.readings.filter(pc.is_valid(self.readings["text_key"]))
        lost = _places(rows.filter(pc.is_valid(rows["reason"])))
        if not lost:
            return np.ones(len(self.sentences), bool)
        is_related = pc.and_(pc.is_null(rows["reason"]), pc.not_equal(rows["relation"], negative_label))
        gone = set(lost).difference(_places(rows.filter(is_related)))
        return np.array([place not in gone for place in _places(self.sentences)], bool)

    def held_out(self, rows: Bools, sentences: Bools, fraction: float) -> tuple[Bools, Bools]:
        """Which kept rows, (N,), and sentences, (S,), are held out of those among them that are chosen."""
        mask, mask_of_sentences = pa.array(rows), pa.array(sentences)

        def both(name: str) -> Keys:
            return np.concatenate(
                [self.kept(name).filter(mask).to_numpy(), self.sentences[name].filter(mask_of_sentences).to_numpy()]
            )

        keys = group_keys(both("text_key"), both("document_key"))
        relations = self.kept("relation").filter(mask).combine_chunks().dictionary_encode().indices.to_numpy()
        of_none = np.full(int(sentences.sum()), -1)  # a document without a row is of no relation
        held = hold_out(keys, np.concatenate([relations, of_none]), fraction)
        held_rows, held_sentences = rows.copy(), sentences.copy()
        held_rows[rows], held_sentences[sentences] = np.split(held, [len(relations)])
        return held_rows, held_sentences

    @property
    def row_keys(self) -> pa.ChunkedArray:
        """The row_key of every reading."""
        return pc.binary_join_element_wise(self.readings["source"], pc.fill_null(self.readings["id"], ""), SEPARATOR)

    def without(self, column: pa.ChunkedArray, reasons: Mapping[str, str]) -> SplitSummary:
        """The summary with more rows left out.

        Args: column: something of every reading; reasons: why it is left out, by its value there; one that is left out already
            keeps its reason.
        """
        place = pc.index_in(column, pa.array(reasons, pa.string()))
        given = pc.take(pa.array(reasons.values(), pa.string()), place)
        return self.with_column("reason", pc.coalesce(self.readings["reason"], given))

    def with_column(self, name: str, values: pa.ChunkedArray) -> SplitSummary:
        """The summary with other values in a column."""
        return replace(self, readings=self.readings.set_column(COLUMNS.get_field_index(name), COLUMNS.field(name), values))


def _places(table: pa.Table) -> list[tuple[int, int]]:
    """The sentence of each row, by the keys of its text and its document; one that its document has twice is one."""
    return list(zip(table["text_key"].to_pylist(), table["document_key"].to_pylist(), strict=True))


def n_shared(keys: pa.ChunkedArray, others: pa.ChunkedArray) -> int:
    """How many of some keys are among others."""
    return int(pc.sum(pc.is_in(keys, others), min_count=0).as_py())


def row_key(source: str, row_id: str | None) -> str:
    """What tells the rows of a corpus apart, good and broken ones: several of a document have one source."""
    return f"{source}{SEPARATOR}{row_id or ''}"


def summarize(readings: Sequence[Reading], counts: Counter[str], names: Names, seed: int) -> SplitSummary:
    """The summary of a batch of readings.

    Args: counts: what became of its documents; names: what they call things; seed: shuffles the rows before validation is held out.
    """
    skipped = tuple(reading for reading in readings if isinstance(reading, Skipped))
    problems = tuple(reading for reading in readings if isinstance(reading, Problem))
    rows = [_columns(reading, seed) for reading in readings if isinstance(reading, AnnotatedPair | Problem)]
    sentences = [
        (text_key(reading.excerpt.text, seed), _document_key(reading.source, reading.document, seed))
        for reading in readings
        if isinstance(reading, AnnotatedSentence)
    ]
    pairs = (reading for reading in readings if isinstance(reading, AnnotatedPair))
    symmetric = frozenset([str(pair.relation) for pair in pairs if pair.is_symmetric])
    return SplitSummary(_table(rows, COLUMNS), _table(sentences, SENTENCE_COLUMNS), problems, skipped, counts, symmetric, names)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def merge(summaries: Iterable[SplitSummary]) -> SplitSummary:
    """The summary of a split, from those of its batches in their order."""
    tables, sentences = [COLUMNS.empty_table()], [SENTENCE_COLUMNS.empty_table()]
    problems: list[Problem] = []
    skipped: list[Skipped] = []
    counts: Counter[str] = Counter()
    symmetric: set[str] = set()
    names = Names()
    for summary in summaries:
        tables.append(summary.readings)
        sentences.append(summary.sentences)
        problems += summary.problems
        skipped += summary.skipped
        counts.update(summary.counts)
        symmetric |= summary.symmetric
        names.update(summary.names)
    joined = pa.concat_tables(tables), pa.concat_tables(sentences)
    return SplitSummary(*joined, tuple(problems), tuple(skipped), counts, frozenset(symmetric), names)


def _columns(reading: AnnotatedPair | Problem, seed: int) -> tuple[object, ...]:
    """The values of COLUMNS of a reading."""
    if isinstance(reading, Problem):
        row_id, source, relation, of_text, of_document = reading.row_id, reading.row, None, None, None
    else:
        row_id, source, relation = reading.id, reading.source, reading.relation
        of_text = text_key(reading.text, seed)
        of_document = _document_key(source, reading.document, seed)
    of_id = None if row_id is None else text_key(row_id, seed)
    return row_id, row_id, source, relation, of_id, of_text, of_document, None


def _document_key(source: str, document: str, seed: int) -> int:
    return text_key(f"{source.rpartition(':')[0]}{SEPARATOR}{document}", seed)
