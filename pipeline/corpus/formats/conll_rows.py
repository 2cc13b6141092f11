"""The rows of the two column forms that pipeline/corpus/formats/conll.py tells of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from pipeline.core.errors import Problem
from pipeline.core.schema import OUTSIDE
from pipeline.corpus.formats.tag_schemes import split_tag

Kind = TypeVar("Kind", str, int)
MULTI_HEAD_CELLS = 5
NONE = "N"  # stands where a word has no relation
ROW = "a row is index, word, tag, [relations], [indices], or sentence id, type, index, -, part of speech, word"
LISTS = "write a label in quotes and an index for each relation: ['Live_In', 'Kill']<TAB>[3, 8], or ['N'] and the row's own index"
IN_BLANKS = re.compile(r"(\d+)[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\[.*\])[ \t]+(\[[^\[\]]*\])[ \t]*")
PLAIN = re.compile(r"(\d+)\t(\S+)\t(\S+)\t\['N'\]\t\[(\d+)\]")
RELATION = re.compile(r"(\d{1,9})[ \t]+(\d{1,9})(?:[ \t]+(\S+)|\t([^\t]+))[ \t]*")
DIVIDES = re.compile(r"(?<!\\)/")  # the words of an entity; a slash that is text has a backslash before it
ESCAPED = {("COMMA", ","): ",", ("-LRB-", "-LRB-"): "(", ("-RRB-", "-RRB-"): ")"}  # by word and part of speech


class Token(NamedTuple):
    """A row: its words with a tag each, and of which relations it is the head, each by label and the row of its tail."""

    words: list[str]
    tags: list[str]
    relations: list[tuple[str, int]]
    pos: list[str]  # a part of speech a word, where the row has them
    sentence_id: str


class RowRelation(NamedTuple):
    """A relation between the entities of two rows."""

    head: int
    tail: int
    label: str


def split_row(text: str) -> list[str]:
    """The cells of a row of words, which stand apart by tabs or by blanks."""
    cells = [cell for cell in map(str.strip, text.split("\t")) if cell] if "\t" in text else text.split()
    if _is_multi_head(cells) or _is_original(cells):
        return cells
    in_blanks = IN_BLANKS.fullmatch(text)
    return list(in_blanks.groups()) if in_blanks else text.split()


def is_token(cells: list[str]) -> bool:
    """Whether cells are a row of words in either form."""
    return _is_multi_head(cells) or _is_original(cells)


def _is_multi_head(cells: list[str]) -> bool:
    return len(cells) == MULTI_HEAD_CELLS and cells[0].isdecimal() and cells[3][0] == "[" and cells[4][0] == "["


def _is_original(cells: list[str]) -> bool:
    return len(cells) >= 6 and cells[0].isdecimal() and cells[2].isdecimal()


def read_token(text: str, index: int) -> Token | Problem:
    """A row of words, which must be the document's `index`-th."""
    if plain := PLAIN.fullmatch(text):  # a word without relation, as most are
        number, word, tag, own = plain.groups()
        if number == own == str(index):
            return Token([word], [tag], [], [], "")
    cells = split_row(text)
    if _is_multi_head(cells):
        return _misnumbered(cells[0], index) or _multi_head(cells, index)
    if _is_original(cells):
        return _misnumbered(cells[2], index) or _original(cells)
    return Problem(f"a row of {len(cells)} columns", ROW, "columns-unexpected")


def _misnumbered(number: str, index: int) -> Problem | None:
    if number == str(index):
        return None
    hint = "number the words of each document from 0; a blank line, or #doc and an id, begins a new one"
    return Problem(f"the row has the index {number[:20]} and is row {index} of its document", hint, "line-unexpected")


def _multi_head(cells: list[str], index: int) -> Token | Problem:
    _, word, tag, label_cell, tail_cell = cells
    if label_cell == "['N']" and tail_cell == f"[{index}]":
        return Token([word], [tag], [], [], "")
    labels, tails = _list(label_cell, str), _list(tail_cell, int)
    if labels is None or tails is None or len(labels) != len(tails):
        return Problem(f"relations {label_cell[:60]} with indices {tail_cell[:60]}", LISTS, "relation-malformed")
    relations = [pair for pair in zip(labels, tails, strict=True) if pair != (NONE, index)]
    return Token([word], [tag], relations, [], "")


def _list(cell: str, kind: type[Kind]) -> list[Kind] | None:
    """A list of one kind as Python writes it; None where the cell is something else."""
    try:
        value = ast.literal_eval(cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError):  # MemoryError: brackets nested too deep
        return None
    return value if isinstance(value, list) and all(type(item) is kind for item in value) else None


def _original(cells: list[str]) -> Token:
    sentence_id, type_, _, _, pos, word = cells[:6]
    all_pos = DIVIDES.split(pos)
    words = DIVIDES.split(word)
    if len(words) != len(all_pos) or not all(words):
        words, all_pos = [word], [pos]
    unescaped = [ESCAPED.get(pair, pair[0].replace(r"\/", "/")) for pair in zip(words, all_pos, strict=True)]
    return Token(unescaped, _tags(type_, len(words)), [], all_pos, sentence_id)


def _tags(type_: str, n_words: int) -> list[str]:
    """The tags of a row's words: an entity of its own, unless the type is a tag that may continue the row before."""
    if type_ == OUTSIDE:
        return [OUTSIDE] * n_words
    position, name = split_tag(type_)
    first, inner = (type_, f"I-{name}") if position else (f"B-{type_}", f"I-{type_}")
    return [first, *[inner] * (n_words - 1)]


def find_relation(text: str) -> RowRelation | None:
    """The relation of a line of two rows and a label, as the original corpus has them; None of any other line."""
    match = RELATION.fullmatch(text)
    return RowRelation(int(match[1]), int(match[2]), match[3] or match[4]) if match else None


def multi_head_rows(words: list[str], tags: list[str], relations: list[RowRelation]) -> Iterator[str]:
    """The rows of a document in the columns of multi-head selection.

    Raises: ValueError where a cell would not be read as it is written.
    """
    of_row: dict[int, list[tuple[str, int]]] = {}
    for head, tail, label in relations:
        if (label, head) == (NONE, tail):
            raise ValueError(f"{NONE} from an entity to itself means that there is no relation")
        of_row.setdefault(head, []).append((label, tail))
    for index, (word, tag) in enumerate(zip(words, tags, strict=True)):
        labels, tails = zip(*of_row.get(index, [(NONE, index)]), strict=True)
        yield f"{index}\t{cell(word)}\t{cell(tag)}\t{list(labels)}\t{list(tails)}\n"


def cell(text: str) -> str:
    """A text as a cell, which ends with a tab or with the line.

    Raises: ValueError where it holds one of these, or a blank at its ends, or nothing.
    """
    if not text or text != text.strip() or any(character in text for character in "\t\n\r"):
        raise ValueError(f"{text!r} does not fit into a column")
    return text
