"""All problems of a corpus, and which of its rows a person leaves out, by their id or by the kind of what is wrong with them.

Some problems show only between rows: an id given twice, a relation that train doesn't have. Each check sees the rows that the
checks before it left. Files may number their rows alike: an id that is in several of them has the file before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.errors import Problem, listed, placed
from pipeline.core.files import Row
from pipeline.core.labels import undirected
from pipeline.core.nearest import KnownNames
from pipeline.core.params import FILE, Exclusion, Parse
from pipeline.core.typed_yaml import load_or_empty
from pipeline.corpus.names import find_unknown
from pipeline.corpus.summary import SplitSummary, row_key

Summaries = dict[str, SplitSummary]
Check = Callable[[Summaries], Iterator[Problem]]
BY_ID, SKIPPED = "id", "skipped"  # the reasons why a row is left out that are no kind of problem


@dataclass(frozen=True)
class CheckedCorpus:
    """A corpus whose rows are sorted into those that become output and those that a person leaves out.

    Args: problems: of the rows that are not left out, and of what is asked to be left out; left_out: the rows that are left out, in
        the order of the files, each with its place, its id and why.
    """

    summaries: Summaries
    problems: list[Problem]
    left_out: list[Row]

    @property
    def excluded_by(self) -> dict[str, int]:
        """How many rows are left out, by reason."""
        return dict(sorted(Counter(row["kind"] for row in self.left_out).items()))

    @property
    def symmetric(self) -> list[str]:
        """The relations of rows that have no direction, in order."""
        return sorted({name for summary in self.summaries.values() for name in summary.symmetric})

    def shared_ids(self) -> Iterator[str]:
        """A line an excluded id that several rows have."""
        sources: dict[str, list[str]] = {}
        for row in self.left_out:
            if row["kind"] == BY_ID:
                sources.setdefault(row["id"], []).append(f"{row['file']}:{row['line']}")
        for row_id, shared in sources.items():
            if len(shared) > 1:
                yield f"excluded id {row_id} is that of {len(shared)} rows: {listed(shared)}"


def check_corpus(summaries: Summaries, parse: Parse, folder: Path) -> CheckedCorpus:
    """Find all problems of a corpus, whose files lie in a folder, and leave rows out."""
    summaries = with_full_ids(summaries, folder)
    file = load_or_empty(FILE)
    exclusions = [(item, file.place(("parse", "exclude", number))) for number, item in enumerate(parse.exclude)]
    ids = {item: place for item, place in exclusions if isinstance(item, str)}
    kinds = {item.kind: place for item, place in exclusions if isinstance(item, Exclusion)}
    if ids:
        for column in ("id", "full_id"):
            reasons = dict.fromkeys(ids, BY_ID)
            summaries = {split: summary.without(summary.readings[column], reasons) for split, summary in summaries.items()}
    of_directions = [_lost_directions] if parse.directed else []
    checks: list[Check] = [_of_rows, _repeated_ids, _unlabelled, *of_directions, _unknown_relations]
    problems: list[Problem] = []
    chosen: dict[str, Problem] = {}
    for check in checks:
        found = list(check(summaries))
        chosen |= {_key(problem): problem for problem in reversed(found) if problem.kind in kinds}  # reversed: a row's first wins
        problems += found
        if reasons := {row: problem.kind for row, problem in chosen.items()}:
            summaries = {split: summary.without(summary.row_keys, reasons) for split, summary in summaries.items()}
    problems = [problem for problem in problems if _key(problem) not in chosen]  # whichever check chose the row
    if not problems:  # else what could not be read may have the name
        problems += find_unknown([summary.names for summary in summaries.values()], parse)
    of_rows = (problem for summary in summaries.values() for problem in summary.problems)
    had = {problem.kind for problem in (*of_rows, *chosen.values())}
    readings = _all(summaries)
    problems += _unknown_ids(pa.chunked_array([*readings["id"].chunks, *readings["full_id"].chunks]), ids)
    problems += _unknown_kinds({kind: place for kind, place in kinds.items() if kind not in had})
    return CheckedCorpus(summaries, problems, list(_left_out(summaries, chosen)))


def with_full_ids(summaries: Summaries, folder: Path) -> Summaries:
    """The summaries with full_id set: an id that rows of several files have gets the path of its file, in the folder, before it."""
    readings = _all(summaries)
    files: dict[str, set[str]] = {}
    for row_id, source in _shared_ids(readings):
        files.setdefault(row_id, set()).add(_file(source))
    shared = pa.array([row_id for row_id, of_id in files.items() if len(of_id) > 1], pa.string())
    if not len(shared):
        return summaries
    return {
        split: summary.with_column("full_id", _full_ids(summary.readings, shared, folder)) for split, summary in summaries.items()
    }


def _full_ids(readings: pa.Table, shared: pa.Array, folder: Path) -> pa.ChunkedArray:
    is_shared = pc.is_in(readings["id"], shared)
    files = [_file(source) for source in readings["source"].filter(is_shared).to_pylist()]
    names = {file: Path(file).relative_to(folder).with_suffix("").as_posix() for file in set(files)}
    prefixed = [f"{names[file]}/{row_id}" for file, row_id in zip(files, readings["id"].filter(is_shared).to_pylist(), strict=True)]
    full: pa.ChunkedArray = pc.replace_with_mask(
        readings["id"].combine_chunks(), is_shared.combine_chunks(), pa.array(prefixed, pa.string())
    )
    return pa.chunked_array([full])


def _file(source: str) -> str:
    return source.rpartition(":")[0]


def _key(problem: Problem) -> str:
    """What tells a problem's row from all others."""
    return row_key(problem.row, problem.row_id)


