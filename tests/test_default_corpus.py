"""The promises of the default corpus's sentences with a marked pair (data/README.md), checked with a reader of our own."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache, cached_property

import pytest
import spacy

from tests.support.project import ROOT

RAW = ROOT / "data" / "raw"
SPLITS = ("train", "test")
SMALLEST_CLASS = {"train": 90, "test": 20}
SMALLEST_SPLIT = {"train": 1_000, "test": 250}
GENRES = {"news", "science", "cooking", "engineering", "law", "fiction", "chat"}
RELATIONS = {
    "Cause-Effect",
    "Instrument-Agency",
    "Product-Producer",
    "Content-Container",
    "Entity-Origin",
    "Entity-Destination",
    "Component-Whole",
    "Member-Collection",
    "Message-Topic",
}
LABELS = {f"{relation}({order})" for relation in RELATIONS for order in ("e1,e2", "e2,e1")} | {"Other"}
BLOCK = re.compile(r'(?P<id>[1-9]\d*)\t"(?P<marked>[^\t\n]+)"\n(?P<label>[^\n]+)\nComment: (?P<genre>\w+)\n\n')
MARK = re.compile(r"</?e[12]>")
MARKS = ["<e1>", "</e1>", "<e2>", "</e2>"]
QUOTES = tuple("\"'“”‘’")
POSSESSIVE = re.compile(r"['’](s\b|(?!\w))")
NLP = spacy.blank("en")


@dataclass(frozen=True)
class Sentence:
    """A block of a file: the text before, in, between and after the entities."""

    id: int
    label: str
    genre: str
    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def entities(self) -> tuple[str, str]:
        return self.pieces[1], self.pieces[3]

    @property
    def edges(self) -> list[tuple[str, str]]:
        """What stands left and right of each entity."""
        return [(self.pieces[0], self.pieces[2]), (self.pieces[2], self.pieces[4])]

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)

    @cached_property
    def n_between(self) -> int:
        return len(words(self.pieces[2]))

    @cached_property
    def runs(self) -> set[tuple[str, ...]]:
        return runs(self.words)


def words(text: str) -> list[str]:
    return [token.text for token in NLP(text.strip())]


def runs(of: list[str]) -> set[tuple[str, ...]]:
    """Every run of six words, case-folded, without punctuation."""
    plain = [folded for word in of if (folded := "".join(filter(str.isalnum, word)).casefold())]
    return {tuple(plain[start : start + 6]) for start in range(len(plain) - 5)}


@cache
def read(split: str) -> list[Sentence]:
    text = (RAW / f"{split}.txt").read_bytes().decode("utf-8")
    blocks = list(BLOCK.finditer(text))
    assert "".join(block[0] for block in blocks) == text, "not SemEval-2010 Task 8 blocks from end to end"
    sentences = []
    for block in blocks:
        assert MARK.findall(block["marked"]) == MARKS, f"block {block['id']}: e1 and e2 must be marked once each, e1 first"
        sentences.append(Sentence(int(block["id"]), block["label"], block["genre"], tuple(MARK.split(block["marked"]))))
    return sentences


def both() -> list[Sentence]:
    return read("train") + read("test")


def has_quote(sentence: Sentence) -> bool:
    """A possessive's apostrophe is no quotation mark."""
    return any(
        left.endswith(QUOTES) or (right.startswith(QUOTES) and not POSSESSIVE.match(right)) for left, right in sentence.edges
    )


def repeats_an_entity(sentence: Sentence) -> bool:
    text = sentence.text.casefold()
    return any(len(re.findall(rf"\b{re.escape(entity.casefold())}\b", text)) > 1 for entity in sentence.entities)


def has_accent(sentence: Sentence) -> bool:
    return any(unicodedata.combining(mark) for mark in unicodedata.normalize("NFD", sentence.text))


def has_symbol(sentence: Sentence) -> bool:
    """Anything beyond ASCII that is neither a letter nor a curly quotation mark."""
    return any(not char.isascii() and unicodedata.category(char) not in {"Lu", "Ll", "Pi", "Pf"} for char in sentence.text)


