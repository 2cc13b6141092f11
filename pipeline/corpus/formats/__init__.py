"""Annotation formats, a module each, all with one signature; here is the table of them.

A reader yields documents, what their annotator skipped, and every problem of a document that cannot be used; it goes on with the
next one, so that one run reports a whole file.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.core.errors import Problem
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import (
    brat,
    conll,
    doccano,
    dygie,
    fewrel,
    jsonl,
    label_studio,
    opennre,
    prodigy,
    semeval,
    spert,
    tacred,
    tsv,
)
from pipeline.corpus.formats.detection import Recogniser

__all__ = ["FORMATS", "RECOGNISERS", "Format", "Reader", "reader"]

Reader = Callable[[Path], Iterator[Document | Skipped | Problem]]


class Format(NamedTuple):
    """A format that is read and written, and what it can hold of a document, in the words of document.needs."""

    name: str
    read: Reader
    write: Callable[[Iterable[Document], Path], None]
    recognises: Callable[[Path], bool]
    holds: frozenset[str]


class _Module(Protocol):
    """What the module of a format defines."""

    HOLDS: frozenset[str]

    def read(self, path: Path) -> Iterator[Document | Skipped | Problem]: ...
    def write(self, documents: Iterable[Document], path: Path) -> None: ...
    def recognises(self, path: Path) -> bool: ...


def _format(name: str, module: _Module) -> Format:
    return Format(name, module.read, module.write, module.recognises, module.HOLDS)


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        _format("semeval", semeval),
        _format("jsonl", jsonl),
        _format("opennre", opennre),
        _format("tacred", tacred),
        _format("spert", spert),
        _format("dygie", dygie),
        _format("fewrel", fewrel),
        _format("brat", brat),
        _format("label_studio", label_studio),
        _format("prodigy", prodigy),
        _format("doccano", doccano),
        _format("conll", conll),
        _format("tsv", tsv),
    )
}
RECOGNISERS = [Recogniser(each.name, each.recognises) for each in FORMATS.values()]


def reader(name: str, ambiguous: tsv.Ambiguous = "error") -> Reader:
    """The reader of a format.

    Args: ambiguous: what it does with an entity that is given by its text alone, where that occurs more than once.
    """
    return partial(tsv.read, ambiguous=ambiguous) if name == "tsv" else FORMATS[name].read
