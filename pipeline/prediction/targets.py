"""Extractions written as documents, in the formats that hold a whole document with any entities and relations.

Label Studio gets them as predictions with scores; elsewhere the probabilities stand in meta, where a format has it, in the order of
entities and relations. What a format cannot hold is changed as `pipeline.convert --lossy` does it, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.corpus.adapt import RULES, adapt, rules_for
from pipeline.corpus.document import Document
from pipeline.corpus.formats import label_studio_predictions
from pipeline.corpus.formats.label_studio_predictions import Predicted
from pipeline.corpus.formats.targets import TARGETS
from pipeline.corpus.words import Tokenizer
from pipeline.prediction.extractions import Extraction, FoundEntity, FoundRelation
from pipeline.prediction.types import DIGITS

NAMES = tuple(name for name, target in TARGETS.items() if target.holds >= {"text", "many", "free", "empty"})
WITH_SCORES = "label_studio"


class Model(NamedTuple):
    """What a target says of the model, and the model's tokenizer."""

    version: str
    tokenize: Tokenizer


def write(extractions: Iterable[Extraction], name: str, place: Path, model: Model) -> list[str]:
    """Write extractions to a file or folder.

    Args: name: one of NAMES.
    Returns: a line for each sort of change.
    Raises: ValueError where a document is more than the format can hold, whatever is changed.
    """
    target, changes = TARGETS[name], Counter[str]()
    rules = rules_for(name, target.holds, target.keys, "", model.tokenize)

    def adapted(document: Document) -> Sequence[Document]:
        documents, changed = adapt(document, rules)
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
        target.write((document for each in extractions for document in adapted(with_scores(each, model.version))), place)
    return [f"{RULES[rule].what}, {changes[rule]:,}: {RULES[rule].becomes}" for rule in rules if rule in changes]


def with_scores(extraction: Extraction, version: str) -> Document:
    """The document with what was found, its probabilities and the model in meta."""
    document = extraction.annotated()
    scores = {"entities": _scores(extraction.entities), "relations": _scores(extraction.relations)}
    return replace(document, meta={**document.meta, "model": version, "probabilities": scores})


def _scores(found: Iterable[FoundEntity | FoundRelation]) -> list[float | None]:
    return [None if each.probability is None else round(each.probability, DIGITS) for each in found]
