"""The format of SemEval-2010 Task 8 (Hendrickx et al. 2010): blocks of a sentence, its relation and a comment.

    1<TAB>"The <e1>author</e1> of a keygen uses a <e2>disassembler</e2>."
    Instrument-Agency(e2,e1)
    Comment: optional, on one line

A blank line ends a block. Quotes inside the sentence stand as they are. The entities are numbered in reading order; blanks between
a marker and the words are none of the entity's. A block without relation is a pair whose relation is not told, so that a test file
is read that has sentences alone.

Where a blank line is missing, a sentence begins the next block. So does any line with the markers of both entities: it becomes a
row or a problem, and never the relation or the comment of another row. (A comment may have some of the markers, but not all.)

SemEval-2007 Task 4 (Girju et al. 2007) has a blank for the tab, and asks whether one relation holds: where it does not, the label
is Other, where the answer is "?" it is not told.

    001 "The <e1>ring</e1> lay in a <e2>box</e2>."
    WordNet(e1) = "n/a", WordNet(e2) = "box%1:06:00::", Content-Container(e1, e2) = "true", Query = "n/a"
    Comment: optional

A comment and the line of WordNet are kept in meta.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pipeline.core.errors import Problem
from pipeline.core.files import written_whole
from pipeline.core.labels import directed
from pipeline.core.schema import OTHER
from pipeline.corpus.document import Document, Entity, Relation, require_held, require_pair
from pipeline.corpus.formats.markers import MARKERS, Marked, mark, unmark
from pipeline.corpus.formats.row_problems import relation_problem, text_problem
from pipeline.corpus.formats.text_lines import TextLine, head_lines, read_lines

HOLDS = frozenset({"text", "untyped", "unlabelled", "ids"})
COMMENT, WORDNET = "Comment:", "WordNet("
SENTENCE = re.compile(rf'(?!{COMMENT})\S+\t\s*"')
ROW_ID = re.compile(rf'(?!{COMMENT})(?:([^\t]*)\t|([^\s{{\["]\S*) +(?="))')  # and what divides it from the sentence
ANSWER = re.compile(r'(?:^|,) *([^\s,()"=]+)\((e1|e2), *(e1|e2)\) *= *"(true|false|\?)"')
SAMPLE_LINES = 20  # read to tell the format
NOT_OF_A_BLOCK = Problem(
    "a line that belongs to no block", f"a block is the sentence, its relation and one line {COMMENT}", "line-unexpected"
)
NO_ID = Problem("no id and tab before the sentence", 'begin a block with an id, a tab and the sentence in "..."', "id-missing")
UNQUOTED = Problem(
    "the sentence does not begin and end with a double quote", 'put it in "...": the line may be cut short', "quote-missing"
)


class HasText(Protocol):
    """A line, whatever else is known of it."""

    @property
    def text(self) -> str:
        """The line without its end."""


AnyLine = TypeVar("AnyLine", bound=HasText)


def recognises(path: Path) -> bool:
    """Whether one of a file's first lines is an id and a sentence in quotes with the markers of two entities."""
    return any(map(_is_sentence, head_lines(path)[:SAMPLE_LINES]))


def _is_sentence(line: str) -> bool:
    match = ROW_ID.match(line)
    return match is not None and line[match.end() :].lstrip().startswith('"') and _has_both(line)


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    unreadable: list[Problem] = []

    def readable() -> Iterator[TextLine]:
        for line in read_lines(path):
            if isinstance(line, Problem):
                unreadable.append(line)
            else:
                yield line

    for block in blocks(readable()):
        if not unreadable:  # else the rest of the block is not known
            yield from _read_block(path, block)
    yield from unreadable


def blocks(lines: Iterable[AnyLine]) -> Iterator[list[AnyLine]]:
    """The lines of each block, without the blank ones."""
    block: list[AnyLine] = []
    for line in lines:
        blank = not line.text.strip()
        if block and (blank or _begins_block(line.text)):
            yield block
            block = []
        if not blank:
            block.append(line)
    if block:
        yield block


def _begins_block(line: str) -> bool:
    if "\t" in line and SENTENCE.match(line):
        return True
    if "<" not in line or not _has_both(line):
        return False
    return not line.startswith(COMMENT) or all(marker in line.lower() for marker in MARKERS)


def _has_both(line: str) -> bool:
    """Whether a line has the opening marks of both entities."""
    marked = line.lower()
    return "<e1>" in marked and "<e2>" in marked


def _read_block(path: Path | str, block: list[TextLine]) -> Iterator[Document | Problem]:
    """The document of a block, or its problems in the order of lines."""
    first, label, comment, strays = block_parts(block)
    source, row_id = f"{path}:{first.number}", read_id(first.text)
    marked = read_sentence(first.text) if row_id else [NO_ID]
    relation = read_relation(label.text.strip()) if label else None
    of_text = [text_problem(marked.text)] if isinstance(marked, Marked) else marked
    problems = [(first, problem) for problem in of_text if problem]
    if label and isinstance(relation, Problem):
        problems.append((label, relation))
    problems += [(line, NOT_OF_A_BLOCK) for line in strays]
    for line, problem in problems:
        yield problem.at(f"{path}:{line.number}", source, row_id)
    if row_id and isinstance(marked, Marked) and not problems:
        meta = _meta(label, comment)
        entities = (Entity("e1", (marked.e1,)), Entity("e2", (marked.e2,)))
        told = None if isinstance(relation, Problem) else relation
        yield Document(row_id, source, marked.text, entities, (Relation("e1", "e2", told),), complete=False, meta=meta)


