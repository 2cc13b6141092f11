"""Which texts are edited forms of others, beside sets of trigrams and among many texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotation import likeness
from pipeline.annotation.likeness import Named, alike, edited_forms

WORDS = ["storm", "damage", "harbour", "wheel", "cart", "baker", "bread", "letter", "satchel", "mountain", "river", "village"]
N_MANY = 330  # texts of both sides, of which not all pairs are compared


def named(texts: Sequence[str], prefix: str = "") -> list[Named]:
    return [Named(f"{prefix}{number}", text) for number, text in enumerate(texts)]


def drawn(count: int, seed: int = 0) -> list[str]:
    """Texts of twelve words."""
    rng = random.Random(seed)
    return [f'The "{" ".join(rng.choices(WORDS, k=12))}" of {number}.' for number in range(count)]


def trigrams(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(max(1, len(text) - 2))}


@given(st.text(), st.text())
def test_likeness_is_the_share_of_common_trigrams(one: str, other: str) -> None:
    mine, theirs = trigrams(one), trigrams(other)
    [score] = alike([one], [other], np.array([0]), np.array([0]))
    assert score == pytest.approx(2 * len(mine & theirs) / (len(mine) + len(theirs)), abs=1e-6)


@pytest.mark.parametrize(
    "edit",
    [lambda text: text.replace('"', "\u201c"), lambda text: text.replace(" ", "  "), lambda text: text[20:]],
    ids=["quotes", "blanks", "cut"],
)
def test_many_texts_are_known_by_the_runs_that_they_share_in_any_order(edit: Callable[[str], str]) -> None:
    texts = drawn(N_MANY)
    order = random.Random(1).sample(range(N_MANY), N_MANY)
    found = edited_forms(named(texts), named([edit(texts[place]) for place in order], "x"))
    assert found == sorted((place, other) for other, place in enumerate(order))


@pytest.mark.parametrize("text", ["the cart came", "\u8f66\u8f6e\u4ece\u65e7\u8f66\u4e0a\u6389\u4e0b\u6765"])
def test_texts_that_share_all_with_many_are_known_by_their_places(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(likeness, "WORK", 1)
    old, new = [text] * (N_MANY + 3), [f"{text}!"] * N_MANY
    assert edited_forms(named(old), named(new, "x")) == [(place, place) for place in range(N_MANY)]


def test_many_texts_of_one_id_each_keep_it_before_what_is_more_alike() -> None:
    old = [f"It rained on the harbour all day while grandmother fed the bees behind her mill. {text}" for text in drawn(N_MANY)]
    new = [f"{text}!" for text in old]
    new[0], new[1] = new[1], new[0]
    assert edited_forms(named(old), named(new))[:2] == [(0, 0), (1, 1)]


def test_many_other_texts_are_no_edited_forms() -> None:
    assert edited_forms(named(drawn(N_MANY)), named([text[::-1] for text in drawn(N_MANY, 1)], "x")) == []


def test_no_more_pairs_are_looked_at_than_the_rarest_runs_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "WORK", 10)
    assert likeness._cheapest(np.array([0, 2, 9, 4, 4, 1])).tolist() == [False, True, False, False, False, True]


def test_copies_that_looked_for_the_same_text_find_others_in_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "MOST", 1)
    texts, copies = drawn(N_MANY), ["It rained on the harbour all day."] * 20
    new = [f"{text}!" for text in (*copies, *texts)]
    assert len(edited_forms(named([*texts, *copies]), named(new, "x"))) == len(new)


def test_pairs_of_many_texts_alike_are_not_all_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(likeness, "_may_be", lambda one, other: looked.append(one))
    assert edited_forms(named(["the cart came"] * 100), named(["the cart came!"] * 100, "x")) == []
    assert len(looked) == 100 * likeness.MOST_REFUSED
