"""What travels between stages: the columns of each one's rows, the notes beside them, and the checks on both.

Spans are half-open [start, end) in words, everywhere after parsing. A list column that runs over words has one entry a word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Generic, Literal, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.constraints import Between, Items, Line, Revision
from pipeline.core.errors import InputError, Problem
from pipeline.core.manifests import Kind

SPLITS = ("train", "validation", "test")
SCORED_SPLITS = SPLITS[1:]
OTHER = "Other"  # the label that stands for no relation, where parse.negative_label names no other
ENTITIES = ("e1", "e2")
OUTSIDE, OUTSIDE_ID = "O", 0  # the tag of a word that is in no entity

Backend = Literal["openvino", "tensorflow"]
Precision = Literal["float32", "bfloat16", "float16"]
PiecePooling = Literal["mean", "first"]  # of a word's pieces
ChineseSegmenter = Literal["char", "jieba", "pkuseg"]

# Of descriptions, which may come from anywhere.
Name = Annotated[str, Line(1_000)]  # a fingerprint, a path, an address
EncoderName = Annotated[str, Line(1_000, 1)]
Commit = Annotated[str, Revision()]
Layers = Annotated[tuple[Annotated[int, Between(-1_000, 1_000)], ...], Items(1, 100)]
SpecialIds = Annotated[tuple[Annotated[int, Between(0, 2**31 - 1)], ...], Items(0, 16)]


class Span(NamedTuple):
    """Half-open [start, end)."""

    start: int
    end: int


class Mention(NamedTuple):
    """An entity of a text, half-open in words."""

    start: int
    end: int
    type: str | None


# Entities of a text in words, half-open, in reading order: they may nest and overlap.
MENTIONS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("type", pa.string())]))
PARSED = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),  # file:line of the annotation
        ("text", pa.string()),  # without markers
        ("words", pa.list_(pa.string())),
        ("starts", pa.list_(pa.int32())),  # each word's first character in text
        ("e1_start", pa.int32()),
        ("e1_end", pa.int32()),
        ("e2_start", pa.int32()),
        ("e2_end", pa.int32()),
        ("e1_type", pa.string()),  # null unless annotated
        ("e2_type", pa.string()),
        ("relation", pa.string()),  # null where a test row is not labelled
        ("entities", MENTIONS),  # all of the text; null where the annotation names e1 and e2 alone
    ]
)
TAG_IDS = pa.field("tag_ids", pa.list_(pa.int32()))
TAGGED = PARSED.append(TAG_IDS)
# The sentences of which all entities are annotated, each once, whether or not a pair of it is a row.
SENTENCES = pa.schema([PARSED.field(name) for name in ("id", "source", "text", "words", "starts", "entities")])
TAGGED_SENTENCES = SENTENCES.append(TAG_IDS)
POSITIONED = pa.schema(
    [
        *TAGGED,
        ("e1_position_ids", pa.list_(pa.int32())),  # 0 is padding alone
        ("e2_position_ids", pa.list_(pa.int32())),
        ("window_start", pa.int32()),
        ("window_end", pa.int32()),
    ]
)
OPTIONAL = {"e1_type", "e2_type", "relation", "entities"}


@dataclass(frozen=True)
class Finding:
    """What a check of the annotations found: how often, at which places first, and what to do."""

    check: str
    severity: Literal["error", "warning"]
    count: int
    found: str
    hint: str
    places: tuple[str, ...]  # file:line


@dataclass(frozen=True)
class ParseNotes:
    """What the parse stage tells beside its rows."""

    language: str
    segmenter: str
    excluded_by: dict[str, int]  # rows left out by parse.exclude: by the kind of their problem, or "id"
    overlap: int  # test rows whose text is in train too
    negative_label: str  # the label that stands for no relation
    symmetric: tuple[str, ...]  # relations of which both orders are one, e1 the first: of parse.symmetric, then of documents
    counts: dict[str, int]  # what became of the documents: see corpus/pair_options.py
    findings: tuple[Finding, ...]  # of the annotations, the errors first

    @property
    def excluded(self) -> int:
        """Rows left out by parse.exclude."""
        return sum(self.excluded_by.values())


@dataclass(frozen=True)
class TagNotes(ParseNotes):
    """The same, and what the tag stage adds."""

    tags: tuple[str, ...]  # K, in id order
    entities: Literal["pair", "all"]  # which the tags mark
    untagged: int  # entities that no tag marks: they share a word with the other one, or have no type


@dataclass(frozen=True)
class PositionNotes(TagNotes):
    """The same, and what the position stage adds."""

    max_length: int  # words of the longest window
    max_distance: int
    windowed: int  # rows kept as a window


Notes = TypeVar("Notes", bound=ParseNotes)


@dataclass(frozen=True)
class Contract(Generic[Notes]):
    """What a stage promises of its output: the columns of its rows, and the notes beside them."""

    kind: Kind[Notes]
    schema: pa.Schema
    sentences: pa.Schema  # of the sentences with all entities, which lie beside the rows


@dataclass(frozen=True)
class EncoderDescription:
    """What a frozen encoder is."""

    name: EncoderName
    revision: Commit | None
    weights_sha256: Name
    layers: Layers
    width: Annotated[int, Between(1, 1_000_000)]  # H, of all layers together
    max_pieces: Annotated[int, Between(1, 1_000_000)]  # of a sentence, with the special pieces
    prefix_ids: SpecialIds  # the special pieces before a sentence
    suffix_ids: SpecialIds
    fingerprint: Name  # of all that decides a vector, whatever the encoder is called and whichever OpenVINO froze it


@dataclass(frozen=True)
class VectorsDescription:
    """How the word vectors of a store were made."""

    encoder: EncoderDescription
    backend: Backend
    precision: Precision
    pooling: PiecePooling
    fingerprint: Name  # of all of these that decide a vector


@dataclass(frozen=True)
class ReportsDescription:
    """What the manifest of the reports tells."""

    n_test: int  # sentences


ENCODER = Kind("encoder", 1, EncoderDescription, "run dvc repro encoder, or copy the whole encoder folder again")
VECTORS = Kind("vectors", 1, VectorsDescription, "run dvc repro embed")
REPORTS = Kind("reports", 1, ReportsDescription, "run dvc repro evaluate")
SCORES, METRICS, PREDICTIONS, REPORT = "scores.json", "metrics.json", "predictions.jsonl", "report.html"  # files of the reports
PARSE = Contract(Kind("parse", 3, ParseNotes, "run dvc repro parse"), PARSED, SENTENCES)
TAG = Contract(Kind("tag", 3, TagNotes, "run dvc repro tag"), TAGGED, TAGGED_SENTENCES)
POSITION = Contract(Kind("position", 3, PositionNotes, "run dvc repro position"), POSITIONED, TAGGED_SENTENCES)


def check(table: pa.Table, schema: pa.Schema, name: str) -> None:
    """Check every row against a schema of the contract.

    Args: name: the stage's.
    Raises: InputError that names the column and the first row at fault.
    """
    if not table.schema.equals(schema):
        raise InputError.of(f"{name} output", f"columns {table.schema.names}", f"the contract has {schema.names}: run dvc repro")
    for column in schema.names:
        if column not in OPTIONAL:
            _require(table, pc.is_valid(table[column]), f"{column} is empty")
    n_words = pc.list_value_length(table["words"])
    for field in schema:
        if pa.types.is_list(field.type) and field.type != MENTIONS:
            has_all = pc.equal(pc.list_value_length(table[field.name]), n_words)
            _require(table, has_all, f"{field.name} has not one entry a word")
    if "e1_start" in schema.names:
        for entity in ENTITIES:
            _check_span(table, f"{entity}_start", f"{entity}_end", n_words)
    if "window_start" in schema.names:
        _check_span(table, "window_start", "window_end", n_words)
        for entity in ENTITIES:
            inside = pc.and_(
                pc.less_equal(table["window_start"], table[f"{entity}_start"]),
                pc.less_equal(table[f"{entity}_end"], table["window_end"]),
            )
            _require(table, inside, f"the window leaves {entity} out")


def at_row(problem: Problem, table: pa.Table, row: int) -> Problem:
    """The problem placed at a row of a table, whose id begins what was found."""
    row_id, source = table["id"][row].as_py(), table["source"][row].as_py()
    return replace(problem, found=f"row {row_id}: {problem.found}").at(source, row_id=row_id)


def _check_span(table: pa.Table, start: str, end: str, n_words: pa.ChunkedArray) -> None:
    ordered = pc.and_(pc.less_equal(0, table[start]), pc.less(table[start], table[end]))
    _require(table, pc.and_(ordered, pc.less_equal(table[end], n_words)), f"[{start}, {end}) is no span of the words")


def _require(table: pa.Table, holds: pa.ChunkedArray, found: str) -> None:
    broken = np.flatnonzero(~holds.to_numpy())
    if len(broken):
        row = int(broken[0])
        raise InputError.of(
            table["source"][row].as_py() or "?",
            f"row {table['id'][row].as_py()}: {found}",
            "an output of another version or a damaged one: run dvc repro; if it stays, the stage has a bug",
        )
