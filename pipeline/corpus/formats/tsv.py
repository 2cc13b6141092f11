"""Two names, their relation and the sentence, a row each, between tabs: the form of FinRE and SanWen (Li et al. 2019).

    Ada Byron<TAB>London<TAB>Live_In<TAB>Ada Byron of London wrote a program.

The names are those of head and tail, and are found in the sentence. A name that is in it more than once is a problem, unless the
reader is told to take the two places that are nearest to each other. Nothing is quoted; lines that are blank are none.

Columns may have a header, in any order. It may leave the relation out, and may name more columns, which is how `write` keeps what
the four do not hold: where each entity begins, in characters from 0, its type, and an id.

    head<TAB>tail<TAB>relation<TAB>sentence<TAB>id<TAB>head_start<TAB>tail_start<TAB>head_type<TAB>tail_type
    Ada Byron<TAB>London<TAB>Live_In<TAB>Ada Byron of London left London.<TAB>7<TAB>0<TAB>13<TAB>Person<TAB>City

Each row is a document of one pair, e1 the head and e2 the tail; a pair with several relations is several rows.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.files import Row, written_whole
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, problems_of
from pipeline.corpus.formats.text_lines import MARK, DistinctIds, TextLine, content_id, head_lines, read_lines

HOLDS = frozenset({"text", "types", "untyped", "ids"})
COLUMNS = ("head", "tail", "relation", "sentence")
MORE_COLUMNS = ("id", "head_start", "tail_start", "head_type", "tail_type")
ALIASES = {  # other names of the columns in headers, where case and blanks do not count
    "subject": "head", "h": "head", "e1": "head", "entity1": "head", "subj": "head",
    "object": "tail", "t": "tail", "e2": "tail", "entity2": "tail", "obj": "tail",
    "label": "relation", "rel": "relation", "text": "sentence",
}  # fmt: skip
FILL = "fill the column in, or remove the row"
BLANK = {
    "head": Problem("the head is blank", FILL, "entity-empty"),
    "tail": Problem("the tail is blank", FILL, "entity-empty"),
    "relation": Problem("the relation is blank", FILL, "relation-missing"),
    "sentence": Problem("the sentence is blank", FILL, "value-malformed"),
}
SAMPLE_LINES = 20  # read to tell the format
SHOWN_PLACES = 5
NEAREST = "parse.ambiguous: nearest in params.yaml, --ambiguous nearest for convert"
Ambiguous = Literal["error", "nearest"]


class Pair(NamedTuple):
    """Where head and tail stand in their sentence."""

    head: Span
    tail: Span


def read(path: Path, ambiguous: Ambiguous = "error") -> Iterator[Document | Problem]:
    """The documents and problems of a file, in its order.

    Args: ambiguous: what to do with a name that is in its sentence more than once: a problem, or the nearest two places.
    """
    ids = DistinctIds()
    columns: Sequence[str] | None = None
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line.text.strip():
            header = find_header(line.text) if columns is None else None
            columns = columns or header or COLUMNS
            if not header:
                yield from _read_row(path, line, columns, ids, ambiguous)


def recognises(path: Path) -> bool:
    """Whether a file begins with a header of these columns, or with rows of four of which most sentences hold both names."""
    rows = [line.split("\t") for line in head_lines(path)[:SAMPLE_LINES]]
    if rows and find_header("\t".join(rows[0])):
        return True
    holding = [row for row in rows if len(row) == len(COLUMNS) and row[0] in row[3] and row[1] in row[3]]
    return bool(rows) and all(len(row) == len(COLUMNS) for row in rows) and 2 * len(holding) > len(rows)


def find_header(text: str) -> list[str] | None:
    r"""The columns that a line names; None where it is no header.

    >>> find_header("Sentence\tSubject\tObject\tid")
    ['sentence', 'head', 'tail', 'id']
    """
    names = ["".join(name.lower().split()) for name in text.split("\t")]
    columns = [ALIASES.get(name, name) for name in names]
    is_header = {"head", "tail", "sentence"} <= set(columns) and len(set(columns)) == len(columns)
    return columns if is_header else None


def _read_row(
    path: Path, line: TextLine, columns: Sequence[str], ids: DistinctIds, ambiguous: Ambiguous
) -> Iterator[Document | Problem]:
    """The document of a row, or its problems."""
    source, cells = f"{path}:{line.number}", line.text.split("\t")
    row = dict(zip(columns, cells, strict=False))
    given = row.get("id", "")
    row_id = given or ids.distinct(content_id([row.get(name, "") for name in ("sentence", "head", "tail")]))
    pair: Pair | list[Problem] = list(_row_problems(row, cells, columns)) or _find_pair(row, ambiguous)
    if isinstance(pair, Pair):
        yield _document(row, pair, row_id, source)
        return
    is_read = len(cells) == len(columns) and row["sentence"].strip()
    yield from problems_of(source, row_id, pair, Document(row_id, source, row["sentence"], (), ()) if is_read else None)


def _row_problems(row: Row, cells: Sequence[str], columns: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with a row but for the places of its names."""
    if len(cells) != len(columns):
        hint = f"a row has {', '.join(columns)}, with a tab between"
        yield Problem(f"a row of {len(cells)} columns, not {len(columns)}", hint, "columns-unexpected")
        return
    yield from (problem for name, problem in BLANK.items() if not row.get(name, "-").strip())


