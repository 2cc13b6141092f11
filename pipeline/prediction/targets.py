"""Extractions written as documents, in the formats that hold a whole document with any entities and relations.

Label Studio gets them as predictions with scores, Prodigy as tasks without an answer, so that neither is annotation before a person
has confirmed it; no other format tells. Outside Label Studio the probabilities stand in meta, where a format has it, in the order
of entities and relations. What a format cannot hold is changed as `pipeline.convert --lossy` does it, and counted; so is an id that
an earlier document has. A document that cannot be written nevertheless is refused, and does not end the writing.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.corpus.adapt import RULES, adapt, rules_for
from pipeline.corpus.document import Document
from pipeline.corpus.formats import label_studio_predictions, prodigy
from pipeline.corpus.formats.label_studio_predictions import Predicted
from pipeline.corpus.formats.targets import TARGETS, Target
from pipeline.corpus.formats.text_lines import DistinctIds
from pipeline.corpus.words import Tokenizer
from pipeline.prediction.extractions import Extraction, FoundEntity, FoundRelation
from pipeline.prediction.types import DIGITS

NAMES = tuple(name for name, target in TARGETS.items() if target.holds >= {"text", "many", "free", "empty"})
WITH_SCORES = "label_studio"
UNANSWERED = {"prodigy": prodigy.write_tasks}
UNTRIED = ("spacy",)  # its writer takes 30 ms to begin
NARROW = "take another format, or correct the input"


class Model(NamedTuple):
    """What a target says of the model, and the model's tokenizer."""

    version: str
    tokenize: Tokenizer


def write(extractions: Iterable[Extraction], name: str, place: Path, model: Model, refuse: Callable[[Problem], None]) -> list[str]:
    """Write extractions to a file or folder.

    Args: name: one of NAMES; refuse: told why the extraction that was taken last is not written.
    Returns: a line for each sort of change.
    Raises: ValueError where a document of UNTRIED formats is more than they can hold, whatever is changed.
    """
    target, changes, ids = TARGETS[name], Counter[str](), DistinctIds()
    rules = rules_for(name, target.holds, target.keys, "", model.tokenize)
    n_renamed = 0

    def adapted(given: Document) -> Sequence[Document]:
        nonlocal n_renamed
        document = replace(given, id=ids.distinct(given.id))
        try:
            documents, changed = adapt(document, rules)
            _try(target, documents)
        except ValueError as error:
            refuse(Problem(f"{name} cannot hold the document: {error}", NARROW, "format-narrow", document.source))
            return ()
        n_renamed += document.id != given.id
        changes.update(changed)
        return documents

    if name == WITH_SCORES:
        predicted = (
            Predicted(document, _scores(each.entities), _scores(each.relations))
            for each in extractions
            for document in adapted(each.annotated())
        )
        label_studio_predictions.write(predicted, place, model.version)
    else:
        documents = (document for each in extractions for document in adapted(with_scores(each, model.version)))
        UNANSWERED.get(name, target.write)(documents, place)
    renamed = [f"ids that an earlier document has, {n_renamed:,}: numbered, such as 7~2"] if n_renamed else []
    return renamed + [f"{RULES[rule].what}, {changes[rule]:,}: {RULES[rule].becomes}" for rule in rules if rule in changes]


def _try(target: Target, documents: Sequence[Document]) -> None:
    """Write documents alone, for a writer that meets what it cannot hold has lost all before.

    Raises: ValueError where they are more than the format can hold.
    """
    if target.name not in UNTRIED:
        with tempfile.TemporaryDirectory() as folder:
            target.write(documents, Path(folder) / "alone")


def with_scores(extraction: Extraction, version: str) -> Document:
    """The document with what was found, its probabilities and the model in meta."""
    document = extraction.annotated()
    scores = {"entities": _scores(extraction.entities), "relations": _scores(extraction.relations)}
    return replace(document, meta={**document.meta, "model": version, "probabilities": scores})


def _scores(found: Iterable[FoundEntity | FoundRelation]) -> list[float | None]:
    return [None if each.probability is None else round(each.probability, DIGITS) for each in found]
