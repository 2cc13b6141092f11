"""What a corpus holds, told by code that shares nothing with the readers of pipeline/corpus/formats.

It knows less than they do: how many rows a file has, and what an accepted row must be.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.campaign.rounds import require
from pipeline.corpus.formats import Annotation

MARKERS = ("<e1>", "</e1>", "<e2>", "</e2>")


@dataclass(frozen=True)
class Format:
    """A format: the ending of its files, how annotations are written, how many rows there are, and what one says."""

    ending: str
    write: Callable[[Sequence[str]], bytes]  # from SemEval blocks
    count: Callable[[bytes], int]
    facts: Callable[[list[str], int], Facts]  # of the row that begins at a line of a file, from 0


@dataclass(frozen=True)
class Facts:
    """What a row of a file says."""

    text: str
    e1: str
    e2: str
    relation: str


def check_accepted(row: Annotation, content: bytes, form: Format) -> None:
    """Raises: WrongError where a row that a reader accepted says something else than its lines; ValueError where these are none."""
    facts = form.facts(lines(content), int(row.source.rpartition(":")[2]) - 1)
    read = Facts(row.text, row.text[slice(*row.e1)], row.text[slice(*row.e2)], row.relation)
    require(read == facts, f"{row.source}: read as {read}, but it says {facts}")


def lines(content: bytes) -> list[str]:
    """The lines of a file, bytes that are not UTF-8 as surrogates."""
    decoded = content.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape").split("\n")
    return [line.rstrip("\r") for line in decoded]


def write_semeval(annotations: Sequence[str]) -> bytes:
    """The blocks as they stand."""
    return "".join(f"{block}\n\n" for block in annotations).encode()


def count_semeval(content: bytes) -> int:
    """Blocks: a blank line ends one, and a line that begins like a sentence or opens both entities begins another."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 1
    n_rows, inside = 0, False
    for line in lines(content):
        head, tab, rest = line.partition("\t")
        begins = tab and head and not re.search(r"\s", head) and not head.startswith("Comment:") and rest.lstrip().startswith('"')
        opens = all(marker in line.lower() for marker in ("<e1>", "<e2>"))
        n_rows += bool(line.strip() and (begins or opens or not inside))
        inside = bool(line.strip())
    return n_rows


def semeval_facts(of_file: list[str], number: int) -> Facts:
    """What a block says: its sentence between the outer quotes, without marks, and the next line; no row stands in another."""
    sentence = of_file[number].partition("\t")[2].strip()
    require(len(sentence) > 1 and sentence[0] == sentence[-1] == '"', f"line {number + 1} is accepted without its quotes")
    text = sentence[1:-1]
    require(all(text.count(marker) == 1 for marker in MARKERS), f"line {number + 1} is accepted with other marks than one each")
    e1, e2 = (text.partition(f"<{entity}>")[2].partition(f"</{entity}>")[0] for entity in ("e1", "e2"))
    relation = of_file[number + 1].strip()
    require(not any(marker in relation for marker in MARKERS), f"line {number + 2}, which is marked, is taken as a relation")
    swallowed = number + 2 < len(of_file) and of_file[number + 2].startswith("Comment:") and is_marked(of_file[number + 2])
    require(not swallowed, f"line {number + 3}, which is marked, is taken as a comment")
    for marker in MARKERS:
        text, e1, e2 = (part.replace(marker, "") for part in (text, e1, e2))
    return Facts(text, e1, e2, relation)


def is_marked(line: str) -> bool:
    """Whether a line holds both entities."""
    return all(marker in line for marker in MARKERS)


def write_jsonl(annotations: Sequence[str]) -> bytes:
    """The blocks as JSON lines with ids."""
    written = []
    for block in annotations:
        head, relation = block.split("\n")[:2]
        facts = semeval_facts([head, relation], 0)
        sentence = head.partition("\t")[2].strip()[1:-1]
        before = sentence.partition("<e1>")[0]
        until = sentence.partition("<e2>")[0].replace("<e1>", "").replace("</e1>", "")
        spans = {entity: [start, start + len(text)] for entity, start, text in _placed(facts, len(before), len(until))}
        value = {"id": head.partition("\t")[0], "text": facts.text, **spans, "relation": relation}
        written.append(json.dumps(value, ensure_ascii=False) + "\n")
    return "".join(written).encode()


def _placed(facts: Facts, e1_start: int, e2_start: int) -> list[tuple[str, int, str]]:
    return [("e1", e1_start, facts.e1), ("e2", e2_start, facts.e2)]


def count_jsonl(content: bytes) -> int:
    """Lines that are not blank."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 1
    return sum(bool(line.strip()) for line in lines(content))


def jsonl_facts(of_file: list[str], number: int) -> Facts:
    """What a JSON line says."""
    value = json.loads(of_file[number])
    text, (start, end), (other_start, other_end) = value["text"], value["e1"], value["e2"]
    require(0 <= start < end <= len(text), f"line {number + 1}: e1 {value['e1']} is accepted of {len(text)} characters")
    require(0 <= other_start < other_end <= len(text), f"line {number + 1}: e2 {value['e2']} is accepted of {len(text)} characters")
    return Facts(text, text[start:end], text[other_start:other_end], value["relation"])


FORMATS = {
    "semeval": Format("txt", write_semeval, count_semeval, semeval_facts),
    "jsonl": Format("jsonl", write_jsonl, count_jsonl, jsonl_facts),
}
