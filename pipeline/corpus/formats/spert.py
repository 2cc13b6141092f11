"""SpERT's JSON (Eberts and Ulges 2020, https://github.com/lavis-nlp/spert), a list of objects or one a line.

    [{"tokens": ["Ada", "Byron", "was", "born", "in", "London", "."],
      "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 5, "end": 6}],
      "relations": [{"type": "Born_In", "head": 0, "tail": 1}], "orig_id": 5178}]

Ends are exclusive; head and tail are indices of entities. A copy of CoNLL04 has BILOU tags instead of entities, which are then
counted in the order of the tags: "tags": ["B-Peop", "L-Peop", "O", "O", "O", "U-Loc", "O"]. The text is the tokens with a blank
between; orig_id may be missing, what else there is is kept in meta.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.core.errors import Problem, sift
from pipeline.core.files import Row
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words, word_runs, word_span
from pipeline.corpus.formats.json_fields import NAME, is_name, quote, read_rows, whole_number
from pipeline.corpus.formats.json_values import Value, first_value, read_values
from pipeline.corpus.formats.tag_schemes import BadTag, runs
from pipeline.corpus.formats.token_rows import (
    IDENTICAL,
    other_keys,
    read_documents,
    read_tokens,
    require_tokens,
    span_problem,
    text_of_tokens,
    write_list,
)

HOLDS = frozenset({"words", "types", "many", "free", "empty", "meta", "ids"})
ID, TAGS = "orig_id", "tags"
KEYS = (ID, "tokens", "entities", "relations")
ENDS = ("head", "tail")
RELATION = 'a relation is {"type": "...", "head": 0, "tail": 1}, indices of entities'


def recognises(path: Path) -> bool:
    """Whether the first object has tokens that are strings, entities by tokens or tags, and relations."""
    value = first_value(path)
    if value is None or not isinstance(value.value.get("relations"), list):
        return False
    tokens, entities = value.value.get("tokens"), value.value.get("entities", value.value.get(TAGS))
    is_tokens = isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)
    return is_tokens and isinstance(entities, list) and all(isinstance(item, str) or _is_entity(item) for item in entities)


def _is_entity(item: object) -> bool:
    return isinstance(item, dict) and "start" in item and "end" in item


def read(path: Path) -> Iterator[Document | Problem]:
    """Documents and problems of a file, in its order."""
    return read_documents(path, read_values(path), _document, ID, text_of_tokens("tokens"))


def _document(value: Value) -> Document | list[Problem]:
    row = value.value
    tokens = read_tokens(row, "tokens")
    if isinstance(tokens, Problem):
        return [tokens]
    text, words = join_words(tokens)
    is_tagged = "entities" not in row and TAGS in row
    entities, problems = sift(_tagged(row, words) if is_tagged else _entities(row, tokens, words))
    relations, wrong = sift([] if problems else _relations(row, entities))
    if "relations" not in row:
        problems.append(Problem("key 'relations' is missing", "give a list, [] where there is none", "key-missing"))
    if problems + wrong:
        return problems + wrong
    meta = other_keys(row, (*KEYS, TAGS) if is_tagged else KEYS)
    return Document("", "", text, tuple(entities), tuple(relations), words, meta=meta)


def _entities(row: Row, tokens: Sequence[str], words: Sequence[Span]) -> Iterator[Entity | Problem]:
    rows = read_rows(row, "entities")
    if "entities" not in row:
        yield Problem("key 'entities' is missing", "give a list, [] where there is none", "key-missing")
    if isinstance(rows, Problem):
        yield rows
        return
    for index, entity in enumerate(rows):
        start, end, type_ = entity.get("start"), entity.get("end"), entity.get("type")
        if problem := span_problem(f"entity {index}", start, end, tokens, inclusive=False):
            yield problem
        elif not is_name(type_):
            yield Problem(f"the type of entity {index} is {quote(type_)}", NAME, "value-malformed")
        else:
            yield Entity(str(index), (word_span(words, entity["start"], entity["end"]),), entity["type"])


def _tagged(row: Row, words: Sequence[Span]) -> Iterator[Entity | Problem]:
    tags = row[TAGS]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags) or len(tags) != len(words):
        yield Problem(f"tags is {quote(tags)}", f"give a tag for each of the {len(words)} tokens", "value-malformed")
        return
    index = 0
    for run in runs(tags):
        if isinstance(run, BadTag):
            yield replace(run.problem, found=f"token {run.word}: {run.problem.found}")
        elif run.type is None:
            yield Problem(f"token {run.start}: the tag {tags[run.start]} has no type", "write B-Type", "type-missing")
        else:
            yield Entity(str(index), (word_span(words, run.start, run.end),), run.type)
            index += 1


def _relations(row: Row, entities: Sequence[Entity]) -> Iterator[Relation | Problem]:
    """The relations of an object, where its entities have no problem."""
    rows = read_rows(row, "relations")
    if isinstance(rows, Problem):
        yield rows
        return
    for index, relation in enumerate(rows):
        ends = [relation.get(end) for end in ENDS]
        if not is_name(relation.get("type")) or any(type(end) is not int for end in ends):
            yield Problem(f"relation {index} is {quote(relation)}", RELATION, "relation-malformed")
            continue
        unknown = [
            f"the {name} of relation {index} is {end}" for name, end in zip(ENDS, ends, strict=True) if not _is_index(end, entities)
        ]
        if unknown:
            hint = f"{RELATION}, which count from 0"
            yield Problem(f"{' and '.join(unknown)}, there are {len(entities)} entities", hint, "entity-unknown")
        elif ends[0] == ends[1]:
            yield IDENTICAL
        else:
            yield Relation(str(ends[0]), str(ends[1]), relation["type"])


def _is_index(index: object, entities: Sequence[Entity]) -> bool:
    return isinstance(index, int) and 0 <= index < len(entities)


def write(documents: Iterable[Document], path: Path) -> None:
    """Write a JSON list, an object a line.

    Raises: ValueError for a document that the format cannot hold.
    """
    write_list(path, map(to_row, documents))


def to_row(document: Document) -> Row:
    """The object that a document is.

    Raises: ValueError where the format cannot hold it.
    """
    tokens = require_tokens(document, HOLDS, KEYS)
    indices = {entity.id: index for index, entity in enumerate(document.entities)}
    runs = word_runs(document)
    entities = [{"type": entity.type, "start": start, "end": end} for entity in document.entities for start, end in runs[entity.id]]
    relations = [
        {"type": relation.label, "head": indices[relation.head], "tail": indices[relation.tail]} for relation in document.relations
    ]
    return {"tokens": tokens, "entities": entities, "relations": relations, ID: whole_number(document.id), **document.meta}
