"""What the formats of tokens in JSON share: documents of objects, tokens, entities by the indices of tokens; and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.core.errors import Problem
from pipeline.core.files import Row, written_whole
from pipeline.core.schema import Span
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document, join_words, problems_of, require_held
from pipeline.corpus.formats.json_fields import NAME, is_name, quote, read_id, require_free
from pipeline.corpus.formats.json_values import Value
from pipeline.corpus.formats.text_lines import DistinctIds, content_id

IDENTICAL = Problem("both entities of a relation are the same words", "give two entities", "entities-identical")
ID_HINT = "it must be a string that is not blank, or a whole number"

Parse = Callable[[Value], Document | list[Problem]]  # an object's document, its id and source still open, or all its problems
ReadText = Callable[[Row], Document | None]  # the same without annotation, where the text can be read


def read_documents(
    path: Path, values: Iterable[Value | Problem], parse: Parse, id_key: str, read_text: ReadText = lambda row: None
) -> Iterator[Document | Problem]:
    """The documents of a file's objects, and all problems, in its order.

    Args: id_key: of an object's id; one without gets an id made of its text and entities, or of all it holds where it has problems.
    """
    ids = DistinctIds()
    for value in values:
        if isinstance(value, Problem):
            yield value
            continue
        source, given = f"{path}:{value.line}", value.value.get(id_key)
        own_id = read_id(given)
        parsed = parse(value)
        if given is not None and own_id is None:
            problem = Problem(f"{id_key} is {quote(given)}", ID_HINT, "id-malformed")
            parsed = [problem, *(parsed if isinstance(parsed, list) else [])]
        if isinstance(parsed, Document):
            parts = [parsed.text, *(span for entity in parsed.entities for span in entity.spans)]
            yield _placed(parsed, own_id or ids.distinct(content_id(parts)), source)
        else:
            row_id = own_id or ids.distinct(content_id([json.dumps(value.value)]))
            text = read_text(value.value)
            yield from problems_of(source, row_id, parsed, text and _placed(text, row_id, source))


def _placed(parsed: Document, row_id: str, source: str) -> Document:
    """A document with its id and source; dataclasses.replace takes longer, once a row."""
    entities, relations, meta = parsed.entities, parsed.relations, parsed.meta
    return Document(row_id, source, parsed.text, entities, relations, parsed.words, parsed.sentences, parsed.complete, meta)


def text_of_tokens(key: str) -> ReadText:
    """What reads the text of an object that has its tokens under a key."""

    def read_text(row: Row) -> Document | None:
        tokens = read_tokens(row, key)
        if isinstance(tokens, Problem):
            return None
        text, words = join_words(tokens)
        return Document("", "", text, (), (), words)

    return read_text


def read_tokens(row: Row, key: str) -> list[str] | Problem:
    """The tokens of an object; a blank one is a token too, for indices count it."""
    tokens = row.get(key)
    if tokens is None:
        return Problem(f"key {key!r} is missing", f"give the tokens of the text under {key!r}", "key-missing")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return Problem(f"{key} is {quote(tokens)}", "it must be a list of strings", "value-malformed")
    if not "".join(tokens).strip():
        return Problem(f"{key} holds no word", "give the tokens of the text, or remove the object", "words-missing")
    return tokens


def find_tokens(text: str, tokens: Sequence[str]) -> tuple[Span, ...] | Problem:
    """The place of each token in a text, each the first after the one before.

    >>> find_tokens("It's Acme.", ["It", "'s", "Acme", "."])
    (Span(start=0, end=2), Span(start=2, end=4), Span(start=5, end=9), Span(start=9, end=10))
    """
    spans: list[Span] = []
    for index, token in enumerate(tokens):
        after = spans[-1].end if spans else 0
        start = text.find(token, after)
        if start < 0:
            found = f"token {index}, {token!r}, is not in the text after character {after}"
            return Problem(found, "give the tokens of this text, or one of both alone", "value-malformed")
        spans.append(Span(start, start + len(token)))
    return tuple(spans)


def read_name(row: Row, key: str) -> Problem | None:
    """What is wrong with a name, of a type or a relation, that an object need not have."""
    if row.get(key) is None or is_name(row[key]):
        return None
    return Problem(f"{key} is {quote(row[key])}", NAME, "value-malformed")


def span_problem(name: str, start: object, end: object, words: Sequence[str], *, inclusive: bool) -> Problem | None:
    """What is wrong with the indices of an entity's first token and of its last, or of the one after it.

    >>> span_problem("subj", 1, 2, ["a", "b"], inclusive=True).found
    'subj is [1, 2], there are 2 tokens'
    """
    if type(start) is not int or type(end) is not int:
        return Problem(f"{name} is [{quote(start)}, {quote(end)}]", "give two whole numbers, start and end", "span-malformed")
    stop = end + inclusive
    if not 0 <= start < stop <= len(words):
        hint = f"indices count tokens from 0, the end is {'inclusive: the last token' if inclusive else 'exclusive: one past it'}"
        return Problem(f"{name} is [{start}, {end}], there are {len(words)} tokens", hint, "span-impossible")
    if not "".join(words[start:stop]).strip():
        return Problem(f"{name} is blank: [{start}, {end}]", "give it a word", "entity-empty")
    return None


def other_keys(row: Row, keys: Iterable[str]) -> Row:
    """What an object holds beside the keys of its format."""
    known = set(keys)
    return {key: value for key, value in row.items() if key not in known}


def require_tokens(document: Document, holds: frozenset[str], keys: Iterable[str]) -> list[str]:
    """The words of a document whose text is made of them.

    Args: keys: of the format's objects, none of which may be one of the document's meta.
    Raises: ValueError where the format cannot hold the document.
    """
    require_held(document, holds)
    require_free(document, keys)
    words = document.tokens
    if not words or (document.text, document.words) != join_words(words):
        raise ValueError(f"{document.source}: the text of document {document.id} is not words with a blank between")
    return words


def write_list(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a JSON list, an item a line."""
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, row in enumerate(rows):
            file.write(f"{',' if number else ''}\n{json_text(row)}")
        file.write("\n]\n")
