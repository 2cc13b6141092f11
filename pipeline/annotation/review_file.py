"""The items of a review written for an annotation tool, and beside them what was sent: TARGET.sent.jsonl.

    TARGET              in the tool's format; each item also says its id, its place, why it was picked and what is probable, where
                        the format has a place for it: under the keys of TOLD, in Prodigy's meta, in brat's notes
    TARGET.sent.jsonl   a document of formats/jsonl.py a line, as the tool got it; its id is the one that the tool got, and
                        meta["review"] has the rest of the item, the id in its own file and the place among it

Both are there whole or not at all. What a tool cannot hold is changed as `pipeline.convert --lossy` does it: what was sent has the
changes too, so that they are no corrections when the tool's export comes home.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pipeline.annotation.item import Item, Reason
from pipeline.core import typed
from pipeline.core.errors import InputError, sift
from pipeline.core.outputs import made_new
from pipeline.corpus.adapt import Rule, adapt, rules_for
from pipeline.corpus.document import Document
from pipeline.corpus.formats import brat, brat_meta, doccano, jsonl, label_studio_predictions, prodigy
from pipeline.corpus.formats.label_studio_predictions import Predicted
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.formats.text_lines import DistinctIds, content_id
from pipeline.corpus.rewriting.edits import content
from pipeline.corpus.words import Tokenizer

Tool = Literal["label_studio", "prodigy", "doccano", "brat", "jsonl"]
REVIEW = "review"  # the key of meta in TARGET.sent.jsonl
ID, PLACE, WHY, PROBABLE = TOLD = ("review_id", "review_place", "review_why", "review_probabilities")
PRODIGY = "meta"  # the key of what Prodigy shows beside a task
PRESENT = "present annotation"  # the model version that Label Studio shows
REMADE = "run pipeline.review again, with another target"
NOTE = re.compile(r"#(\d+)\t")


class Sent(NamedTuple):
    """An item as a tool got it, and the id that it got it under; the key of its annotation before that, to tell later changes."""

    id: str
    item: Item
    annotation: str


@dataclass(frozen=True)
class _Review:
    """What meta["review"] holds."""

    id: str
    source: str
    annotation: str
    pick: str
    reasons: tuple[Reason, ...]


def sent_beside(target: Path) -> Path:
    """The path of the file that says what was sent, beside the target of a review.

    >>> sent_beside(Path("out/review.json")).name
    'review.json.sent.jsonl'
    """
    target = with_own_name(target)
    return target.parent / f"{target.name}.sent.jsonl"


def with_own_name(path: Path) -> Path:
    """The path, its last part the name of what is there: `.` and `..` name no place beside them."""
    return path if path.name not in ("", "..") else path.resolve()


def write_review(items: Iterable[Item], target: Path, to: Tool, tokenize: Tokenizer, version: str = PRESENT) -> int:
    """Write items for a tool, in their order, and what was sent.

    Args: tokenize: makes the words that Prodigy needs; version: whose annotation the items have, for Label Studio.
    Returns: how many.
    Raises: InputError where something stands at one of the two places, or an item is more than the format can hold.
    """
    with made_new(target) as scratch, made_new(sent_beside(target)) as sent_scratch:
        try:
            sent = _fitted(items, to, tokenize)
            WRITERS[to](sent, scratch, version)
            jsonl.write(map(_with_review, sent), sent_scratch)
        except ValueError as error:
            found = f"{to} cannot hold an item: {error}"
            raise InputError.of(target, found, "take another format, or correct the annotation", "format-narrow") from None
    return len(sent)


def read_sent(path: Path) -> list[Sent]:
    """What was sent, in order: each item with its own id and place, its document as the tool got it.

    Raises: InputError where the file is missing, damaged or none of ours.
    """
    if not path.is_file():
        raise InputError.of(path, "there is no such file", "name the target of pipeline.review, beside which it was written")
    documents, problems = sift(jsonl.read(path))
    if problems:
        raise InputError(problems)
    return list(map(_read_item, documents))


def annotation_key(document: Document) -> str:
    """What tells that the text of a document and its annotation are what they were."""
    return content_id([content(document)])


def told_id(document: Document) -> str | None:
    """The id under which a tool got a document, as its export still has it; None where it says none, as in brat, whose id it is."""
    own = document.meta.get(PRODIGY)
    for meta in (document.meta, own if isinstance(own, dict) else {}):
        if isinstance(given := meta.get(ID), str | int):
            return str(given)
    return None


def _read_item(document: Document) -> Sent:
    try:
        review = typed.build(_Review, document.meta.get(REVIEW))
    except typed.MismatchError as error:
        raise InputError.of(document.source, f"no item of a review: {error}", REMADE) from None
    meta = {key: value for key, value in document.meta.items() if key != REVIEW}
    own = replace(document, id=review.id, source=review.source, meta=meta)
    return Sent(document.id, Item(own, review.pick, review.reasons), review.annotation)


def _with_review(sent: Sent) -> Document:
    document, item = sent.item.document, sent.item
    review = _Review(document.id, document.source, sent.annotation, item.pick, item.reasons)
    return replace(document, id=sent.id, meta={**document.meta, REVIEW: dataclasses.asdict(review)})


def _fitted(items: Iterable[Item], to: Tool, tokenize: Tokenizer) -> list[Sent]:
    """The items as a format can hold them, each with an id that no other has."""
    ids, rules = DistinctIds(), rules_of(to, tokenize)
    sent = []
    for item in items:
        fitted = adapt(item.document, rules).documents
        if len(fitted) != 1:
            raise ValueError(f"{item.document.source}: document {item.document.id} has no word")
        item_id = ids.distinct(item.document.id or "item")
        tool_id = brat.file_name(item_id) if to == "brat" else item_id
        sent.append(Sent(tool_id, replace(item, document=fitted[0]), annotation_key(item.document)))
    return sent


def rules_of(to: Tool, tokenize: Tokenizer) -> dict[str, Rule]:
    """What makes a document one that the format of a tool can hold; see corpus/adapt.py."""
    target = TARGETS[to]
    rules = rules_for(to, target.holds, target.keys, "", tokenize)
    rules.pop("meta", None)  # what a tool is told of it is ours to choose
    return rules


def _told(sent: Sent) -> dict[str, Any]:
    """What a person sees of an item beside its text, without what is not known."""
    item = sent.item
    values = (sent.id, item.document.source, item.why, item.most_probable)
    return {key: value for key, value in zip(TOLD, values, strict=True) if value}


def _documents(sent: Iterable[Sent]) -> Iterator[Document]:
    """The documents under the ids that a tool gets, without what else their own files say of them."""
    return (replace(each.item.document, id=each.id, meta=_told(each)) for each in sent)


def _write_label_studio(sent: Sequence[Sent], path: Path, version: str) -> None:
    """As predictions: only what a person submits is an annotation."""
    predicted = (
        Predicted(
            document,
            each.item.entity_scores or [None] * len(document.entities),
            each.item.relation_scores or [None] * len(document.relations),
        )
        for each, document in zip(sent, _documents(sent), strict=True)
    )
    label_studio_predictions.write(predicted, path, version)


def _write_prodigy(sent: Sequence[Sent], path: Path, version: str) -> None:
    prodigy.write_tasks((replace(document, meta={PRODIGY: document.meta}) for document in _documents(sent)), path)


def _write_doccano(sent: Sequence[Sent], path: Path, version: str) -> None:
    doccano.write(_documents(sent), path)


def _write_jsonl(sent: Sequence[Sent], path: Path, version: str) -> None:
    jsonl.write(_documents(sent), path)


def _write_brat(sent: Sequence[Sent], path: Path, version: str) -> None:
    brat.write((_with_note(each, document) for each, document in zip(sent, _documents(sent), strict=True)), path)


def _with_note(sent: Sent, document: Document) -> Document:
    """The document with the ids that brat wants, what brat said of it before, and a note at its first entity."""
    own = sent.item.document.meta
    if not all(brat_meta.BRAT_ID.fullmatch(entity.id) for entity in document.entities):
        ids = {entity.id: f"T{number}" for number, entity in enumerate(document.entities, 1)}
        entities = tuple(replace(entity, id=ids[entity.id]) for entity in document.entities)
        relations = tuple(replace(each, head=ids[each.head], tail=ids[each.tail]) for each in document.relations)
        document, own = replace(document, entities=entities, relations=relations), {}
    kept = {key: own[key] for key in brat_meta.META if key in own}
    lines = [line for line in kept.get("lines", []) if isinstance(line, str)]
    numbers = [int(match[1]) for match in map(NOTE.match, lines) if match]
    if document.entities:
        said = "; ".join(text for key, text in document.meta.items() if key in (PLACE, WHY, PROBABLE))
        lines.append(f"#{max(numbers, default=0) + 1}\tAnnotatorNotes {document.entities[0].id}\t{' '.join(said.split())}")
    return replace(document, meta={**kept, "lines": lines})


WRITERS: dict[Tool, Callable[[Sequence[Sent], Path, str], None]] = {
    "label_studio": _write_label_studio,
    "prodigy": _write_prodigy,
    "doccano": _write_doccano,
    "brat": _write_brat,
    "jsonl": _write_jsonl,
}
