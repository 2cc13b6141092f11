"""Blocks of words in columns with other tags and relations, added or taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.core.schema import OUTSIDE
from pipeline.corpus.document import Document
from pipeline.corpus.formats.conll import DOC, Block, blocks, document_lines
from pipeline.corpus.formats.conll_rows import DIVIDES, IN_BLANKS, MULTI_HEAD_CELLS, is_token, split_row
from pipeline.corpus.formats.tag_schemes import Run, entity_runs, like, split_tag
from pipeline.corpus.rewriting.edits import Edit, Probe
from pipeline.corpus.rewriting.losses import Loss, lost
from pipeline.corpus.rewriting.text_lines import Extent, Lines, edited

CELL = re.compile("[^\t]+")


def rewrite(path: Path, name: str, edits: Sequence[Edit], probe: Probe) -> Mapping[Path, bytes]:
    """The bytes of a file with edits made.

    Raises: ValueError where the columns cannot hold what a document has become.
    """
    lines = Lines(path)
    found = [block for block in blocks(lines.numbered()) if isinstance(block, Block)]

    def revise(block: Block, old: Document, new: Document) -> list[str]:
        text = "\n".join(_revised(lines.texts(_extent(block)), block, old, new))
        gone = lost(_others(line.text for line in block.tokens), _others(text.split("\n")))
        probe.losses += [Loss(old.source, each) for each in gone]
        return [text]

    changed = edited(found, _extent, revise, edits, probe)
    return {path: lines.joined(changed, between=[] if any(DOC in line for line in lines.raw) else [""])}


def _others(rows: Iterable[str]) -> list[str]:
    """What rows of the original corpus have in columns that are not read."""
    cells = filter(is_token, map(split_row, rows))
    return [cell for row in cells if len(row) > MULTI_HEAD_CELLS for cell in (row[3], *row[6:]) if cell != OUTSIDE]


def _extent(block: Block) -> Extent:
    return Extent(block.line - 1, max([*(line.number for line in block.tokens), *(number for number, _ in block.relations)]))


def _revised(texts: Sequence[str], block: Block, old: Document, new: Document) -> Iterator[str]:
    """The lines of a block that says what a document has become, with its entities in reading order."""
    is_multi_head = len(split_row(block.tokens[0].text)) == MULTI_HEAD_CELLS
    ordered = replace(new, entities=tuple(sorted(new.entities, key=lambda entity: entity.spans)))
    return (_multi_head if is_multi_head else _original)(texts, block, old, ordered)


def _multi_head(texts: Sequence[str], block: Block, old: Document, new: Document) -> Iterator[str]:
    """The lines of a block, with the cells that are others for the new document."""
    rows = zip(_rows(block, old), _rows(block, new), strict=True)
    for text in texts:
        if text.startswith(DOC):
            yield text if new.id == old.id else f"{DOC} {new.id}"
        else:
            yield _with_cells(text, *next(rows)) if text.strip() else text


def _rows(block: Block, document: Document) -> Iterator[list[str]]:
    """The cells of a document's rows, the tags in the scheme of a block."""
    given = [split_row(line.text)[2] for line in block.tokens]
    tags = like(given, len(given), list(entity_runs(document).values()))
    for line, tag in zip(list(document_lines(document))[1:], tags, strict=True):
        index, word, _, labels, tails = line.rstrip("\n").split("\t")
        yield [index, word, tag, labels, tails]


def _with_cells(text: str, was: Sequence[str], becomes: Sequence[str]) -> str:
    """A row with the cells that differ, what stands between its cells as it was."""
    match = IN_BLANKS.fullmatch(text)
    places = [match.span(number) for number in range(1, MULTI_HEAD_CELLS + 1)] if match else _between_tabs(text)
    for (start, end), one, other in reversed(list(zip(places, was, becomes, strict=True))):
        text = text if one == other else text[:start] + other + text[end:]
    return text


def _between_tabs(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in CELL.finditer(text) if match[0].strip()]


def _original(texts: Sequence[str], block: Block, old: Document, new: Document) -> Iterator[str]:
    """The lines of a block of the original corpus: rows of the same words are kept, and relations of the same rows."""
    rows = [split_row(line.text) for line in block.tokens]
    if any(split_tag(cells[1])[0] for cells in rows if cells[1] != OUTSIDE):
        raise ValueError("its types are tags that run over rows")
    words = [_Word(*pair, line.text) for cells, line in zip(rows, block.tokens, strict=True) for pair in _words(cells)]
    kept = dict(zip(_row_runs(old), (line.text for line in block.tokens), strict=True))
    places = {run: index for index, run in enumerate(_row_runs(new))}
    for run, index in places.items():
        said = words[run.start : run.end]
        cells = split_row(kept.get(run, said[0].row))
        if run not in kept:
            cells[1], cells[4], cells[5] = run.type or OUTSIDE, "/".join(w.pos for w in said), "/".join(w.word for w in said)
        cells[0], cells[2] = (new.id if new.id != old.id else cells[0]), str(index)
        yield kept[run] if run in kept and split_row(kept[run]) == cells else "\t".join(cells)
    yield ""
    index_of = {entity_id: places[run] for entity_id, run in entity_runs(new).items()}
    yield from (f"{index_of[each.head]}\t{index_of[each.tail]}\t{each.label}" for each in new.relations)


class _Word(NamedTuple):
    """A word of the original corpus as its cell has it."""

    pos: str
    word: str
    row: str  # that it stands in


def _words(cells: Sequence[str]) -> list[tuple[str, str]]:
    """The part of speech and the word of each word of a row."""
    pos, words = DIVIDES.split(cells[4]), DIVIDES.split(cells[5])
    return list(zip(pos, words, strict=True)) if len(words) == len(pos) and all(words) else [(cells[4], cells[5])]


def _row_runs(document: Document) -> list[Run]:
    """The words of each row that a document has in the original corpus: a row an entity, and one for every other word."""
    entities = list(entity_runs(document).values())
    inside = {word for run in entities for word in range(run.start, run.end)}
    others = [Run(word, word + 1, None) for word in range(len(document.words or ())) if word not in inside]
    return sorted([*entities, *others], key=lambda run: run.start)
