"""brat's annotation.conf (brat.nlplab.org/configuration.html): which relations of a folder, and of those below it, are symmetric.

[entities]
Theory
[relations]
Synonym-of<TAB>Arg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive
<OVERLAP><TAB>Arg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>
[events]
Describe<TAB>Agent*:<ANY>
[attributes]
Sure<TAB>Arg:<ANY>, Value:High|Low
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from pipeline.corpus.document import Document
from pipeline.corpus.formats.brat_lines import ARGUMENTS

CONF = "annotation.conf"
SYMMETRIC = re.compile(r"(\S+).*<REL-TYPE>\s*:\s*[\w-]*symmetric")
OVERLAP = "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"  # entities may share characters in any way


def symmetric_in(conf: str) -> list[str]:
    """The relations that an annotation.conf calls symmetric; `!` before a name hides it in brat."""
    section = re.search(r"^\[relations\][^\n]*\n(.*?)(?=^\[|\Z)", conf.replace("\r", "\n"), re.DOTALL | re.MULTILINE)
    matches = (SYMMETRIC.match(line.strip()) for line in (section[1] if section else "").split("\n"))
    return [match[1].lstrip("!") for match in matches if match]


def can_be_symmetric(name: str) -> bool:
    """Whether an annotation.conf can call a relation of this name symmetric."""
    return symmetric_in(f"[relations]\n{_relation(name, ARGUMENTS, is_symmetric=True)}") == [name]


def _relation(label: str, roles: Sequence[str], *, is_symmetric: bool) -> str:
    return f"{label}\t{', '.join(f'{role}:<ENTITY>' for role in roles)}{', <REL-TYPE>:symmetric' if is_symmetric else ''}"


class Configuration:
    """What the annotation.conf of each folder has to say, gathered document by document.

    Args: root: the folder that holds all of them.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._symmetric: dict[Path, set[str]] = {}  # by folder
        self._directed: dict[Path, set[str]] = {}
        self._types: set[str] = set()
        self._roles: dict[str, Sequence[str]] = {}  # by label
        self._events: dict[str, set[str]] = defaultdict(set)  # their roles
        self._attributes: dict[str, set[str]] = defaultdict(set)  # their values

    def add(
        self, folder: Path, document: Document, equal: Set[str], kept: Iterable[str], roles: Mapping[str, Sequence[str]]
    ) -> None:
        """Take a document of a folder.

        Args: equal: the relations whose lines say that they are symmetric; kept: the lines of events and attributes; roles: the
            names of arguments by label, where they are not Arg1 and Arg2.
        Raises: ValueError where a relation is symmetric in this document and not in another one of the folder.
        """
        labels = {relation.label for relation in document.relations if relation.label}
        symmetric = self._symmetric.setdefault(folder, set())
        directed = self._directed.setdefault(folder, set())
        symmetric |= set(filter(can_be_symmetric, document.symmetric - equal))
        directed |= labels - document.symmetric
        if both := sorted(symmetric & directed):
            found = f"{both[0]} is symmetric in some documents of its folder and not in others"
            raise ValueError(f"{document.source}: {found}, as of document {document.id}")
        self._types |= {entity.type for entity in document.entities if entity.type}
        self._roles |= {label: roles.get(label, self._roles.get(label, ARGUMENTS)) for label in labels}
        for line in kept:
            self._add_line(line)

    def _add_line(self, line: str) -> None:
        name, *others = line.split("\t")[1].split() or [""]
        if line.startswith("E"):
            name = name.partition(":")[0]
            self._events[name] |= {other.partition(":")[0].rstrip("0123456789") for other in others}
        elif line[0] in "AM":
            self._attributes[name] |= set(others[1:2])

    def write(self) -> None:
        """Write a file into each folder whose relations are not symmetric as those of the nearest one above.

        brat knows the types alone that stand there, so that all are listed.
        """
        if self._symmetric and self._root not in self._symmetric:
            ((most, _),) = Counter(map(frozenset, self._symmetric.values())).most_common(1)
            self._symmetric = {self._root: set(most), **self._symmetric}
        for folder, symmetric in self._symmetric.items():
            above = next((self._symmetric[each] for each in folder.parents if each in self._symmetric), set())
            if symmetric != above:
                (folder / CONF).write_text("".join(f"{line}\n" for line in self._lines(symmetric)), encoding="utf-8")

    def _lines(self, symmetric: Set[str]) -> Iterator[str]:
        yield from ["[entities]", *_names(self._types - self._events.keys()), "[relations]"]
        for label in _names(self._roles.keys() | symmetric):
            yield _relation(label, self._roles.get(label, ARGUMENTS), is_symmetric=label in symmetric)
        yield from [OVERLAP, "[events]"]
        for name in _names(self._events):
            yield "\t".join([name, ", ".join(f"{role}*:<ANY>" for role in _names(self._events[name]))]).rstrip()
        yield "[attributes]"
        for name in _names(self._attributes):
            values = _names(self._attributes[name])
            yield f"{name}\tArg:<ANY>{', Value:' if values else ''}{'|'.join(values)}"


def _names(names: Iterable[str]) -> list[str]:
    """Names in order, without those that brat would take for a section or a comment."""
    return sorted(name for name in names if name and name[0] not in "[#")
