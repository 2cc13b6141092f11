"""Checks of annotations: what looks wrong in rows that can be read, counted, with the first places and what to do.

An error is what cannot be meant, and stops the parse stage; a warning may be right, and stops it under parse.strict alone. The
checks look at a survey of all rows (survey.py), so that the memory they take does not depend on the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from pipeline.core.errors import Problem
from pipeline.core.schema import Finding
from pipeline.corpus import entity_findings, label_findings, row_findings
from pipeline.corpus.survey import Survey, survey

Check = Callable[[Survey, str], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    entity_findings.invisible,
    entity_findings.inside_words,
    row_findings.contradictions,
    row_findings.repeated,
    row_findings.shared,
    label_findings.labels_alike,
    label_findings.types_alike,
    label_findings.unnamed_negative,
    label_findings.alone,
    label_findings.rare,
    label_findings.absent,
    entity_findings.unusual_types,
    entity_findings.differing_types,
    row_findings.escaped,
)
MOST_LINES = 12


def find(tables: Iterable[tuple[str, pa.Table]], negative_label: str) -> tuple[Finding, ...]:
    """All findings, the errors first.

    Args: tables: rows of PARSED, each table with its split; drawn from once, one at a time. negative_label: what stands for no
        relation.
    """
    rows = survey(tables)
    found = [finding for check in CHECKS for finding in check(rows, negative_label)] if rows else []
    return tuple(sorted(found, key=lambda finding: finding.severity != "error"))


def lines(findings: Sequence[Finding]) -> list[str]:
    """A line a finding for people; of many, how many more there are."""
    shown = findings if len(findings) <= MOST_LINES else findings[: MOST_LINES - 1]
    told = [f"{finding.severity}: {finding.found} ({', '.join(finding.places)}): {finding.hint}" for finding in shown]
    if more := findings[len(shown) :]:
        told.append(f"and {len(more)} findings more: {', '.join(dict.fromkeys(finding.check for finding in more))}")
    return told


def as_problems(findings: Iterable[Finding]) -> list[Problem]:
    """Findings as problems of the input, each at its first place."""
    return [_problem(finding) for finding in findings]


def _problem(finding: Finding) -> Problem:
    first, *others = finding.places
    source, _, row_id = first.partition(" id ")
    found = f"{finding.found} (also {', '.join(others)})" if others else finding.found
    return Problem(found, finding.hint, finding.check).at(source, row_id=row_id or None)