def block_parts(block: list[TextLine]) -> tuple[TextLine, TextLine | None, TextLine | None, list[TextLine]]:
    """The sentence of a block, its relation and its comment where it has them, and the lines that belong to no block."""
    first, *rest = block
    label = rest.pop(0) if rest and not rest[0].text.startswith(COMMENT) else None
    comment = rest.pop(0) if rest and rest[0].text.startswith(COMMENT) else None
    return first, label, comment, rest


def _meta(label: TextLine | None, comment: TextLine | None) -> dict[str, Any]:
    """What is kept of a block beside its sentence and its relation."""
    meta = {}
    if comment and (said := comment.text.removeprefix(COMMENT).strip()):
        meta["comment"] = said
    if label and label.text.startswith(WORDNET):
        meta["wordnet"] = label.text.strip()
    return meta


def read_relation(line: str) -> str | Problem | None:
    """The label of a block's second line, or what is wrong with it; None where it is not told.

    >>> read_relation('WordNet(e1) = "n/a", WordNet(e2) = "n/a", Part-Whole(e2, e1) = "true", Query = "n/a"')
    'Part-Whole(e2,e1)'
    """
    if line.startswith(WORDNET):
        if not (match := ANSWER.search(line)):
            return Problem("a line of WordNet without a relation", 'write Relation(e1, e2) = "true" in it', "relation-malformed")
        name, head, tail, answer = match.groups()
        if answer != "true":
            return OTHER if answer == "false" else None
        line = f"{name}({head},{tail})"
    if COMMENT.lower() in line.lower():  # joined to the relation, or indented
        hint = f"write the relation alone, and {COMMENT} on the next line"
        return Problem(f"{line!r} is no relation", hint, "relation-malformed")
    return relation_problem(line) or line


def read_id(line: str) -> str | None:
    """The id that starts a block, where it can be read (a byte that is not UTF-8 is not printable)."""
    match = ROW_ID.match(line)
    row_id = (match[1] or match[2] or "").strip() if match else ""
    return row_id if row_id and row_id.isprintable() else None


def read_sentence(line: str, *, in_order: bool = True) -> Marked | list[Problem]:
    """The sentence of a block's first line, which has an id, without its marks, or what is wrong with it."""
    match = ROW_ID.match(line)
    start = match.end() if match else 0
    quoted = line[start:].strip()
    if len(quoted) > 1 and quoted[0] == quoted[-1] == '"':
        return unmark(quoted[1:-1], line.index('"', start) + 2, in_order=in_order)
    marked = unmark(quoted, start + 1, in_order=in_order)
    return [UNQUOTED, *(marked if isinstance(marked, list) else [])]


def write(documents: Iterable[Document], path: Path) -> None:
    """Write a block a document, its entities in reading order, its label with the direction from head to tail.

    Raises: ValueError for a document that the format cannot hold.
    """
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        for document in documents:
            file.write("\n".join([*_block(document), "", ""]))


def _block(document: Document) -> list[str]:
    """The lines of a document.

    Raises: ValueError where they would be read as another one.
    """
    require_held(document, HOLDS)
    (head, _, relation), text = require_pair(document), document.text
    e1, e2 = sorted((entity.spans[0] for entity in document.entities), key=lambda span: (span.start, span.end))
    is_turned = head.spans[0] != e1
    label = relation.label if relation.label in document.symmetric else directed(relation.label, is_turned=is_turned)
    lines = [f'{document.id}\t"{mark(text, e1, e2)}"', *([] if label is None else [label])]
    numbered = [TextLine(number, line) for number, line in enumerate(lines, 1)]
    read = [
        (found.id, found.text, found.entities, found.relations) if isinstance(found, Document) else found
        for block in blocks(numbered)
        for found in _read_block("", block)
    ]
    meant = (document.id, text, (Entity("e1", (e1,)), Entity("e2", (e2,))), (Relation("e1", "e2", label),))
    if read != [meant] or any(end in line for line in lines for end in "\r\n"):
        raise ValueError(f"{document.source}: {_misread(document, label)}")
    comment = document.meta.get("comment")
    said = f"{COMMENT} {comment}" if isinstance(comment, str) and comment.isprintable() else COMMENT
    return [*lines, COMMENT if _begins_block(said) else said]


def _misread(document: Document, label: str | None) -> str:
    """Why a block would be read as another one than a document is."""
    if any(end in document.text for end in "\r\n"):
        return f"the text of document {document.id} has a line end, which ends a sentence"
    if read_id(f'{document.id}\t"') != document.id:
        return f"the id of document {document.id!r} cannot stand before a sentence"
    if label is not None and read_relation(label) != label:
        return f"the relation {label!r} of document {document.id} cannot stand in a line of its own"
    return f"the text of document {document.id} would be read with other marks: {document.text[:60]!r}"
