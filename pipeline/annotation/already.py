"""Whether a document of data/raw says already what a person has made of it: an export may be adopted once more.

What was meant is told by what was sent and what came back alone. Ids tell nothing here: formats of pairs name their two entities
anew when these become others. So both are compared as the tool would get them now, by their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from pipeline.annotation.corpus_files import CorpusFile, CorpusFiles, Found
from pipeline.annotation.correction import corrected
from pipeline.annotation.review_file import Sent, Tool, rules_of
from pipeline.corpus.adapt import Rule, adapt
from pipeline.corpus.document import Document
from pipeline.corpus.rewriting.edits import annotation
from pipeline.corpus.words import Tokenizer


def meant_by(sent: Sent, back: Document, tool: str, raw: CorpusFiles) -> list[Document] | None:
    """What a person has made of what was sent; None where that is as it was, or cannot be told."""
    document = sent.item.document
    labels = raw.labels_of(document)
    was = replace(document, entities=tuple(map(labels.typed, document.entities)))
    try:
        now = corrected(was, document, back, tool, labels)
    except ValueError:
        return None
    return None if list(map(annotation, now)) == [annotation(was)] else now


def says_already(
    file: CorpusFile, found: Found | None, sent: Sent, meant: Sequence[Document], tool: str, tokenize: Tokenizer
) -> bool:
    """Whether a file says already what was meant of one of its documents: in its place, or, if it has another id by now, anywhere.

    Args: found: what stands in its place, another row of its text too; meant: none where it is to go.
    """
    if not meant:
        return found is None or _places(found.document) != _places(sent.item.document)
    first, *more = meant
    to: Tool = next((each for each in get_args(Tool) if each == tool), "jsonl")  # of another format ours stands for it
    rules = rules_of(to, tokenize)
    is_own = found and found.document.id == sent.item.document.id  # which may be made of what the document says
    there = [found] if found and is_own else file.by_text.get(first.text, ())
    as_meant = _as_got(first, rules)
    return any(_as_got(each.document, rules) == as_meant for each in there) and all(map(file.has, more))


def _places(document: Document) -> set[Any]:
    return {entity.spans for entity in document.entities}


def _as_got(document: Document, rules: Mapping[str, Rule]) -> list[Any]:
    """What a tool would get of a document."""
    return list(map(annotation, adapt(replace(document, words=None, sentences=None), rules).documents))
