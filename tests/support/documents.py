"""Documents drawn at random, for round trips through the formats."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from pipeline.core.errors import Problem
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.mend_entities import turned

WORDS = st.text(st.sampled_from("abcXYZ019.,-'/\"é中😀"), min_size=1, max_size=5)
LABELS = ("Uses", "Part-Of", "per:title of", "属于")


@st.composite
def documents(draw: st.DrawFn, holds: frozenset[str]) -> Document:
    """A document that a format of these HOLDS can hold; a pair of e1 and e2 alone where it holds neither `many` nor `free`."""
    words = draw(st.lists(WORDS, min_size=2, max_size=12))
    text, spans = _text(words, draw(st.sampled_from([" ", "  ", " \u00a0"])) if "text" in holds else " ")
    is_pair = not holds & {"many", "free"}
    entities = draw(_entities(spans, holds, is_pair))
    relations = draw(_relations(entities, holds, is_pair))
    in_relations = {end for relation in relations for end in (relation.head, relation.tail)}
    free = "free" in holds
    sentence_ends = sorted({*draw(st.sets(st.sampled_from(spans[:-1]), max_size=2)), spans[-1]}) if "sentences" in holds else []
    starts = [0, *(end.end for end in sentence_ends)]
    return Document(
        id=draw(st.uuids(version=4)).hex if "ids" in holds else "",
        source="",
        text=text,
        entities=tuple(entity for entity in entities if free or entity.id in in_relations),
        relations=tuple(relations),
        words=tuple(spans) if "words" in holds else None,
        sentences=tuple(Span(*edges) for edges in pairwise(starts)) or None,
        complete=not is_pair,
        meta={"from": "a test"} if "meta" in holds and draw(st.booleans()) else {},
    )


def _text(words: Sequence[str], between: str) -> tuple[str, list[Span]]:
    starts = [sum(map(len, words[:index])) + index * len(between) for index in range(len(words))]
    return between.join(words), [Span(start, start + len(word)) for start, word in zip(starts, words, strict=True)]


@st.composite
def _entities(draw: st.DrawFn, words: Sequence[Span], holds: frozenset[str], is_pair: bool) -> list[Entity]:
    """Entities that share no character, in reading order; two in any order for a pair."""
    n_edges = 4 if is_pair else 2 * draw(st.integers(0, len(words) // 2))
    edges = sorted(draw(st.lists(st.integers(0, 2 * len(words) - 1), min_size=n_edges, max_size=n_edges, unique=True)))
    # An edge is the start of a word (even) or its end: two edges in a row are a run of whole words.
    runs = [(words[(start + 1) // 2], words[end // 2]) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    spans = [Span(first.start, last.end) for first, last in runs if first.start < last.end]
    spans = [span for before, span in zip([Span(0, 0), *spans], spans, strict=False) if before.end <= span.start]
    if is_pair:
        spans = draw(st.permutations(spans if len(spans) == 2 else [words[0], words[-1]]))
    kinds = [*(["Thing", "Per-Son"] if "types" in holds else []), *([None] if "untyped" in holds or "types" not in holds else [])]
    first = 1 if is_pair else 0
    entities = [
        Entity(f"e{number}" if is_pair else str(number), (span,), draw(st.sampled_from(kinds)))
        for number, span in enumerate(spans, first)
    ]
    if "fragments" in holds and len(entities) > 1 and draw(st.booleans()):
        entities[0] = replace(entities[0], spans=(*entities[0].spans, *entities[1].spans))
        del entities[1]
    return entities


@st.composite
def _relations(draw: st.DrawFn, entities: Sequence[Entity], holds: frozenset[str], is_pair: bool) -> list[Relation]:
    """Labelled pairs, each once, in reading order of their heads; with a direction for a pair."""
    if is_pair:
        label = draw(st.sampled_from([*LABELS, *(f"{label}(e2,e1)" for label in LABELS)]))
        return [Relation("e1", "e2", label)]
    pairs = [(head.id, tail.id) for head in entities for tail in entities if head is not tail]
    if not pairs:
        return []
    chosen = draw(
        st.lists(st.sampled_from(pairs), max_size=4 if "many" in holds else 1, min_size="empty" not in holds, unique=True)
    )
    labels = [*LABELS, *([None] if "unlabelled" in holds else [])]
    annotators = [None, *(["ann", "bob"] if "annotators" in holds else [])]
    return [Relation(head, tail, draw(st.sampled_from(labels)), draw(st.sampled_from(annotators))) for head, tail in sorted(chosen)]


def said(document: Document, holds: frozenset[str]) -> tuple[object, ...]:
    """What a document says but for the ids of its entities, as far as a format holds it; directions as head and tail."""
    document = turned(document)
    entities = {entity.id: (entity.spans, entity.type or "") for entity in document.entities}
    relations = Counter((entities[each.head], entities[each.tail], each.label, each.annotator) for each in document.relations)
    words = document.words if "words" in holds else None
    several = "sentences" in holds and len(document.sentences or ()) > 1
    sentences = [_words_in(document, sentence) for sentence in document.sentences or ()] if several else None
    return document.text, words, sentences, sorted(entities.values()), relations


def _words_in(document: Document, sentence: Span) -> list[Span]:
    """The words of a sentence, which formats of words know it by; itself where there are none."""
    words = document.words if document.words is not None else [sentence]
    return [word for word in words if sentence.start <= word.start and word.end <= sentence.end]


def assert_read_in_flat_memory(
    read: Callable[[Path], Iterable[object]], folder: Path, write: Callable[[Path, int], object]
) -> None:
    """A corpus fifteen times as long takes hardly more memory: a tenth of what it is larger by, for ids that are kept.

    Args:
        read: the reader of a format, which should find no problem.
        folder: an empty one.
        write: makes a corpus of so many documents, each of thousands of characters.
    """
    small, large = folder / "small", folder / "large"
    write(small, 20)
    write(large, 300)
    _peak_bytes(read(small))  # what is imported and cached on first use takes memory too
    grown = _peak_bytes(read(large)) - _peak_bytes(read(small))
    assert grown < (_size(large) - _size(small)) / 10


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())


def _peak_bytes(reading: Iterable[object]) -> int:
    """Bytes of memory that a reading takes at most, what it yields dropped at once."""
    gc.collect()  # else what earlier tests left is freed, or not, while it is measured
    tracemalloc.start()
    try:
        for each in reading:
            assert not isinstance(each, Problem), each
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