def _find_pair(row: Row, ambiguous: Ambiguous) -> Pair | list[Problem]:
    """Where the names of a row stand in its sentence, or why that cannot be told."""
    heads, tails = _places(row, "head"), _places(row, "tail")
    problems = [places for places in (heads, tails) if isinstance(places, Problem)]
    if isinstance(heads, Problem) or isinstance(tails, Problem):
        return problems
    if ambiguous == "error" and (unclear := [*_several("head", row, heads), *_several("tail", row, tails)]):
        return unclear
    same = Problem("head and tail are the same characters", "give two entities", "entities-identical")
    return nearest(heads, tails) or [same]


def _places(row: Row, name: str) -> list[Span] | Problem:
    """Where a name may stand: where its row says so, else wherever its sentence has it."""
    text, sentence, start = row[name], row["sentence"], row.get(f"{name}_start", "").strip()
    if not start:
        places = find_places(text, sentence)
        hint = "write the name as the sentence has it, with its blanks and capitals"
        return places or Problem(f"the {name} {text!r} is not in the sentence", hint, "entity-absent")
    if start.isdecimal() and len(start) < len(str(sys.maxsize)) and sentence.startswith(text, int(start)):
        return [Span(int(start), int(start) + len(text))]
    found = f"the {name} {text!r} does not stand at character {start[:20]}"
    return Problem(found, "count the characters of the sentence from 0", "span-impossible")


def find_places(name: str, sentence: str) -> list[Span]:
    """Every place of a name in a sentence, those that overlap too.

    >>> find_places("ana", "banana")
    [Span(start=1, end=4), Span(start=3, end=6)]
    """
    places = []
    start = sentence.find(name)
    while start >= 0:
        places.append(Span(start, start + len(name)))
        start = sentence.find(name, start + 1)
    return places


def _several(name: str, row: Row, places: Sequence[Span]) -> Iterator[Problem]:
    """The problem that a name is in its sentence more than once, if it is."""
    if len(places) > 1:
        more = ", ..." if len(places) > SHOWN_PLACES else ""
        shown = ", ".join(str(place.start) for place in places[:SHOWN_PLACES]) + more
        hint = "say which one in the columns head_start and tail_start of a header, or take the nearest: " + NEAREST
        yield Problem(f"the {name} {row[name]!r} stands at {len(places)} places: {shown}", hint, "entity-ambiguous")


def nearest(heads: Sequence[Span], tails: Sequence[Span]) -> Pair | None:
    """The two places with the fewest characters between them, the first of equals; None where there is one place for both.

    Two that share characters are taken only where all do.

    Args: heads, tails: the places of a name each, in reading order.

    >>> nearest([Span(0, 4), Span(20, 24)], [Span(10, 12), Span(25, 27)])
    Pair(head=Span(start=20, end=24), tail=Span(start=25, end=27))
    """
    starts, ends = [tail.start for tail in tails], [tail.end for tail in tails]
    apart = []
    for head in heads:
        before, after = bisect_right(ends, head.start) - 1, bisect_left(starts, head.end)
        apart += [(head.start - ends[before], Pair(head, tails[before]))] if before >= 0 else []
        apart += [(starts[after] - head.end, Pair(head, tails[after]))] if after < len(tails) else []
    overlapping = (Pair(head, tail) for head in heads for tail in tails if head != tail)
    return min(apart)[1] if apart else next(overlapping, None)


def _document(row: Row, pair: Pair, row_id: str, source: str) -> Document:
    """The document of a row without problems."""
    entities = (
        Entity("e1", (pair.head,), row.get("head_type") or None),
        Entity("e2", (pair.tail,), row.get("tail_type") or None),
    )
    meta = {name: cell for name, cell in row.items() if name not in COLUMNS + MORE_COLUMNS}
    relation = Relation("e1", "e2", row.get("relation"))
    return Document(row_id, source, row["sentence"], entities, (relation,), complete=False, meta=meta)


def write(documents: Iterable[Document], path: Path) -> None:
    """Write documents of one pair each, a row each, under a header of all columns; words and sentences are not written.

    Raises: ValueError where a row cannot say what a document has: other than one labelled relation between two entities, an entity
        of fragments, an annotator, a text with a tab or a line end.
    """
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        for cells in chain([COLUMNS + MORE_COLUMNS], map(_cells, documents)):
            file.write("\t".join(cells) + "\n")


def _cells(document: Document) -> list[str]:
    """The cells of a document."""
    if len(document.entities) != 2 or len(document.relations) != 1:
        raise ValueError(f"{document.id}: a row holds one relation between two entities")
    (relation,) = document.relations
    head, tail = document.entity(relation.head), document.entity(relation.tail)
    names = [document.text[slice(*entity.cover)] for entity in (head, tail)]
    if relation.annotator is not None or len(head.spans + tail.spans) != 2 or head == tail or "" in (head.type, tail.type):
        raise ValueError(f"{document.id}: a row holds no annotator, no fragments, no empty type and no entity twice")
    starts = [str(entity.cover.start) for entity in (head, tail)]
    cells = [*names, relation.label or "", document.text, document.id, *starts, head.type or "", tail.type or ""]
    if not all(cell.strip() for cell in cells[: len(COLUMNS)]):
        raise ValueError(f"{document.id}: a name, a relation or a text is blank")
    if cells[0].startswith(MARK) or any(end in cell for cell in cells for end in "\t\n\r"):
        raise ValueError(
            f"{document.id}: a column holds no tab and no line end, and the first does not begin with a byte order mark"
        )
    return cells
