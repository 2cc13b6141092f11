"""What documents can be written as: the formats that are read too, and two for going on with other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from pipeline.corpus.document import Document
from pipeline.corpus.formats import (
    FORMATS,
    datasets_folder,
    doccano,
    dygie,
    fewrel,
    label_studio,
    opennre,
    prodigy,
    spacy_docbin,
    spert,
    tacred,
)

FOLDER = ""  # the suffix of what is a folder
SUFFIXES = {
    **{"semeval": ".txt", "jsonl": ".jsonl", "opennre": ".jsonl", "tacred": ".json", "spert": ".json", "dygie": ".jsonl"},
    **{"fewrel": ".json", "brat": FOLDER, "label_studio": ".json", "prodigy": ".jsonl", "doccano": ".jsonl"},
    **{"conll": ".conll", "tsv": ".tsv", "spacy": ".spacy", "datasets": FOLDER},
}
KEYS = {  # of a format's own objects, under which a document's meta cannot stand beside them
    "opennre": {*opennre.KEYS, *opennre.ENTITIES.values()},
    "tacred": set(tacred.KEYS),
    "spert": {*spert.KEYS, spert.TAGS},
    "dygie": set(dygie.KEYS),
    "fewrel": {*fewrel.KEYS, *fewrel.ENTITIES.values()},
    "label_studio": {"text", label_studio.OWN},
    "prodigy": set(prodigy.KNOWN),
    "doccano": {"id", "relations", *doccano.TEXTS, *doccano.ENTITIES},
}


class Target(NamedTuple):
    """A format to write, its suffix, what it can hold of a document, and the keys that meta cannot have there."""

    name: str
    write: Callable[[Iterable[Document], Path], None]
    holds: frozenset[str]
    suffix: str
    keys: frozenset[str]


def _target(name: str, write: Callable[[Iterable[Document], Path], None], holds: frozenset[str]) -> Target:
    return Target(name, write, holds, SUFFIXES[name], frozenset(KEYS.get(name, ())))


TARGETS: dict[str, Target] = {
    **{each.name: _target(each.name, each.write, each.holds) for each in FORMATS.values()},
    "spacy": _target("spacy", spacy_docbin.write, spacy_docbin.HOLDS),
    "datasets": _target("datasets", datasets_folder.write, datasets_folder.HOLDS),
}
