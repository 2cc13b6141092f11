"""Documents on their way from files of one format to files of another: read, adapted, counted and written, one at a time.

Where the source has a problem, or the target cannot hold what it says, the rest is still read, so that one run tells all; nothing
more is written.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import InputError, Problem
from pipeline.core.wording import counted
from pipeline.corpus.adapt import RULES, Rule, adapt, rules_for
from pipeline.corpus.document import Document, Skipped
from pipeline.corpus.formats import reader
from pipeline.corpus.formats.sources import Source, prefixes
from pipeline.corpus.formats.targets import Target
from pipeline.corpus.formats.tsv import Ambiguous
from pipeline.corpus.words import Tokenizer

SHOWN_PLACES = 3


class Counts(NamedTuple):
    """How much there is of a corpus."""

    documents: int = 0
    entities: int = 0
    relations: int = 0

    def plus(self, documents: Iterable[Document]) -> Counts:
        """The counts with those of some documents added."""
        n_documents, n_entities, n_relations = self
        for document in documents:
            n_documents += 1
            n_entities += len(document.entities)
            n_relations += len(document.relations)
        return Counts(n_documents, n_entities, n_relations)

    def __str__(self) -> str:
        return ", ".join(
            [counted(self.documents, "document"), counted(self.entities, "entity", "entities"), counted(self.relations, "relation")]
        )


class Conversion:
    """What goes through a conversion, counted as it goes.

    Args: tokenize: makes the words of a text where the target needs some; ambiguous: as formats.reader takes it; lossy: whether
        what the target cannot hold may be changed or left out.
    """

    def __init__(self, target: Target, tokenize: Tokenizer, ambiguous: Ambiguous, *, lossy: bool) -> None:
        self.target, self.tokenize, self.ambiguous, self.lossy = target, tokenize, ambiguous, lossy
        self.read, self.written = Counts(), Counts()
        self.skipped = Counter[str]()  # by reason
        self.changes = Counter[str]()  # by the name of a rule
        self.places: dict[str, list[str]] = {}  # the first of each
        self.problems: list[Problem] = []
        self.here = ""  # the document that is read last

    def write(self, place: Path, sources: Sequence[Source], root: Path | None = None) -> None:
        """Write sources to one file or folder. What is wrong with them is kept for `require_whole`.

        Args: root: the folder of several sources, of which each prefixes the ids of its documents with its path.
        """
        begins = prefixes(sources, root) if root else [""] * len(sources)
        documents = (document for source, prefix in zip(sources, begins, strict=True) for document in self._fit(source, prefix))
        try:
            self.target.write(documents, place)
        except ValueError as error:  # what no rule knows of
            hint = "correct it in the source, or convert to another format"
            problem = Problem(f"{self.target.name} cannot hold a document: {error}", hint, "format-narrow")
            self.problems.append(problem.at(self.here))
            deque(documents, maxlen=0)  # what else is wrong

    def _fit(self, source: Source, prefix: str) -> Iterator[Document]:
        """The documents of a source as the target can hold them; no more of them from the first problem on."""
        rules = rules_for(self.target.name, self.target.holds, self.target.keys, source.format, self.tokenize)
        for reading in reader(source.format, self.ambiguous)(source.path):
            if isinstance(reading, Problem):
                self.problems.append(reading)
            elif isinstance(reading, Skipped):
                self.skipped[reading.reason] += 1
            else:
                documents = self._adapted(replace(reading, id=prefix + reading.id) if prefix else reading, rules)
                if not self.problems and not self._losses():
                    self.written = self.written.plus(documents)
                    yield from documents

    def _adapted(self, document: Document, rules: Mapping[str, Rule]) -> Sequence[Document]:
        self.read, self.here = self.read.plus([document]), document.source
        try:
            documents, changes = adapt(document, rules)
        except ValueError as error:
            problem = Problem(str(error), "correct it in the source", "entity-empty")
            self.problems.append(problem.at(document.source, row_id=document.id))
            return ()
        for name in changes:
            places = self.places.setdefault(name, [])
            if len(places) < SHOWN_PLACES:
                places.append(document.source)
        self.changes.update(changes)
        return documents

    def _losses(self) -> list[str]:
        """The changes that nobody has allowed."""
        return [] if self.lossy else [name for name in RULES if RULES[name].is_loss and name in self.changes]

    def require_whole(self) -> None:
        """Raises: InputError with all problems of the sources, and all that the target cannot hold and that may not be lost."""
        losses = [self._loss(name) for name in self._losses()]
        if self.problems or losses:
            raise InputError([*self.problems, *losses])

    def _loss(self, name: str) -> Problem:
        places = self.places[name]
        first = f", the first in {', '.join(Path(place).name for place in places)}"
        found = f"{self.target.name} cannot hold {self.changes[name]:,} {RULES[name].what}{first}"
        return Problem(found, f"with --lossy, {RULES[name].becomes}", "format-narrow").at(places[0])

    def notes(self) -> Iterator[str]:
        """A line for each sort of change, and for each reason to skip something."""
        for name, rule in RULES.items():
            if name in self.changes:
                first = f" (the first: {self.places[name][0]})" if rule.is_loss else ""
                yield f"{'lost' if rule.is_loss else 'changed'}: {self.changes[name]:,} {rule.what}: {rule.becomes}{first}"
        for reason, count in self.skipped.items():
            yield f"left out by its annotator: {counted(count, 'document')}, {reason}"
