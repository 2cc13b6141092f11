"""The comparison of two versions as values, the same for JSON, Markdown and HTML, and as text for a terminal.

Markdown is made for a comment on GitHub: what comes from the corpus stands between backticks, where no name calls a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.annotation.data_changes import DataChanges, Tally, label_changes
from pipeline.annotation.difference import Change, Kind
from pipeline.annotation.score_changes import ScoreChanges
from pipeline.core.errors import placed
from pipeline.core.schema import SPLITS
from pipeline.core.untrusted import shown
from pipeline.core.wording import counted
from pipeline.evaluation.card import TOO_FEW
from pipeline.pages.render import render_template

TITLES: dict[Kind, str] = {
    "added": "documents added",
    "removed": "documents removed",
    "moved": "documents moved to another split",
    "edited": "texts edited",
    "relabelled": "pairs relabelled",
    "relation_added": "relations added",
    "relation_removed": "relations removed",
    "entity_added": "entities added",
    "entity_removed": "entities removed",
    "entity_moved": "entities moved",
    "retyped": "entities of another type",
}
TABLES = {"relabelled": "labels", "retyped": "types", "moved": "splits"}
LONGEST, CONTEXT = 120, 30  # characters of a text that people are shown, of them around what was edited
COMMENT = 65_536  # characters that GitHub takes
MOST_ROWS = 30  # of a table of labels in Markdown
NOTHING = "(none)"  # a label, a type or a number that is not told
TEMPLATES = Path(__file__).parent / "templates"


def as_values(old: str, new: str, data: DataChanges, scores: ScoreChanges | str) -> dict[str, Any]:
    """The comparison as it stands in JSON.

    Args: old, new: the names of the versions; scores: or why there are none.
    """
    return {
        "old": old,
        "new": new,
        "documents": {split: {"old": data.old.documents[split], "new": data.new.documents[split]} for split in SPLITS},
        "documents_changed": data.changed,
        "counts": {kind: data.kinds[kind] for kind in TITLES if data.kinds[kind]},
        "tables": {kind: _from_to(getattr(data, kind)) for kind in TABLES if getattr(data, kind)},
        "labels": [dict(zip(("split", "label", "old", "new"), row, strict=True)) for row in label_changes(data)],
        "other_files": _from_to(data.files),
        "other_ids": data.renamed,
        "unread": {"old": _unread(data.old), "new": _unread(data.new)},
        "left_out_by_annotators": {"old": data.old.skipped, "new": data.new.skipped},
        "scores": None if isinstance(scores, str) else _score_values(scores),
        "no_scores": scores if isinstance(scores, str) else None,
        "changes": [_as_row(change) for change in data.changes],
    }


def _score_values(scores: ScoreChanges) -> dict[str, Any]:
    """What the scores differ by, without the older predictions: there is one for each test row."""
    values = {name: value for name, value in vars(scores).items() if name != "before"}
    return values | {"paired": [asdict(score) for score in scores.paired]}


def _from_to(counts: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    """A table of what became what, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"from": old, "to": new, "count": count} for (old, new), count in ordered]


def _unread(tally: Tally) -> dict[str, Any]:
    return {"rows": tally.unread, "first": tally.first_unread or None}


def _as_row(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "id": change.id,
        **placed(change.source),
        **{k: getattr(change, k) for k in ("about", "old", "new")},
    }


def as_markdown(values: Mapping[str, Any]) -> str:
    """A page for a comment on a pull request, with so many of the changes as fit into one."""
    most = len(values["changes"])
    while len(page := _rendered("comparison.md", values, most)) > COMMENT and most:
        most //= 2
    return page


def as_html(values: Mapping[str, Any]) -> str:
    """A page for a browser."""
    return shown(_rendered("comparison.html", values, len(values["changes"])))


def _rendered(template: str, values: Mapping[str, Any], most: int) -> str:
    """The page, with so many changes of a kind."""
    listed = {kind: [_shortened(row) for row in values["changes"] if row["kind"] == kind][:most] for kind in values["counts"]}
    names = {"titles": TITLES, "names": TABLES, "nothing": NOTHING, "most_rows": MOST_ROWS, "interval": _interval}
    return render_template(TEMPLATES / template, listed=listed, notes=list(_notes(values)), **names, **values)


