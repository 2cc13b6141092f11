"""The promises of the default corpus's documents (data/README.md), checked from its files with a reader of our own."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
import spacy

from tests import test_default_corpus as pairs
from tests.support.project import ROOT

SPLITS = ("train", "test")
DATASHEET = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
SMALLEST_SPLIT = {"train": 230, "test": 100}
SMALLEST_RELATION = {"train": 40, "test": 15}
TYPES = {"Person", "Organization", "Place", "Event"}
ARGUMENTS = {
    "Works-For": {("Person", "Organization")},
    "Lives-In": {("Person", "Place")},
    "Based-In": {("Organization", "Place")},
    "Parent-Of": {("Person", "Person")},
    "Owns": {("Person", "Organization"), ("Organization", "Organization")},
    "Held-In": {("Event", "Place")},
}
KEYS = ["id", "text", "entities", "relations"]
NLP = spacy.blank("en")
NLP.add_pipe("sentencizer")


@dataclass(frozen=True)
class Entity:
    start: int
    end: int
    type: str
    name: str


@dataclass(frozen=True)
class Sentence:
    """A sentence of a document as spaCy's rules find it: the entities and relations that are whole in it."""

    document_id: str
    text: str
    words: list[str]
    entities: dict[str, Entity]
    relations: list[tuple[str, str, str]]  # head, tail, label

    @property
    def n_unrelated(self) -> int:
        """Pairs of entities, in whichever order, without a relation."""
        n_entities = len(self.entities)
        return n_entities * (n_entities - 1) // 2 - len({frozenset((head, tail)) for head, tail, _ in self.relations})


@cache
def lines(split: str) -> list[str]:
    return (ROOT / "data" / "raw" / f"{split}_documents.jsonl").read_bytes().decode("utf-8").splitlines()


@cache
def read(split: str) -> list[dict]:
    return [json.loads(line) for line in lines(split)]


def both() -> list[dict]:
    return read("train") + read("test")


def entities_of(document: dict) -> dict[str, Entity]:
    return {
        entity["id"]: Entity(start, end, entity["type"], document["text"][start:end])
        for entity in document["entities"]
        for start, end in entity["spans"]
    }


@cache
def sentences(split: str) -> list[Sentence]:
    return [sentence for document in read(split) for sentence in sentences_of(document)]


def sentences_of(document: dict) -> Iterator[Sentence]:
    entities = entities_of(document)
    for sent in NLP(document["text"]).sents:
        inside = {
            name: entity for name, entity in entities.items() if sent.start_char <= entity.start < entity.end <= sent.end_char
        }
        related = [(relation["head"], relation["tail"], relation["label"]) for relation in document["relations"]]
        held = [relation for relation in related if inside.keys() >= {*relation[:2]}]
        yield Sentence(document["id"], sent.text, [token.text for token in sent], inside, held)


def names(split: str) -> set[str]:
    return {entity.name for document in read(split) for entity in entities_of(document).values()}


def test_a_line_is_a_document_in_one_form() -> None:
    for split in SPLITS:
        assert lines(split) == [json.dumps(document, ensure_ascii=False) for document in read(split)]
        assert all(list(document) == KEYS for document in read(split))


def test_ids_count_from_one_over_train_and_then_test() -> None:
    ids = [document["id"] for document in both()]
    assert ids == [f"doc-{number:03}" for number in range(1, len(ids) + 1)]


def test_entities_are_named_in_reading_order_and_share_no_character() -> None:
    for document in both():
        entities = entities_of(document)
        assert list(entities) == [f"T{number}" for number in range(1, len(document["entities"]) + 1)]
        edges = [edge for entity in entities.values() for edge in (entity.start, entity.end)]
        assert edges == sorted(set(edges)), document["id"]


def test_entities_begin_and_end_with_words() -> None:
    for document in both():
        tokens = NLP(document["text"])
        for entity in entities_of(document).values():
            assert tokens.char_span(entity.start, entity.end) is not None, (document["id"], entity.name)
            assert all(map(str.isalnum, (entity.name[0], entity.name[-1]))), (document["id"], entity.name)


def test_every_name_is_annotated_wherever_it_stands_and_has_one_type() -> None:
    types = defaultdict(set)
    for document in both():
        for entity in entities_of(document).values():
            types[entity.name].add(entity.type)
    assert {name: found for name, found in types.items() if len(found) > 1} == {}
    every = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(types, key=len, reverse=True)))
    for document in both():
        spans = entities_of(document).values()
        for match in every.finditer(document["text"]):
            inside = any(entity.start <= match.start() and match.end() <= entity.end for entity in spans)
            assert inside, (document["id"], match[0])


def test_text_is_composed_unicode_without_stray_blanks() -> None:
    for document in both():
        text = document["text"]
        assert unicodedata.is_normalized("NFC", text), document["id"]
        assert text == " ".join(text.split()), document["id"]


def test_documents_have_one_to_three_sentences_and_no_relation_leaves_one() -> None:
    for document in both():
        of_document = list(sentences_of(document))
        assert 1 <= len(of_document) <= 3, document["id"]
        assert sum(len(sentence.relations) for sentence in of_document) == len(document["relations"]), document["id"]
        assert sum(len(sentence.entities) for sentence in of_document) == len(document["entities"]), document["id"]


