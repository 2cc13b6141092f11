r"""A JSON value of a file changed where two values differ, and nowhere else: unknown keys, their order, blanks and indents stay.

>>> text = '{"text": "Ann.",  "tag":"A", "by": 3}'
>>> spliced(text, {"tag": "A"}, {"tag": "B"}, style_of(text, is_ascii=False))
'{"text": "Ann.",  "tag":"B", "by": 3}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.corpus.formats.json_fields import whole_number
from pipeline.corpus.rewriting.json_items import became_of, places_of

BLANKS = re.compile(r"[ \t\r\n]*")


class Member(NamedTuple):
    """An item of a list or of an object as a text has it, with its own text [start, end), its key included."""

    start: int
    value_start: int
    end: int
    key: str | None
    value: Any


class Style(NamedTuple):
    """How a text writes JSON."""

    comma: str = ", "
    colon: str = ": "
    ascii: bool = False  # other characters are escaped

    def compact(self, value: Any) -> str:
        """A value on one line."""
        return json.dumps(value, ensure_ascii=self.ascii, separators=(self.comma, self.colon))

    def like(self, value: Any, sibling: str, before: str) -> str:
        """A value in lines as a sibling is, or on one line as that is.

        Args: before: what the sibling stands behind: the blanks of its line are those of the new lines.
        """
        if "\n" not in sibling:
            return self.compact(value)
        outer = _last_indent(before)
        inner = len(sibling.split("\n")[1]) - len(sibling.split("\n")[1].lstrip())
        text = json.dumps(value, ensure_ascii=self.ascii, indent=max(inner - len(outer), 1), separators=(",", self.colon))
        return text.replace("\n", f"\n{outer}")


def style_of(text: str, *, is_ascii: bool) -> Style:
    """The style of the object that a text is."""
    found = list(members(text))
    between = [text[one.end : other.start] for one, other in pairwise(found)]
    colons = [text[one.start : one.value_start] for one in found]
    comma = ", " if not between or " " in between[0] or "\n" in between[0] else ","
    return Style(comma, ": " if not colons or colons[0].endswith(" ") else ":", is_ascii)


def members(text: str) -> Iterator[Member]:
    """The items of the list or object that a text is."""
    decoder = json.JSONDecoder()
    at = _skip(text, 1)
    while text[at] not in "]}":
        start, key = at, None
        if text[0] == "{":
            key, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        value, end = decoder.raw_decode(text, at)
        yield Member(start, at, end, key, value)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = BLANKS.match(text, at)
    return match.end() if match else at


def spliced(text: str, old: Any, new: Any, style: Style) -> str:
    """The value that a text is with what differs between two others set in it, which say what it says in fewer words.

    What an item of a list was is looked for by what it says, not by its place.
    """
    if old == new:
        return text
    value = json.loads(text)
    if isinstance(value, dict) and isinstance(old, dict) and isinstance(new, dict):
        return _spliced_object(text, old, new, style)
    if isinstance(value, list) and isinstance(old, list) and isinstance(new, list) and not _is_flat([*old, *new]):
        places = places_of(old, value)
        if places is not None:
            return _spliced_list(text, old, new, places, style)
    return style.like(_worded(value, old, new), text, "\n" + _last_indent(text))


def _worded(value: Any, old: Any, new: Any) -> Any:
    """What a value becomes, an id as the value has it, a number or a text.

    >>> _worded(3, "3", "12"), _worded("3", 3, 12), _worded("3", "3", "12")
    (12, '12', '12')
    """
    if type(value) is type(old) or str(value) != str(old):
        return new
    return whole_number(new) if isinstance(new, str) else str(new)


def _is_flat(items: Sequence[Any]) -> bool:
    return not any(isinstance(item, list | dict) for item in items)


def _last_indent(text: str) -> str:
    """The blanks that the last line of a text begins with."""
    line = text.rpartition("\n")[2]
    return line[: len(line) - len(line.lstrip())]


def _spliced_object(text: str, old: Mapping[str, Any], new: Mapping[str, Any], style: Style) -> str:
    found = list(members(text))
    values = {member.key or "": text[member.value_start : member.end] for member in found}
    swapped = [pair for pair in _swapped(old, new) if values.keys() >= set(pair)]
    old = {**old, **{key: old[other] for key, other in swapped}}
    values |= {key: values[other] for key, other in swapped}
    parts: dict[str, str] = {}
    for member in found:
        key = member.key or ""
        value = values[key]
        if key in old and key not in new:
            continue
        if key in new and key in old:
            value = spliced(value, old[key], new[key], style)
        elif key in new:
            value = style.compact(new[key])
        parts[key] = text[member.start : member.value_start] + value
    known = {member.key for member in found}
    added = [key for key in new if key not in known and (key not in old or old[key] != new[key])]
    for key in added:
        parts[key] = f"{style.compact(key)}{style.colon}{style.compact(new[key])}"
    places = {member.key or "": place for place, member in enumerate(found)}
    order = [*places, *added]
    before = {key: place for place, key in enumerate(new)}
    for key in added:  # behind the keys that the format writes before it
        order.remove(key)
        behind = [place for place, other in enumerate(order) if other in before and before[other] < before[key]]
        order.insert(max(behind, default=len(order) - 1) + 1, key)
    return _joined(text, found, [(places.get(key), parts[key]) for key in order if key in parts], style)


def _swapped(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The keys whose objects or lists have changed places, each with the one that had its own: an arrow was turned.

    >>> _swapped({"head": {"id": 1}, "tail": {"id": 2}}, {"head": {"id": 2}, "tail": {"id": 1}})
    [('head', 'tail'), ('tail', 'head')]
    """
    changed = [key for key in old if key in new and isinstance(old[key], dict | list) and old[key] != new[key]]
    return [(key, other) for key in changed for other in changed if (new[key], new[other]) == (old[other], old[key])]


def _spliced_list(text: str, old: Sequence[Any], new: Sequence[Any], places: Sequence[int], style: Style) -> str:
    """Args: places: of each old item in the list."""
    found = list(members(text))
    texts: dict[int, str] = {place: text[one.start : one.end] for place, one in enumerate(found)}
    behind: dict[int, list[Any]] = {}
    became = became_of(old, new)
    for i in set(range(len(old))) - set(became.values()):
        del texts[places[i]]
    place = -1
    for j, item in enumerate(new):
        if j in became:
            place = places[became[j]]
            texts[place] = spliced(texts[place], old[became[j]], item, style)
        else:
            behind.setdefault(place, []).append(item)
    sibling = text[found[0].start : found[0].end] if found else ""
    outer = text[: found[0].start] if found else ""
    parts: list[tuple[int | None, str]] = []
    for place in range(-1, len(found)):
        parts += [(place, texts[place])] if place in texts else []
        parts += [(None, style.like(item, sibling, outer)) for item in behind.get(place, [])]
    return _joined(text, found, parts, style)


def _joined(text: str, found: Sequence[Member], parts: Sequence[tuple[int | None, str]], style: Style) -> str:
    """The items with what stood around and between them.

    Args: parts: each with its place among those that were found, if it was.
    """
    if not parts:
        return text[0] + text[-1]
    if not found:
        return text[0] + style.comma.join(part for _, part in parts) + text[-1]
    between = {place: text[found[place - 1].end : found[place].start] for place in range(1, len(found))}
    first = text[1 : found[0].start]
    usual = between.get(1, f",{first}" if "\n" in first else style.comma)
    joined = "".join((between.get(place or 0, usual) if number else first) + part for number, (place, part) in enumerate(parts))
    return text[0] + joined + text[found[-1].end :]
