"""The format of SemEval-2010 Task 8 (Hendrickx et al. 2010): blocks of a sentence, its relation and a comment.

    1<TAB>"The <e1>author</e1> of a keygen uses a <e2>disassembler</e2>."
    Instrument-Agency(e2,e1)
    Comment: optional, on one line

A blank line ends a block. Quotes inside the sentence stand as they are. The entities are numbered in reading order. Where a blank
line is missing, a sentence begins the next block. So does any line with the markers of both entities: it becomes a row or a
problem, and never the relation or the comment of another row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.formats.annotation import Annotation, Line, read_lines, relation_problem, text_problem

MARKERS = ["<e1>", "</e1>", "<e2>", "</e2>"]
SWAPPED = MARKERS[2:] + MARKERS[:2]
MARKER = re.compile(f"({'|'.join(MARKERS)})")
COMMENT = "Comment:"
SENTENCE = re.compile(rf'(?!{COMMENT})\S+\t\s*"')
NO_RELATION = Problem("the block ends without a relation", "write the relation on the line after the sentence", "relation-missing")
NOT_OF_A_BLOCK = Problem(
    "a line that belongs to no block", f"a block is the sentence, its relation and one line {COMMENT}", "line-unexpected"
)
NO_ID = Problem("no id and tab before the sentence", 'begin a block with an id, a tab and the sentence in "..."', "id-missing")
UNQUOTED = Problem(
    "the sentence does not begin and end with a double quote", 'put it in "...": the line may be cut short', "quote-missing"
)


class Marked(NamedTuple):
    """A sentence without its markers, the entities in characters."""

    text: str
    e1: Span
    e2: Span


def read(path: Path) -> Iterator[Annotation | Problem]:
    """Annotations and problems of a file, in its order."""
    for block in blocks(read_lines(path)):
        yield from _read_block(path, block)


def unmark(sentence: str, first: int = 1, *, in_order: bool = True) -> Marked | list[Problem]:
    """Take the markers out of a sentence.

    Args: first: the number of the sentence's first character, for the messages; in_order: e1 must stand before e2.
    Returns: the sentence, or all that is wrong with its markers.

    >>> unmark("12-<e1>pack</e1> of <e2>beers</e2>")
    Marked(text='12-pack of beers', e1=Span(start=3, end=7), e2=Span(start=11, end=16))
    >>> unmark("<e1>pack</e1> of <e2>beers")[0].found
    '<e2> opens at character 18 and never closes'
    """
    parts = MARKER.split(sentence)
    swapped = not in_order and parts[1::2] == SWAPPED
    if parts[1::2] != MARKERS and not swapped:
        characters: dict[str, list[int]] = {marker: [] for marker in MARKERS}
        for match in MARKER.finditer(sentence):
            characters[match[0]].append(match.start() + first)
        return list(_marker_problems(characters))
    before, one, between, other, _ = parts[::2]
    if blank := [marker[1:-1] for marker, words in ((parts[1], one), (parts[5], other)) if not words.strip()]:
        return [Problem(f"{entity} is empty", f"put a word between <{entity}> and </{entity}>", "entity-empty") for entity in blank]
    start = len(before) + len(one) + len(between)
    spans = [Span(len(before), len(before) + len(one)), Span(start, start + len(other))]
    return Marked("".join(parts[::2]), *(spans[::-1] if swapped else spans))


def _marker_problems(characters: dict[str, list[int]]) -> Iterator[Problem]:
    """Why markers don't stand once each, in order.

    Args: characters: where each marker occurs.
    """
    problems = [_entity_problem(entity, characters[f"<{entity}>"], characters[f"</{entity}>"]) for entity in ("e1", "e2")]
    if any(problems):
        yield from filter(None, problems)
        return
    (open_1,), (close_1,), (open_2,), (close_2,) = characters.values()
    if open_1 < close_2 and open_2 < close_1:
        inner, outer, start = ("e2", "e1", open_2) if open_1 < open_2 else ("e1", "e2", open_1)
        hint = f"close </{outer}> before <{inner}> opens"
        yield Problem(f"<{inner}> opens at character {start}, inside {outer}", hint, "entities-overlap")
    else:
        hint = "number the entities in reading order, and turn the direction of the relation to match"
        yield Problem(f"e2 stands before e1, at character {open_2}", hint, "entities-unordered")


def _entity_problem(entity: str, opens: list[int], closes: list[int]) -> Problem | None:
    """What is wrong with the markers of one entity, which occur at these characters, if anything."""
    for marker, places in ((f"<{entity}>", opens), (f"</{entity}>", closes)):
        if len(places) > 1:
            found = f"{marker} occurs {len(places)} times, at characters {', '.join(map(str, places))}"
            return Problem(found, f"an entity has one <{entity}> and one </{entity}>: keep one {marker}", "marker-repeated")
    if not opens and not closes:
        return Problem(f"{entity} is not marked", f"put <{entity}> and </{entity}> around it", "entity-unmarked")
    if not closes:
        return Problem(f"<{entity}> opens at character {opens[0]} and never closes", f"add </{entity}>", "marker-missing")
    if not opens:
        return Problem(f"</{entity}> at character {closes[0]} closes nothing", f"add <{entity}>", "marker-missing")
    if closes < opens:
        found = f"</{entity}> at character {closes[0]} stands before <{entity}> at character {opens[0]}"
        return Problem(found, "swap the two markers", "markers-swapped")
    return None


def blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Runs of lines that a blank line ends, or the sentence of the next block where a block is cut short."""
    block: list[Line] = []
    for line in lines:
        blank = not line.text.strip() and not line.problem
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
    marked = line.lower() if "<" in line and not line.startswith(COMMENT) else ""
    return "<e1>" in marked and "<e2>" in marked


