"""What a file in the format of SemEval holds, told by code that shares nothing with its reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from benchmarks.campaign.corpus_facts import MARKERS, Facts, is_undecoded, line_of
from benchmarks.campaign.rounds import require
from pipeline.core.errors import Problem
from pipeline.corpus.pairs import AnnotatedPair


def write_semeval(annotations: Sequence[str]) -> bytes:
    """The blocks as they stand."""
    return "".join(f"{block}\n\n" for block in annotations).encode()


def account_semeval(of_file: list[str], accepted: list[AnnotatedPair], problems: list[Problem]) -> None:
    """Raises: WrongError unless every block is accepted or has problems; a line that is not UTF-8 ends the file."""
    good, bad = Counter(line_of(row.source) for row in accepted), {line_of(problem.row) for problem in problems}
    begun = [number for number, _ in semeval_blocks(of_file)]
    require(max(good.values(), default=1) == 1, "two accepted rows are of one place")
    require(not good.keys() & bad, f"rows both accepted and refused, at lines {sorted(good.keys() & bad)}")
    counts = f"{len(begun)} rows in the file, {len(good)} accepted, {len(bad)} with problems"
    require(sorted([*good, *bad]) == begun, f"{counts}: at lines {begun}, {sorted(good)} and {sorted(bad)}")


def semeval_blocks(of_file: list[str]) -> list[tuple[int, list[str]]]:
    """The first line's number and the lines of each block: what a blank line or another beginning ends.

    A line that is not UTF-8 stands for all that is behind it, and for the block that it is in.
    """
    blocks: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(of_file, 1):
        if is_undecoded(line):
            return [*(blocks[:-1] if inside else blocks), (number, [line])]
        if line.strip() and (not inside or begins_block(line)):
            blocks.append((number, []))
        inside = bool(line.strip())
        if inside:
            blocks[-1][1].append(line)
    return blocks


def begins_block(line: str) -> bool:
    """Whether a line begins like a sentence, or opens both entities; a comment that does must hold all marks."""
    head, tab, rest = line.partition("\t")
    is_comment = line.startswith("Comment:")
    begins = bool(tab and head) and not re.search(r"\s", head) and not is_comment and rest.lstrip().startswith('"')
    return begins or all(marker in line.lower() for marker in (MARKERS if is_comment else ("<e1>", "<e2>")))


def semeval_facts(of_file: list[str], number: int) -> list[Facts]:
    """What a block says: its sentence between the outer quotes, without marks, and the next line; no row stands in another."""
    sentence, *rest = next(block for line, block in semeval_blocks(of_file) if line == number + 1)
    text = sentence.partition("\t" if "\t" in sentence else " ")[2].strip()
    require(len(text) > 1 and text[0] == text[-1] == '"', f"line {number + 1} is accepted without its quotes")
    text = text[1:-1]
    require(all(text.count(marker) == 1 for marker in MARKERS), f"line {number + 1} is accepted with other marks than one each")
    require(bool(rest) and len(rest) < 3, f"line {number + 1} is accepted with {len(rest)} lines behind it")
    require(all(line.startswith("Comment:") for line in rest[1:]), f"line {number + 3} is taken as a comment")
    relation = rest[0].strip()
    require(not any(marker in relation for marker in MARKERS), f"line {number + 2}, which is marked, is taken as a relation")
    e1, e2 = (text.partition(f"<{entity}>")[2].partition(f"</{entity}>")[0].strip() for entity in ("e1", "e2"))
    return [Facts(re.sub("</?e[12]>", "", text), e1, e2, relation)]
