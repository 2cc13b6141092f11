"""Bring corrections home from an annotation tool: what would change in data/raw, and with --write the change itself.

    python -m pipeline.adopt export.json
    python -m pipeline.adopt export.json --write
    python -m pipeline.adopt brat_folder --resolve newest --write
    python -m pipeline.adopt --pull http://localhost:8080/projects/3 --sent review.json.sent.jsonl --write

EXPORT, in any format, is compared with what was sent, TARGET.sent.jsonl of pipeline.review, and with data/raw as it is. Only what
a person has confirmed is adopted: annotations of Label Studio, never predictions; "accept" of Prodigy; elsewhere what differs from
the item as it was sent. Files of data/raw keep their formats and all bytes that the corrections do not change. Where annotators
disagree, nothing is adopted, or as --resolve says: what most of them say, what was said last, or, by asking again, a review of the
conflicts. Texts of a pool, which are not in data/raw, become documents of the file that --new names.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import typer

from pipeline.annotation import label_studio, pool_file, reviewed
from pipeline.annotation.adoption import Outcome, Resolve, Verdict, conflict_item, outcomes
from pipeline.annotation.corpus_files import CorpusFiles, read_raw, rewrite_all, write_all
from pipeline.annotation.correction import is_pair
from pipeline.annotation.difference import Change, Kind
from pipeline.annotation.item import Item
from pipeline.annotation.returned import Returned, read_export
from pipeline.annotation.review_file import Tool, annotation_key, read_sent, sent_beside, with_own_name, write_review
from pipeline.core import outputs, params
from pipeline.core.errors import InputError
from pipeline.core.labels import undirected
from pipeline.core.params import FormatName
from pipeline.core.stage import run, stage_paths
from pipeline.core.untrusted import json_text
from pipeline.core.wording import counted
from pipeline.corpus.document import Document
from pipeline.corpus.rewriting import Loss
from pipeline.corpus.rewriting.edits import content
from pipeline.corpus.words import lazy_tokenizer

SENT = "*.sent.jsonl"
CONFLICTS = ".conflicts"  # in the name of a review of conflicts, which is found by its own name alone
NEW = "train_reviewed.jsonl"
KINDS: dict[Kind, str] = {
    "added": "row added",
    "removed": "row removed",
    "moved": "row moved",
    "edited": "text edited",
    "relabelled": "relabelled",
    "entity_added": "entity added",
    "entity_removed": "entity removed",
    "entity_moved": "entity moved",
    "retyped": "type changed",
    "relation_added": "relation added",
    "relation_removed": "relation removed",
}
LOST = "gone with what was taken out"
TOLD: dict[Verdict, str] = {
    "changed": "changed",
    "confirmed": "confirmed as they are",
    "as sent": "as they were sent",
    "rejected": "rejected",
    "skipped": "skipped",
    "untouched": "untouched",
    "conflict": "in conflict: say how with --resolve",
}


def main(
    export: Annotated[Path | None, typer.Argument(help="what the tool exports, a file or a folder", show_default=False)] = None,
    pull: Annotated[str | None, typer.Option(help="in place of an export: a Label Studio project, http://.../projects/3")] = None,
    sent: Annotated[Path | None, typer.Option(help="what was sent (default: the .sent.jsonl beside the export)")] = None,
    from_: Annotated[
        FormatName | None, typer.Option("--from", help="the format of the export (default: told by its content)")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="change data/raw; without it nothing is written")] = False,
    resolve: Annotated[Resolve | None, typer.Option(help="where annotators disagree")] = None,
    new: Annotated[Path | None, typer.Option(help=f"where texts of a pool go (default: {NEW} in data/raw)")] = None,
) -> str:
    """Bring corrections home from an annotation tool."""
    if (export is None) == (pull is None):
        raise typer.BadParameter("name an export, or with --pull the project of a server")
    home = export or Path("pulled.json")
    items = read_sent(sent or find_sent(home))
    returned, tool = read_export(export, from_) if export else read_project(pull or "")
    raw = Path(stage_paths("pipeline.parse")[0])
    with outputs.locked(raw) if write else contextlib.nullcontext():  # so that nobody's corrections come between
        files = read_raw(raw, {each.item.document.source for each in items})
        found = outcomes(items, returned, tool, files, resolve)
        changed = rewrite_all([(outcome.file, outcome.edit) for outcome in found if outcome.file and outcome.edit])
        found, of_pool = with_places(found, new or raw / NEW, raw, changed.files)
        if write:
            reviewed.read(reviewed.beside(raw))  # what is wrong with it is told before anything is written
            if resolve == "ask":
                ask(found, home, tool)
            write_all({**changed.files, **of_pool.files})
            reviewed.add(reviewed.beside(raw), looked_at(found))
    return "\n".join(report(found, files, [*changed.losses, *of_pool.losses], is_written=write))


def with_places(
    found: Sequence[Outcome], path: Path, raw: Path, changed: Collection[Path]
) -> tuple[list[Outcome], pool_file.Landed]:
    """The outcomes, those of a pool with the places of their documents in a file, and what this becomes.

    Raises: InputError where it cannot hold them, or would be no part of the corpus.
    """
    of_pool = [number for number, outcome in enumerate(found) if outcome.verdict == "changed" and not outcome.file]
    outcomes_, landed = list(found), pool_file.Landed({}, [])
    if of_pool:
        landed = pool_file.landed(path, [found[number].new[0] for number in of_pool], raw, changed)
        for number, place in zip(of_pool, landed.places, strict=True):
            own = found[number]
            now = replace(own, new=(replace(own.new[0], source=place),)) if place else replace(own, verdict="confirmed", new=())
            outcomes_[number] = now
    return outcomes_, landed


def read_project(url: str) -> tuple[list[Returned], str]:
    """What a project of Label Studio says now, in the place of an export of it.

    Raises: InputError where it cannot be had, or something is wrong with it.
    """
    tasks = label_studio.pull(url, label_studio.token_of_environment())
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export.json"
        export.write_text("\n".join(["[", ",\n".join(map(json_text, tasks)), "]"]), encoding="utf-8")
        try:
            returned, tool = read_export(export, "label_studio") if tasks else ([], "label_studio")
        except InputError as error:
            problems = [replace(each, source=each.source.replace(str(export), url)) for each in error.problems]
            raise InputError(problems) from None
    return [replace(each, source=each.source.replace(str(export), url)) for each in returned], tool


def find_sent(export: Path) -> Path:
    """What was sent for an export: the file beside it that has its name, else the only one in its folder or in this one.

    Raises: InputError where there is none, or several.
    """
    if sent_beside(export).exists():
        return sent_beside(export)
    for folder in (with_own_name(export).parent, Path()):
        found = sorted(path for path in folder.glob(SENT) if f"{CONFLICTS}." not in path.name)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(path.name for path in found)
            raise InputError.of(folder, f"there are several: {names}", "name the one of this export with --sent")
    raise InputError.of(export, f"there is no {SENT} beside it", "name it with --sent: pipeline.review wrote it beside its target")


def looked_at(found: Sequence[Outcome]) -> Iterator[Document]:
    """The documents that a person has looked at, as they are written now: an id may be made of what its document says."""
    seen = [outcome for outcome in found if outcome.verdict in ("changed", "confirmed", "rejected")]
    yield from (outcome.sent.item.document for outcome in seen)
    for file in {outcome.file.source.path: outcome.file for outcome in seen if outcome.file}.values():
        new = {content(each) for outcome in seen if outcome.file is file for each in outcome.new}
        again = file.read(file.source.path) if new else ()
        yield from (each for each in again if isinstance(each, Document) and content(each) in new)


def ask(found: Sequence[Outcome], export: Path, tool: str) -> None:
    """Write the conflicts as a review of their own, in the format of the export where a review can have it.

    Raises: InputError where something else than this review stands there.
    """
    conflicts = [conflict_item(outcome) for outcome in found if outcome.verdict == "conflict"]
    target = conflicts_of(export)
    if not conflicts or (sent_beside(target).exists() and is_asked(conflicts, target)):
        return
    settings = params.read(params.Parse)
    to: Tool = next((each for each in get_args(Tool) if each == tool), "jsonl")
    write_review(conflicts, target, to, lazy_tokenizer(settings.language, settings.segmenter))


def is_asked(conflicts: Sequence[Item], target: Path) -> bool:
    """Whether a review has these conflicts and no others."""
    asked = [(each.annotation, each.item.reasons) for each in read_sent(sent_beside(target))]
    return target.exists() and asked == [(annotation_key(each.document), each.reasons) for each in conflicts]


def conflicts_of(export: Path) -> Path:
    """Where the conflicts of an export go.

    >>> conflicts_of(Path("out/export.json")).name
    'export.conflicts.json'
    """
    export = with_own_name(export)
    return export.parent / f"{export.stem}{CONFLICTS}{export.suffix}"


def new_names(found: Sequence[Outcome], files: CorpusFiles) -> Iterator[str]:
    """A line for each relation and type that nothing of the corpus had: a class of its own, or a slip of the hand."""
    warned = set[tuple[str, str]]()
    for sent, document in ((each.sent.item.document, new) for each in found if each.verdict == "changed" for new in each.new):
        labels = files.labels_of(sent)
        names = [("relation", undirected(each.label)) for each in document.relations if each.label]
        names += [("type", each.type) for each in document.entities if each.type]
        known = {"relation": labels.directed | labels.plain, "type": files.all_types}
        for kind, name in names:
            if name not in known[kind] and (kind, name) not in warned:
                warned.add((kind, name))
                others = "marked pair" if kind == "relation" and is_pair(sent) else "document"
                yield f"{document.source}: warning: no other {others} has the {kind} {name}: it becomes a class of its own"


def report(found: Sequence[Outcome], files: CorpusFiles, losses: Sequence[Loss], *, is_written: bool) -> Iterator[str]:
    """A line for each change, each loss, each conflict and each name that is new, and one that counts."""
    for outcome in found:
        yield from map(line_of, outcome.changes)
        if outcome.verdict == "conflict":
            yield f"{outcome.sent.item.document.source}: conflict: {conflict_item(outcome).why}"
    yield from (f"{source}: {LOST}: {said}" for source, said in losses)
    yield from new_names(found, files)
    verdicts = Counter(outcome.verdict for outcome in found)
    kinds = Counter(change.kind for outcome in found for change in outcome.changes)
    of_verdicts = ", ".join(f"{verdicts[verdict]:,} {words}" for verdict, words in TOLD.items() if verdict in verdicts)
    counts = [f"{count:,} {KINDS[kind]}" for kind, count in kinds.items()] + ([f"{len(losses):,} {LOST}"] if losses else [])
    of_kinds = ", ".join(counts)
    written = "written" if is_written else "nothing written, --write does"
    yield f"adopt: {counted(len(found), 'item')}: {of_verdicts}{f' ({of_kinds})' if of_kinds else ''}; {written}"


def line_of(change: Change) -> str:
    """A change in a line, with its place.

    >>> line_of(Change("relabelled", "7", "data/raw/train.txt:3", "Uses(e1,e2)", "Other", "author - keygen"))
    'data/raw/train.txt:3: relabelled: Uses(e1,e2) -> Other (author - keygen)'
    """
    sides = " -> ".join(" ".join(side.split()) for side in (change.old, change.new) if side)
    return f"{change.source}: {KINDS[change.kind]}: {sides}{f' ({change.about})' if change.about else ''}"


if __name__ == "__main__":
    run(main)
