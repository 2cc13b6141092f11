"""The marks of two entities in a sentence, <e1>, </e1>, <e2> and </e2>."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.core.errors import Problem
from pipeline.core.schema import Span

MARKERS = ["<e1>", "</e1>", "<e2>", "</e2>"]
SWAPPED = MARKERS[2:] + MARKERS[:2]
MARKER = re.compile(f"({'|'.join(MARKERS)})")


class Marked(NamedTuple):
    """A sentence without its markers, the entities in characters, without the blanks around their words."""

    text: str
    e1: Span
    e2: Span


def unmark(sentence: str, first: int = 1, *, in_order: bool = True) -> Marked | list[Problem]:
    """Take the markers out of a sentence.

    Args: first: the number of the sentence's first character, for the messages; in_order: e1 must stand before e2.
    Returns: the sentence, or all that is wrong with its markers.

    >>> unmark("12-<e1>pack</e1> of <e2>beers</e2>")
    Marked(text='12-pack of beers', e1=Span(start=3, end=7), e2=Span(start=11, end=16))
    >>> unmark("<e1>pack</e1> of <e2>beers")[0].found
    '<e2> opens at character 18 and never closes'
    """
    parts = MARKER.split(sentence)
    swapped = not in_order and parts[1::2] == SWAPPED
    if parts[1::2] != MARKERS and not swapped:
        characters: dict[str, list[int]] = {marker: [] for marker in MARKERS}
        for match in MARKER.finditer(sentence):
            characters[match[0]].append(match.start() + first)
        return list(_marker_problems(characters))
    before, one, between, other, _ = parts[::2]
    if blank := [marker[1:-1] for marker, words in ((parts[1], one), (parts[5], other)) if not words.strip()]:
        return [Problem(f"{entity} is empty", f"put a word between <{entity}> and </{entity}>", "entity-empty") for entity in blank]
    spans = [_span(len(before), one), _span(len(before) + len(one) + len(between), other)]
    return Marked("".join(parts[::2]), *(spans[::-1] if swapped else spans))


def mark(text: str, e1: Span, e2: Span) -> str:
    """Put the markers into a text: the reverse of `unmark`. e1 stands before e2.

    >>> mark("12-pack of beers", Span(3, 7), Span(11, 16))
    '12-<e1>pack</e1> of <e2>beers</e2>'
    """
    return f"{text[: e1.start]}<e1>{text[slice(*e1)]}</e1>{text[e1.end : e2.start]}<e2>{text[slice(*e2)]}</e2>{text[e2.end :]}"


def _span(start: int, entity: str) -> Span:
    """The words of an entity that begins at a character.

    >>> _span(4, " axe ")
    Span(start=5, end=8)
    """
    words = entity.strip()
    start += entity.index(words)
    return Span(start, start + len(words))


def _marker_problems(characters: dict[str, list[int]]) -> Iterator[Problem]:
    """Why markers don't stand once each, in order.

    Args: characters: where each marker occurs.
    """
    problems = [_entity_problem(entity, characters[f"<{entity}>"], characters[f"</{entity}>"]) for entity in ("e1", "e2")]
    if any(problems):
        yield from filter(None, problems)
        return
    (open_1,), (close_1,), (open_2,), (close_2,) = characters.values()
    if open_1 < close_2 and open_2 < close_1:
        inner, outer, start = ("e2", "e1", open_2) if open_1 < open_2 else ("e1", "e2", open_1)
        hint = f"close </{outer}> before <{inner}> opens"
        yield Problem(f"<{inner}> opens at character {start}, inside {outer}", hint, "entities-overlap")
    else:
        hint = "number the entities in reading order, and turn the direction of the relation to match"
        yield Problem(f"e2 stands before e1, at character {open_2}", hint, "entities-unordered")


def _entity_problem(entity: str, opens: list[int], closes: list[int]) -> Problem | None:
    """What is wrong with the markers of one entity, which occur at these characters, if anything."""
    for marker, places in ((f"<{entity}>", opens), (f"</{entity}>", closes)):
        if len(places) > 1:
            found = f"{marker} occurs {len(places)} times, at characters {', '.join(map(str, places))}"
            return Problem(found, f"an entity has one <{entity}> and one </{entity}>: keep one {marker}", "marker-repeated")
    if not opens and not closes:
        return Problem(f"{entity} is not marked", f"put <{entity}> and </{entity}> around it", "entity-unmarked")
    if not closes:
        return Problem(f"<{entity}> opens at character {opens[0]} and never closes", f"add </{entity}>", "marker-missing")
    if not opens:
        return Problem(f"</{entity}> at character {closes[0]} closes nothing", f"add <{entity}>", "marker-missing")
    if closes < opens:
        found = f"</{entity}> at character {closes[0]} stands before <{entity}> at character {opens[0]}"
        return Problem(found, "swap the two markers", "markers-swapped")
    return None
