"""Tables of agreement to read: in a terminal, and in Markdown for an issue or a pull request. JSON has the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.core.untrusted import code, shown

FOUND = {"entities": "entities, F1", "relations": "relations, F1"}
UNDEFINED = "-"


class Table(NamedTuple):
    """A table whose first columns hold texts of the corpus, and whose others hold numbers."""

    columns: list[str]
    rows: list[tuple[list[str], list[str]]]


def tables(values: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of what agreement.agree gives; none without rows."""
    labels = values["labels"]
    yield Table(["annotator", "texts"], [([name], [f"{n:,}"]) for name, n in values["annotators"].items()])
    yield Table(["labels of pairs", "units", "agreement"], _coefficients(values))
    yield Table(["label", "given", "alpha"], _classes(labels["classes"]))
    yield Table(["label", "another", "times"], _confused(labels["confused"]))
    for part, title in FOUND.items():
        f1 = values[part]
        whole = {"all annotators": f1["f1"], "all, whatever the class": f1["places_f1"]}
        rows = [([name], [_score(score)]) for name, score in whole.items()]
        yield Table([title, "agreement"], [*rows, *(([" and ".join(one["annotators"])], [_score(one)]) for one in f1["pairs"])])
        yield Table([title, "given", "agreement"], _classes(f1["classes"]))
        if part == "entities":
            yield Table(["type", "another", "times"], _confused(f1["confused"]))


def _coefficients(values: Mapping[str, Any]) -> list[tuple[list[str], list[str]]]:
    labels = values["labels"]
    rows = [
        (["Krippendorff's alpha"], [f"{labels['units']:,}", _score(labels["krippendorff_alpha"])]),
        (["Fleiss' kappa, units of all"], [f"{labels['fleiss_units']:,}", _score(labels["fleiss_kappa"])]),
    ]
    for one in labels["cohen_kappa"]:
        rows.append(([f"Cohen's kappa, {' and '.join(one['annotators'])}"], [f"{one['units']:,}", _score(one)]))
    return rows


def _classes(rows: Sequence[Mapping[str, Any]]) -> list[tuple[list[str], list[str]]]:
    return [([row["label"]], [f"{row['given']:,}", _score(row)]) for row in rows]


def _confused(rows: Sequence[Mapping[str, Any]]) -> list[tuple[list[str], list[str]]]:
    return [(row["classes"], [f"{row['count']:,}"]) for row in rows]


def _score(score: Mapping[str, float | None]) -> str:
    """A score with its interval.

    >>> _score({"value": 0.5, "low": 0.25, "high": None}), _score({"value": 0.5, "low": 0.25, "high": 0.75})
    ('0.500', '0.500 (0.250 to 0.750)')
    """
    value, low, high = (score[name] for name in ("value", "low", "high"))
    if value is None:
        return UNDEFINED
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def as_text(values: Mapping[str, Any]) -> str:
    """Tables in columns."""
    blocks = []
    for columns, rows in tables(values):
        lines = [columns, *([*texts, *numbers] for texts, numbers in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
        blocks += ["\n".join(aligned)] if rows else []
    return shown("\n\n".join(blocks) + "\n")


def as_markdown(values: Mapping[str, Any]) -> str:
    """Tables of Markdown, what comes from the corpus between backticks."""
    blocks = []
    for columns, rows in tables(values):
        lines = [columns, ["---"] * len(columns), *([*map(code, texts), *numbers] for texts, numbers in rows)]
        blocks += ["\n".join(f"| {' | '.join(line)} |" for line in lines)] if rows else []
    return "\n\n".join(blocks) + "\n"
