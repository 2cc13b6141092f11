"""Words in columns with the relations between entities: the two forms of CoNLL04 (Roth and Yih 2004).

The columns of multi-head selection (Bekoulis et al. 2018), which `write` writes: index, word, tag, the relations of which the
entity that ends here is the head, and the last words of their tails. A word without relation has ['N'] and its own index.

    #doc 12
    0<TAB>Ada<TAB>B-Peop<TAB>['N']<TAB>[0]
    1<TAB>Byron<TAB>I-Peop<TAB>['Live_In']<TAB>[3]
    2<TAB>of<TAB>O<TAB>['N']<TAB>[2]
    3<TAB>London<TAB>B-Loc<TAB>['N']<TAB>[3]

The columns of the original corpus: sentence id, type, index, -, part of speech, words, which `/` divides where an entity has
several; then a blank line, and a line a relation: the indices of head and tail and the label.

    12<TAB>Peop<TAB>0<TAB>O<TAB>NNP/NNP<TAB>Ada/Byron<TAB>O<TAB>O<TAB>O
    12<TAB>O<TAB>1<TAB>O<TAB>IN<TAB>of<TAB>O<TAB>O<TAB>O
    12<TAB>Loc<TAB>2<TAB>O<TAB>NNP<TAB>London<TAB>O<TAB>O<TAB>O
    <blank line>
    0<TAB>2<TAB>Live_In

A document is one sentence, its text the words with a blank between. Columns stand apart by tabs or blanks. A block without an id
gets one made of its rows. Parts of speech are kept as meta; COMMA, -LRB- and -RRB- of the original corpus are the characters they
stand for. CoNLL-U has no columns for entities and relations, and is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.files import written_whole
from pipeline.core.schema import Span
from pipeline.corpus.document import Document, Entity, Relation, join_words, problems_of, word_span
from pipeline.corpus.formats.conll_rows import (
    RowRelation,
    Token,
    cell,
    find_relation,
    is_token,
    multi_head_rows,
    read_token,
    split_row,
)
from pipeline.corpus.formats.tag_schemes import BadTag, bio, entity_runs, runs
from pipeline.corpus.formats.text_lines import DistinctIds, TextLine, content_id, head_lines, read_lines

HOLDS = frozenset({"words", "types", "untyped", "many", "free", "empty", "ids"})
DOC = "#doc"
SAMPLE_LINES = 50  # read to tell the format
NO_WORDS = Problem("a document without words", "give it a line a word, or remove it", "words-missing")


class Block(NamedTuple):
    """The lines of a document."""

    line: int  # where it begins
    id: str  # of its #doc line, empty without
    tokens: list[TextLine]
    relations: list[tuple[int, RowRelation]]  # those that have a line of their own, with its number


class Placed(NamedTuple):
    """A problem and the line at which it is."""

    line: int
    problem: Problem


def read(path: Path) -> Iterator[Document | Problem]:
    """The documents and problems of a file, in its order."""
    ids = DistinctIds()
    for block in blocks(read_lines(path)):
        if isinstance(block, Problem):
            yield block
        else:
            yield from _read_block(path, block, ids)


def recognises(path: Path) -> bool:
    """Whether a file begins with rows of words, or of words and relations, in these columns."""
    rows = [line for line in head_lines(path) if not line.startswith(DOC)][:SAMPLE_LINES]
    return bool(rows) and is_token(split_row(rows[0])) and all(is_token(split_row(row)) or find_relation(row) for row in rows)


def blocks(lines: Iterable[TextLine | Problem]) -> Iterator[Block | Problem]:
    """The documents' lines, a document at a time: each begins with #doc, or with a word after a blank line or a relation."""
    block: Block | None = None
    ended = False  # whether a word begins a new document
    for line in lines:
        if isinstance(line, Problem):  # of the whole file, and the last: the document before it is cut short
            yield line
            return
        if line.text.isspace() or not line.text:
            ended = block is not None and bool(block.tokens)
        elif line.text.startswith(DOC):
            yield from [block] if block else []
            block, ended = Block(line.number, line.text.removeprefix(DOC).strip(), [], []), False
        elif block and (relation := find_relation(line.text)):
            block.relations.append((line.number, relation))
            ended = True
        else:
            if block is None or ended:
                yield from [block] if block else []
                block, ended = Block(line.number, "", [], []), False
            block.tokens.append(line)
    yield from [block] if block else []