def _shared_ids(readings: pa.Table) -> dict[tuple[str, str], None]:
    """The ids that several readings have, each with the sources of its rows, in the order of the files.

    A row with several problems has as many readings, all from one source.
    """
    keys = np.sort(readings["id_key"].drop_null().to_numpy())
    repeated = np.unique(keys[1:][keys[1:] == keys[:-1]])
    candidates = readings.filter(pc.is_in(readings["id_key"], pa.array(repeated)))
    return dict.fromkeys(zip(candidates["id"].to_pylist(), candidates["source"].to_pylist(), strict=True))


def _all(summaries: Summaries) -> pa.Table:
    return pa.concat_tables([summary.readings for summary in summaries.values()])


def _kept(readings: pa.Table) -> pa.Table:
    """The rows that are not left out."""
    return readings.filter(pc.is_null(readings["reason"]))


def _left_out(summaries: Summaries, chosen: dict[str, Problem]) -> Iterator[Row]:
    """The rows that are left out, once each: a broken one has as many readings as problems.

    Args: chosen: for which problem a row is left out, by its key.
    """
    excluded = pa.concat_tables(
        [summary.readings.filter(pc.is_valid(summary.readings["reason"])) for summary in summaries.values()]
    )
    columns = (excluded[name].to_pylist() for name in ("source", "id", "full_id", "reason"))
    for source, given_id, row_id, reason in dict.fromkeys(zip(*columns, strict=True)):
        if reason == BY_ID:
            found, hint = "its id is listed under parse.exclude", "take it off the list to have the row back"
            yield {**placed(source), "id": row_id, "kind": BY_ID, "found": found, "hint": hint}
        else:
            yield chosen[row_key(source, given_id)].as_row()
    for skipped in (skipped for summary in summaries.values() for skipped in summary.skipped):
        hint = "finish it in the annotation tool to have it"
        yield {**placed(skipped.source), "id": skipped.row_id, "kind": SKIPPED, "found": skipped.reason, "hint": hint}


def _of_rows(summaries: Summaries) -> Iterator[Problem]:
    """What is wrong with single rows, and with files."""
    for summary in summaries.values():
        left = set(summary.row_keys.filter(pc.is_null(summary.readings["reason"])).to_pylist()) if summary.problems else set()
        yield from (problem for problem in summary.problems if _key(problem) in left)


