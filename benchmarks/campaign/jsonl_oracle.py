"""What a file of our JSON lines holds, told by code that shares nothing with its reader."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.campaign.corpus_facts import MARK, Facts, is_undecoded, line_of
from benchmarks.campaign.rounds import require
from benchmarks.campaign.semeval_oracle import semeval_facts
from pipeline.core.errors import Problem
from pipeline.corpus.pairs import AnnotatedPair

SKIPPED = re.compile(r"; (?:the rest of the file is|lines \d+ to (\d+) are) skipped$")
SAID_ONCE = re.compile(r" \(([\d,]+) values of the file, the first here\)$")
OPENS = re.compile(r"[{\[]")
BETWEEN = re.compile(rf"[ \t,{MARK}]*")  # values of a line


def finite(digits: str) -> float:
    """A number. Raises: ValueError where JSON has none such."""
    if not math.isfinite(number := float(digits)):
        raise ValueError(digits)
    return number


DECODER = json.JSONDecoder(parse_float=finite, parse_constant=finite)


def write_jsonl(annotations: Sequence[str]) -> bytes:
    """The blocks as JSON lines with ids."""
    written = []
    for block in annotations:
        head, relation = block.split("\n")[:2]
        [facts] = semeval_facts([head, relation], 0)
        sentence = head.partition("\t")[2].strip()[1:-1]
        before = sentence.partition("<e1>")[0]
        until = sentence.partition("<e2>")[0].replace("<e1>", "").replace("</e1>", "")
        spans = {"e1": [len(before), len(before) + len(facts.e1)], "e2": [len(until), len(until) + len(facts.e2)]}
        value = {"id": head.partition("\t")[0], "text": facts.text, **spans, "relation": relation}
        written.append(json.dumps(value, ensure_ascii=False) + "\n")
    return "".join(written).encode()


def account_jsonl(of_file: list[str], accepted: list[AnnotatedPair], problems: list[Problem]) -> None:
    """Raises: WrongError unless every object is accepted or has problems, and whatever else stands in a line has one.

    Lines that a problem says are skipped are accounted for by it; so are values of which a problem says how many there are.
    """
    once = {found: count for problem in problems for found, count in [_said_once(problem)] if count}
    told = {(problem.row, problem.row_id) for problem in problems if not _said_once(problem)[1]}
    n_told = Counter(line_of(source) for source in [*(row.source for row in accepted), *(row for row, _ in told)])
    skipped = {line for problem in problems for line in _skipped(problem, len(of_file))}
    n_undecoded, n_others = 0, 0
    for number, values in jsonl_values(of_file):
        if number in skipped:
            continue
        undecoded = sum(value is not None and is_undecoded(raw) for value, raw in values)
        others = sum(value is not None and not isinstance(value, dict) for value, _ in values)
        faulty = sum(value is None for value, _ in values)
        least = len(values) - undecoded - others - max(faulty - 1, 0)  # what is wrong with a line's faulty values is of one row
        most = 10**9 if faulty else len(values) - others
        require(least <= n_told[number] <= most, f"line {number} has {len(values)} values, {n_told[number]} of them are told of")
        n_undecoded, n_others = n_undecoded + undecoded, n_others + others
    for found, count in (("not UTF-8", n_undecoded), ("a JSON value that is no object", n_others)):
        require(once.get(found, 0) >= count, f"{count} times {found}, {once.get(found, 0)} are told of")


def _said_once(problem: Problem) -> tuple[str, int]:
    """What a problem says of several values of a file, and of how many; 0 where it speaks of one alone."""
    found = SAID_ONCE.sub("", problem.found)
    if found not in ("not UTF-8", "a JSON value that is no object", "Python's own form in single quotes, not JSON"):
        return found, 0
    many = SAID_ONCE.search(problem.found)
    return found, int(many[1].replace(",", "")) if many else 1


def _skipped(problem: Problem, n_lines: int) -> range:
    """The lines behind its own that a problem says are skipped."""
    match = SKIPPED.search(problem.found)
    return range(line_of(problem.source) + 1, (int(match[1] or n_lines) if match else 0) + 1)


def jsonl_values(of_file: list[str]) -> Iterator[tuple[int, list[tuple[Any, str]]]]:
    """The values that begin in each line, from 1, and their texts; None for what cannot be read. Items of a list are values."""
    number = 0
    while number < len(of_file):
        first, text, place, values = number, "\n".join(of_file[number:]), 0, []
        line_end = len(of_file[number])
        while (place := BETWEEN.match(text, place).end()) < line_end:  # type: ignore[union-attr]
            try:
                value, end = DECODER.raw_decode(text, place)
            except (ValueError, RecursionError):
                values.append((None, text[place:line_end]))
                follows = OPENS.search(text, place, line_end)
                if len(values) == 1 or not follows or follows.start() == place or '"' in text[place : follows.start()]:
                    break  # a line that begins wrongly is one row, and what stands behind a quote may be in a string
                place = follows.start()
                continue
            values += [(item, text[place:end]) for item in (value if isinstance(value, list) else [value])]
            passed = text.count("\n", place, end)
            number, line_end, place = number + passed, line_end + sum(len(line) + 1 for line in of_file[number + 1 :][:passed]), end
        yield first + 1, values
        number += 1


def jsonl_facts(of_file: list[str], number: int) -> list[Facts]:
    """What the objects say that begin in a line."""
    values = [value for value, _ in next(jsonl_values(of_file[number:]))[1]]
    if None in values:  # a value may begin anywhere behind the one that cannot be read
        text = "\n".join(of_file[number:])
        values += [_decoded(text, place.start()) for place in OPENS.finditer(of_file[number])]
    return [facts for value in values if isinstance(value, dict) for facts in _object_facts(value)]


def _decoded(text: str, place: int) -> Any:
    try:
        return DECODER.raw_decode(text, place)[0]
    except (ValueError, RecursionError):
        return None


def _object_facts(value: dict[str, Any]) -> Iterator[Facts]:
    """What an object says, nothing where it is no row."""
    spans: list[Any] = [value.get("e1"), value.get("e2")]
    if all(isinstance(value.get(key), str) for key in ("text", "relation")) and all(map(_is_span, spans)):
        text: str = value["text"]
        if all(0 <= start < end <= len(text) for start, end in spans):
            e1, e2 = (text[start:end] for start, end in spans)
            yield Facts(text, e1, e2, value["relation"])


def _is_span(value: object) -> bool:
    return isinstance(value, list) and [type(edge) for edge in value] == [int, int]
