"""SemEval's blocks with another label, other marks, added or taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.core.labels import names_no_relation, parse_label
from pipeline.core.schema import OTHER, Span
from pipeline.corpus.document import Document, require_pair
from pipeline.corpus.formats.markers import MARKER, mark
from pipeline.corpus.formats.semeval import ANSWER, ROW_ID, WORDNET, block_parts, blocks
from pipeline.corpus.formats.text_lines import TextLine
from pipeline.corpus.rewriting.edits import Edit, Probe
from pipeline.corpus.rewriting.text_lines import Extent, Lines, edited


def rewrite(path: Path, name: str, edits: Sequence[Edit], probe: Probe) -> Mapping[Path, bytes]:
    """The bytes of a file with edits made.

    Raises: ValueError where a block cannot hold what a document has become.
    """
    lines = Lines(path)
    changed = edited(list(blocks(lines.numbered())), _extent, _revised, edits, probe)
    return {path: lines.joined(changed, between=[""])}


def _extent(block: list[TextLine]) -> Extent:
    return Extent(block[0].number - 1, block[-1].number)


def _revised(block: list[TextLine], old: Document, new: Document) -> list[str]:
    """The text of a block that says what a document has become."""
    first, label, *_ = block_parts(block)
    revised = [line.text for line in block]
    revised[0] = _sentence(first.text, old, new)
    said = _label(new)
    if label is None:
        revised[1:1] = [] if said is None else [said]
    elif said is None:
        del revised[1]
    elif said != _label(old):
        revised[1] = _answer(label.text, said) if label.text.startswith(WORDNET) else said
    return ["\n".join(revised)]


def _sentence(line: str, old: Document, new: Document) -> str:
    """The first line of a block with the marks, and the id, of another document."""
    match = ROW_ID.match(line)
    if match is None:
        raise ValueError("its first line has no id")
    start, end = line.index('"', match.end()) + 1, line.rindex('"')
    marked = line[start:end]
    if (places := _places(new)) != _places(old):
        e1, e2 = places
        marked = mark("".join(MARKER.split(marked)[::2]), e1, e2)
    begin = line[:start] if new.id == old.id else line[:start].replace(old.id, new.id, 1)
    return begin + marked + line[end:]


def _places(document: Document) -> list[Span]:
    """Where both entities stand, in reading order."""
    head, tail, _ = require_pair(document)
    return sorted([*head.spans, *tail.spans])


def _label(document: Document) -> str | None:
    """The label for the entities in reading order; without direction where the document's has none and they stand so."""
    head, tail, relation = require_pair(document)
    if relation.label is None or head.spans < tail.spans:
        return relation.label
    name, direction = parse_label(relation.label)
    if direction is None and names_no_relation(name):
        return name
    return f"{name}({'e1,e2' if direction == 'e2,e1' else 'e2,e1'})"


def _answer(line: str, label: str) -> str:
    """A line of WordNet that says whether a relation holds."""
    match = ANSWER.search(line)
    if match is None:
        return label
    name, direction = parse_label(label)
    if name == OTHER:
        return line[: match.start(4)] + "false" + line[match.end(4) :]
    head, tail = (direction or "e1,e2").split(",")
    said = f'{name}({head}, {tail}) = "true"'
    return line[: match.start(1)] + said + line[match.end() :]
