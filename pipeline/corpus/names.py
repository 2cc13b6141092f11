"""The names that documents use, and those of parse.rename and parse.symmetric that none does, which would change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipeline.core.errors import Problem
from pipeline.core.labels import undirected
from pipeline.core.nearest import KnownNames
from pipeline.core.params import FILE, Parse
from pipeline.core.typed_yaml import load_or_empty
from pipeline.corpus.document import Document
from pipeline.corpus.pairs import renamed_label


@dataclass
class Names:
    """The names that documents use, before any is renamed.

    Args: labels: of relations, and what a document only says is symmetric; types: of entities.
    """

    labels: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    def add(self, document: Document) -> None:
        """Take the names of a document in."""
        self.labels.update(document.symmetric)
        self.labels.update([relation.label for relation in document.relations if relation.label is not None])
        self.types.update([entity.type for entity in document.entities if entity.type is not None])

    def update(self, other: Names) -> None:
        """Take the names of other documents in."""
        self.labels |= other.labels
        self.types |= other.types


def find_unknown(parts: Iterable[Names], parse: Parse) -> Iterator[Problem]:
    """The names of parse.rename and parse.symmetric that nothing has, at their places; the negative label needs no row.

    Args: parts: the names of all documents, some at a time.
    """
    names = Names()
    for part in parts:
        names.update(part)
    if names.labels:  # else nothing is annotated, which is another problem
        yield from _unknown_old(names, parse)
        yield from _unknown_symmetric(names, parse)


def _unknown_old(names: Names, parse: Parse) -> Iterator[Problem]:
    known = {*map(undirected, names.labels), *names.types, parse.negative_label}
    file, hints = load_or_empty(FILE), KnownNames(sorted(known))
    for name in parse.rename:
        if name not in known | names.labels:
            found = f"parse.rename has {name}, which is the name of no relation and no type"
            yield Problem(found, hints.hint(name), "name-unknown", file.place(("parse", "rename", name)))


def _unknown_symmetric(names: Names, parse: Parse) -> Iterator[Problem]:
    """Those that no relation has once it is renamed."""
    known = {*(undirected(renamed_label(label, parse.rename)) for label in names.labels), parse.negative_label}
    file, hints = load_or_empty(FILE), KnownNames(sorted(known))
    for number, name in enumerate(parse.symmetric):
        if name not in known:
            new = parse.rename.get(name)
            found = f"parse.symmetric lists {name}, which is the name of no relation{' once it is renamed' if new in known else ''}"
            hint = f"list its new name, {new}" if new in known else hints.hint(name)
            yield Problem(found, hint, "name-unknown", file.place(("parse", "symmetric", number)))
