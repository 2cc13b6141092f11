"""The format of SemEval-2010 Task 8 (Hendrickx et al. 2010): blocks of a sentence, its relation and a comment.

    1<TAB>"The <e1>author</e1> of a keygen uses a <e2>disassembler</e2>."
    Instrument-Agency(e2,e1)
    Comment: optional, on one line

A blank line ends a block. Quotes inside the sentence stand as they are. The entities are numbered in reading order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.core.schema import Span
from pipeline.corpus.formats.annotation import Annotation, Broken, Fault, Line, broken, read_lines, relation_fault

MARKERS = ["<e1>", "</e1>", "<e2>", "</e2>"]
SWAPPED = MARKERS[2:] + MARKERS[:2]
MARKER = re.compile(f"({'|'.join(MARKERS)})")
COMMENT = "Comment:"
SENTENCE = re.compile(rf'(?!{COMMENT})\S+\t\s*"')
NO_RELATION = Fault("the block ends without a relation", "write the relation on the line after the sentence")
NOT_OF_A_BLOCK = Fault("a line that belongs to no block", f"a block is the sentence, its relation and one line {COMMENT}")
NO_ID = Fault("no id and tab before the sentence", 'begin a block with an id, a tab and the sentence in "..."')
UNQUOTED = Fault("the sentence does not begin and end with a double quote", 'put it in "...": the line may be cut short')


class Marked(NamedTuple):
    """A sentence without its markers, the entities in characters."""

    text: str
    e1: Span
    e2: Span


def read(path: Path) -> Iterator[Annotation | Broken]:
    """Annotations and problems of a file, in its order."""
    for block in blocks(read_lines(path)):
        yield from _read_block(path, block)


def unmark(sentence: str, first: int = 1, *, in_order: bool = True) -> Marked | list[Fault]:
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
        places = [(marker[0], marker.start() + first) for marker in MARKER.finditer(sentence)]
        return list(_marker_faults({name: [place for found, place in places if found == name] for name in MARKERS}))
    before, one, between, other, _ = parts[::2]
    if blank := [marker[1:-1] for marker, words in ((parts[1], one), (parts[5], other)) if not words.strip()]:
        return [Fault(f"{entity} is empty", f"put a word between <{entity}> and </{entity}>") for entity in blank]
    start = len(before) + len(one) + len(between)
    spans = [Span(len(before), len(before) + len(one)), Span(start, start + len(other))]
    return Marked("".join(parts[::2]), *(spans[::-1] if swapped else spans))


def _marker_faults(at: dict[str, list[int]]) -> Iterator[Fault]:
    """Why markers at these characters don't stand once each, in order."""
    alone = True
    for entity in ("e1", "e2"):
        fault = _entity_fault(entity, at[f"<{entity}>"], at[f"</{entity}>"])
        if fault:
            alone = False
            yield fault
    if alone:
        (open_1,), (close_1,), (open_2,), (close_2,) = at.values()
        if open_1 < close_2 and open_2 < close_1:
            inner, outer, start = ("e2", "e1", open_2) if open_1 < open_2 else ("e1", "e2", open_1)
            yield Fault(f"<{inner}> opens at character {start}, inside {outer}", f"close </{outer}> before <{inner}> opens")
        else:
            hint = "number the entities in reading order, and turn the direction of the relation to match"
            yield Fault(f"e2 stands before e1, at character {open_2}", hint)


def _entity_fault(entity: str, opens: list[int], closes: list[int]) -> Fault | None:
    for marker, places in ((f"<{entity}>", opens), (f"</{entity}>", closes)):
        if len(places) > 1:
            found = f"{marker} occurs {len(places)} times, at characters {', '.join(map(str, places))}"
            return Fault(found, f"an entity has one <{entity}> and one </{entity}>: keep one {marker}")
    if not opens and not closes:
        return Fault(f"{entity} is not marked", f"put <{entity}> and </{entity}> around it")
    if not closes:
        return Fault(f"<{entity}> opens at character {opens[0]} and never closes", f"add </{entity}>")
    if not opens:
        return Fault(f"</{entity}> at character {closes[0]} closes nothing", f"add <{entity}>")
    if closes < opens:
        found = f"</{entity}> at character {closes[0]} stands before <{entity}> at character {opens[0]}"
        return Fault(found, "swap the two markers")
    return None


def blocks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Runs of lines that a blank line ends, or the sentence of the next block where a block is cut short."""
    block: list[Line] = []
    for line in lines:
        blank = not line.text.strip() and not line.fault
        if block and (blank or ("\t" in line.text and SENTENCE.match(line.text))):
            yield block
            block = []
        if not blank:
            block.append(line)
    if block:
        yield block


def _read_block(path: Path, block: list[Line]) -> Iterator[Annotation | Broken]:
    first, *rest = block
    row, name = f"{path}:{first.number}", read_id(first.text)
    marked = read_sentence(first.text) if name else [NO_ID]
    label = rest.pop(0) if rest and not rest[0].text.startswith(COMMENT) else None
    relation = label.text.strip() if label else ""
    faults = [(first, fault) for fault in marked] if isinstance(marked, list) else []
    if label is None:
        faults.append((first, NO_RELATION))
    elif fault := relation_fault(relation):
        faults.append((label, fault))
    faults += [(line, NOT_OF_A_BLOCK) for n, line in enumerate(rest) if n > 0 or not line.text.startswith(COMMENT)]
    faults = [(line, fault) for line, fault in faults if not line.fault]  # what is not UTF-8 has no other fault
    faults += [(line, line.fault) for line in block if line.fault]
    for line, fault in sorted(faults, key=lambda pair: pair[0].number):
        yield broken(fault, f"{path}:{line.number}", row, name)
    if name and isinstance(marked, Marked) and not faults:
        yield Annotation(name, row, *marked, relation)


def read_id(line: str) -> str | None:
    """The id that starts a block, where it can be read (a byte that is not UTF-8 is not printable)."""
    name, tab, _ = line.partition("\t")
    return name.strip() or None if tab and name.isprintable() else None


def read_sentence(line: str, *, in_order: bool = True) -> Marked | list[Fault]:
    """The sentence of a block's first line without its marks, or what is wrong with it."""
    quoted = line.partition("\t")[2].strip()
    if len(quoted) > 1 and quoted[0] == quoted[-1] == '"':
        return unmark(quoted[1:-1], line.index('"', line.index("\t")) + 2, in_order=in_order)
    marked = unmark(quoted, line.index("\t") + 2, in_order=in_order)
    return [UNQUOTED, *(marked if isinstance(marked, list) else [])]
