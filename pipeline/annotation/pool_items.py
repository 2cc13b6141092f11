"""Items of a pool of texts without annotation: which to annotate next, with what the model finds in them for a start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.annotation import reviewed
from pipeline.annotation.item import Item, Reason, ranked
from pipeline.annotation.selection import diverse, drawn, uncertain
from pipeline.core.arrays import Floats
from pipeline.core.errors import InputError, Problem
from pipeline.corpus.document import Document
from pipeline.corpus.formats.sources import find_sources
from pipeline.corpus.formats.text_lines import content_id
from pipeline.prediction.answers import answers
from pipeline.prediction.extractions import Extraction, FoundEntity, FoundRelation
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.readers import Request
from pipeline.prediction.streams import read_requests
from pipeline.prediction.types import Prediction, Relation, Sentence

BATCH = 200  # texts that a model is asked about at once
OF_SUFFIX = {".txt": "text", ".jsonl": "jsonl"}  # a text a line, or an object with a text
HINT = 'give annotation files, a .txt of a text a line, or a .jsonl of {"text": "..."}'
NO_MARGIN = 1.0  # of a text without a pair, of which nothing is uncertain


class Answered(NamedTuple):
    """A text of a pool, what the model finds in it, and the pair that it is least sure of."""

    extraction: Extraction
    least_sure: Relation | None

    @property
    def margin(self) -> float:
        """By how much the most probable relation of that pair is more probable than the next."""
        return NO_MARGIN if self.least_sure is None else self.least_sure.margin


@dataclass(frozen=True)
class Pool:
    """What is asked of the texts of a pool, in its order, those left out that were reviewed."""

    requests: tuple[Request, ...]
    documents: tuple[Document, ...]  # of each, without annotation, placed at file:line

    @classmethod
    def read(cls, path: Path, seen: frozenset[str]) -> Pool:
        """Read a file or a folder in any format.

        Raises: InputError with all that is wrong with it.
        """
        requests = list(read_requests(str(path), _format(path)))
        if problems := [problem for asked in requests for problem in _problems(asked, path)]:
            raise InputError(problems)
        documents = [_document(asked, path) for asked in requests]
        new = [number for number, document in enumerate(documents) if reviewed.key(document) not in seen]
        return cls(tuple(requests[number] for number in new), tuple(documents[number] for number in new))

    def sentences(self) -> list[Sentence]:
        """The texts of the pool as unmarked sentences, for an encoder."""
        return [Sentence(document.text) for document in self.documents]


def _format(path: Path) -> str:
    """The format of a pool: told by its content, else by the end of its name."""
    try:
        find_sources(path)
    except InputError as error:
        unknown = all(problem.kind == "format-unknown" for problem in error.problems)
        if unknown and path.is_file() and path.suffix in OF_SUFFIX:
            return OF_SUFFIX[path.suffix]
        raise InputError(replace(problem, hint=HINT) for problem in error.problems) from None
    return "auto"


def _problems(asked: Request, path: Path) -> list[Problem]:
    if isinstance(asked.content, tuple):
        return [problem.at(f"{path}:{asked.line}", row_id=asked.id) for problem in asked.content]
    return []


def _document(asked: Request, path: Path) -> Document:
    if isinstance(asked.content, Document) and asked.content.source.startswith(str(path)):
        return asked.content
    document = asked.document
    marked = asked.content.entities if isinstance(asked.content, Sentence) else None
    own = asked.id or content_id([document.text, marked])  # stays where lines are inserted above
    return replace(document, id=own, source=asked.source or f"{path}:{asked.line}", complete=marked is None)


def uncertain_items(predictor: Predictor, pool: Pool, count: int) -> list[Item]:
    """The texts with the pairs of which the model is least sure."""
    answered = ask(predictor, pool)
    chosen = uncertain(np.array([each.margin for each in answered]), count)
    return [_item("uncertain", answered[number], _unsure(answered[number].least_sure)) for number in chosen.tolist()]


def _unsure(pair: Relation | None) -> Reason:
    if pair is None:
        return Reason("", "the model finds no pair")
    why = f'"{pair.e1.text}" - "{pair.e2.text}": the two most probable relations are {pair.margin:.2f} apart'
    return Reason("", why, None, ranked(pair.probabilities, pair.probabilities.values()))


def diverse_items(predictor: Predictor, pool: Pool, known: Floats, count: int) -> list[Item]:
    """The texts that are far from all that is annotated, and from each other; known: (K, H) of what is annotated."""
    sentences = pool.sentences()
    vectors = [
        text.vectors.astype(np.float32).mean(axis=0)
        for start in range(0, len(sentences), BATCH)
        for text in predictor.encode(sentences[start : start + BATCH])
    ]
    chosen = diverse(np.array(vectors, np.float32).reshape(len(vectors), -1), known, count).tolist()
    return _with_answers("diverse", predictor, pool, chosen, "far from what is annotated, and from the items before it")


def drawn_items(predictor: Predictor, pool: Pool, count: int, seed: int) -> list[Item]:
    """Texts drawn at random."""
    return _with_answers("random", predictor, pool, drawn(len(pool.documents), count, seed).tolist(), "drawn at random")


def _with_answers(pick: str, predictor: Predictor, pool: Pool, chosen: Sequence[int], why: str) -> list[Item]:
    part = Pool(tuple(pool.requests[number] for number in chosen), tuple(pool.documents[number] for number in chosen))
    return [_item(pick, each, Reason("", why)) for each in ask(predictor, part)]


def ask(predictor: Predictor, pool: Pool) -> list[Answered]:
    """What the model finds in each text, in order.

    Raises: InputError with every text that it cannot answer.
    """
    answered: list[Answered] = []
    problems: list[Problem] = []
    for start in range(0, len(pool.requests), BATCH):
        batch = slice(start, start + BATCH)
        for (_, answer), document in zip(answers(predictor, pool.requests[batch]), pool.documents[batch], strict=True):
            if isinstance(answer, Prediction):
                answered.append(_of_pair(document, answer.relations[0]))
            elif isinstance(answer, Extraction):
                answered.append(Answered(replace(answer, document=document), answer.least_sure))
            else:
                problems += [problem.at(document.source, row_id=document.id) for problem in answer]
    if problems:
        raise InputError(problems)
    return answered


def _of_pair(document: Document, pair: Relation) -> Answered:
    """A marked pair with its relation, also where that is the one that stands for none: so are the pairs of a corpus."""
    entities = [
        FoundEntity(f"T{number}", entity.characters, entity.type, None) for number, entity in enumerate((pair.e1, pair.e2), 1)
    ]
    relation = FoundRelation("T1", "T2", pair.name, pair.probabilities[pair.name])
    return Answered(Extraction(document, tuple(entities), (relation,), None), pair)


def _item(pick: str, answered: Answered, reason: Reason) -> Item:
    found = answered.extraction
    scores = [[each.probability for each in part] for part in (found.entities, found.relations)]
    annotated = replace(found.annotated(), complete=found.document.complete)
    return Item(annotated, pick, (reason,), *scores)
