"""What brat said of a document beside entities and relations, as it stands in its meta, and whether it still can be said.

Meta may have been through another format or through other hands: what is not shaped as brat's is counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.corpus.formats.brat_conf import can_be_symmetric
from pipeline.corpus.formats.brat_lines import ARGUMENTS, BEGINS, KEPT

META = frozenset({"entity_ids", "equivalences", "lines", "relation_ids", "roles", "symmetric"})
BRAT_ID = re.compile("T[0-9]+")
RELATION_ID = re.compile(r"\*|R[A-Za-z]*[0-9]+\S*")
ROLE = re.compile(r"[^\s:]+")
NAMED = re.compile("[TREAMN#][A-Za-z]*[0-9]+")
UNWRITABLE = re.compile("[\r\n\ud800-\udfff]")  # ends of lines, and halves of characters


class Meta(NamedTuple):
    """What a document's META has that is shaped as brat's."""

    entity_ids: list[list[str]]
    equivalences: list[list[str]]
    lines: list[str]
    relation_ids: list[str]
    roles: list[list[str]]
    symmetric: list[str]


def sift(meta: Mapping[str, Any]) -> tuple[Meta, int]:
    """What is shaped as brat's, and how many values are not."""
    n_bad = 0
    found: dict[str, list[Any]] = {}
    for key, fits in SHAPES.items():
        value = meta.get(key, [])
        items = value if isinstance(value, list) else []
        found[key] = [item for item in items if fits(item)]
        n_bad += len(items) - len(found[key]) + (items is not value)
        is_whole = len(found[key]) == len(items)
        ids = [item for item in found[key] if item != "*"] if key == "relation_ids" else [item[0] for item in found[key]]
        if key in ("entity_ids", "relation_ids") and not (is_whole and len(set(ids)) == len(ids)):
            found[key] = []  # none can be told
            n_bad += is_whole
    return Meta(**found), n_bad


def _words(item: object, least: int, most: int | None = None) -> list[str]:
    """A list of so many strings that can be written; nothing where it is something else."""
    if not isinstance(item, list) or not least <= len(item) <= (most or len(item)):
        return []
    return item if all(isinstance(word, str) and not UNWRITABLE.search(word) for word in item) else []


def _is_equivalence(item: object) -> bool:
    label, *members = _words(item, 3) or [""]
    return label.split() == [label] and len(set(members)) == len(members) and all(map(BRAT_ID.fullmatch, members))


def _is_kept(item: object) -> bool:
    line = (_words([item], 1) or [""])[0]
    return line[:1] in KEPT and BEGINS.match(line) is not None


def _is_roles(item: object) -> bool:
    _, *roles = _words(item, 3, 3) or [""]
    return len(set(roles)) == len(ARGUMENTS) and roles != [*reversed(ARGUMENTS)] and all(map(ROLE.fullmatch, roles))


SHAPES: Mapping[str, Callable[[object], bool]] = {
    "entity_ids": lambda item: bool(BRAT_ID.fullmatch((_words(item, 2, 2) or [""])[0])),
    "equivalences": _is_equivalence,
    "lines": _is_kept,
    "relation_ids": lambda item: bool(RELATION_ID.fullmatch((_words([item], 1) or [""])[0])),
    "roles": _is_roles,
    "symmetric": lambda item: can_be_symmetric((_words([item], 1) or [""])[0]),
}


def targets(line: str) -> list[str]:
    r"""The ids that a line of an event, attribute, normalisation or note names.

    >>> targets("E1\tFounding:T9 Agent:T1"), targets("#1\tAnnotatorNotes R1\tof T3")
    (['T9', 'T1'], ['R1'])
    """
    words = line.split("\t")[1].split()
    named = [word.rpartition(":")[2] for word in words] if line.startswith("E") else words[1:2]
    return [name for name in named if NAMED.fullmatch(name)]


def standing(lines: Sequence[str], known: Collection[str]) -> list[str]:
    """The first line of each id, without those that name what is not there, or a line that does."""
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(line.partition("\t")[0], line)
    dependents = defaultdict(list)
    for line_id, line in first.items():
        for target in targets(line):
            dependents[target].append(line_id)
    missing = [target for target in dependents if target not in known and target not in first]
    while missing:
        gone = [line_id for line_id in dependents[missing.pop()] if first.pop(line_id, None)]
        missing += [line_id for line_id in gone if line_id in dependents]
    return list(first.values())
