"""Rows of a table between tabs with other cells, added or taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.corpus.document import Document, require_pair
from pipeline.corpus.formats.text_lines import TextLine
from pipeline.corpus.formats.tsv import COLUMNS, find_header
from pipeline.corpus.rewriting.edits import Edit, Probe
from pipeline.corpus.rewriting.text_lines import Extent, Lines, edited


def rewrite(path: Path, name: str, edits: Sequence[Edit], probe: Probe) -> Mapping[Path, bytes]:
    """The bytes of a file with edits made.

    Raises: ValueError where a row cannot hold what a document has become.
    """
    lines = Lines(path)
    numbered = [line for line in lines.numbered() if line.text.strip()]
    header = find_header(numbered[0].text)
    above = f"{numbered[0].text}\n" if header else ""

    def revise(line: TextLine, old: Document, new: Document) -> Iterator[str]:
        return _candidates(line.text.split("\t"), header or COLUMNS, new)

    changed = edited(numbered, _extent, revise, edits, probe, above)
    return {path: lines.joined(changed)}


def _extent(line: TextLine) -> Extent:
    return Extent(line.number - 1, line.number)


def _candidates(cells: Sequence[str], columns: Sequence[str], document: Document) -> Iterator[str]:
    """Rows that say what a document says: where its entities begin only if they did, or if their names are there twice."""
    head, tail, relation = require_pair(document)
    row = dict(zip(columns, cells, strict=True))
    said = {"relation": relation.label or ""} | ({"id": document.id} if row.get("id") else {})
    starts = {}
    for name, entity in (("head", head), ("tail", tail)):
        said |= {name: document.text[slice(*entity.cover)], f"{name}_type": entity.type or ""}
        starts[f"{name}_start"] = str(entity.cover.start)
    given = {name: start for name, start in starts.items() if row.get(name, "").strip()}
    for each in (said | given, said | starts):
        yield "\t".join({**row, **{name: text for name, text in each.items() if name in row}}.values())