def _repeated_ids(summaries: Summaries) -> Iterator[Problem]:
    """Rows whose id an earlier row of their file has."""
    first_source: dict[tuple[str, str], str] = {}
    for row_id, source in _shared_ids(_kept(_all(summaries))):
        taken = first_source.setdefault((row_id, _file(source)), source)
        if taken != source:
            found = f"id {row_id} is that of {taken}"
            yield Problem(found, "give every row an id of its own", "id-repeated").at(source, row_id=row_id)


def _unlabelled(summaries: Summaries) -> Iterator[Problem]:
    """Rows without a relation, but for those of a test split that has none at all."""
    for split, summary in summaries.items():
        rows = _kept(summary.readings)
        rows = rows.filter(pc.is_valid(rows["text_key"]))
        is_missing = pc.is_null(rows["relation"])
        if split == "test" and pc.all(is_missing).as_py():
            continue
        missing = rows.filter(is_missing)
        for source, row_id in zip(missing["source"].to_pylist(), missing["id"].to_pylist(), strict=True):
            hint = "annotate it; a test split may be without relations, as a whole"
            yield Problem("the relation is missing", hint, "relation-missing").at(source, row_id=row_id).or_exclude()


def _lost_directions(summaries: Summaries) -> Iterator[Problem]:
    """Rows of a relation without a direction that other rows of it have."""
    readings = _kept(_all(summaries))
    relations = pc.unique(readings["relation"].drop_null()).to_pylist()
    directed = {undirected(relation) for relation in relations if undirected(relation) != relation}
    for relation, source, row_id in _rows_of(readings, [relation for relation in relations if relation in directed]):
        found = f"relation {relation} has no direction, other rows of it have"
        hint = f"write {relation}(e1,e2) or {relation}(e2,e1), or set parse.directed to false"
        yield Problem(found, hint, "direction-missing").at(source, row_id=row_id)


def _unknown_relations(summaries: Summaries) -> Iterator[Problem]:
    """Rows of a relation that no row of train has, in whichever direction."""
    known = {undirected(relation) for relation in summaries["train"].relations}
    names = KnownNames(sorted(known))
    for split, summary in summaries.items():
        unknown = [relation for relation in summary.relations if undirected(relation) not in known]
        hints = {relation: names.hint(undirected(relation)) if known else "mend the train files first" for relation in unknown}
        for relation, source, row_id in _rows_of(_kept(summary.readings), unknown):
            found = f"relation {relation} of {split} is not in train"
            yield Problem(found, hints[relation], "relation-unknown").at(source, row_id=row_id)


def _rows_of(readings: pa.Table, relations: list[str]) -> Iterator[tuple[str, str, str]]:
    """Relation, source and id of the rows that have one of these relations."""
    rows = readings.filter(pc.is_in(readings["relation"], pa.array(relations, pa.string())))
    return zip(rows["relation"].to_pylist(), rows["source"].to_pylist(), rows["id"].to_pylist(), strict=True)


def _unknown_ids(ids: pa.ChunkedArray, excluded: Mapping[str, str]) -> Iterator[Problem]:
    """Excluded ids that no row has, at their places."""
    wanted = pa.array(list(excluded), pa.string())
    unknown = wanted.filter(pc.invert(pc.is_in(wanted, ids))).to_pylist()
    names = KnownNames(ids.drop_null().to_pylist() if unknown else ())
    for row_id in unknown:
        close = names.closest(row_id)
        hint = f"did you mean {close}?" if close else "take it off the list"
        yield Problem(f"parse.exclude lists {row_id}, which is the id of no row", hint, "exclude-unknown", excluded[row_id])


def _unknown_kinds(excluded: Mapping[str, str]) -> Iterator[Problem]:
    """Excluded kinds that no row has, at their places."""
    for kind, place in excluded.items():
        found = f"parse.exclude lists kind {kind}, which no row has"
        yield Problem(found, "take it off the list", "exclude-unknown", place)