HARD_CASES = {
    "an entity comes first": lambda sentence: not sentence.pieces[0],
    "an entity comes last": lambda sentence: not any(map(str.isalnum, sentence.pieces[4])),
    "an entity is next to a quotation mark": has_quote,
    "an entity is next to a hyphen": lambda sentence: any(
        left.endswith("-") or right.startswith("-") for left, right in sentence.edges
    ),
    "an entity is next to a possessive": lambda sentence: any(POSSESSIVE.match(right) for _, right in sentence.edges),
    "the entities are adjacent": lambda sentence: sentence.n_between == 0,
    "an entity's string occurs again": repeats_an_entity,
    "a letter has an accent": has_accent,
    "there is a digit": lambda sentence: re.search(r"\d", sentence.text),
    "there is a non-ASCII symbol": has_symbol,
}


def test_ids_count_from_one_over_train_and_then_test() -> None:
    ids = [sentence.id for sentence in both()]
    assert ids == list(range(1, len(ids) + 1))


def test_text_is_composed_unicode_without_stray_blanks() -> None:
    for sentence in both():
        assert unicodedata.is_normalized("NFC", sentence.text), sentence.id
        assert sentence.text == " ".join(sentence.text.split()), sentence.id
        assert all(entity == entity.strip() for entity in sentence.entities), sentence.id


@pytest.mark.parametrize("split", SPLITS)
def test_each_split_is_large_enough(split: str) -> None:
    assert len(read(split)) >= SMALLEST_SPLIT[split]


@pytest.mark.parametrize("split", SPLITS)
def test_all_labels_occur_and_no_others(split: str) -> None:
    assert {sentence.label for sentence in read(split)} == LABELS


@pytest.mark.parametrize("split", SPLITS)
def test_each_class_is_large_enough(split: str) -> None:
    sizes = Counter(sentence.label.split("(")[0] for sentence in read(split))
    assert sizes.keys() == RELATIONS | {"Other"}
    assert min(sizes.values()) >= SMALLEST_CLASS[split], sizes


@pytest.mark.parametrize("relation", sorted(RELATIONS))
@pytest.mark.parametrize("split", SPLITS)
def test_the_rarer_direction_has_a_quarter_of_a_relation(split: str, relation: str) -> None:
    forward, backward = (sum(sentence.label == f"{relation}({order})" for sentence in read(split)) for order in ("e1,e2", "e2,e1"))
    assert min(forward, backward) >= (forward + backward) / 4


@pytest.mark.parametrize("split", SPLITS)
def test_genres_are_mixed_evenly(split: str) -> None:
    shares = Counter(sentence.genre for sentence in read(split))
    assert shares.keys() == GENRES
    assert min(shares.values()) >= len(read(split)) / 10, shares


@pytest.mark.parametrize("split", SPLITS)
def test_a_fifth_of_the_entities_have_several_words(split: str) -> None:
    lengths = [len(words(entity)) for sentence in read(split) for entity in sentence.entities]
    assert sum(length > 1 for length in lengths) >= len(lengths) / 5


@pytest.mark.parametrize("split", SPLITS)
def test_zero_to_twenty_words_stand_between_the_entities(split: str) -> None:
    gaps = [sentence.n_between for sentence in read(split)]
    assert (min(gaps), max(gaps)) == (0, 20)


def test_sentences_have_five_to_seventy_words() -> None:
    for sentence in both():
        assert 5 <= len(sentence.words) <= 70, (sentence.id, len(sentence.words))


def test_some_sentences_are_long() -> None:
    assert sum(len(sentence.words) > 40 for sentence in both()) >= 25


@pytest.mark.parametrize("case", HARD_CASES)
@pytest.mark.parametrize("split", SPLITS)
def test_each_hard_case_occurs_in_each_split(split: str, case: str) -> None:
    assert any(map(HARD_CASES[case], read(split)))


def test_no_sentence_occurs_twice() -> None:
    texts = Counter("".join(filter(str.isalnum, sentence.text)).casefold() for sentence in both())
    assert max(texts.values()) == 1


def test_train_and_test_share_no_run_of_six_words() -> None:
    train, test = (set().union(*(sentence.runs for sentence in read(split))) for split in SPLITS)
    assert not train & test


def test_no_run_of_six_words_is_in_more_than_three_sentences() -> None:
    seen = defaultdict(set)
    for sentence in both():
        for run in sentence.runs:
            seen[run].add(sentence.id)
    assert not {run: ids for run, ids in seen.items() if len(ids) > 3}