def _read_block(path: Path, block: list[Line]) -> Iterator[Annotation | Problem]:
    """The annotation of a block, or its problems in the order of lines."""
    first, label, strays = _parts(block)
    row, row_id = f"{path}:{first.number}", read_id(first.text)
    marked = read_sentence(first.text) if row_id else [NO_ID]
    relation = label.text.strip() if label else ""
    of_text = [text_problem(marked.text)] if isinstance(marked, Marked) else marked
    of_relation = _relation_problem(relation) if label else None
    problems = [(first, problem) for problem in of_text if problem]
    if label is None:
        problems.append((first, NO_RELATION))
    elif of_relation:
        problems.append((label, of_relation))
    problems += [(line, NOT_OF_A_BLOCK) for line in strays]
    readable = [(line, problem) for line, problem in problems if not line.problem]  # what is not UTF-8 has no other problem
    unreadable = [(line, line.problem) for line in block if line.problem]
    for line, problem in sorted(readable + unreadable, key=lambda pair: pair[0].number):
        yield problem.at(f"{path}:{line.number}", row, row_id).or_exclude()
    if row_id and isinstance(marked, Marked) and not readable and not unreadable:
        yield Annotation(row_id, row, *marked, relation)


def _relation_problem(relation: str) -> Problem | None:
    """What is wrong with the line of a relation, if anything: a comment that is joined to it or indented is none."""
    if COMMENT.lower() in relation.lower():
        hint = f"write the relation alone, and {COMMENT} on the next line"
        return Problem(f"{relation!r} is no relation", hint, "relation-malformed")
    return relation_problem(relation)


def _parts(block: list[Line]) -> tuple[Line, Line | None, list[Line]]:
    """The sentence of a block, its relation where it has one, and the lines that belong to no block."""
    first, *rest = block
    has_relation = bool(rest) and not rest[0].text.startswith(COMMENT)
    label, rest = (rest[0], rest[1:]) if has_relation else (None, rest)
    has_comment = bool(rest) and rest[0].text.startswith(COMMENT)
    return first, label, rest[1:] if has_comment else rest


def read_id(line: str) -> str | None:
    """The id that starts a block, where it can be read (a byte that is not UTF-8 is not printable)."""
    before, tab, _ = line.partition("\t")
    return before.strip() or None if tab and before.isprintable() and not before.startswith(COMMENT) else None


def read_sentence(line: str, *, in_order: bool = True) -> Marked | list[Problem]:
    """The sentence of a block's first line without its marks, or what is wrong with it."""
    quoted = line.partition("\t")[2].strip()
    if len(quoted) > 1 and quoted[0] == quoted[-1] == '"':
        return unmark(quoted[1:-1], line.index('"', line.index("\t")) + 2, in_order=in_order)
    marked = unmark(quoted, line.index("\t") + 2, in_order=in_order)
    return [UNQUOTED, *(marked if isinstance(marked, list) else [])]
