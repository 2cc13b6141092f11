"""What becomes of the items of a review: what each person made of them, whom to believe, and what changes in data/raw."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.annotation.already import meant_by, says_already
from pipeline.annotation.corpus_files import CorpusFile, CorpusFiles, Found
from pipeline.annotation.corpus_labels import Labels
from pipeline.annotation.correction import corrected, require_label
from pipeline.annotation.difference import Change, document_changes
from pipeline.annotation.item import Item, Reason
from pipeline.annotation.returned import Returned
from pipeline.annotation.review_file import Sent, annotation_key
from pipeline.core.errors import InputError, Problem, for_all
from pipeline.corpus.document import Document
from pipeline.corpus.rewriting import Edit
from pipeline.corpus.rewriting.edits import annotation, content, unsigned

Resolve = Literal["majority", "newest", "ask"]
Verdict = Literal["changed", "confirmed", "as sent", "rejected", "skipped", "untouched", "conflict"]
REVIEW_AGAIN = "run pipeline.review again, and correct it there"
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Outcome:
    """What becomes of an item.

    Args: file, found: its place in data/raw, None for a text of a pool; new: the documents in its place, where they are others;
        versions: what each person made of it.
    """

    sent: Sent
    verdict: Verdict
    file: CorpusFile | None = None
    found: Found | None = None
    new: tuple[Document, ...] = ()
    versions: tuple[Returned, ...] = ()

    @property
    def path(self) -> Path | None:
        """The path of the file of data/raw that the item is from; None for a text of a pool."""
        return self.file.source.path if self.file else None

    @property
    def changes(self) -> list[Change]:
        """What changes in its document."""
        sent = self.sent.item.document
        source = self.new[0].source if self.new and not self.found else sent.source  # a text of a pool has a new place
        old = self.found.document if self.found else replace(sent, source=source, entities=(), relations=())
        if not self.new:
            return [Change("removed", old.id, old.source, old.text, "")] if self.verdict == "changed" else []
        first, *more = self.new
        return [*document_changes(old, replace(first, source=old.source)), *map(_row_added, more)]

    @property
    def edit(self) -> Edit | None:
        """The edit of its file, where it changes."""
        return Edit(self.found.document, self.new, self.found.number) if self.found and self.verdict == "changed" else None


def _row_added(document: Document) -> Change:
    labels = ", ".join(relation.label or "" for relation in document.relations)
    return Change("added", document.id, document.source, "", document.text, labels)


def outcomes(
    sent: Sequence[Sent], returned: Sequence[Returned], tool: str, raw: CorpusFiles, resolve: Resolve | None
) -> list[Outcome]:
    """What becomes of each item that was sent, in order.

    Raises: InputError with every item that is not known, comes twice or with another text, or has changed in data/raw.
    """
    by_id = {each.id: each for each in sent}
    versions: dict[str, list[Returned]] = defaultdict(list)
    for each in returned:
        versions[each.id].append(each)
    found = for_all(lambda item: _outcome(item, versions[item.id], tool, raw, resolve), sent, _strays(by_id, returned))
    return list(_with_rows_once(found))


def _with_rows_once(found: Sequence[Outcome]) -> Iterator[Outcome]:
    """The outcomes without the added rows that another one has too: several rows of a sentence may get the same relation."""
    said = {(outcome.path, annotation(each)) for outcome in found for each in outcome.new[:1]}
    for outcome in found:
        more = {key: each for each in outcome.new[1:] if (key := (outcome.path, annotation(each))) not in said}
        said |= more.keys()
        new = (*outcome.new[:1], *more.values())
        if outcome.found and new != outcome.new and list(map(content, new)) == [content(outcome.found.document)]:
            yield replace(outcome, verdict="confirmed", new=())
        else:
            yield replace(outcome, new=new)


def _strays(sent: Mapping[str, Sent], returned: Iterable[Returned]) -> Iterable[Problem]:
    """What is wrong with an export as a whole."""
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    for each in returned:
        if each.id not in sent:
            hint = "export the project of this review alone, or name what was sent with --sent"
            yield Problem(f"item {each.id} is none that was sent", hint, "item-unknown").at(each.source)
            continue
        place = each.source, each.number
        before = seen.setdefault((each.id, each.annotator), place)
        if before != place:
            found = f"item {each.id} is there twice, first at {before[0]}"
            yield Problem(found, "keep one of them", "item-repeated").at(each.source)
        if each.document and each.document.text != sent[each.id].item.document.text:
            found = f"the text of item {each.id} was changed in the tool: {_differing(each.document.text, sent[each.id])}"
            yield Problem(found, "take the change back: texts are edited in data/raw", "item-edited").at(each.source)


def _differing(text: str, sent: Sent) -> str:
    """The part of a text where it begins to be another one."""
    was = sent.item.document.text
    place = next(
        (index for index, (one, other) in enumerate(zip(text, was, strict=False)) if one != other), min(len(text), len(was))
    )
    begin = max(place - 10, 0)
    return f"{text[begin : begin + SHOWN_CHARACTERS]!r}, not {was[begin : begin + SHOWN_CHARACTERS]!r}"


def _outcome(sent: Sent, versions: Sequence[Returned], tool: str, raw: CorpusFiles, resolve: Resolve | None) -> Outcome:
    said = [each for each in last_of_each(versions) if each.state == "rejected" or (each.state == "annotated" and each.document)]
    if not said:
        return Outcome(sent, "skipped" if any(each.state == "skipped" for each in versions) else "untouched")
    chosen = choose(said, resolve)
    if chosen is not None and chosen.state == "rejected":
        return Outcome(sent, "rejected")
    file = raw.file_of(sent.item.document.source)
    found = file.find(sent.item.document) if file else None
    if chosen is None or chosen.document is None:
        return Outcome(sent, "conflict", file, found, versions=tuple(said))
    if file is None:
        return _of_pool(sent, chosen, chosen.document, raw.labels_of(sent.item.document))
    return _of_corpus(sent, chosen, chosen.document, tool, raw, file, found)


def last_of_each(versions: Sequence[Returned]) -> list[Returned]:
    """Of each person the last version, as far as the tool tells whose each is, and when."""
    last: dict[str, Returned] = {}
    for number, each in enumerate(versions):
        who = each.annotator or str(number)
        if who not in last or last[who].when <= each.when:
            last[who] = each
    return list(last.values())


def _of_corpus(
    sent: Sent, chosen: Returned, back: Document, tool: str, raw: CorpusFiles, file: CorpusFile, found: Found | None
) -> Outcome:
    """What becomes of a document of data/raw: what a person says of it holds of what was sent alone, or stands there already."""
    meant = meant_by(sent, back, tool, raw)
    as_it_is: Verdict = "confirmed" if chosen.is_confirmed else "as sent"
    is_as_sent = found is not None and annotation_key(found.document) == sent.annotation
    if meant is not None and not is_as_sent and says_already(file, found, sent, meant, tool, raw.tokenize):
        return Outcome(sent, as_it_is, file, found)
    if found is None:
        stale = f"item {sent.id} is no longer there: its text, or the file, has changed since it was sent"
        raise InputError.of(sent.item.document.source, stale, REVIEW_AGAIN, "item-stale")
    new = _corrected(sent, back, tool, raw, file, found.document)
    is_same = [content(each) for each in new] == [content(found.document)]
    if is_as_sent:
        return Outcome(sent, as_it_is, file, found) if is_same else Outcome(sent, "changed", file, found, new)
    if is_same and (meant is not None or not chosen.is_confirmed):
        return Outcome(sent, as_it_is, file, found)
    stale = f"item {sent.id} was annotated otherwise since it was sent"
    raise InputError.of(found.document.source, stale, REVIEW_AGAIN, "item-stale")


def _corrected(
    sent: Sent, back: Document, tool: str, raw: CorpusFiles, file: CorpusFile, document: Document
) -> tuple[Document, ...]:
    """What a document becomes, without the added rows that its file has already."""
    try:
        new = corrected(document, sent.item.document, back, tool, raw.labels_of(document), file.ids)
    except ValueError as error:
        raise _narrow(error, document) from None
    return (*new[:1], *(each for each in new[1:] if not file.has(each)))


def _narrow(error: ValueError, document: Document) -> InputError:
    problem = Problem(str(error), "give it a relation and a label, or take it out", "format-narrow")
    return InputError([problem.at(document.source, row_id=document.id)])


def _of_pool(sent: Sent, chosen: Returned, back: Document, labels: Labels) -> Outcome:
    """What becomes of a text that had no annotation: a document of its own, where a person has annotated it."""
    was = sent.item.document
    if not chosen.is_confirmed and content(back) == content(replace(was, words=back.words, sentences=back.sentences)):
        return Outcome(sent, "as sent")
    try:
        relations = tuple(replace(each, label=require_label(each), annotator=None) for each in back.relations)
    except ValueError as error:
        raise _narrow(error, was) from None
    said = replace(back, entities=tuple(map(labels.typed, back.entities)), relations=relations)
    new = replace(said, id=was.id, source=was.source, words=None, sentences=None, meta={}, complete=True)
    return Outcome(sent, "changed", new=(new,))


def choose(versions: Sequence[Returned], resolve: Resolve | None) -> Returned | None:
    """The version that holds: where all agree the first, else as they are resolved; None where they stay in conflict."""
    said = Counter(map(_said, versions))
    if len(said) == 1:
        return versions[0]
    if resolve == "majority":
        most, count = said.most_common(1)[0]
        return next(each for each in versions if _said(each) == most) if 2 * count > len(versions) else None
    if resolve == "newest":
        newest = max(each.when for each in versions)
        last = [each for each in versions if each.when == newest]
        return last[0] if newest and len(set(map(_said, last))) == 1 else None
    return None


def _said(version: Returned) -> Any:
    """What a version says, whoever said it; None where it rejects the item."""
    if version.document is None or version.state == "rejected":
        return None
    return annotation(unsigned(version.document))


def conflict_item(outcome: Outcome) -> Item:
    """The item of a conflict, to be looked at once more: as it was sent, with what each person made of it."""
    reasons = []
    for number, version in enumerate(outcome.versions, 1):
        document = version.document
        changes = document_changes(outcome.sent.item.document, document) if document else []
        told = "; ".join(f"{change.kind} {change.old} -> {change.new}" for change in changes) or "as it was"
        told = "rejected" if version.state == "rejected" else told
        reasons.append(Reason(outcome.sent.item.document.id, f"{version.annotator or number}: {told}"))
    return Item(outcome.found.document if outcome.found else outcome.sent.item.document, "conflict", tuple(reasons))
