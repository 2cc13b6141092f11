"""What a tool says of a document and no row holds: it is counted, so that nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.corpus.document import Document
from pipeline.corpus.formats.label_studio import OWN
from pipeline.corpus.formats.label_studio_task import REGION

STANDOFF = {"E": "unread_events", "A": "unread_attributes", "M": "unread_attributes"}  # lines of brat, by their first letter


def count_unread(document: Document) -> dict[str, int]:
    r"""How often a document says what is not read, by names of COUNTED.

    >>> count_unread(Document("1", "a:1", "Ann left.", (), (), meta={"lines": ["E1\tLeave:T2 Who:T1", "A1\tNegated E1"]}))
    {'unread_regions': 0, 'unread_events': 1, 'unread_attributes': 1}
    """
    counts = {"unread_regions": n_unread(document), "unread_events": 0, "unread_attributes": 0}
    lines = document.meta.get("lines")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, str) and line[:1] in STANDOFF:
            counts[STANDOFF[line[0]]] += 1
    return counts


def n_unread(document: Document) -> int:
    """How many regions of Label Studio are no entities."""
    return sum(map(is_unread, regions(document.meta)))


def regions(meta: Mapping[str, Any]) -> list[object]:
    """What Label Studio alone says of regions of a document; nothing where another tool's meta has something else there."""
    own = meta.get(OWN)
    rows = own.get("regions") if isinstance(own, dict) else None
    return rows if isinstance(rows, list) else []


def is_unread(region: object) -> bool:
    """Whether a region has labels on what is no plain text, such as hypertextlabels, so that it is no entity."""
    return isinstance(region, dict) and str(region.get("type")).endswith(REGION)