def test_a_pair_has_one_relation_between_entities_of_its_types() -> None:
    for document in both():
        entities = entities_of(document)
        related = Counter(frozenset((relation["head"], relation["tail"])) for relation in document["relations"])
        assert max(related.values(), default=1) == 1, document["id"]
        for relation in document["relations"]:
            types = entities[relation["head"]].type, entities[relation["tail"]].type
            assert types in ARGUMENTS[relation["label"]], (document["id"], relation)


@pytest.mark.parametrize("split", SPLITS)
def test_each_split_is_large_enough(split: str) -> None:
    assert len(sentences(split)) >= SMALLEST_SPLIT[split]


@pytest.mark.parametrize("split", SPLITS)
def test_each_relation_and_type_is_large_enough(split: str) -> None:
    relations = Counter(label for sentence in sentences(split) for _, _, label in sentence.relations)
    types = Counter(entity.type for sentence in sentences(split) for entity in sentence.entities.values())
    assert relations.keys() == ARGUMENTS.keys()
    assert min(relations.values()) >= SMALLEST_RELATION[split], relations
    assert types.keys() == TYPES
    assert min(types.values()) >= SMALLEST_RELATION[split], types


def test_no_relation_has_the_name_of_one_of_the_pairs() -> None:
    assert not ARGUMENTS.keys() & (pairs.RELATIONS | {"Other"})


@pytest.mark.parametrize("split", SPLITS)
def test_pairs_without_a_relation_are_more_than_those_with_one(split: str) -> None:
    assert sum(sentence.n_unrelated for sentence in sentences(split)) > sum(len(s.relations) for s in sentences(split))


@pytest.mark.parametrize("split", SPLITS)
def test_a_tenth_to_a_sixth_of_the_sentences_have_no_relation(split: str) -> None:
    n_without = sum(not sentence.relations for sentence in sentences(split))
    assert 1 / 10 <= n_without / len(sentences(split)) <= 1 / 6


@pytest.mark.parametrize("split", SPLITS)
def test_a_head_stands_before_and_after_its_tail_in_every_relation(split: str) -> None:
    orders = {(label, int(head[1:]) < int(tail[1:])) for sentence in sentences(split) for head, tail, label in sentence.relations}
    assert orders == {(label, order) for label in ARGUMENTS for order in (True, False)}


def test_sentences_have_three_to_seventy_words() -> None:
    for sentence in sentences("train") + sentences("test"):
        assert 3 <= len(sentence.words) <= 70, (sentence.document_id, sentence.text)


def test_no_name_of_test_is_in_train() -> None:
    assert not names("train") & names("test")


def test_no_document_occurs_twice() -> None:
    texts = Counter("".join(filter(str.isalnum, document["text"])).casefold() for document in both())
    assert max(texts.values()) == 1


def test_train_and_test_share_no_run_of_six_words() -> None:
    of_pairs, of_documents = (
        {split: set().union(*(pairs.runs(sentence.words) for sentence in part(split))) for split in SPLITS}
        for part in (pairs.read, sentences)
    )
    assert not (of_pairs["train"] | of_documents["train"]) & (of_pairs["test"] | of_documents["test"])


def test_no_run_of_six_words_is_in_more_than_three_sentences() -> None:
    every = [*pairs.both(), *sentences("train"), *sentences("test")]
    seen = Counter(run for sentence in every for run in pairs.runs(sentence.words))
    assert not {run: count for run, count in seen.items() if count > 3}


@pytest.mark.parametrize("label", ARGUMENTS)
def test_the_datasheet_has_the_arguments_and_the_count_of_each_relation(label: str) -> None:
    heads, tails = (" or ".join(dict.fromkeys(side)) for side in zip(*sorted(ARGUMENTS[label], reverse=True), strict=True))
    counts = [sum(label == each for sentence in sentences(split) for _, _, each in sentence.relations) for split in SPLITS]
    assert f"| {label} | {heads} | {tails} | {counts[0]} | {counts[1]} |" in DATASHEET


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_the_datasheet_has_the_count_of_each_type(kind: str) -> None:
    counts = [
        sum(kind == entity.type for sentence in sentences(split) for entity in sentence.entities.values()) for split in SPLITS
    ]
    assert f"| {kind} | {counts[0]} | {counts[1]} |" in DATASHEET


def test_the_datasheet_has_the_counts_of_documents_sentences_and_pairs() -> None:
    counts = {
        "documents": [len(read(split)) for split in SPLITS],
        "sentences": [len(sentences(split)) for split in SPLITS],
        "sentences without a relation": [sum(not sentence.relations for sentence in sentences(split)) for split in SPLITS],
        "relations": [sum(len(sentence.relations) for sentence in sentences(split)) for split in SPLITS],
        "pairs within a sentence without one": [sum(sentence.n_unrelated for sentence in sentences(split)) for split in SPLITS],
    }
    missing = [row for name, (train, test) in counts.items() if (row := f"| {name} | {train} | {test} |") not in DATASHEET]
    assert not missing