def _read_block(path: Path, block: Block, ids: DistinctIds) -> Iterator[Document | Problem]:
    """The document of a block, or its problems in the order of lines."""
    tokens = [read_token(line.text, index) for index, line in enumerate(block.tokens)]
    good = [token for token in tokens if isinstance(token, Token)]
    given = block.id or (good[0].sentence_id if good else "")
    row_id = given or ids.distinct(
        content_id([*(line.text for line in block.tokens), *(relation for _, relation in block.relations)])
    )
    found = [Placed(line.number, token) for line, token in zip(block.tokens, tokens, strict=True) if isinstance(token, Problem)]
    if not tokens:
        found = [Placed(block.line, NO_WORDS)]
    source = f"{path}:{block.line}"
    document = found or _document(block, good, row_id, source)
    if isinstance(document, Document):
        yield document
        return
    placed = [problem.at(f"{path}:{line}") for line, problem in sorted(document, key=lambda placed: placed.line)]
    text, words = join_words([word for token in good for word in token.words])
    yield from problems_of(source, row_id, placed, None if found else Document(row_id, source, text, (), (), words))


def _document(block: Block, tokens: Sequence[Token], row_id: str, source: str) -> Document | list[Placed]:
    """The document of tokens that can be read, or what is wrong with its entities and relations."""
    text, words = join_words([word for token in tokens for word in token.words])
    row_of_word = [row for row, token in enumerate(tokens) for _ in token.words]
    found: list[Placed] = []
    entities: list[Entity] = []
    entity_of_row: dict[int, str | None] = {}  # None where the row's tag is a problem, which is told once
    for run in runs([tag for token in tokens for tag in token.tags]):
        if isinstance(run, BadTag):
            row = row_of_word[run.word]
            entity_of_row[row] = None
            found.append(Placed(block.tokens[row].number, run.problem))
        else:
            entity_of_row |= dict.fromkeys(row_of_word[run.start : run.end], str(len(entities)))
            entities.append(Entity(str(len(entities)), (word_span(words, run.start, run.end),), run.type))
    relations: list[Relation] = []
    for line, row_relation in _relations(block, tokens):
        relation = _between(row_relation, entity_of_row)
        if isinstance(relation, Problem):
            found.append(Placed(line, relation))
        elif relation:
            relations.append(relation)
    if found:
        return found
    meta = {"pos": [tag for token in tokens for tag in token.pos]} if any(token.pos for token in tokens) else {}
    return Document(row_id, source, text, tuple(entities), tuple(relations), words, (Span(0, len(text)),), meta=meta)


def _relations(block: Block, tokens: Sequence[Token]) -> Iterator[tuple[int, RowRelation]]:
    """Every relation of a block, with its line."""
    for row, (line, token) in enumerate(zip(block.tokens, tokens, strict=True)):
        for label, tail in token.relations:
            yield line.number, RowRelation(row, tail, label)
    yield from block.relations


def _between(relation: RowRelation, entity_of_row: Mapping[int, str | None]) -> Relation | Problem | None:
    """The relation between the entities that have words in its rows; None where one of these has a tag that cannot be read."""
    for name, row in (("head", relation.head), ("tail", relation.tail)):
        if row not in entity_of_row:
            found = f"the {name} of {relation.label} is row {row}, which is part of no entity"
            return Problem(found, "give that row the tag of an entity, or the relation another row", "entity-unknown")
    head, tail = entity_of_row[relation.head], entity_of_row[relation.tail]
    return None if head is None or tail is None else Relation(head, tail, relation.label)


def write(documents: Iterable[Document], path: Path) -> None:
    """Write documents in the columns of multi-head selection, their entities as BIO tags.

    Raises: ValueError where the columns cannot say what a document has: a text that is not its words with a blank between, several
        sentences, an entity of parts of words, of fragments or overlapping another, a relation without label or with an annotator.
    """
    with written_whole(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
        for document in documents:
            file.writelines(document_lines(document))


def document_lines(document: Document) -> Iterator[str]:
    """The lines of a document."""
    words = document.tokens
    if not words or (document.text, document.words) != join_words(words):
        raise ValueError(f"{document.id}: the text is not words with a blank between")
    if len(document.sentences or ()) > 1:
        raise ValueError(f"{document.id}: a document of these columns is one sentence")
    entities = entity_runs(document)
    for relation in document.relations:
        if relation.label is None or relation.annotator is not None:
            raise ValueError(f"{document.id}: a relation without label or with an annotator")
    relations = [
        RowRelation(entities[relation.head].end - 1, entities[relation.tail].end - 1, relation.label or "")
        for relation in document.relations
    ]
    yield f"{DOC} {cell(document.id)}\n"
    yield from multi_head_rows(words, bio(len(words), list(entities.values())), relations)
