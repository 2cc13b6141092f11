"""How a corpus writes its labels: which have a direction, which stands for no relation, and what a type is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.core.labels import names_no_relation, parse_label
from pipeline.corpus.document import Entity
from pipeline.corpus.mend_entities import TYPE


@dataclass(frozen=True)
class Labels:
    """How the labels of a corpus are written.

    Args: directed: the relations that have a direction; plain: those that have none; negative: the one that stands for none, as
        parse.negative_label says it; rename: the names that the parse stage gives those of the corpus; untyped: the type that tools
        get in the place of none is none.
    """

    directed: frozenset[str]
    plain: frozenset[str]
    negative: str
    rename: Mapping[str, str] = field(default_factory=dict)
    untyped: bool = False

    @classmethod
    def of(cls, labels: Iterable[str], negative: str, rename: Mapping[str, str]) -> Labels:
        """The directed and the plain relations among labels.

        Args: labels: as the corpus writes them; negative, rename: of the section parse.
        """
        parsed = [parse_label(label) for label in labels]
        directed = frozenset(name for name, direction in parsed if direction)
        return cls(directed, frozenset(name for name, direction in parsed if not direction) - directed, negative, rename)

    def typed(self, entity: Entity) -> Entity:
        """An entity that came back, with its type as the corpus has it."""
        return replace(entity, type=None) if self.untyped and entity.type == TYPE else entity

    def is_negative(self, name: str) -> bool:
        """Whether a label of the corpus stands for no relation."""
        return self.rename.get(name, name) == self.negative

    @property
    def own_negative(self) -> str | None:
        """The label that the corpus writes where there is no relation, of several the one that is not renamed; None without one."""
        found = sorted(filter(self.is_negative, self.plain | self.directed), key=lambda name: (name != self.negative, name))
        return found[0] if found else None

    def is_directed(self, name: str) -> bool:
        """Whether a relation is written with a direction; a new one as most are."""
        if name in self.directed or name in self.plain:
            return name in self.directed
        return bool(self.directed) and not names_no_relation(name) and not self.is_negative(name)
