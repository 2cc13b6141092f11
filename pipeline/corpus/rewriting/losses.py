"""What a file said of annotations that went, and does not say any more: nothing is lost without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from pipeline.core.files import Row
from pipeline.core.schema import Span
from pipeline.core.untrusted import json_text
from pipeline.corpus.document import Document, Entity, Relation
from pipeline.corpus.formats import label_studio

Keys = tuple[str, ...]  # of an object, and of those that it is in
Kind = Literal["objects", "list", "value"]
NOTHING = ("null", "false", '""', "[]", "{}")
OF_TOOLS = {  # keys by which a tool draws what it shows, and says nothing of it
    "label_studio": frozenset({"origin", "globalOffsets"}),
    "prodigy": frozenset({"color", "token_start", "token_end", "type"}),
}


class Loss(NamedTuple):
    """Something that was said of an annotation, as the file had it, and where: file:line."""

    source: str
    said: str


def lost(was: Iterable[str], now: Iterable[str]) -> list[str]:
    """What was said and is not any more, in its order, each as often as it is lost.

    >>> lost(["sure: 1", "by: 2", "sure: 1"], ["by: 2", "sure: 1"])
    ['sure: 1']
    """
    left = Counter(was) - Counter(now)
    found = []
    for each in was:
        if left[each] > 0:
            left[each] -= 1
            found.append(each)
    return found


def others(name: str, value: Row, rows: Iterable[Row]) -> list[str]:
    """What an object of a file says under keys that its format does not read, whatever it is said of.

    Args: name: of the format; rows: objects that it writes, which have the keys that it reads.

    >>> others("jsonl", {"text": "Ann", "spans": [{"start": 0, "sure": 1}], "tags": [1]}, [{"text": "", "spans": [{"start": 3}]}])
    ['sure: 1', 'tags: [1]']
    """
    own = LABEL_STUDIO if name == "label_studio" else {place for row in rows for place in _places(row)}
    return list(_others(value, own, OF_TOOLS.get(name, frozenset())))


def _others(value: Row, own: Collection[tuple[Keys, Kind]], of_tool: Collection[str], above: Keys = ()) -> Iterator[str]:
    for key, item in value.items():
        keys, kind = (*above, key), _kind(item)
        if (keys, kind) not in own:
            text = json_text(item)
            if text not in NOTHING and key not in of_tool:
                yield f"{key}: {text}"
        elif kind == "objects":
            for each in _objects(item):
                yield from _others(each, own, of_tool, keys)


def _places(value: Row, above: Keys = ()) -> Iterator[tuple[Keys, Kind]]:
    """All keys of an object and of those in it."""
    for key, item in value.items():
        yield (*above, key), _kind(item)
        for each in _objects(item):
            yield from _places(each, (*above, key))


def _kind(item: Any) -> Kind:
    return "objects" if _objects(item) else "list" if isinstance(item, list) else "value"


def _objects(item: Any) -> list[Row]:
    """An object, or those of a list that has nothing else."""
    items = item if isinstance(item, list) else [item]
    return items if all(isinstance(each, dict) for each in items) else []


_SAID = Document("1", "", "a", (Entity("1", (Span(0, 1),), "A"),), (Relation("1", "1", "a"),))
LABEL_STUDIO = frozenset(
    place for key in label_studio.ANNOTATIONS for place in _places({key: label_studio.to_row(_SAID)["annotations"]})
)
