"""spaCy's DocBin of annotated documents, for going on with spaCy; written, not read.

    from spacy.tokens import Doc, DocBin
    Doc.set_extension("rel", default={})
    for doc in DocBin().from_disk("train.spacy").get_docs(nlp.vocab):
        doc.spans["entities"]        # every entity, with its type as label and its id
        doc._.rel                    # {(0, 4): {"Live_In": 1.0}}: by the first tokens of head and tail
        doc.user_data["relations"]   # [(0, 2, "Live_In", None)]: head and tail as indices of the entities, label, annotator
        doc.user_data["id"], doc.user_data["meta"]

`doc._.rel` and `doc.ents`, which hold typed entities that do not overlap, are as spaCy's tutorial of a relation component reads
them (explosion/projects, tutorials/rel_component). Two entities that begin with the same token are one in `doc._.rel`; the other
list tells them apart, and has the pairs without label. White space that is more than one blank becomes tokens, as in all of
spaCy.

The documents are kept in memory until the last is there, since a DocBin is one compressed block.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.arrays import Ints
from pipeline.core.files import written_whole
from pipeline.core.schema import Span
from pipeline.corpus.document import Document
from pipeline.corpus.formats.tag_schemes import entity_runs
from pipeline.corpus.words import Tokenizer, cut, load_tokenizer

HOLDS = frozenset(
    {"text", "words", "sentences", "types", "untyped", "many", "free", "empty", "unlabelled", "annotators", "meta", "ids"}
)
ANY_LANGUAGE = "xx"

Indexed = tuple[int, int, str | None, str | None]  # head and tail by their places among the entities, label, annotator


def write(documents: Iterable[Document], path: Path, tokenize: Tokenizer | None = None) -> None:
    """Write documents as a DocBin.

    Args: tokenize: makes the tokens of a text without words, which are cut where entities and sentences begin and end; that for any
        language where it is not given.
    Raises: ValueError where an entity has fragments, or begins or ends inside a word that the document gives.
    """
    from spacy.tokens import Doc, DocBin
    from spacy.vocab import Vocab

    if not Doc.has_extension("rel"):
        Doc.set_extension("rel", default={})
    tokenize = tokenize or load_tokenizer(ANY_LANGUAGE, "char")
    vocab, packed = Vocab(), DocBin(store_user_data=True)
    for document in documents:
        packed.add(_doc(document, document.words or _tokens(document, tokenize), vocab))
    with written_whole(path) as scratch:
        scratch.write_bytes(packed.to_bytes())


def _tokens(document: Document, tokenize: Tokenizer) -> Sequence[Span]:
    """The tokens of a text without words: none holds an end of an entity or of a sentence."""
    if not document.text:
        return ()
    tokens = [(token.idx, token.idx + len(token)) for token in tokenize(document.text)]
    starts, ends = np.array(tokens, np.int64).T
    return [Span(*edges) for edges in zip(*(part.tolist() for part in cut(starts, ends, _edges(document))), strict=True)]


def _edges(document: Document) -> Ints:
    """Every place where an entity or a sentence begins or ends."""
    spans = [*(document.sentences or ()), *(span for entity in document.entities for span in entity.spans)]
    return np.array(spans, np.int64).ravel()


def _doc(document: Document, words: Sequence[Span], vocab: Any) -> Any:
    """A document as spaCy has it.

    Args: vocab: a spacy.vocab.Vocab.
    Returns: a spacy.tokens.Doc.
    """
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan
    from spacy.util import filter_spans

    tokens, spaces = with_spaces(document.text, words)
    texts = [document.text[slice(*token)] for token in tokens]
    doc = Doc(vocab, texts, spaces, sent_starts=_sentence_starts(document, tokens))
    runs = entity_runs(replace(document, words=tuple(tokens)))
    doc.spans["entities"] = [DocSpan(doc, run.start, run.end, label=run.type or "", span_id=id_) for id_, run in runs.items()]
    doc.set_ents(filter_spans([span for span in doc.spans["entities"] if span.label_]))
    index = {entity.id: number for number, entity in enumerate(document.entities)}
    relations = [(index[each.head], index[each.tail], each.label, each.annotator) for each in document.relations]
    doc.user_data.update(id=document.id, source=document.source, meta=dict(document.meta), relations=relations)
    doc._.rel = _by_first_tokens(relations, [run.start for run in runs.values()])
    return doc


def with_spaces(text: str, words: Sequence[Span]) -> tuple[list[Span], list[bool]]:
    """All of a text as tokens, and which of them has a blank behind it that is no token.

    Raises: ValueError where a word is empty or begins before the one before it ends.

    >>> with_spaces("a  b", [Span(0, 1), Span(3, 4)])
    ([Span(start=0, end=1), Span(start=2, end=3), Span(start=3, end=4)], [True, False, False])
    """
    tokens: list[Span] = []
    spaces: list[bool] = []
    here = 0
    for word in [*words, Span(len(text), len(text))]:
        is_end = word.start == len(text)
        if word.start < here or (word.start == word.end and not is_end):
            raise ValueError(f"the word at character {word.start} is empty, or begins inside the one before")
        if tokens and word.start > here and text[here] == " ":
            spaces[-1] = True
            here += 1
        for token in (Span(here, word.start), word):
            if token.start < token.end:
                tokens.append(token)
                spaces.append(False)
        here = word.end
    return tokens, spaces


def _sentence_starts(document: Document, tokens: Sequence[Span]) -> list[bool] | None:
    """(T,) whether each token is the first of a sentence; None where sentences are not given.

    Raises: ValueError where a sentence begins inside a token.
    """
    if document.sentences is None:
        return None
    starts = [token.start for token in tokens]
    first = {bisect_left(starts, sentence.start) for sentence in document.sentences}
    if any(tokens[bisect_left(starts, place) - 1].end > place for place, _ in document.sentences if place):
        raise ValueError(f"{document.id}: a sentence begins inside a word")
    return [index in first for index in range(len(tokens))]


def _by_first_tokens(relations: Sequence[Indexed], starts: Sequence[int]) -> dict[tuple[int, int], dict[str, float]]:
    """The labels of each pair of entities, known by the tokens that they begin with; each label's share is 1."""
    labels: dict[tuple[int, int], dict[str, float]] = {}
    for head, tail, label, _ in relations:
        if label is not None:
            labels.setdefault((starts[head], starts[tail]), {})[label] = 1.0
    return labels
