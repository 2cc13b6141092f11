"""Pairs of entities that have no relation: what a model is to tell from those that have one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import permutations

import xxhash

from pipeline.core.schema import Span
from pipeline.corpus.document import Entity
from pipeline.corpus.words import Stretches

Candidate = tuple[Entity, Entity]


def unrelated(entities: Sequence[Entity], sentences: Sequence[Span], related: Collection[tuple[Span, Span]]) -> list[Candidate]:
    """The ordered pairs of entities within one sentence that have no relation, in reading order.

    Of entities of the same characters only the first is looked at: a pair of them is none, and where one has a relation, the others
    have it too.

    Args: sentences: they cover the text; related: the characters of the pairs that have a relation, in their order.
    """
    starts = [sentence.start for sentence in sentences]
    of_sentence: dict[int, dict[Span, Entity]] = {}
    for entity in sorted(entities, key=lambda entity: entity.spans):
        cover = entity.cover
        sentence = bisect_right(starts, cover.start) - 1
        if bisect_left(starts, cover.end) - 1 == sentence:
            of_sentence.setdefault(sentence, {}).setdefault(cover, entity)
    return [
        (e1, e2)
        for of_one in of_sentence.values()
        for (cover, e1), (other, e2) in permutations(of_one.items(), 2)
        if (cover, other) not in related
    ]


def within(candidates: Sequence[Candidate], words: Stretches, max_length: int) -> list[Candidate]:
    """The pairs that a window of max_length words can hold, as positions.find_problems counts them; predict asks about no others.

    Args: words: the document's, as sentences.segment gives them.
    """
    places = {entity.id: [bisect_left(words, (edge,)) for edge in entity.cover] for pair in candidates for entity in pair}

    def n_words(e1: Entity, e2: Entity) -> int:
        (start, end), (other_start, other_end) = places[e1.id], places[e2.id]
        return max(end, other_end) - min(start, other_start)

    return [pair for pair in candidates if n_words(*pair) <= max_length]


def draw(candidates: Sequence[Candidate], wanted: float, seed: str) -> list[Candidate]:
    """As many of the pairs as wanted, in their order; a number with a fraction is rounded up with the probability of the fraction.

    A pair is drawn by a hash of its own, so that the pairs drawn change least where one is added or gets a relation.

    Args: seed: of the draw and the document, which decides with it.
    """
    whole, part = divmod(wanted, 1)
    n_wanted = int(whole) + (_share(seed) < part)
    drawn = sorted(range(len(candidates)), key=lambda index: _share(seed, *_ids(candidates[index])))[:n_wanted]
    return [candidates[index] for index in sorted(drawn)]


def _ids(candidate: Candidate) -> Iterator[str]:
    return (entity.id for entity in candidate)


def _share(*parts: str) -> float:
    """A number in [0, 1) that depends on texts alone, the same on every machine."""
    return xxhash.xxh3_64_intdigest("\0".join(parts).encode(errors="surrogatepass")) / 2**64
