"""brat's annotation.conf (brat.nlplab.org/configuration.html): which relations of a folder, and of those below it, are symmetric.

[entities]
Theory
[relations]
Synonym-of<TAB>Arg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive
[events]
[attributes]
"""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path

from pipeline.corpus.document import Document

CONF = "annotation.conf"
SYMMETRIC = re.compile(r"(\S+).*<REL-TYPE>\s*:\s*[\w-]*symmetric")
ENDS = "Arg1:<ENTITY>, Arg2:<ENTITY>"


def symmetric_in(conf: str) -> list[str]:
    """The relations that an annotation.conf calls symmetric; `!` before a name hides it in brat."""
    section = re.search(r"^\[relations\][^\n]*\n(.*?)(?=^\[|\Z)", conf.replace("\r", "\n"), re.DOTALL | re.MULTILINE)
    matches = (SYMMETRIC.match(line.strip()) for line in (section[1] if section else "").split("\n"))
    return [match[1].lstrip("!") for match in matches if match]


class Configuration:
    """What the annotation.conf of each folder has to say, gathered document by document."""

    def __init__(self) -> None:
        self._symmetric: dict[Path, set[str]] = {}  # by folder
        self._types: set[str] = set()
        self._labels: set[str] = set()

    def add(self, folder: Path, document: Document, symmetric: Set[str]) -> None:
        """Take a document of a folder, and those of its relations that are symmetric and whose lines do not say so."""
        names = {name for name in symmetric if name.split() == [name]}  # no relation of brat has a blank
        self._symmetric.setdefault(folder, set()).update(names)
        self._types |= {entity.type for entity in document.entities if entity.type}
        self._labels |= {relation.label for relation in document.relations if relation.label}

    def write(self) -> None:
        """Write a file into each folder whose relations are not symmetric as those of the nearest one above.

        brat knows the types alone that stand there, so that all are listed.
        """
        for folder, symmetric in self._symmetric.items():
            above = next((self._symmetric[each] for each in folder.parents if each in self._symmetric), set())
            if symmetric != above:
                labels = sorted(self._labels | symmetric)
                relations = [f"{label}\t{ENDS}{', <REL-TYPE>:symmetric' if label in symmetric else ''}" for label in labels]
                lines = ["[entities]", *sorted(self._types), "[relations]", *relations, "[events]", "[attributes]"]
                (folder / CONF).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
