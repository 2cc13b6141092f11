"""DyGIE++'s JSON lines (Wadden et al. 2019, https://github.com/dwadden/dygiepp/blob/master/doc/data.md), a document a line.

    {"doc_key": "d1", "sentences": [["Ada", "Byron", "wrote", "."], ["She", "lived", "in", "London", "."]],
     "ner": [[[0, 1, "Peop"]], [[7, 7, "Loc"]]], "relations": [[], [[0, 1, 7, 7, "Lived_In"]]],
     "clusters": [[[0, 1], [4, 4]]]}

Indices count tokens from the beginning of the DOCUMENT, ends are INCLUSIVE. `ner` and `relations` have a list a sentence, of
[start, end, type] and of [head's start, its end, tail's start, its end, label]. A relation's entities stand in any sentence and
must be in `ner`. `ner`, `relations` or `doc_key` may be missing; clusters and what else there is are kept in meta as they are. The
text is the tokens with a blank between. SciERC is in this form.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row, write_lines
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words, word_runs, word_span
from pipeline.corpus.formats.json_fields import is_name, quote
from pipeline.corpus.formats.json_values import Value, first_value, read_values
from pipeline.corpus.formats.token_rows import (
    IDENTICAL,
    other_keys,
    read_documents,
    read_tokens,
    require_tokens,
    span_problem,
)

HOLDS = frozenset({"words", "sentences", "types", "many", "free", "empty", "meta", "ids"})
ID = "doc_key"
KEYS = (ID, "sentences", "ner", "relations")
SENTENCES = "it must be a list of sentences, each a list of strings"
FROM_DOCUMENT = "indices count tokens from the beginning of the document, not of the sentence"
NER = 'an entity is [start, end, "type"], its end the last token'
RELATION = 'a relation is [start, end, start, end, "label"], of two entities in ner'


def recognises(path: Path) -> bool:
    """Whether the first object has sentences that are lists of strings."""
    value = first_value(path)
    sentences = value.value.get("sentences") if value else None
    return isinstance(sentences, list) and bool(sentences) and _are_sentences(sentences)


def _are_sentences(sentences: Sequence[object]) -> bool:
    return all(isinstance(sentence, list) and all(isinstance(token, str) for token in sentence) for sentence in sentences)


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_values(path), _document, ID, _text)


def _document(value: Value) -> Document | list[Problem]:
    row = value.value
    sentences = row.get("sentences")
    if "sentences" not in row:
        return [Problem("key 'sentences' is missing", SENTENCES, "key-missing")]
    if not isinstance(sentences, list) or not _are_sentences(sentences):
        return [Problem(f"sentences is {quote(sentences)}", SENTENCES, "value-malformed")]
    tokens = read_tokens({"sentences": list(chain.from_iterable(sentences))}, "sentences")
    if isinstance(tokens, Problem):
        return [tokens]
    text, words = join_words(tokens)
    edges = list(accumulate(map(len, sentences), initial=0))
    entities, problems = sift(_entities(row, tokens, words, edges))
    relations, wrong = sift([] if problems else _relations(row, tokens, words, entities, len(sentences)))
    if problems + wrong:
        return problems + wrong
    spans = tuple(_sentence(words, start, end) for start, end in pairwise(edges))
    return Document("", "", text, tuple(entities), tuple(relations), words, spans, meta=other_keys(row, KEYS))


def _text(row: Row) -> Document | None:
    """The document of an object without its annotation."""
    document = _document(Value(0, {"sentences": row.get("sentences")}))
    return document if isinstance(document, Document) else None


def _sentence(words: Sequence[Span], start: int, end: int) -> Span:
    """The characters of a sentence; one without words is an empty stretch after the last one before it."""
    if start < end:
        return word_span(words, start, end)
    place = words[start - 1].end if start else 0
    return Span(place, place)


def _by_sentence(row: Row, key: str, n_sentences: int) -> list[list[Any]] | Problem:
    """The items of each sentence under a key."""
    lists = row.get(key)
    if lists is None:
        return []
    if not isinstance(lists, list) or not all(isinstance(items, list) for items in lists):
        return Problem(f"{key} is {quote(lists)}", "it must be a list of lists, one a sentence", "value-malformed")
    if len(lists) != n_sentences:
        return Problem(
            f"{key} has {len(lists)} lists, there are {n_sentences} sentences", "give a list a sentence", "value-malformed"
        )
    return lists


def _entities(row: Row, tokens: Sequence[str], words: Sequence[Span], edges: Sequence[int]) -> Iterator[Entity | Problem]:
    """Args: edges: where each sentence begins and the last one ends, in tokens."""
    lists = _by_sentence(row, "ner", len(edges) - 1)
    if isinstance(lists, Problem):
        yield lists
        return
    index = 0
    for number, items in enumerate(lists):
        for item in items:
            if not isinstance(item, list) or len(item) != 3 or not is_name(item[2]):
                yield Problem(f"an entity of sentence {number} is {quote(item)}", NER, "value-malformed")
                continue
            start, last, type_ = item
            if problem := span_problem(f"an entity of sentence {number}", start, last, tokens, inclusive=True):
                yield problem
            elif not edges[number] <= start < edges[number + 1]:
                where = f"sentence {number} has the tokens {edges[number]} to {edges[number + 1] - 1}"
                yield Problem(f"an entity of it is {item[:2]}, {where}", FROM_DOCUMENT, "span-impossible")
            else:
                yield Entity(str(index), (word_span(words, start, last + 1),), type_)
                index += 1


def _relations(
    row: Row, tokens: Sequence[str], words: Sequence[Span], entities: Sequence[Entity], n_sentences: int
) -> Iterator[Relation | Problem]:
    lists = _by_sentence(row, "relations", n_sentences)
    if isinstance(lists, Problem):
        yield lists
        return
    at: dict[Span, list[Entity]] = {}
    for entity in entities:
        at.setdefault(entity.spans[0], []).append(entity)
    for number, items in enumerate(lists):
        for item in items:
            if not isinstance(item, list) or len(item) != 5 or not is_name(item[4]):
                yield Problem(f"a relation of sentence {number} is {quote(item)}", RELATION, "relation-malformed")
                continue
            ends, problems = sift(
                _end(name, item[first : first + 2], tokens, words, at) for name, first in (("head", 0), ("tail", 2))
            )
            yield from problems
            if not problems:
                head, tail = ends
                yield Relation(head, tail, item[4]) if head != tail else IDENTICAL


def _end(
    name: str, edges: Sequence[Any], tokens: Sequence[str], words: Sequence[Span], at: dict[Span, list[Entity]]
) -> str | Problem:
    """The id of the entity that is the head or the tail of a relation."""
    start, last = edges
    if problem := span_problem(f"the {name} of a relation", start, last, tokens, inclusive=True):
        return problem
    entities = at.get(word_span(words, start, last + 1), [])
    if not entities:
        return Problem(f"the {name} of a relation, [{start}, {last}], is no entity", RELATION, "entity-unknown")
    if len({entity.type for entity in entities}) > 1:
        types = ", ".join(str(entity.type) for entity in entities)
        return Problem(
            f"the {name} of a relation, [{start}, {last}], is {len(entities)} entities ({types})",
            "keep one of them",
            "entity-ambiguous",
        )
    return entities[0].id


def write(documents: Iterable[Document], path: Path) -> None:
    """Write an object a line; a document without sentences is one sentence.

    Entities are listed by sentences, and relations with their heads.
    Raises: ValueError for a document that the format cannot hold.
    """
    write_lines(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The object that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    tokens = require_tokens(document, HOLDS, KEYS)
    sentences, sentence_of = _split(document, tokens)
    runs = {entity_id: run for entity_id, (run,) in word_runs(document).items()}
    ner: list[list[list[Any]]] = [[] for _ in sentences]
    for entity in document.entities:
        start, end = runs[entity.id]
        ner[sentence_of[start]].append([start, end - 1, entity.type])
    n_at = Counter(runs.values())
    relations: list[list[list[Any]]] = [[] for _ in sentences]
    for relation in document.relations:
        head, tail = runs[relation.head], runs[relation.tail]
        if n_at[head] > 1 or n_at[tail] > 1:
            raise ValueError(f"{document.source}: a relation of document {document.id} is of one of two entities of the same words")
        relations[sentence_of[head.start]].append([head.start, head.end - 1, tail.start, tail.end - 1, relation.label])
    return {ID: document.id, "sentences": sentences, "ner": ner, "relations": relations, **document.meta}


def _split(document: Document, tokens: Sequence[str]) -> tuple[list[list[str]], list[int]]:
    """The tokens of each sentence, and the sentence of each token.

    Raises: ValueError where a token is in no sentence.
    """
    ends = [sentence.end for sentence in document.sentences or (Span(0, len(document.text)),)]
    sentences: list[list[str]] = [[] for _ in ends]
    sentence_of: list[int] = []
    for token, word in zip(tokens, document.words or (), strict=True):
        number = bisect_left(ends, word.end)
        if number == len(ends):
            raise ValueError(f"{document.source}: a word of document {document.id} is in no sentence")
        sentences[number].append(token)
        sentence_of.append(number)
    return sentences, sentence_of