def _shortened(row: Mapping[str, Any]) -> dict[str, str]:
    """A change as people read it: where, what of, from, to."""
    old, new = _excerpts(row["old"], row["new"]) if row["kind"] == "edited" else (_cut(row["old"]), _cut(row["new"]))
    place = row["file"] if row["line"] is None else f"{row['file']}:{row['line']}"
    if row["kind"] in ("relabelled", "retyped"):
        old, new = old or NOTHING, new or NOTHING
    return {"place": place, "id": _cut(row["id"]), "about": _cut(row["about"]), "old": old, "new": new}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _excerpts(old: str, new: str) -> tuple[str, str]:
    """What differs in two texts, with a little around it.

    >>> _excerpts("a" * 100 + "b" + "c" * 100, "a" * 100 + "x" + "c" * 100)[1]
    '...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaxcccccccccccccccccccccccccccccc...'
    """
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    first, after = max(0, start - CONTEXT), max(0, end - CONTEXT)
    parts = (text[first : len(text) - after] for text in (old, new))
    marked = [f"{'...' if first else ''}{_cut(part)}{'...' if after else ''}" for part in parts]
    return marked[0], marked[1]


def as_text(values: Mapping[str, Any]) -> str:
    """Lines for a terminal."""
    return shown("".join(f"{line}\n" for line in _lines(values)))


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    yield f"{values['old']} -> {values['new']}"
    yield from _table("documents", [[split, *_arrow(n["old"], n["new"])] for split, n in values["documents"].items()])
    yield from _table(
        f"documents changed: {values['documents_changed']:,}", [[TITLES[kind], f"{n:,}"] for kind, n in values["counts"].items()]
    )
    for kind, rows in values["tables"].items():
        yield from _table(f"{TABLES[kind]}, from and to", [[*_arrow(row["from"], row["to"]), f"{row['count']:,}"] for row in rows])
    labels = [[row["split"], row["label"] or NOTHING, *_arrow(row["old"], row["new"])] for row in values["labels"]]
    yield from _table("labels of a split", labels)
    for kind, count in values["counts"].items():
        rows = [_shortened(row) for row in values["changes"] if row["kind"] == kind]
        yield TITLES[kind]
        yield from (f"  {row['place']} ({row['id']}) {_sentence(row)}" for row in rows)
        if count > len(rows):
            yield f"  and {count - len(rows):,} more"
    yield from _notes(values)
    yield from _score_lines(values)


def _arrow(old: object, new: object) -> list[str]:
    return [f"{value:,}" if isinstance(value, int) else str(value) or NOTHING for value in (old, "->", new)]


def _told(number: float | None) -> str:
    return NOTHING if number is None else str(number)


def _sentence(row: Mapping[str, str]) -> str:
    about = f"{row['about']}: " if row["about"] else ""
    return about + (f"{row['old']} -> {row['new']}" if row["old"] and row["new"] else row["old"] or row["new"])


def _notes(values: Mapping[str, Any]) -> Iterator[str]:
    """What is no change of an annotation, and what could not be compared."""
    for row in values["other_files"]:
        yield f"{counted(row['count'], 'document')} of {row['from']} {'lies' if row['count'] == 1 else 'lie'} in {row['to']}"
    if values["other_ids"]:
        yield f"{counted(values['other_ids'], 'document has', 'documents have')} another id"
    for side in ("old", "new"):
        if (unread := values["unread"][side])["rows"]:
            n_problems = counted(unread["rows"], "problem")
            yield f"{n_problems} in {values[side]}, whose rows are not compared; the first: {_cut(unread['first'])}"
        if n_skipped := values["left_out_by_annotators"][side]:
            yield f"{counted(n_skipped, 'document')} of {values[side]} left out by annotators"


def _score_lines(values: Mapping[str, Any]) -> Iterator[str]:
    if (scores := values["scores"]) is None:
        yield f"no scores compared: {values['no_scores']}"
        return
    yield from _table("metrics", [[name, *_arrow(*map(_told, both))] for name, *both in scores["metrics"]])
    rows = [
        [row["name"], *_arrow(row["old"], row["new"]), f"{row['difference']:+.2f}", f"({_interval(row)})"]
        for row in scores["paired"]
    ]
    yield from _table(f"on the {scores['n_rows']:,} test rows that both have, against the newer labels", rows)
    if not rows:
        yield f"no predictions compared: {scores['unpaired']}"


def _interval(row: Mapping[str, Any]) -> str:
    """The interval of a difference.

    >>> _interval({"low": -1.0, "high": 2.5}), _interval({"low": None, "high": None})
    ('-1.00 to +2.50', 'too few rows to say')
    """
    return TOO_FEW if row["low"] is None else f"{row['low']:+.2f} to {row['high']:+.2f}"


def _table(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A title and rows in columns; nothing without rows."""
    if rows:
        yield title
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield from ("  " + "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() for row in rows)
