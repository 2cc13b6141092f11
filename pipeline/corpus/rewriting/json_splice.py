r"""A JSON value of a file changed where two values differ, and nowhere else: unknown keys, their order, blanks and indents stay.

>>> text = '{"text": "Ann.",  "tag":"A", "by": 3}'
>>> spliced(text, {"tag": "A"}, {"tag": "B"}, style_of(text))
'{"text": "Ann.",  "tag":"B", "by": 3}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

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

        Args: before: the blanks that the sibling stands behind.
        """
        if "\n" not in sibling:
            return self.compact(value)
        outer = before.rpartition("\n")[2]
        inner = len(sibling.split("\n")[1]) - len(sibling.split("\n")[1].lstrip())
        text = json.dumps(value, ensure_ascii=self.ascii, indent=max(inner - len(outer), 1), separators=(",", self.colon))
        return text.replace("\n", f"\n{outer}")


def style_of(text: str, *, is_ascii: bool = False) -> Style:
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
    value = json.loads(text)
    if old == new:
        return text
    if isinstance(value, dict) and isinstance(old, dict) and isinstance(new, dict):
        return _spliced_object(text, old, new, style)
    if isinstance(value, list) and isinstance(old, list) and isinstance(new, list) and not _is_flat([*old, *new]):
        places = _places(old, value)
        if places is not None:
            return _spliced_list(text, old, new, places, style)
    return style.like(new, text, "\n" + _last_indent(text))


def _is_flat(items: Sequence[Any]) -> bool:
    return not any(isinstance(item, list | dict) for item in items)


def _last_indent(text: str) -> str:
    """The blanks before the bracket that closes a value."""
    line = text.rpartition("\n")[2]
    return line[: len(line) - len(line.lstrip())]


def _spliced_object(text: str, old: Mapping[str, Any], new: Mapping[str, Any], style: Style) -> str:
    found = list(members(text))
    parts: dict[str, str] = {}
    for member in found:
        key, value = member.key or "", text[member.value_start : member.end]
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


def _spliced_list(text: str, old: Sequence[Any], new: Sequence[Any], places: Sequence[int], style: Style) -> str:
    """Args: places: of each old item in the list."""
    found = list(members(text))
    texts: dict[int, str] = {place: text[one.start : one.end] for place, one in enumerate(found)}
    behind: dict[int, list[Any]] = {}
    was, becomes = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for op, i1, i2, j1, j2 in SequenceMatcher(None, was, becomes, autojunk=False).get_opcodes():
        if op == "equal":
            continue
        became = {j: i for i, j in _became(old, new, range(i1, i2), range(j1, j2))}
        for i in set(range(i1, i2)) - set(became.values()):
            del texts[places[i]]
        place = places[i1 - 1] if i1 else -1
        for j in range(j1, j2):
            if j in became:
                place = places[became[j]]
                texts[place] = spliced(texts[place], old[became[j]], new[j], style)
            else:
                behind.setdefault(place, []).append(new[j])
    sibling = text[found[0].start : found[0].end] if found else ""
    outer = text[: found[0].start] if found else ""
    parts: list[tuple[int | None, str]] = []
    for place in range(-1, len(found)):
        parts += [(place, texts[place])] if place in texts else []
        parts += [(None, style.like(item, sibling, outer)) for item in behind.get(place, [])]
    return _joined(text, found, parts, style)


def _became(old: Sequence[Any], new: Sequence[Any], these: range, those: range) -> Iterator[tuple[int, int]]:
    """What items of a list became, in order: where they are as many each the one in its place, else by what they have alike.

    The two that are most alike are the same, and so on before and behind them; what has nothing alike has gone, or is new.
    """
    if len(these) == len(those):
        yield from zip(these, those, strict=True)
        return
    alike = ((_n_alike(old[i], new[j]), -i, -j) for i in these for j in those)
    n_alike, i, j = max(alike, default=(0, 0, 0))
    if n_alike:
        yield from _became(old, new, range(these.start, -i), range(those.start, -j))
        yield -i, -j
        yield from _became(old, new, range(1 - i, these.stop), range(1 - j, those.stop))


def _n_alike(one: Any, other: Any) -> int:
    """How many keys of two objects have the same value; values of other kinds are alike or not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return sum(key in other and other[key] == value for key, value in one.items())
    return int(one == other)


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


def _places(old: Sequence[Any], value: Sequence[Any]) -> list[int] | None:
    """The place of each old item in a list that has it in other words; None where one has none."""
    left = list(range(len(value)))
    places = []
    for number, item in enumerate(old):
        fitting = [place for place in left if _covers(value[place], item)]
        if not fitting:
            return None
        place = number if number in fitting else fitting[0]
        left.remove(place)
        places.append(place)
    return places


def _covers(value: Any, part: Any) -> bool:
    """Whether a value says all that another says."""
    if isinstance(value, dict) and isinstance(part, dict):
        return all(_covers(value.get(key), item) for key, item in part.items())
    if isinstance(value, list) and isinstance(part, list):
        return len(value) == len(part) and all(map(_covers, value, part))
    return type(value) is type(part) and bool(value == part)
