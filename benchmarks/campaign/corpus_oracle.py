"""What a corpus holds, told by code that shares nothing with the readers of pipeline/corpus/formats.

It knows less than they do: at which lines rows begin, what an accepted row must be, and which rows a problem may speak of.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.campaign.corpus_facts import Facts, line_of, lines
from benchmarks.campaign.jsonl_oracle import account_jsonl, jsonl_facts, write_jsonl
from benchmarks.campaign.rounds import require
from benchmarks.campaign.semeval_oracle import account_semeval, semeval_facts, write_semeval
from pipeline.core.errors import Problem
from pipeline.corpus.pairs import AnnotatedPair


@dataclass(frozen=True)
class Format:
    """A format: the ending of its files, how annotations are written, and how rows are accounted for."""

    ending: str
    write: Callable[[Sequence[str]], bytes]  # from SemEval blocks
    account: Callable[[list[str], list[AnnotatedPair], list[Problem]], None]  # of the lines of a file
    facts: Callable[[list[str], int], list[Facts]]  # of the rows that begin at a line of a file, from 0


def check_rows(accepted: list[AnnotatedPair], problems: list[Problem], content: bytes, form: Format) -> None:
    """Raises: WrongError where a row is lost, or an accepted one is not what the file says."""
    if any("UTF-16" in problem.found for problem in problems):
        require(b"\0" in content or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)), "the file is not UTF-16")
        require(not accepted and len(problems) == 1, "more is told of a file in UTF-16")
        return
    of_file = lines(content)
    form.account(of_file, accepted, [problem for problem in problems if problem.kind != "file-empty"])
    for row in accepted:
        read = Facts(row.text, row.text[slice(*row.e1)], row.text[slice(*row.e2)], row.relation or "")
        facts = form.facts(of_file, line_of(row.source) - 1)
        require(read in facts, f"{row.source}: read as {read}, but it says {facts}")


FORMATS = {
    "semeval": Format("txt", write_semeval, account_semeval, semeval_facts),
    "jsonl": Format("jsonl", write_jsonl, account_jsonl, jsonl_facts),
}
