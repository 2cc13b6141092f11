"""What a corpus holds, told by code that shares nothing with the readers of pipeline/corpus/formats.

It knows less than they do: where the rows of a file begin, and what an accepted row must be.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.campaign.rounds import require
from pipeline.corpus.pairs import AnnotatedPair

MARK = "\ufeff"  # which a line may begin with
MARKERS = ("<e1>", "</e1>", "<e2>", "</e2>")


@dataclass(frozen=True)
class Format:
    """A format: the ending of its files, how annotations are written, where its rows begin, and what one says."""

    ending: str
    write: Callable[[Sequence[str]], bytes]  # from SemEval blocks
    places: Callable[[list[str]], set[int]]  # the lines of a file, from 0, that a reading must begin at
    facts: Callable[[list[str], int], list[Facts]]  # of the rows that begin at a line of a file, from 0


@dataclass(frozen=True)
class Facts:
    """What a row of a file says."""

    text: str
    e1: str
    e2: str
    relation: str


def check_accepted(row: AnnotatedPair, content: bytes, form: Format) -> None:
    """Raises: WrongError where a row that a reader accepted says something else than its lines; ValueError where these are none."""
    facts = form.facts(lines(content), int(row.source.rpartition(":")[2]) - 1)
    read = Facts(row.text, row.text[slice(*row.e1)].strip(), row.text[slice(*row.e2)].strip(), str(row.relation))
    require(read in facts, f"{row.source}: read as {read}, but it says {facts}")


def lines(content: bytes) -> list[str]:
    """The lines of a file, bytes that are not UTF-8 as surrogates."""
    decoded = content.decode(errors="surrogateescape")
    return [line.removeprefix(MARK) for line in re.split("\r\n|\r|\n", decoded)]


def write_semeval(annotations: Sequence[str]) -> bytes:
    """The blocks as they stand."""
    return "".join(f"{block}\n\n" for block in annotations).encode()


def semeval_places(of_file: list[str]) -> set[int]:
    """Where blocks begin: a blank line ends one, and a line that begins like a sentence or opens both entities begins another."""
    places, inside = set(), False
    for number, line in enumerate(of_file):
        head, tab, rest = line.partition("\t")
        is_comment = line.startswith("Comment:")
        begins = tab and head and not re.search(r"\s", head) and not is_comment and rest.lstrip().startswith('"')
        opens = all(marker in line.lower() for marker in (MARKERS if is_comment else ("<e1>", "<e2>")))
        if line.strip() and (begins or opens or not inside):
            places.add(number)
        inside = bool(line.strip())
    return places


def semeval_facts(of_file: list[str], number: int) -> list[Facts]:
    """What the block at a line says."""
    return [block_facts(of_file, number)]


def block_facts(of_file: list[str], number: int) -> Facts:
    """What a block says: its sentence between the outer quotes, without marks, and the next line; no row stands in another."""
    line = of_file[number]
    sentence = (line.partition("\t")[2] if "\t" in line else line[line.find('"') :]).strip()
    require(len(sentence) > 1 and sentence[0] == sentence[-1] == '"', f"line {number + 1} is accepted without its quotes")
    text = sentence[1:-1]
    require(all(text.count(marker) == 1 for marker in MARKERS), f"line {number + 1} is accepted with other marks than one each")
    e1, e2 = (text.partition(f"<{entity}>")[2].partition(f"</{entity}>")[0] for entity in ("e1", "e2"))
    relation = next(iter(of_file[number + 1 :]), "").strip()
    require(not any(marker in relation for marker in MARKERS), f"line {number + 2}, which is marked, is taken as a relation")
    swallowed = number + 2 < len(of_file) and of_file[number + 2].startswith("Comment:") and is_marked(of_file[number + 2])
    require(not swallowed, f"line {number + 3}, which is marked, is taken as a comment")
    for marker in MARKERS:
        text, e1, e2 = (part.replace(marker, "") for part in (text, e1, e2))
    return Facts(text, e1.strip(), e2.strip(), relation)


def is_marked(line: str) -> bool:
    """Whether a line holds both entities."""
    return all(marker in line for marker in MARKERS)


def write_jsonl(annotations: Sequence[str]) -> bytes:
    """The blocks as JSON lines with ids."""
    written = []
    for block in annotations:
        head, relation = block.split("\n")[:2]
        facts = block_facts([head, relation], 0)
        sentence = head.partition("\t")[2].strip()[1:-1]
        before = sentence.partition("<e1>")[0]
        until = sentence.partition("<e2>")[0].replace("<e1>", "").replace("</e1>", "")
        spans = {entity: [start, start + len(text)] for entity, start, text in _placed(facts, len(before), len(until))}
        value = {"id": head.partition("\t")[0], "text": facts.text, **spans, "relation": relation}
        written.append(json.dumps(value, ensure_ascii=False) + "\n")
    return "".join(written).encode()


def _placed(facts: Facts, e1_start: int, e2_start: int) -> list[tuple[str, int, str]]:
    return [("e1", e1_start, facts.e1), ("e2", e2_start, facts.e2)]


def jsonl_places(of_file: list[str]) -> set[int]:
    """Lines that are an object each."""
    places = set()
    for number, line in enumerate(of_file):
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(json.loads(line), dict):
                places.add(number)
    return places


def jsonl_facts(of_file: list[str], number: int) -> list[Facts]:
    """What the objects that begin at a line say: lines may be joined, and an object may go on over several."""
    rest, found = "\n".join(of_file[number:]), []
    place, end_of_line = 0, len(of_file[number])
    while (place := rest.find("{", place, end_of_line)) >= 0:
        try:
            value, place = json.JSONDecoder().raw_decode(rest, place)
        except (ValueError, RecursionError):
            place += 1
        else:
            found += [_object_facts(value)] if {"text", "e1", "e2", "relation"} <= set(value) else []
    return found


def _object_facts(value: dict[str, Any]) -> Facts:
    text, (start, end), (other_start, other_end) = value["text"], value["e1"], value["e2"]
    require(0 <= start < end <= len(text), f"e1 {value['e1']} is accepted of {len(text)} characters")
    require(0 <= other_start < other_end <= len(text), f"e2 {value['e2']} is accepted of {len(text)} characters")
    return Facts(text, text[start:end].strip(), text[other_start:other_end].strip(), value["relation"])


FORMATS = {
    "semeval": Format("txt", write_semeval, semeval_places, semeval_facts),
    "jsonl": Format("jsonl", write_jsonl, jsonl_places, jsonl_facts),
}
